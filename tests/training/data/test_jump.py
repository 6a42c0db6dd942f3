"""Plates in the layout of the Cell Painting Gallery."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.data.cropset import CropSet
from training.data.jump import read_stains
from training.data.prepare import main

LEVELS = {"ch1": 100, "ch2": 200, "ch3": 300, "ch4": 400, "ch5": 500, "ch6": 600}
CENTRES = [(60, 60), (30, 85), (90, 30)]


@pytest.fixture
def gallery(tmp_path, discs, save):
    """Two plates; one field lacks a channel."""
    labels = discs(CENTRES)
    batch = tmp_path / "cpg" / "source_4" / "images" / "batch1" / "images"
    for plate in ("BR001", "BR002"):
        folder = batch / f"{plate}__2020-11-08T18_18_00-Measurement1" / "Images"
        for field in ("r01c01f01", "r02c03f12"):
            for channel, level in LEVELS.items():
                if (plate, field, channel) != ("BR002", "r02c03f12", "ch4"):
                    pixels = ((labels > 0) * level + 10).astype(np.uint16)
                    save(folder / f"{field}p01-{channel}sk1fk1fl1.tiff", pixels)
    (tmp_path / "wells.csv").write_text(
        "Metadata_Plate,Metadata_Well,Metadata_broad_sample\n"
        + "".join(f"{p},{w},{p}-{w}\n" for p in ("BR001", "BR002") for w in ("A01", "B03"))
    )
    return tmp_path


def run(gallery, *more):
    fine = ["--pixel-size-um", "1", "--field-um", "32", "--size-px", "32"]
    out = gallery / f"set{len(list(gallery.iterdir()))}"
    assert main(["jump", str(gallery / "cpg"), "--out", str(out), *fine, *more]) == 0
    return CropSet.open(out)


def levels(found):
    centre = found.read([0])[0, :, 16, 16].astype(int) - 10
    return dict(zip(found.channel_names, centre.tolist(), strict=True))


def test_plates_are_segmented_and_joined_with_their_wells(gallery, capsys):
    wells = ["--metadata", str(gallery / "wells.csv"), "--id-column", "Metadata_broad_sample"]
    found = run(gallery, *wells)
    assert "BR002 r02c03f12: left out, it lacks ch4" in capsys.readouterr().err
    assert found.table["id"].tolist() == (["BR001-A01"] * 3 + ["BR001-B03"] * 3 + ["BR002-A01"] * 3)
    assert found.table["plate"].tolist() == ["BR001"] * 6 + ["BR002"] * 3
    assert found.table["site"].tolist() == ["1"] * 3 + ["12"] * 3 + ["1"] * 3
    assert levels(found) == {"DNA": 500, "ER": 400, "RNA": 300, "AGP": 200, "Mito": 100}
    assert found.assignment.context == ("DNA", "ER")


def test_load_data_says_what_channels_are(gallery):
    numbers = {"DNA": 1, "ER": 2, "RNA": 3, "AGP": 4, "Mito": 5}
    path = gallery / "load_data.csv"
    pd.DataFrame(
        {
            f"FileName_Orig{stain}": [f"r0{r}c01f01p01-ch{n}sk1fk1fl1.tiff" for r in (1, 2)]
            for stain, n in numbers.items()
        }
    ).to_csv(path, index=False)
    found = run(gallery, "--load-data", str(path), "--centres", str(tables(gallery)))
    assert levels(found) == {"DNA": 100, "ER": 200, "RNA": 300, "AGP": 400, "Mito": 500}


def tables(gallery):
    """DeepProfiler's tables: one cell of one field."""
    folder = gallery / "locations"
    (folder / "BR001").mkdir(parents=True)
    (folder / "BR001" / "A01-f01-Nuclei.csv").write_text(
        "Nuclei_Location_Center_X,Nuclei_Location_Center_Y\n85,30\n"
    )
    return folder


def test_centres_from_deep_profiler(gallery):
    found = run(gallery, "--centres", str(tables(gallery)))
    assert found.table[["plate", "well", "y_px", "x_px"]].to_numpy().tolist() == [
        ["BR001", "A01", 30, 85]
    ]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_centres_from_profiles(gallery, suffix):
    profiles = pd.DataFrame(
        {
            "Metadata_Plate": "BR001",
            "Metadata_Well": ["A1", "B03", "B03"],
            "Metadata_Site": [1, 12, 12],
            "Nuclei_Location_Center_X": [60.0, 85.0, np.nan],
            "Nuclei_Location_Center_Y": [60.0, 30.0, 5.0],
        }
    )
    path = gallery / f"profiles{suffix}"
    _ = profiles.to_csv(path) if suffix == ".csv" else profiles.to_parquet(path)
    found = run(gallery, "--centres", str(path))
    assert found.table["well"].tolist() == ["A01", "B03"]
    assert (found.read()[:, 0, 16, 16] == 510).all()


def test_a_load_data_of_two_orders_is_refused(gallery):
    path = gallery / "load_data.csv"
    names = [f"r01c01f01p01-ch{n}sk1fk1fl1.tiff" for n in (1, 2)]
    stains = ("DNA", "ER", "RNA", "AGP", "Mito")
    pd.DataFrame({f"FileName_Orig{s}": names for s in stains}).to_csv(path)
    with pytest.raises(ValueError, match="files of 2 channels for DNA"):
        read_stains(path)

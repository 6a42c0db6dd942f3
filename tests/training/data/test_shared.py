"""Real images become crop sets only where their README says that they may be trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import find_images
from training.data.cropset import CropSet
from training.data.cutting import DEFAULT_CROP
from training.data.mitocheck import mitocheck_split
from training.data.prepare import main
from training.data.shared import Terms, read_terms, write_shared
from training.data.shared_sets import SETS, choose_sets

README = """# Images
| folder | what | channels | pixel size | licence, source | train |
|---|---|---|---|---|---|
| bbbc013 | translocation | two | ~1 µm | CC BY 3.0 as published; somewhere | yes |
| human_HT29 | HT29 | three | – | BSD-3; same | no |

| file | what | licence | train |
|---|---|---|---|
| mitocheck/cells.tif + cells.csv | HeLa | CC-BY-4.0 | yes |
| bbbc021/moa.tif + moa.csv | MCF-7 | CC BY-NC-SA | no |
| bbbc021/dense.tif | MCF-7 | same | yes |
"""


@pytest.fixture
def data(tmp_path, discs, save):
    """A folder of real images, in which rows A and C of a plate look alike."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "README.md").write_text(README, "utf-8")
    labels = discs([(60, 60), (60, 90)], radius=8)
    pixels = np.where(labels > 0, 200, 10).astype(np.uint8)
    lines = ["ImageNumber,Column,Row,SBS_Doses,SBS_Controls"]
    for number, well in ((1, "A-01"), (15, "B-03"), (27, "C-03"), (40, "D-04")):
        for channel in (1, 2):
            save(
                folder / "fields" / "bbbc013" / f"Channel{channel}-{number:02d}-{well}.tif", pixels
            )
        lines.append(f"{number},{well[2:]},{well[0]},{number / 2},0")
    (folder / "fields" / "bbbc013" / "1049_Metadata.csv").write_text("\n".join(lines))
    return folder


def test_licences_and_permissions_are_read(data):
    terms = read_terms(data / "README.md")
    assert terms["bbbc013"] == Terms("CC BY 3.0 as published", True)
    assert terms["mitocheck"] == Terms("CC-BY-4.0", True)
    assert not terms["human_HT29"].train
    assert not terms["bbbc021"].train


def test_sets_that_may_not_be_trained_on_are_refused(data, tmp_path):
    text = (data / "README.md").read_text("utf-8").replace("| yes |\n| human", "| no |\n| human")
    (data / "README.md").write_text(text, "utf-8")
    with pytest.raises(InputError, match="not say that 'bbbc013' may be trained on"):
        write_shared(data, tmp_path / "out", choose_sets(["bbbc013"]))
    with pytest.raises(InputError, match="not say that 'fly_kc167' may be trained on"):
        write_shared(data, tmp_path / "out", choose_sets(["fly_kc167"]))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["bbbc021", "human_HT29", "cytation_4ch", "nothing"])
def test_sets_for_evaluation_are_not_known(data, tmp_path, capsys, name):
    assert main(["shared", str(data), "--out", str(tmp_path / "out"), "--sets", name]) == 2
    assert f"'{name}' is no set of real images to train on" in capsys.readouterr().err


def test_rows_c_and_d_of_the_translocation_plate_stay_out(data, tmp_path, capsys):
    arguments = ["shared", str(data), "--out", str(tmp_path / "out"), "--sets", "bbbc013"]
    assert main(arguments) == 0
    found = CropSet.open(tmp_path / "out" / "bbbc013")
    assert found.table["well"].tolist() == ["A01"] * 2 + ["B03"] * 2
    assert found.table["id"].tolist() == ["dose 0.5"] * 2 + ["dose 7.5"] * 2
    assert set(found.table["licence"]) == {"CC BY 3.0 as published"}
    assert found.field_um == 64.0
    assert main(arguments) == 0
    assert "bbbc013: kept" in capsys.readouterr().err


def test_every_set_is_allowed_by_the_real_readme(data_dir):
    terms = read_terms(data_dir / "README.md")
    for name, each in SETS.items():
        assert terms[each.row].train, name
    found = find_images(str(data_dir / "fields" / "bbbc013"))
    taken = [files.well for files in found if SETS["bbbc013"].parts[0].wanted(files)]
    assert sorted(taken) == [f"{row}{column:02d}" for row in "AB" for column in range(1, 13)]


def test_open_cells_come_with_and_without_their_neighbours(data, tmp_path):
    folder, random = data / "crops" / "open", np.random.default_rng(0)
    folder.mkdir(parents=True)
    planes = random.integers(20, 255, (6, 112, 112), np.uint8)
    planes[:, 40:70] = 10
    masks = np.zeros((3, 112, 112), np.uint8)
    masks[:, 50:60, 50:60] = 255
    tifffile.imwrite(folder / "embl_scanr_golgi.tif", planes, photometric="minisblack")
    tifffile.imwrite(folder / "embl_scanr_golgi_masks.tif", masks, photometric="minisblack")
    (folder / "embl_scanr_golgi.csv").write_text("index_in_file,id\n1,B2\n0,A1\n2,cell-000002\n")
    text = (data / "README.md").read_text("utf-8")
    (data / "README.md").write_text(
        text + "\n| file | what | licence | train |\n|---|---|---|---|\n"
        "| embl_scanr_golgi | 189 cells | BSD-2 | yes |\n",
        "utf-8",
    )
    sets = choose_sets(["embl_scanr_golgi"])
    (kept,) = write_shared(data, tmp_path / "keep", sets)
    (alone,) = write_shared(data, tmp_path / "mask", sets, replace(DEFAULT_CROP, neighbours="mask"))
    found = CropSet.open(kept)
    np.testing.assert_array_equal(found.read(), planes.reshape(3, 2, 112, 112))
    assert found.table["id"].tolist() == ["A1", "B2", ""]
    assert found.assignment.roles == {"DNA": "context", "Golgi": "concept"}
    masked, inside = CropSet.open(alone).read(), masks > 0
    np.testing.assert_array_equal(masked[:, 1][inside], planes[1::2][inside])
    assert (masked[:, 1][~inside] == 10).all()


def test_no_test_plate_of_mitocheck_is_in_its_set(data_dir, tmp_path):
    (folder,) = write_shared(data_dir, tmp_path, choose_sets(["mitocheck"]))
    found = CropSet.open(folder)
    table = pd.read_csv(data_dir / "crops" / "mitocheck" / "cells.csv")
    train = mitocheck_split(table) == "train"
    assert set(found.table["plate"]).isdisjoint(table["plate"][~train])
    assert len(found) == train.sum()
    assert found.table["id"].nunique() == 16
    # Crops are those of the rows, by their means, which resampling keeps.
    cells = tifffile.imread(data_dir / "crops" / "mitocheck" / "cells.tif")
    order = table["index_in_file"].rank().astype(int) - 1
    first = cells[order[train].sort_values().iloc[[0, 700, -1]], 0]
    ours = found.read([0, 700, len(found) - 1])[:, 0]
    assert np.abs(ours.mean(axis=(1, 2)) - first.mean(axis=(1, 2))).max() < 1

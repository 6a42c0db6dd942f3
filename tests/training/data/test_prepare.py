"""Images to a crop set from the shell, its contact sheet, and the user's mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Picture

from training.data.cropset import CropSet
from training.data.prepare import main

CENTRES = [(40, 40), (80, 85), (5, 60)]


@pytest.fixture
def plate(tmp_path, discs, save):
    labels = discs(CENTRES, radius=8)
    for well in ("A01", "B02"):
        for channel, level in (("w1", 900), ("w2", 400)):
            pixels = ((labels > 0) * level + 50).astype(np.uint16)
            save(tmp_path / "plate" / f"P7_{well}_s1_{channel}.tif", pixels)
        save(tmp_path / "labels" / f"P7_{well}_s1_labels.tif", labels)
    (tmp_path / "wells.csv").write_text("Well,drug\nA1,DMSO\nB2,taxol\n")
    return tmp_path


OPTIONS = ["--names", "w1=DNA,w2=GFP", "--context", "DNA", "--concept", "GFP", "--licence", "CC0"]


def run(plate, *more):
    out = plate / "set"
    code = main(["images", str(plate / "plate"), "--out", str(out), *OPTIONS, *more])
    return CropSet.open(out) if code == 0 else code


@pytest.mark.parametrize("labelled", [True, False])
def test_images_with_labels_or_segmented(plate, labelled):
    more = ["--labels", str(plate / "labels")] if labelled else []
    more += ["--metadata", str(plate / "wells.csv"), "--id-column", "drug", "--cell-line", "U2OS"]
    found = run(plate, *more, "--pixel-size-um", "1", "--field-um", "40", "--size-px", "40")
    assert found.channel_names == ("DNA", "GFP")
    assert found.table["id"].tolist() == ["DMSO"] * 2 + ["taxol"] * 2
    assert found.table["plate"].tolist() == ["P7"] * 4
    assert found.table["well"].tolist() == ["A01", "A01", "B02", "B02"]
    assert found.table["cell_line"].tolist() == ["U2OS"] * 4
    places = found.table[["y_px", "x_px"]].to_numpy()[:2]
    assert np.abs(places - CENTRES[:2]).max() < 1
    assert (found.read()[:, :, 20, 20] == [950, 450]).all()


def test_roles_are_suggested_where_none_are_given(plate):
    out = plate / "set"
    arguments = ["images", str(plate / "plate"), "--out", str(out), "--names", "w1=DNA,w2=GFP"]
    assert main([*arguments, "--labels", str(plate / "labels")]) == 0
    assert CropSet.open(out).assignment.to_dict() == {"DNA": "context", "GFP": "concept"}
    assert CropSet.open(out).field_um is None


def test_a_sheet_has_a_picture_for_each_group_and_channel(plate):
    run(plate, "--labels", str(plate / "labels"), "--size-px", "40")
    assert main(["sheet", str(plate / "set"), "--out", str(plate / "sheet.png")]) == 0
    sheet = np.asarray(Picture.open(plate / "sheet.png"))
    step = 40 + (sheet.shape[1] + 4) % 40
    assert sheet.ndim == 3
    blue, green, grey = sheet[20, 20], sheet[20, step + 20], sheet[20, 2 * step + 20]
    assert blue[2] > 200 > blue[0]
    assert green[1] > 150 > green[0]
    assert len(set(grey.tolist())) == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--names", "w1"], "write it as old=new"),
        (["--concept", "RNA"], "'RNA'"),
        (["--id-column", "drug"], "--metadata, which is not given"),
        (["--labels", "."], "has no label image for 'P7_A01_s1'"),
        (["--neighbours", "blur"], "give keep, mask or None"),
        (["--field-um", "much"], "Invalid value for '--field-um'"),
    ],
)
def test_mistakes_are_told_in_a_line(plate, capsys, more, says):
    assert run(plate, *more) == 2
    assert says in capsys.readouterr().err
    assert not (plate / "set").exists()

"""Images of the Human Protein Atlas by colour, with masks and the atlas' table."""

from __future__ import annotations

import numpy as np
import pytest

from training.data.cropset import CropSet
from training.data.prepare import main

COLOURS = {"red": 1000, "green": 2000, "blue": 3000, "yellow": 4000}
TABLE = """if_plate_id,position,sample,antibody,atlas_name,locations
1,A1,1,HPA000123,U-2 OS,Golgi apparatus
1,A1,2,HPA000123,U-2 OS,Golgi apparatus
12,H12,1,CAB000123,A-431,Cytosol
12,H12,2,CAB000123,A-431,Cytosol
"""


@pytest.fixture
def atlas(tmp_path, discs, save):
    labels = discs([(60, 60), (30, 85)])
    for name in ("1_A1_1", "1_A1_2", "12_H12_1", "12_H12_2", "12_H12_3"):
        plate = name.split("_")[0]
        for colour, level in COLOURS.items():
            if name != "12_H12_2" or colour != "yellow":
                pixels = (labels * level).astype(np.uint16)
                save(tmp_path / "images" / plate / f"{name}_{colour}.png", pixels)
        masks = tmp_path / "masks" if plate == "1" else tmp_path / "masks" / plate
        if name != "1_A1_2":
            save(masks / f"{name}_cellmask.png", labels)
    (tmp_path / "atlas.csv").write_text(TABLE)
    return tmp_path


def test_every_complete_image_is_cut(atlas, capsys):
    arguments = ["--masks", str(atlas / "masks"), "--table", str(atlas / "atlas.csv")]
    arguments += ["--out", str(atlas / "set"), "--pixel-size-um", "1", "--field-um", "32"]
    assert main(["hpa-raw", str(atlas / "images"), *arguments, "--size-px", "32"]) == 0
    said = capsys.readouterr().err
    assert "1_A1_2: left out, there is no 1_A1_2_cellmask.png" in said
    assert "12_H12_2: left out, it has only" in said
    assert "12_H12_3: left out, the table has no row" in said
    found = CropSet.open(atlas / "set")
    assert found.table["id"].tolist() == ["HPA000123"] * 2 + ["CAB000123"] * 2
    assert found.table["plate"].tolist() == ["1", "1", "12", "12"]
    assert found.table["well"].tolist() == ["A01", "A01", "H12", "H12"]
    assert found.table["cell_line"].tolist() == ["U-2 OS"] * 2 + ["A-431"] * 2
    assert found.table["locations"].tolist()[-1] == "Cytosol"
    levels = dict(zip(found.channel_names, found.read([0])[0, :, 16, 16], strict=True))
    assert levels == {"microtubules": 1000, "protein": 2000, "nucleus": 3000, "ER": 4000}
    assert found.assignment.concept == ("protein",)


def test_another_table_is_refused(atlas, capsys):
    (atlas / "atlas.csv").write_text("plate,well\n1,A1\n")
    arguments = ["--masks", str(atlas / "masks"), "--table", str(atlas / "atlas.csv")]
    assert main(["hpa-raw", str(atlas / "images"), *arguments, "--out", str(atlas / "set")]) == 2
    assert "lacks the column 'if_plate_id'" in capsys.readouterr().err

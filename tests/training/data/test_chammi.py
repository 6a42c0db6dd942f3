"""CHAMMI's crops, whose channels lie side by side, and its two kinds of table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.data.chammi import write_chammi
from training.data.cropset import CropSet
from training.data.prepare import main

SIDE = 24


@pytest.fixture
def chammi(tmp_path, save):
    """Two cells of Cell Painting; channel number c is 10 (c + 1) in the middle."""
    rows = []
    for index, split in enumerate(["Train", "Task_four"]):
        crop = np.zeros((5, SIDE, SIDE), np.uint8)
        crop[:, 8:16, 8:16] = (10 * np.arange(1, 6) + index)[:, None, None]
        file = f"CP/crops/LINCS/p{index}/cell_{index}.png"
        save(tmp_path / file, np.hstack(list(crop)))
        rows.append(
            {
                "chunk": "CP",
                "file_path": file,
                "channel_width": SIDE,
                "label": ["DMSO", "BRD-A1"][index],
                "train_test_split": split,
                "cell_type": "A549",
                "Plate": f"p{index}",
            }
        )
    return tmp_path, pd.DataFrame(rows)


@pytest.mark.parametrize("merged", [False, True])
def test_cells_come_with_labels_and_splits(chammi, merged):
    root, table = chammi
    if merged:
        other = table[:1].assign(chunk="HPA", file_path="HPA/none.png")
        pd.concat([other, table]).to_csv(root / "morphem70k_v2.csv", index=False)
    else:
        names = {"label": "Label"}
        own = table.drop(columns="chunk").rename(columns=names)
        own.to_csv(root / "CP" / "enriched_meta.csv", index=False)
    out = root / "set"
    assert main(["chammi", str(root), "CP", "--out", str(out), "--size-px", str(SIDE)]) == 0
    found = CropSet.open(out)
    assert found.table["id"].tolist() == ["DMSO", "BRD-A1"]
    assert found.table["split"].tolist() == ["train", "task_four"]
    assert found.table["plate"].tolist() == ["p0", "p1"]
    assert found.table["cell_line"].tolist() == ["A549"] * 2
    assert found.assignment.context == ("nucleus", "ER")
    assert found.read()[:, :, 12, 12].tolist() == [[10, 20, 30, 40, 50], [11, 21, 31, 41, 51]]
    assert (found.read()[:, :, 0, 0] == 0).all()


def test_wrong_collections_and_images_are_named(chammi, capsys):
    root, table = chammi
    assert main(["chammi", str(root), "WTC", "--out", str(root / "set")]) == 2
    assert "choose one of Allen, HPA, CP" in capsys.readouterr().err
    assert main(["chammi", str(root), "CP", "--out", str(root / "set")]) == 2
    assert "morphem70k_v2.csv" in capsys.readouterr().err
    table.assign(channel_width=20).to_csv(root / "CP" / "enriched_meta.csv", index=False)
    assert main(["chammi", str(root), "CP", "--out", str(root / "set")]) == 2
    assert "5 channels of 20 pixels side by side" in capsys.readouterr().err
    assert not (root / "set").exists()


@pytest.mark.parametrize(("square", "edge"), [("pad", 0), ("crop", 200)])
def test_cells_that_are_not_square_are_padded_or_cropped(tmp_path, save, square, edge):
    crop = np.zeros((3, SIDE, 2 * SIDE), np.uint8)
    crop[:, :, 4:-4] = 200
    save(tmp_path / "Allen" / "a.png", np.hstack(list(crop)))
    row = {"file_path": "Allen/a.png", "channel_width": 2 * SIDE, "label": "M0"}
    table = pd.DataFrame([{**row, "train_test_split": "Train"}])
    table.to_csv(tmp_path / "Allen" / "enriched_meta.csv", index=False)
    write_chammi(tmp_path, "Allen", tmp_path / "set", size_px=SIDE, square=square)
    assert (CropSet.open(tmp_path / "set").read()[0, :, SIDE // 2, 0] == edge).all()

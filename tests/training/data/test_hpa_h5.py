"""The official files of crops: layout, splits, whole names of antibodies."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet
from training.data.prepare import main

SIDE = 16


def write_file(path: Path, antibody: str, lines: str, positions: str, seed: int = 0) -> np.ndarray:
    path.parent.mkdir(exist_ok=True)
    count = len(positions.split(";"))
    cells = np.random.default_rng(seed).integers(0, 65536, (count, SIDE, SIDE, 5)).astype("u2")
    with h5py.File(path, "w") as file:
        about = {"antibody": antibody, "cell_line": lines, "plate_position": positions}
        file.attrs.update({**about, "num_cells": count})
        for index, cell in enumerate(cells):
            file[f"img_{index}"] = cell
            file[f"target_{index}"] = np.array([0, 1, index], np.uint8)
    return cells


def swap(file: h5py.File, cell: np.ndarray) -> None:
    del file["img_0"]
    file["img_0"] = cell


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "hpa"
    folder.mkdir()
    write_file(
        folder / "train-balanced" / "HPA000123_0.h5", "HPA000123", "U2OS;A-431", "1_A1;7_H12"
    )
    write_file(folder / "train-balanced" / "CAB000123_0.h5", "CAB000123", "U2OS", "2_B3", 1)
    write_file(
        folder / "test_balanced" / "HPA000999_1.h5", "HPA000999", "U2OS", "3_C4;3_C5;3_C5", 2
    )
    return folder


def test_cells_and_what_is_known_of_them(root, tmp_path):
    assert main(["hpa-h5", str(root), "--out", str(tmp_path / "set")]) == 0
    found = CropSet.open(tmp_path / "set")
    assert found.assignment.to_dict() == {
        "microtubules": "context",
        "ER": "context",
        "nucleus": "context",
        "protein": "concept",
    }
    assert found.field_um == pytest.approx(71.68)
    table = found.table
    assert table["id"].tolist() == ["CAB000123", *["HPA000123"] * 2, *["HPA000999"] * 3]
    assert table["split"].tolist() == ["train"] * 3 + ["test"] * 3
    assert table["cell_line"].tolist() == ["U2OS", "U2OS", "A-431", *["U2OS"] * 3]
    assert table["plate"].tolist() == ["2", "1", "7", "3", "3", "3"]
    assert table["well"].tolist() == ["B3", "A1", "H12", "C4", "C5", "C5"]
    assert table["target"].tolist() == ["010", "010", "011", "010", "011", "012"]
    cells = write_file(tmp_path / "again" / "x_0.h5", "x", "a", "1_A1;7_H12")
    assert np.array_equal(found.read([1, 2]), np.moveaxis(cells[..., :4], 3, 1))


def test_one_split_at_another_size(root, tmp_path):
    arguments = ["hpa-h5", str(root), "--out", str(tmp_path / "set"), "--splits", "test"]
    assert main([*arguments, "--size-px", "8"]) == 0
    found = CropSet.open(tmp_path / "set")
    assert found.shape == (4, 8, 8)
    assert len(found) == 3
    cells = write_file(tmp_path / "again" / "x_0.h5", "x", "a", "3_C4;3_C5;3_C5", 2)
    mean = cells[..., :4].mean(axis=(1, 2))
    assert np.abs(found.read().mean(axis=(2, 3)) - mean).max() < 0.05 * 65535


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda file: file.attrs.update({"cell_line": "a;b;c"}), "3 cell_line for 2 cells"),
        (lambda file: file.pop("img_1"), "damaged or incomplete"),
        (lambda file: file.attrs.pop("antibody"), "damaged or incomplete"),
        (lambda file: swap(file, np.zeros((4, 4, 3))), r"img_0 \(4, 4, 3\) of float64"),
    ],
)
def test_bad_files_are_named(root, tmp_path, capsys, change, says):
    with h5py.File(root / "train-balanced" / "HPA000123_0.h5", "r+") as file:
        change(file)
    assert main(["hpa-h5", str(root), "--out", str(tmp_path / "set")]) == 2
    said = capsys.readouterr().err
    assert re.search(says, said)
    assert "HPA000123_0.h5" in said
    assert not (tmp_path / "set").exists()


def test_a_folder_without_splits_is_refused(tmp_path, capsys):
    assert main(["hpa-h5", str(tmp_path), "--out", str(tmp_path / "set")]) == 2
    assert "none of the folders train-balanced" in capsys.readouterr().err
    with pytest.raises(InputError):
        CropSet.open(tmp_path / "set")

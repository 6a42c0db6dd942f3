from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from training.evaluate import quick, representations
from training.evaluate import table as table_module
from training.evaluate.__main__ import main
from training.evaluate.table import NAMES
from training.evaluate.tasks import chosen


def test_one_command_gives_one_table_with_every_row(
    small_data, tiny_folder, tmp_path, capsys, cheap_teacher
):
    out = tmp_path / "table.csv"
    arguments = [str(tiny_folder), "--data", str(small_data), "--out", str(out)]
    assert main([*arguments, "--readouts", "cls,cls+std", "--device", "cpu"]) == 0
    table = pd.read_csv(out, keep_default_na=False, na_values=["nan"])
    tiny, untrained = str(tiny_folder), f"untrained like {tiny_folder}"
    rows = [(name, readout) for name in (tiny, untrained) for readout in ("cls", "cls+std")]
    rows += [("texture", ""), ("intensity", ""), ("photographs", "")]
    rows += [(f"{name} + texture", readout) for name, readout in rows[:4]]
    assert list(zip(table["representation"], table["readout"], strict=True)) == rows
    tasks = {name.split(" ")[0] for name in table.columns.drop(NAMES)}
    assert tasks == {"effective", "moa", "dose", "translocation", "phenotypes"}
    texture = table.set_index("representation").loc["texture"].drop(["readout", "concept mode"])
    texture = pd.to_numeric(texture, errors="coerce")
    # The cells differ in texture alone, so texture finds all of it.
    assert texture["moa nsc"] == 1
    assert texture["moa nsc low"] == 1
    assert texture["phenotypes accuracy"] > 0.95
    assert texture["dose treated logistic"] > 0.9
    # The model is the untrained network itself: all its numbers must be the same.
    numbers = table.drop(columns=NAMES).apply(pd.to_numeric, errors="coerce").to_numpy()
    np.testing.assert_array_equal(numbers[0:2], numbers[2:4])
    markdown = out.with_suffix(".md").read_text("utf-8").splitlines()
    assert len(markdown) == 2 + len(rows)
    assert "| 1.00 (1.00–1.00) |" in markdown[6]
    printed = capsys.readouterr()
    assert all(title in printed.out for title in ("moa", "dose", "translocation", "phenotypes"))
    assert "moa: 60 cells" in printed.err


@pytest.fixture
def cheap_teacher(monkeypatch):
    """A network trained on photographs that costs nothing: the rows of every channel."""
    monkeypatch.setattr(
        representations,
        "photograph_features",
        lambda crops, device: crops[:, :, :4].reshape(*crops.shape[:2], -1).astype(np.float32),
    )


def test_without_the_network_trained_on_photographs_its_row_is_left_out_and_that_is_told(
    small_data, tiny_encoder, monkeypatch
):
    monkeypatch.setattr(table_module, "is_installed", lambda: False)
    told = []
    tasks = chosen(["phenotypes"])
    found = table_module.evaluate({"tiny": tiny_encoder}, small_data, tasks, say=told.append)
    assert "photographs" not in set(found["representation"])
    assert any(line.startswith("photographs: left out") for line in told)


def test_validation_runs_what_may_steer(small_data, tiny_folder, tmp_path, cheap_teacher):
    out = tmp_path / "v.csv"
    arguments = [str(tiny_folder), "--data", str(small_data), "--out", str(out), "--validation"]
    assert main([*arguments, "--tasks", "phenotypes"]) == 0
    assert not [name for name in pd.read_csv(out) if name.startswith(("moa", "dose"))]


def test_mistakes_are_one_line(small_data, tiny_folder, tmp_path, capsys):
    data = ["--data", str(small_data)]
    assert main([str(tiny_folder), *data, "--validation", "--tasks", "moa"]) == 2
    assert "error: no task 'moa'" in capsys.readouterr().err
    assert main([str(tiny_folder), "--data", str(tmp_path), "--tasks", "moa"]) == 2
    assert "moa.tif' does not exist" in capsys.readouterr().err
    assert main([str(tmp_path / "none"), *data]) == 2
    assert "no model folder" in capsys.readouterr().err
    assert main([str(tiny_folder), str(tiny_folder), *data]) == 2
    assert "given twice" in capsys.readouterr().err
    assert main([str(tiny_folder), *data, "--tasks", "moa", "--readouts", "mean"]) == 2
    assert "no model has the readout 'mean'; give cls or cls+std" in capsys.readouterr().err


def test_quick_takes_a_folder_or_an_encoder(small_data, tiny_folder, tiny_encoder):
    by_folder = quick(tiny_folder, small_data, tasks=("moa",))
    pd.testing.assert_frame_equal(by_folder, quick(tiny_encoder, small_data, tasks=("moa",)))
    assert by_folder["readout"].tolist() == ["cls", "cls+std"]
    assert by_folder["effective rank"].between(1, 48).all()
    table = quick(tiny_encoder, small_data, tasks=("phenotypes",), validation=True)
    assert "phenotypes accuracy" in table
    with pytest.raises(InputError, match="no task 'moa'"):
        quick(tiny_encoder, small_data, validation=True)


def test_neither_windows_nor_lazy_images_are_needed_for_crops():
    code = (
        "import sys, training.evaluate.table\n"
        "print([m for m in ('napari', 'qtpy', 'dask', 'anndata', 'umap') "
        "if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def texture_on_real_cells(data_dir):
    from training.evaluate.representations import TEXTURE
    from training.evaluate.tasks import moa

    cells = moa.load(data_dir)
    (vectors,) = TEXTURE(cells.crops, cells.assignment).values()
    return cells.table, moa.score(vectors.values, cells.table)


def test_texture_on_real_cells_is_as_measured_before(texture_on_real_cells):
    table, scores = texture_on_real_cells
    assert len(table) == 829
    assert table.groupby(["compound", "concentration_uM"]).ngroups == 96
    before = {"nsc": 0.30, "kNN": 0.13, "mAP": 0.293}
    before |= {"nsc white": 0.44, "kNN white": 0.14, "mAP white": 0.35}
    for name, value in before.items():
        assert scores[name].value == pytest.approx(value, abs=0.05)


def test_real_phenotypes_and_their_rows_belong_together(data_dir):
    from training.evaluate.features import texture_features
    from training.evaluate.tasks import phenotypes

    cells = phenotypes.load(data_dir)
    assert cells.table["phenotype"].nunique() == 16
    common = ["Apoptosis", "Metaphase", "Interphase", "OutOfFocus"]
    some = cells.take(np.flatnonzero(cells.table["phenotype"].isin(common)))
    assert phenotypes.score(texture_features(some.crops), some.table)["accuracy"] > 0.7


def test_the_real_plate_s_controls_are_where_the_table_says(data_dir):
    from training.evaluate.tasks import translocation

    wells = translocation._wells(data_dir / "fields" / "bbbc013", [(("A",), ("D", "E"))])
    controls = {well.well: well.control for well in wells if well.control}
    assert controls["A01"] == controls["A02"] == controls["D01"] == -1
    assert controls["A12"] == controls["D12"] == 1
    # The lower half of the plate is laid out the other way round.
    assert controls["E01"] == 1
    assert controls["E12"] == -1

"""From some names in a table to a name for every cell, in one command."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.cli.app import main
from napari_c3r.core.table import make_result


@pytest.fixture
def cells(tmp_path):
    rng = np.random.default_rng(0)
    kind = np.arange(120) % 5 % 2
    obs = pd.DataFrame(
        {
            "image": [f"f{n % 4}" for n in range(120)],
            "label": np.arange(120) + 1,
            "y_px": 1.0,
            "x_px": 1.0,
        }
    )
    vectors = rng.normal(size=(120, 6)) + 4 * kind[:, None]
    made = make_result(obs, vectors.astype(np.float32), [("RNA", "cls")] * 6, {})
    made.obs["phase"] = pd.Categorical(np.where(np.arange(120) < 40, kind.astype(str), None))
    made.obs["gate 0"], made.obs["gate 1"] = made.obs["phase"] == "0", made.obs["phase"] == "1"
    return c3r.write(made, tmp_path / "cells.parquet"), kind


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main(["learn", *map(str, words)])
    return ended.value.code


@pytest.mark.parametrize("names", ["phase", "gate 0,gate 1"])
def test_a_name_for_every_cell(cells, tmp_path, capsys, names):
    path, kind = cells
    out = tmp_path / "named.csv"
    assert run(path, "--names", names, "--c", "0.1", "--out", out) == 0
    said = capsys.readouterr().err
    assert "→ 80 suggested (right for 1.00" in said
    assert "in fields left out" in said
    back = c3r.read(out)
    assert (back.obs["suggested"].astype(str).str[-1] == kind.astype(str)).all()
    assert back.uns["napari_c3r"]["suggestion"]["c"] == 0.1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no cell has a name"),
        (("--names", "stage"), "no column 'stage' of names"),
        (("--names", "phase", "--c", "much"), "--c is 'much'"),
        (("--names", "phase", "--unit", "plate"), "--unit is 'plate'"),
    ],
)
def test_what_cannot_be_learned_is_one_line(cells, tmp_path, capsys, words, message):
    assert run(cells[0], *words, "--out", tmp_path / "named.csv") == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "named.csv").exists()

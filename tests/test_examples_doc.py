"""The lines of the page on examples run, and give what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.cli.app import main
from napari_c3r.core.table import make_result

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "examples.md").read_text("utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    kind = np.arange(100) % 5 % 2
    obs = pd.DataFrame({"image": [f"f{n % 4}" for n in range(100)], "label": np.arange(100) + 1})
    obs["y_px"] = obs["x_px"] = 1.0
    vectors = rng.normal(size=(100, 4)) + 4 * kind[:, None]
    made = make_result(obs, vectors.astype(np.float32), [("RNA", "cls")] * 4, {})
    made.obs["annotation"] = pd.Categorical(np.where(np.arange(100) < 30, kind.astype(str), None))
    c3r.write(made, tmp_path / "cells.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_lines_of_python_and_of_the_shell_give_one_result(folder, capsys):
    exec(re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1], {})
    assert "balanced_accuracy" in capsys.readouterr().out
    by_python = c3r.read(folder / "named.csv").obs
    command = re.search(r"`napari-c3r (learn [^`]*)`", TEXT)[1]
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command))
    assert ended.value.code == 0
    pd.testing.assert_frame_equal(c3r.read(folder / "named.csv").obs, by_python)

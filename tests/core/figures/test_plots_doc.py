"""The script of the page on plots runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from napari_c3r.core.table import make_result, write

PAGE = Path(__file__).parents[3] / "docs" / "plots.md"


def test_the_script_makes_the_figure_with_its_caption(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    obs = pd.DataFrame(
        {
            "image": "i",
            "label": np.arange(30) + 1,
            "y_px": 1.0,
            "x_px": 1.0,
            "area_px": rng.lognormal(4, 1, 30),
            "well": np.repeat(["A01", "A02", "B01"], 10),
            "cluster": pd.Categorical(rng.choice(["0", "1"], 30)),
        }
    )
    cells = make_result(obs, rng.normal(size=(30, 2)).astype(np.float32), [("R", "cls")] * 2, {})
    cells.obsm["X_umap"] = cells.X.copy()
    monkeypatch.chdir(tmp_path)
    write(cells, "cells.h5ad")
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    exec(compile(script, str(PAGE), "exec"), {})
    assert (tmp_path / "plot.pdf").read_bytes().startswith(b"%PDF")
    assert "30 cells of 3 wells" in (tmp_path / "plot.txt").read_text("utf-8")

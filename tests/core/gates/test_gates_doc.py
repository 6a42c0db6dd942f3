"""The page on gates: its script runs on two small tables, and its buttons are in the window."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

import napari_c3r as c3r
from napari_c3r.core.table import make_result

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "gates.md").read_text("utf-8")


def small_table(seed):
    rng = np.random.default_rng(seed)
    obs = pd.DataFrame(
        {
            "image": f"plate{seed}",
            "label": np.arange(40) + 1,
            "y_px": 1.0,
            "x_px": 2.0,
            "area_um2": rng.uniform(50, 250, 40),
            "intensity_mean_RNA": rng.uniform(0, 300, 40),
            "touches_border": rng.random(40) < 0.2,
        }
    )
    vectors = rng.normal(size=(40, 2)).astype(np.float32)
    return make_result(obs, vectors, [("RNA", "cls")] * 2, {})


def test_the_script_gates_one_table_and_another(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("cells", "other_plate")):
        c3r.write(small_table(seed), f"{name}.h5ad")
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(block, "gates.md", "exec"), {})
    obs = c3r.read("other_plate_gated.csv").obs
    large = obs["area_um2"] >= 150
    bright = (obs["intensity_mean_RNA"] > 100) & ~obs["touches_border"]
    assert obs["gate_both"].tolist() == (large & bright).tolist()
    inside = large & obs["area_um2"].between(100, 200) & obs["intensity_mean_RNA"].between(50, 300)
    assert obs["gate_corner"].tolist() == inside.tolist()
    assert capsys.readouterr().out.endswith("cells are large and bright\n")


def test_what_the_page_says_to_press_is_in_the_window():
    folder = ROOT / "src" / "napari_c3r" / "widgets"
    sources = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    pressed = {" ".join(words.split()) for words in re.findall(r"\*\*([^*]+)\*\*", TEXT)}
    headings = {"Draw one.", "Set limits.", "Say it in words.", "Combine."}
    assert pressed - headings
    for words in pressed - headings:
        assert f'"{words}"' in sources, words

"""The how-to of pictures: its lines of Python run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.channels.stains import channel_colours
from napari_c3r.core.table import make_result

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "pictures.md").read_text("utf-8")


def test_the_lines_of_python_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = np.zeros((60, 60), np.uint16)
    labels[5:25, 5:25], labels[30:50, 35:55] = 4, 9
    pixels = rng.integers(0, 900, (2, 60, 60)).astype(np.uint16)
    tifffile.imwrite("field.tif", pixels, imagej=True, metadata={"axes": "CYX"})
    tifffile.imwrite("labels.tif", labels)
    obs = pd.DataFrame({"image": "field", "label": [4, 9], "y_px": [15, 40], "x_px": [15, 45]})
    obs["area_px"] = 400
    obs["cluster"] = pd.Categorical(["0", "1"])
    vectors = np.eye(2, dtype=np.float32)
    c3r.write(make_result(obs, vectors, [("RNA", "cls")] * 2, {}), "cells.h5ad")
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(code, "pictures.md", "exec"), {})
    assert Path("typical.svg").read_text().count("<image ") == 2
    assert pd.read_csv("typical.csv")["label"].tolist() == [4, 9]


@pytest.mark.parametrize(
    ("channel", "primary", "lowest"), [("DNA", 2, 0), ("ER", 1, 0), ("RNA", 0, 2), ("Mito", 0, 1)]
)
def test_the_colours_are_called_what_they_are(channel, primary, lowest):
    names = ["DNA", "ER", "RNA", "AGP", "Mito"]
    colour = channel_colours(names)[channel]
    rgb = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    assert np.argmax(rgb) == primary
    assert np.argmin(rgb) == lowest

"""The tutorials on real data, followed by the text alone: the Python of each from top to bottom.

A few wells stand for a plate and a small untrained encoder for the bundled one, so that it is
quick; what they show is written in the tutorials as the whole of it gave.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import matplotlib
import pandas as pd
import PIL.Image
import pytest
from numpy import testing

import napari_c3r as c3r

TUTORIALS = Path(__file__).resolve().parents[1] / "docs" / "tutorials"
# The files of each folder that are enough.
FILES = {
    "bbbc013": ("bbbc013", ["1049_Metadata.csv", "*-A-0[16].tif", "*-B-0[16].tif"]),
    "bbbc022": ("bbbc022_20585", ["*_site1_*.tiff"]),
    "hpa": ("cm4ai_MDA-MB-468", ["*.jpg"]),
}
SIDES = {".tif": 320, ".jpg": 1400}


def copy_part(source: Path, target: Path) -> None:
    """Copy a file; of a plane in a picture format its middle."""
    side = SIDES.get(source.suffix)
    if side is None:
        shutil.copy(source, target)
        return
    with PIL.Image.open(source) as picture:
        x, y = ((length - side) // 2 for length in picture.size)
        picture.crop((x, y, x + side, y + side)).save(target)


@pytest.fixture
def follow(data_dir, tmp_path, monkeypatch, tiny_model, capsys):
    """Run a tutorial where its folder lies; gives what it made and said."""

    def run(name: str, folder: str):
        source, patterns = FILES[folder]
        (tmp_path / folder).mkdir()
        for pattern in patterns:
            found = sorted((data_dir / "fields" / source).glob(pattern))
            assert found, pattern
            for path in found:
                copy_part(path, tmp_path / folder / path.name)
        monkeypatch.chdir(tmp_path)
        matplotlib.use("Agg")
        load = c3r.load_encoder
        monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", lambda: load(tiny_model))
        text = (TUTORIALS / f"{name}.md").read_text("utf-8")
        names: dict[str, object] = {}
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            exec(compile(block, f"{name}.md", "exec"), names)
        return names, capsys.readouterr().out

    yield run
    matplotlib.pyplot.close("all")


def is_figure(path: str) -> bool:
    return Path(path).read_bytes().startswith(b"%PDF")


def test_translocation(follow):
    names, said = follow("translocation", "bbbc013")
    assert is_figure("translocation.pdf")
    obs = names["table"].obs
    assert obs["nuclear_ratio"].notna().mean() > 0.95
    # Whatever the encoder: the reporter is in the nucleus of the highest dose.
    means = obs.groupby("SBS_Doses")["nuclear_ratio"].mean()
    assert means.iloc[-1] > means.iloc[0]
    assert names["untreated"].sum() == (obs["SBS_Controls"] == -1).sum() > 0
    assert "controls" in said
    assert Path("report.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    again = pd.read_csv("ratio.csv").set_index(["image", "label"])["nuclear_ratio"]
    keys = pd.MultiIndex.from_frame(obs[["image", "label"]].astype({"image": str}))
    testing.assert_allclose(again.reindex(keys), obs["nuclear_ratio"])


def test_cell_painting(follow):
    names, said = follow("cell-painting", "bbbc022")
    assert is_figure("cell-painting.pdf")
    assert list(names["moved"].index) == ["SYTO14", "WGA_Phall", "MitoTDR"]
    assert list(names["moved"].columns) == ["compound 1", "compound 2"]
    assert "Nothing can be said with certainty" in said


def test_hpa(follow):
    names, said = follow("hpa", "hpa")
    assert is_figure("hpa.pdf")
    assert "('nucleus', 'microtubules', 'ER') ('protein',)" in said
    assert len(names["whole"]) >= 5
    assert list(pd.read_csv("unlike.csv")) == ["image", "label", "unlikeness"]

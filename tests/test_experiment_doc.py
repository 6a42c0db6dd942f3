"""The tutorial of an experiment: its line of shell and its six of Python run, with one result."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.cli.app import main

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "experiment.md").read_text("utf-8")
SIDE = 72


def field(rng, dose):
    """Reporter and nuclei of nine cells; the reporter goes from the cell into the nucleus."""
    y, x = np.mgrid[:SIDE, :SIDE]
    away = np.min(
        [
            np.hypot(y - cy - rng.uniform(-2, 2), x - cx - rng.uniform(-2, 2))
            for cy in (12, 36, 60)
            for cx in (12, 36, 60)
        ],
        axis=0,
    )
    nuclei, bodies = 1 / (1 + np.exp((away - 5) * 2)), 1 / (1 + np.exp((away - 9) * 2))
    reporter = bodies * (1 - dose / 3) + 2 * nuclei * dose / 3
    planes = 20 + 100 * np.stack([reporter, nuclei]) + rng.normal(0, 2, (2, SIDE, SIDE))
    return planes.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    """The folder of the tutorial, in small: two rows of six wells."""
    folder = tmp_path_factory.mktemp("experiment")
    (folder / "bbbc013").mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for number in range(12):
        row, column = "AB"[number // 6], number % 6 + 1
        dose = max(column - 3, 0)
        for channel, plane in enumerate(field(rng, dose), 1):
            name = f"Channel{channel}-{number + 1:02d}-{row}-{column:02d}.tif"
            tifffile.imwrite(folder / "bbbc013" / name, plane)
        rows.append((number + 1, f"{column:02d}", row, dose, -1 if dose == 0 else 0))
    names = ["ImageNumber", "Column", "Row", "SBS_Doses", "SBS_Controls"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "bbbc013/1049_Metadata.csv", index=False)
    return folder


def block(kind):
    return re.search(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)[1].strip()


def test_one_line_of_shell_and_six_of_python_say_the_same(plate, monkeypatch, tiny_model, capsys):
    monkeypatch.chdir(plate)
    assert len(block("sh").splitlines()) == 1
    assert len(block("python").splitlines()) == 6
    for command in block("sh").split(" && "):
        words = shlex.split(command)[1:]
        words += ["--encoder", str(tiny_model)] if words[0] == "plate" else []
        with pytest.raises(SystemExit) as ended:
            main(words)
        said = capsys.readouterr()
        assert ended.value.code == 0, said
    assert "3 groups of 6 wells" in said.err
    page = (plate / "report.html").read_text("utf-8")

    load = c3r.load_encoder
    monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", lambda: load(tiny_model))
    exec(compile(block("python"), "experiment.md", "exec"), names := {})
    assert capsys.readouterr().out.strip() in re.sub(r"\s+", " ", said.err)
    again = (plate / "report.html").read_text("utf-8")
    assert again == page
    groups = c3r.experiment_report(names["cells"]).groups
    assert groups["group"].tolist() == ["dose 1", "dose 2", "dose 3"]


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)]+)\)", TEXT))
def test_every_link_leads_somewhere(target):
    assert (Path(__file__).resolve().parents[1] / "docs" / target).exists()

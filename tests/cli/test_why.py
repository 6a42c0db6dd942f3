"""What sets a cell, or a group, apart, asked in one command of a table and its image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.cli.app import main
from tests.core.explain.spy import ROLES, Spy, grid_of_cells


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An image with its labels, and the table of its cells with two clusters."""
    import tifffile

    made, where = grid_of_cells(), tmp_path_factory.mktemp("why")
    tifffile.imwrite(where / "field.tif", np.asarray(made.image.data), photometric="minisblack")
    tifffile.imwrite(where / "labels.tif", made.cells)
    image = replace(c3r.read_image(where / "field.tif"), channel_names=ROLES.names)
    crop = c3r.CropSpec(field_diameters=1.3)
    table = c3r.embed(image, made.cells, ROLES, encoder=Spy(), crop=crop)
    bright = table.X[:, 0] < np.median(table.X[:, 0])
    table.obs["cluster"] = pd.Categorical(np.where(bright, "1", "0"))
    c3r.write(table, where / "cells.csv")
    return where


@pytest.fixture
def run(folder, monkeypatch, capsys):
    monkeypatch.setattr("napari_c3r.core.encoder.load_encoder", lambda source="bundled": Spy())
    names = ",".join(f"ch{n}={name}" for n, name in enumerate(ROLES.names, 1))

    def asked(*words):
        given = [folder / "cells.csv", folder / "field.tif", "--labels", folder / "labels.tif"]
        given += ["--names", names, "--context", "DNA,ER", "--concept", "RNA,AGP", *words]
        with pytest.raises(SystemExit) as ended:
            main(["why", *map(str, given)])
        return ended.value.code, capsys.readouterr().err

    return asked


def test_a_cell_and_a_group_are_asked(run, folder):
    code, said = run("--row", "field:15", "--out", folder / "cell.svg", "--places", "4")
    assert code == 0, said
    assert "RNA sets this cell apart from all other cells" in said
    assert pd.read_csv(folder / "cell.csv")["channel"].iloc[:4].tolist() == list(ROLES.names)
    words = ("--group", "cluster=1", "--against", "cluster=0", "--cells", "5")
    code, said = run(*words, "--out", folder / "group.png")
    assert code == 0, said
    assert "luster 1 " in said
    written = pd.read_csv(folder / "group.csv")
    assert set(written["compared_with"]) == {"cluster 0"}
    assert written["band"].notna().sum() >= 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Give either --row IMAGE:LABEL or --group COLUMN=VALUE"),
        (("--row", "field:99"), "--row is 'field:99'; rows of cells.csv are called as"),
        (("--group", "cluster"), "--group is 'cluster'; give COLUMN=VALUE"),
        (("--group", "cluster=7"), "No cell has cluster '7'; there are"),
        (("--row", "field:15", "--draws", "1"), "--draws is 1; give a whole number from 8"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(run, folder, words, message):
    code, said = run(*words, "--out", folder / "none.svg")
    assert code == 2
    assert message in said
    assert not (folder / "none.svg").exists()

"""`--metadata` of `embed` and `plate`: checked before any work, joined after it."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_c3r as c3r
from napari_c3r.core.metadata import design_of, match_of
from tests.cli.conftest import one_line, small_field

MAP = "Well,Compound,Dose (uM)\na1,DMSO,0\nB02,taxol,0.5\nC3,taxol,1E1\n"


@pytest.fixture
def plate(tmp_path, monkeypatch):
    """A folder with the wells A01 and B02, and their plate map."""
    monkeypatch.chdir(tmp_path)
    Path("fields").mkdir()
    for well in ("A01", "B02"):
        small_field(path=f"fields/p1_{well}_s1.ome.tif", labels="l.tif")
    Path("map.csv").write_text(MAP)
    return tmp_path


@pytest.mark.parametrize("command", ["embed", "plate"])
def test_what_was_done_to_a_well_is_in_the_table(plate, shell, command):
    out = "cells.h5ad" if command == "embed" else "out"
    code, said = shell(command, "fields", "--out", out, "--metadata", "map.csv")
    assert code == 0, said
    assert "Plate map: 2 wells · Compound, Dose (uM), 1 control (DMSO)" in said
    assert "1 well of the table is not among the images: C03" in said
    table = c3r.read(out if command == "embed" else "out/cells.parquet")
    wells = table.obs.groupby("well", observed=True)
    assert wells["Compound"].first().to_dict() == {"A01": "DMSO", "B02": "taxol"}
    assert wells["Dose (uM)"].first().to_dict() == {"A01": 0.0, "B02": 0.5}
    assert f"Compound, Dose (uM) for {len(table)} of {len(table)} cells, by well." in said
    assert match_of(table).unused == ("C03",)
    assert design_of(table).negative == ("Compound", "DMSO")
    assert design_of(table).dose_unit == "µM"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        ("Well,Compound\nH12,x\n", "Nothing of the plate map matches"),
        ("Compound\nx\n", "no column that says which plate"),
        ("Well,Compound\nA1,x\nA01,y\n", "'A01' twice"),
    ],
)
@pytest.mark.parametrize("command", ["embed", "plate"])
def test_a_bad_plate_map_is_refused_before_any_work(plate, shell, content, said, command):
    if content is None:
        Path("map.csv").unlink()
    else:
        Path("map.csv").write_text(content)
    line = one_line(*shell(command, "fields", "--out", "out.csv", "--metadata", "map.csv"))
    assert said in line
    assert not Path("out.csv").exists()

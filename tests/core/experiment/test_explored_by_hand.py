"""What was done by hand is in the report: gates, suggested names, cells that were asked."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.experiment import explored
from napari_c3r.core.experiment.page import sections
from napari_c3r.core.figures.drawing import Drawing, Words
from napari_c3r.core.gates import Filter, Gate
from napari_c3r.core.gates.columns import apply_gates
from napari_c3r.core.learn import suggest_names
from napari_c3r.core.table import KEY, read, write
from napari_c3r.core.table.annotate import annotate

from .conftest import plate_of_cells


@pytest.fixture(scope="module")
def table():
    """Two gates, and names learned from cells that were named by hand."""
    made = plate_of_cells(3, wells=1, controls=4, cells=8)
    made.uns[KEY]["roles"] = {"DNA": "context", "protein": "concept"}
    large = made.obs["area_px"].to_numpy() > 600
    gates = [
        Gate("large", Filter("area_px > 600"), "#0072b2"),
        Gate("a <b>", Filter("area_px > 1e9"), "#d55e00", within="large"),
    ]
    made = apply_gates(made, gates)
    for name, chosen in (("big", large), ("small", ~large)):
        rows = np.zeros(len(made), bool)
        rows[np.flatnonzero(chosen)[::2]] = True
        made = annotate(made, rows, name)
    return suggest_names(made)


def test_gates_and_names_have_their_figures(table):
    gates, names = explored(table)
    held = (table.obs["area_px"] > 600).sum()
    assert gates.title == "Gates"
    assert gates.table.to_dict("records")[0] == {
        "gate": "large",
        "holds": "area_px > 600",
        "cells": f"{held:,}",
        "of all": f"{held / len(table):.1%}",
    }
    assert gates.table.iloc[1].tolist()[1:] == ["area_px > 1e9, in large", "0", "0.0%"]
    assert names.table["name"].tolist() == ["big", "small"]
    scores = table.uns[KEY]["suggestion"]["scores"]
    assert f"{scores['accuracy']:.2f} are named rightly" in names.paragraphs[0]
    suggested = names.table["suggested"].str.replace(",", "").astype(int)
    assert suggested.sum() == table.obs["suggested"].notna().sum()


def test_they_are_the_same_from_a_file(table, tmp_path):
    before = explored(table)
    write(table, tmp_path / "cells.csv")
    again = explored(read(tmp_path / "cells.csv"))
    for one, other in zip(before, again, strict=True):
        assert one.title == other.title
        assert one.paragraphs == other.paragraphs
        assert one.table.astype(str).equals(other.table.astype(str))


def test_cells_that_were_asked_are_drawn(cells):
    assert explored(cells) == []
    figure = Drawing(
        40,
        20,
        (Words(0, 10, "DNA <1>"),),
        title="Why cell 3 is here",
        sentence="DNA holds it",
        caption="How",
    )
    (part,) = explored(cells, [figure, figure])
    assert part.points == ("Why cell 3 is here: DNA holds it.",) * 2
    assert part.paragraphs == ("How",)
    assert all("<svg" in drawn and "DNA &lt;1&gt;" in drawn for drawn in part.drawings)


def test_the_page_has_them_and_says_what_was_corrected(table, tmp_path):
    from napari_c3r.core.experiment import experiment_report
    from napari_c3r.core.reduce.batches import Batches

    corrected = table.copy()
    corrected.uns[KEY]["map"] = {"seed": 0, **Batches("plate", "harmony").facts()}
    found = experiment_report(corrected, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    for said in ("Gates", "a &lt;b&gt;", "Names that were suggested"):
        assert said in page
    assert "Batches of &#x27;plate&#x27; brought together by Harmony for the map" in page
    titles = [part.title for part in sections(found, explored(corrected))]
    assert titles.index("Gates") < titles.index("Settings")

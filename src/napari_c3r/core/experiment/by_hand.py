"""What a person did to the cells by hand, for a report: gates, names learned, cells asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.gates.columns import column_of, gates_of
from napari_c3r.core.learn.columns import PROVENANCE
from napari_c3r.core.report.page import Section
from napari_c3r.core.table.flat import SUGGESTED
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.figures.drawing import Drawing

_UNITS: Final = {"well": "wells", "field": "fields", "cell": "cells"}


def explored(table: AnnData, why: Sequence[Drawing] = ()) -> list[Section]:
    """What a table says of its gates and suggested names, and what cells said that were asked.

    Parameters
    ----------
    table
        A result.
    why
        Figures of cells that were asked why they are where they are.

    Returns
    -------
    list of Section
        One for each that there is.
    """
    parts = [_gates(table), _suggested(table), _why(why)]
    return [part for part in parts if part is not None]


def _gates(table: AnnData) -> Section | None:
    import pandas as pd

    gates = [gate for gate in gates_of(table) if column_of(gate.name) in table.obs]
    if not gates:
        return None
    rows = []
    for gate in gates:
        held = np.asarray(table.obs[column_of(gate.name)], bool)
        rows.append(
            {
                "gate": gate.name,
                "holds": gate.rule.words(table) + (f", in {gate.within}" if gate.within else ""),
                "cells": f"{int(held.sum()):,}",
                "of all": f"{held.mean():.1%}" if len(held) else "–",
            }
        )
    words = f"Cells chosen by hand or by rule, among {len(table):,}; a cell may be in several."
    return Section("Gates", (words,), table=pd.DataFrame(rows))


def _suggested(table: AnnData) -> Section | None:
    import pandas as pd

    facts: dict[str, Any] = table.uns.get(KEY, {}).get(PROVENANCE) or {}
    if not facts or SUGGESTED not in table.obs:
        return None
    scores, names = facts["scores"], [str(name) for name in facts["names"]]
    counts = table.obs[SUGGESTED].astype(str).value_counts()
    rows = [
        {
            "name": name,
            "named by a person": f"{int(named):,}",
            "suggested": f"{int(counts.get(name, 0)):,}",
            "found again": f"{float(recall):.2f}",
        }
        for name, named, recall in zip(names, facts["named"], scores["recall"], strict=True)
    ]
    unit = _UNITS.get(str(scores["left_out"]), "cells")
    words = (
        f"Learned from {int(scores['examples']):,} cells that a person named, by "
        f"{facts['method']}. Of those of {unit} left out, {float(scores['accuracy']):.2f} are "
        f"named rightly (95 % interval {float(scores['accuracy_low']):.2f} to "
        f"{float(scores['accuracy_high']):.2f}); the most common name alone gives "
        f"{float(scores['baseline']):.2f}. Probabilities are off by "
        f"{float(scores['calibration_error']):.2f} on average. Found again: share of the cells of "
        "a name that are given it when they are left out.",
    )
    notes = tuple(f"{str(note).rstrip('.')}." for note in facts.get("notes", ()))
    return Section("Names that were suggested", words, notes, table=pd.DataFrame(rows))


def _why(figures: Sequence[Drawing]) -> Section | None:
    from napari_c3r.core.figures.drawing_files import svg

    if not figures:
        return None
    points = tuple(f"{each.title}: {each.sentence}." for each in figures)
    how = tuple(dict.fromkeys(each.caption for each in figures if each.caption))
    drawings = tuple(svg(each) for each in figures)
    return Section("Why cells are where they are", how, points, drawings=drawings)

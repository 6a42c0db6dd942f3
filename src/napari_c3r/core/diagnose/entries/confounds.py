"""What else explains the map: plate, well, field, size, intensity, focus and border."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.diagnose.confounds import MIN_CELLS, confound_steps
from napari_c3r.core.diagnose.confounds_result import ConfoundResult, Confounds
from napari_c3r.core.diagnose.registry import (
    Diagnostic,
    DiagnosticContext,
    DiagnosticResult,
)
from napari_c3r.core.diagnose.report.figures import new_figure
from napari_c3r.core.diagnose.verdict import Grade
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colours import SEQUENTIAL
from napari_c3r.core.report.page import Section

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_LEAD = 3
"""Sentences that go into the report's first paragraph."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ConfoundsFound(DiagnosticResult):
    """The factors that explain the map and its clusters.

    Attributes
    ----------
    confounds
        Everything that was tested.
    """

    confounds: Confounds


def _run(context: DiagnosticContext) -> Generator[str, None, ConfoundsFound]:
    from anndata import AnnData

    from napari_c3r.core.reduce import cluster

    vectors, clusters = context.vectors, context.clusters
    if len(vectors) < MIN_CELLS:
        raise InputError(f"{len(vectors)} cells are too few to say what explains them")
    if clusters is None:
        made = cluster(AnnData(vectors), seed=context.seed)
        clusters = made.obs["cluster"].astype(str).tolist()
        yield "clusters"
    found = yield from confound_steps(vectors, context.obs, clusters=clusters, seed=context.seed)
    return ConfoundsFound(
        sentence=". ".join(found.sentences[:_LEAD]),
        table=found.table,
        grade=Grade.LARGE if found.standing_out else Grade.NONE,
        notes=found.notes,
        confounds=found,
    )


def _section(result: ConfoundsFound) -> Section:
    found = result.confounds
    return Section(
        "What else explains the map",
        (
            "Each factor was asked how much of the differences between cells, and of who is in "
            "each cluster, it predicts for cells that were left out, and how much by chance.",
        ),
        (*(f"{sentence}." for sentence in found.sentences), *found.notes),
        table=_readable(found) if found.results else None,
    )


def _readable(found: Confounds) -> pd.DataFrame:
    """The table without its sentences; a factor that predicts nothing explains 0."""
    table = found.table.drop(columns="sentence").rename(columns=lambda name: name.replace("_", " "))
    shares = ["explained", "by chance"]
    return table.assign(**{name: table[name].clip(lower=0) for name in shares})


def _figure(result: ConfoundsFound) -> Figure | None:
    """Share explained, factor by scope; what stands out is framed."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    found = result.confounds
    if not found.results:
        return None
    scopes, factors = (list(dict.fromkeys(found.table[c])) for c in ("scope", "factor"))
    shares = np.zeros((len(factors), len(scopes)))
    figure = new_figure(1.1 * len(scopes) + 3, 0.5 * len(factors) + 1.2)
    figure.set_label("Share explained by each factor")
    axes = figure.subplots()
    for each in found.results:
        y, x = factors.index(each.factor), scopes.index(each.scope)
        shares[y, x] = max(each.explained, 0)
        axes.text(x, y, f"{shares[y, x]:.0%}", ha="center", va="center", fontsize=9)
        if each.stands_out:
            axes.add_patch(Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, fill=False, lw=2))
    colours = LinearSegmentedColormap.from_list("share", ["white", SEQUENTIAL[3]])
    axes.imshow(shares, cmap=colours, vmin=0, vmax=1, aspect="auto")
    named = ["map" if scope == "map" else f"cluster {scope}" for scope in scopes]
    axes.set_xticks(range(len(scopes)), named, rotation=30 if len(scopes) > 6 else 0)
    axes.set_yticks(range(len(factors)), factors)
    axes.set_title("share explained; framed: beyond chance", fontsize=9)
    return figure


def _status(result: ConfoundsFound) -> str:
    loud = result.confounds.standing_out
    return ", ".join(dict.fromkeys(each.factor for each in loud)) or "nothing stands out"


CONFOUNDS = Diagnostic(
    name="confounds",
    label="What else explains the map",
    help="Plate, well, field, cell size, intensity, focus and distance from the border",
    run=_run,
    section=_section,
    figure=_figure,
    status=_status,
    result=ConfoundsFound,
    made_of=(Confounds, ConfoundResult),
)

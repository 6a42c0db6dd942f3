"""Another encoder on the same cells: which neighbours they share, which tells labels better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.encoders import EncoderComparison, compare_vectors, distinct_names
from napari_c3r.core.diagnose.maps import paired_maps
from napari_c3r.core.diagnose.registry import Diagnostic, DiagnosticContext, DiagnosticResult
from napari_c3r.core.diagnose.report.figures import new_figure
from napari_c3r.core.diagnose.separation import ScorePair, Separation
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.colours import GREY, named_colours, sequential
from napari_c3r.core.figures.plain import plain
from napari_c3r.core.report.page import Section

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_CLASSES = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class EncodersResult(DiagnosticResult):
    """How two encoders compare on the same cells.

    Attributes
    ----------
    comparison
        The figures.
    vectors
        Of both encoders, (n, D) and (n, D').
    shared
        How many of its nearest neighbours are the same with both, for each cell.
    labels
        Label of each cell, None where none was given.
    seed
        Of the maps.
    """

    comparison: EncoderComparison
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]]
    shared: pd.Series
    labels: pd.Series | None
    seed: int


def _run(context: DiagnosticContext) -> EncodersResult:
    import pandas as pd

    report = context.report
    if report.second is None:
        raise InputError("No second encoder was given; choose one to compare with")
    vectors = context.vectors, report.second.vectors
    column = report.label_column or None
    found = compare_vectors(
        vectors,
        distinct_names(str(report.settings.get("encoder", "the first")), report.second.name),
        report.obs,
        label_column=column,
        perturbed=report.perturbed,
        seed=context.seed,
    )
    return EncodersResult(
        sentence=". ".join(reversed(found.sentences)),
        table=found.table,
        notes=found.notes,
        comparison=found,
        vectors=vectors,
        shared=pd.Series(found.shared, report.obs.index, name="neighbours_shared"),
        labels=None if column is None else report.obs[column],
        seed=context.seed,
    )


def _section(result: EncodersResult) -> Section:
    found = result.comparison
    return Section(
        "Another encoder on the same cells",
        (
            "The same cells were embedded with a second encoder, cut out and read out as it "
            "recommends. Distances on the maps are no evidence; the figures are of the vectors.",
        ),
        (*(f"{sentence}." for sentence in found.sentences), *found.notes),
        table=_readable(found),
    )


def _readable(found: EncoderComparison) -> pd.DataFrame:
    table = found.table
    figures = zip(*(table[name].tolist() for name in ("value", "low", "high")), strict=True)
    interval = [
        f"{value:.3f}" + (f" ({low:.3f} to {high:.3f})" if low < high else "")
        for value, low, high in figures
    ]
    return table[["measure", "encoder"]].assign(**{"value (95 % interval)": interval})


def _figure(result: EncodersResult) -> Figure:
    """Both maps, in the colours of the labels, and how well each encoder tells them."""
    found = result.comparison
    judged = found.separation is not None
    figure = new_figure(13 if judged else 10, 4.6)
    axes = figure.subplots(1, 3 if judged else 2, width_ratios=(1, 1, 0.7)[: 3 if judged else 2])
    figure.set_label(f"Maps of the same cells by {found.names[0]} and {found.names[1]}")
    maps = paired_maps(*result.vectors, seed=result.seed)
    for panel, points, name in zip(axes, maps, found.names, strict=False):
        _draw_cells(panel, points, result)
        panel.set(xticks=[], yticks=[], title=plain(name))
        panel.set_box_aspect(1)
    if judged:
        handles, names = axes[1].get_legend_handles_labels()
        if handles:
            figure.legend(
                handles, names, loc="outside lower center", ncols=min(6, len(names)), frameon=False
            )
        _draw_scores(axes[2], found)
    return figure


def _draw_cells(panel: Axes, points: NDArray[np.float32], result: EncodersResult) -> None:
    labels = result.labels
    names = [] if labels is None else sorted(labels.dropna().astype(str).unique())
    if labels is None or len(names) > _MOST_CLASSES:
        from matplotlib.colors import ListedColormap

        scale = ListedColormap(sequential(256) / 255)
        panel.scatter(points[:, 0], points[:, 1], c=result.shared, s=14, lw=0, cmap=scale, vmin=0)
        panel.set_xlabel(f"colour: neighbours in common, 0 to {result.comparison.k}")
        return
    text = labels.astype(str).to_numpy(dtype=object)
    known = labels.notna().to_numpy()
    panel.scatter(points[~known, 0], points[~known, 1], color=GREY, s=10, lw=0)
    colours = named_colours(str(labels.name), names)
    for name in names:
        here = points[known & (text == name)]
        panel.scatter(here[:, 0], here[:, 1], color=colours[name], s=14, lw=0, label=plain(name))


def _draw_scores(panel: Axes, found: EncoderComparison) -> None:
    """The accuracy of each encoder with its interval; chance as a line."""
    assert found.separation is not None
    judged = found.separation.scores[0]
    for place, each in enumerate((judged.first, judged.second)):
        reach = [[max(0, each.value - each.low)], [max(0, each.high - each.value)]]
        panel.errorbar(place, each.value, yerr=reach, fmt="o", color="black", capsize=4)
    panel.axhline(1 / found.separation.n_classes, color=GREY, ls="--", lw=1)
    panel.set(xticks=(0, 1), xlim=(-0.6, 1.6), ylim=(0, 1.02))
    panel.set_xticklabels([plain(name) for name in found.names], rotation=15, ha="right")
    panel.set_title(plain(f"'{found.separation.column}' named by five nearest"), fontsize=9)
    panel.set_ylabel("share of cells; dashed: chance")


def _status(result: EncodersResult) -> str:
    found = result.comparison
    line = f"{found.agreement.value:.0%} of neighbours in common"
    if found.separation is None:
        return line
    return f"{found.separation.status(found.names)}\n{line}"


ENCODERS = Diagnostic(
    name="encoders",
    label="Another encoder on the same cells",
    help="Which neighbours both see, and which tells labels better",
    run=_run,
    second_encoder=True,
    section=_section,
    figure=_figure,
    status=_status,
    result=EncodersResult,
    made_of=(EncoderComparison, Separation, ScorePair),
)

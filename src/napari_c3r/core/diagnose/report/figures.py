"""The figures of a report. Each is a Matplotlib figure on white, drawn without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.verdict import GRADE_COLOURS, Verdict
from napari_c3r.core.figures.colours import GREY, SEQUENTIAL, sequential, value_colours
from napari_c3r.core.figures.composites import compose
from napari_c3r.core.figures.drawing import PAPER
from napari_c3r.core.figures.grounds import on_ground, palette_on
from napari_c3r.core.figures.looks import channel_looks, shared_limits, with_limits
from napari_c3r.core.figures.plain import plain, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAND = 0.18
_COLUMNS = 10
_GRADES = {grade: on_ground(colour, PAPER.ground) for grade, colour in GRADE_COLOURS.items()}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that needs no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def flip_bars(report: FlipReport) -> Figure:
    """The effect of each variant with its 95 % interval, in the colour of its grade."""
    from matplotlib.patches import Patch

    panels = 2 if report.label_column else 1
    figure = new_figure(5.2 * panels + 1.5, 0.42 * len(report.results) + 2.2)
    axes = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    names = [result.variant.name for result in report.results]
    _bars(axes[0], names, [result.verdict for result in report.results])
    noise = report.noise.verdict.noise
    axes[0].axvspan(0, noise, color=GREY, alpha=_BAND, lw=0, zorder=0)
    axes[0].axvline(noise, color=GREY, lw=1, ls="--")
    axes[0].set_xlabel(f"further neighbours changed, of {report.k}")
    axes[0].invert_yaxis()
    on_labels = [result.on_labels for result in report.results if result.on_labels is not None]
    if report.label_column and on_labels:
        _bars(axes[1], names, on_labels)
        for end in (-on_labels[0].noise, on_labels[0].noise):
            axes[1].axvline(end, color=GREY, lw=1, ls="--")
        axes[1].axvspan(
            -on_labels[0].noise, on_labels[0].noise, color=GREY, alpha=_BAND, lw=0, zorder=0
        )
        shared = f"neighbours that share '{report.label_column}', of {report.k}: change"
        axes[1].set_xlabel(plain(shared))
    grades = [Patch(color=colour, label=str(grade)) for grade, colour in _GRADES.items()]
    band = Patch(color=GREY, alpha=_BAND, label="up to what noise does")
    figure.legend(handles=[*grades, band], loc="outside upper center", ncols=2, frameon=False)
    return figure


def _bars(axes: Axes, names: list[str], verdicts: Sequence[Verdict]) -> None:
    places = np.arange(len(names))
    effects = [verdict.effect for verdict in verdicts]
    values = np.array([e.value for e in effects])
    reach = [[e.value - e.low for e in effects], [e.high - e.value for e in effects]]
    axes.barh(places, values, color=[_GRADES[v.grade] for v in verdicts], height=0.62)
    axes.errorbar(values, places, xerr=np.maximum(reach, 0), fmt="none", ecolor="black", lw=1)
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(places, list(map(plain, names)))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def two_maps(
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    changed: NDArray[np.float64],
    k: int,
    names: tuple[str, str],
) -> Figure:
    """Two maps (n, 2) of the same cells, coloured by how many of k neighbours change (n,)."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    figure = new_figure(10, 4.6)
    axes = figure.subplots(1, 2)
    stops = palette_on(SEQUENTIAL, PAPER.ground)
    colours = value_colours(changed, (0.0, float(k)), stops) / 255
    for panel, points, name in zip(axes, (left, right), names, strict=True):
        panel.scatter(points[:, 0], points[:, 1], c=colours, s=14, linewidths=0)
        panel.set(xticks=[], yticks=[], title=plain(name))
        panel.set_box_aspect(1)
    scale = ScalarMappable(Normalize(0, k), ListedColormap(sequential(256, stops) / 255))
    figure.colorbar(scale, ax=list(axes), label=f"neighbours changed, of {k}", shrink=0.8)
    return figure


def montage(
    crops: NDArray[np.float32],
    channel_names: tuple[str, ...],
    titles: Sequence[str],
    concept: Sequence[str] = (),
) -> Figure:
    """Crops (n, C, side, side) as they look at first, with one contrast, in rows of ten."""
    from matplotlib.patches import Patch

    rows = -(-len(crops) // _COLUMNS)
    figure = new_figure(_COLUMNS * 1.1, rows * 1.3)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    looks = channel_looks(channel_names, concept)
    looks = with_limits(looks, shared_limits(list(crops), channel_names))
    for panel in axes:
        panel.axis("off")
    for panel, crop, title in zip(axes, crops, titles, strict=False):
        panel.imshow(compose(crop, list(looks.values())))
        panel.set_title(plain(title), fontsize=7)
    key = [
        Patch(fc=look.colour, ec="black", lw=0.4, label=plain(name))
        for name, look in looks.items()
        if look.shown
    ]
    figure.legend(handles=key, loc="outside lower left", ncols=2, frameon=False, fontsize=8)
    return figure


def png(figure: Any) -> bytes:
    """Encode a figure as PNG."""
    from io import BytesIO

    stream = BytesIO()
    # Without the version of Matplotlib in it, the same figure gives the same bytes.
    save_figure(figure, stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()

"""The figures of a report. Each is a Matplotlib figure on white, drawn without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import stains
from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.figures.colours import CATEGORICAL, GREY, sequential, value_colours
from napari_c3r.core.figures.composites import composite
from napari_c3r.core.figures.plain import plain, save_figure
from napari_c3r.core.images import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOUD, _QUIET = CATEGORICAL[0], GREY
_COLUMNS = 10


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that needs no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def flip_bars(report: FlipReport) -> Figure:
    """What each variant changes, with 95 % intervals, against the noise floor."""
    panels = 2 if report.label_column else 1
    figure = new_figure(5.2 * panels + 1.5, 0.42 * len(report.results) + 1.8)
    axes = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    names = [result.variant.name for result in report.results]
    _bars(
        axes[0],
        names,
        [result.rank_shift for result in report.results],
        [result.matters for result in report.results],
    )
    floor = report.noise.rank_shift
    axes[0].axvspan(0, floor.value, color=GREY, alpha=0.18, lw=0)
    axes[0].axvline(floor.value, color=GREY, lw=1)
    axes[0].set(xlim=(0, 1), xlabel=f"neighbours changed (1 − Jaccard of the {report.k} nearest)")
    axes[0].set_title(
        "grey: what turning and shifting the crops does\nblue: matters beyond noise", fontsize=9
    )
    axes[0].invert_yaxis()
    if report.label_column:
        _bars(
            axes[1],
            names,
            [result.changes["map"] for result in report.results],
            [result.score_matters for result in report.results],
        )
        noise = abs(report.noise.changes["map"].value)
        axes[1].axvspan(-noise, noise, color=GREY, alpha=0.18, lw=0)
        axes[1].axvline(0, color="black", lw=0.8)
        axes[1].set_xlabel("change of average precision")
        axes[1].set_title(plain(f"telling '{report.label_column}'"), fontsize=9)
    return figure


def _bars(axes: Axes, names: list[str], estimates: list[Estimate], loud: Sequence[bool]) -> None:
    places = np.arange(len(names))
    values = np.array([e.value for e in estimates])
    reach = [[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]
    colours = [_LOUD if is_loud else _QUIET for is_loud in loud]
    axes.barh(places, values, color=colours, height=0.62)
    axes.errorbar(values, places, xerr=np.maximum(reach, 0), fmt="none", ecolor="black", lw=1)
    axes.set_yticks(places, list(map(plain, names)))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def two_maps(
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    shift: NDArray[np.float64],
    names: tuple[str, str],
) -> Figure:
    """Two maps (n, 2) of the same cells, both coloured by each cell's shift (n,)."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    figure = new_figure(10, 4.6)
    axes = figure.subplots(1, 2)
    colours = value_colours(shift, (0.0, 1.0)) / 255
    for panel, points, name in zip(axes, (left, right), names, strict=True):
        panel.scatter(points[:, 0], points[:, 1], c=colours, s=14, linewidths=0)
        panel.set(xticks=[], yticks=[], title=plain(name))
        panel.set_box_aspect(1)
    scale = ScalarMappable(Normalize(0, 1), ListedColormap(sequential(256) / 255))
    figure.colorbar(scale, ax=list(axes), label="neighbours changed", shrink=0.8)
    return figure


def montage(
    crops: NDArray[np.float32], channel_names: tuple[str, ...], titles: Sequence[str]
) -> Figure:
    """Crops (n, C, side, side) in the viewer's colours, in rows of ten."""
    rows = -(-len(crops) // _COLUMNS)
    figure = new_figure(_COLUMNS * 1.1, rows * 1.3)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    colours = stains.channel_colours(channel_names)
    for panel in axes:
        panel.axis("off")
    for panel, crop, title in zip(axes, crops, titles, strict=False):
        panel.imshow(composite(Image.from_array(crop, channel_names), colours))
        panel.set_title(plain(title), fontsize=7)
    return figure


def png(figure: Any) -> bytes:
    """Encode a figure as PNG."""
    from io import BytesIO

    stream = BytesIO()
    # Without the version of Matplotlib in it, the same figure gives the same bytes.
    save_figure(figure, stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()

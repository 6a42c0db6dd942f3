"""The figures of a report. Each is a Matplotlib figure on white, drawn without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import stains
from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.confounds import Confounds
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.figures.colours import CATEGORICAL, GREY, SEQUENTIAL, sequential, value_colours
from napari_c3r.core.figures.composites import composite
from napari_c3r.core.images import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOUD, _QUIET = CATEGORICAL[0], GREY
_COLUMNS = 10


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def flip_bars(report: FlipReport) -> Figure:
    """What each variant changes, with 95 % intervals, beside the noise floor."""
    panels = 2 if report.label_column else 1
    figure = _figure(5.2 * panels + 1.5, 0.42 * len(report.results) + 1.8)
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
        axes[1].set_title(f"telling '{report.label_column}'", fontsize=9)
    return figure


def _bars(axes: Axes, names: list[str], estimates: list[Estimate], loud: Sequence[bool]) -> None:
    places = np.arange(len(names))
    values = np.array([e.value for e in estimates])
    reach = [[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]]
    colours = [_LOUD if is_loud else _QUIET for is_loud in loud]
    axes.barh(places, values, color=colours, height=0.62)
    axes.errorbar(values, places, xerr=np.maximum(reach, 0), fmt="none", ecolor="black", lw=1)
    axes.set_yticks(places, names)
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

    figure = _figure(10, 4.6)
    axes = figure.subplots(1, 2)
    colours = value_colours(shift, (0.0, 1.0)) / 255
    for panel, points, name in zip(axes, (left, right), names, strict=True):
        panel.scatter(points[:, 0], points[:, 1], c=colours, s=14, linewidths=0)
        panel.set(xticks=[], yticks=[], title=name)
        panel.set_box_aspect(1)
    scale = ScalarMappable(Normalize(0, 1), ListedColormap(sequential(256) / 255))
    figure.colorbar(scale, ax=list(axes), label="neighbours changed", shrink=0.8)
    return figure


def montage(
    crops: NDArray[np.float32], channel_names: tuple[str, ...], titles: Sequence[str]
) -> Figure:
    """Crops (n, C, side, side) in the viewer's colours, in rows of ten."""
    rows = -(-len(crops) // _COLUMNS)
    figure = _figure(_COLUMNS * 1.1, rows * 1.3)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    colours = stains.channel_colours(channel_names)
    for panel in axes:
        panel.axis("off")
    for panel, crop, title in zip(axes, crops, titles, strict=False):
        panel.imshow(composite(Image.from_array(crop, channel_names), colours))
        panel.set_title(title, fontsize=7)
    return figure


def channel_scatter(
    points: NDArray[np.float32], report: FlipReport, channel_names: tuple[str, ...]
) -> Figure:
    """Single-channel vectors of all channels on one map, as in C3R, Fig. 2.

    Parameters
    ----------
    points
        (cells × channels, 2), the channels of a cell one after the other.
    report
        With parity.
    channel_names
        Name of each channel.
    """
    figure = _figure(7, 4.6)
    axes = figure.subplots()
    colours = stains.channel_colours(channel_names)
    roles = report.assigned.variant.assignment.to_dict()
    for number, name in enumerate(channel_names):
        part = points[number :: len(channel_names)]
        marker = "o" if roles[name] != "concept" else "^"
        label = f"{name} ({roles[name]})"
        axes.scatter(
            part[:, 0],
            part[:, 1],
            s=16,
            color=colours[name],
            marker=marker,
            label=label,
            ec="black",
            lw=0.2,
        )
    axes.set(xticks=[], yticks=[], title="each channel embedded alone")
    axes.set_box_aspect(1)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    return figure


def confound_table(found: Confounds) -> Figure:
    """Share explained, factor by scope; what stands out is framed."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    table = found.table
    scopes, factors = (list(dict.fromkeys(table[c])) for c in ("scope", "factor"))
    shares = np.zeros((len(factors), len(scopes)))
    figure = _figure(1.1 * len(scopes) + 3, 0.5 * len(factors) + 1.2)
    axes = figure.subplots()
    for finding in found.findings:
        y, x = factors.index(finding.factor), scopes.index(finding.scope)
        shares[y, x] = max(finding.explained, 0)
        axes.text(x, y, f"{shares[y, x]:.0%}", ha="center", va="center", fontsize=9)
        if finding.stands_out:
            axes.add_patch(Rectangle((x - 0.47, y - 0.47), 0.94, 0.94, fill=False, lw=2))
    colours = LinearSegmentedColormap.from_list("share", ["white", SEQUENTIAL[3]])
    axes.imshow(shares, cmap=colours, vmin=0, vmax=1, aspect="auto")
    named = ["map" if scope == "map" else f"cluster {scope}" for scope in scopes]
    axes.set_xticks(range(len(scopes)), named, rotation=30 if len(scopes) > 6 else 0)
    axes.set_yticks(range(len(factors)), factors)
    axes.set_title("share explained; framed: beyond chance", fontsize=9)
    return figure


def png(figure: Any) -> bytes:
    """Encode a figure as PNG."""
    from io import BytesIO

    stream = BytesIO()
    # Without the version of Matplotlib in it, the same figure gives the same bytes.
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()

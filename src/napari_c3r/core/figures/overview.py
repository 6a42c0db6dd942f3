"""A picture of a result: the image, its cells and their map, in the same colours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.atomic import replacing
from napari_c3r.core.cells.labels import paint
from napari_c3r.core.figures.colours import named_colours
from napari_c3r.core.figures.looks import channel_looks, draw_image
from napari_c3r.core.figures.plain import plain, save_figure
from napari_c3r.core.images import Image
from napari_c3r.core.reduce.cluster_names import COLUMN

if TYPE_CHECKING:
    from anndata import AnnData

_BACKGROUND = "#14161a"
_TEXT = "#e8e8e8"
_EMPTY = "#1b1d22"
_UNPAINTED = "#2b2e35"


def draw_result(
    image: Image, labels: NDArray[np.integer[Any]], result: AnnData, path: Path
) -> Path:
    """Draw image, clusters and map side by side into a PNG.

    Parameters
    ----------
    image
        The image that was embedded.
    labels
        Its cells, (Y, X).
    result
        With map and clusters.
    path
        The PNG to write, atomically.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 5.1), facecolor=_BACKGROUND, layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    clusters = result.obs["cluster"]
    colours = named_colours(COLUMN, list(map(str, clusters.cat.categories)))

    looks = channel_looks(image.channel_names)
    shown = [name for name, look in looks.items() if look.shown]
    left.imshow(draw_image(image, looks), interpolation="none")
    left.set_title(f"{plain(image.name)}\n{plain(' and '.join(shown))}")
    middle.imshow(_painted(labels, result, colours), interpolation="none")
    middle.set_title(f"{len(result)} cells, coloured by cluster")
    for name, colour in colours.items():
        here = np.asarray(clusters == name)
        points = np.asarray(result.obsm["X_umap"])[here]
        right.scatter(
            *points.T, s=28, color=colour, label=plain(f"{name} ({here.sum()})"), linewidths=0
        )
    right.set_title("UMAP of the embeddings\ndistances on the map are not evidence")
    legend = right.legend(
        title="cluster (cells)",
        labelcolor=_TEXT,
        frameon=False,
        fontsize=9,
        loc="upper left",
        bbox_to_anchor=(1, 1),
    )
    legend.get_title().set_color(_TEXT)
    for axes in (left, middle, right):
        axes.set(xticks=[], yticks=[], facecolor=_BACKGROUND)
        axes.title.set_color(_TEXT)
        axes.title.set_fontsize(11)
        for spine in axes.spines.values():
            spine.set_color("#4a4d55")
    right.set_box_aspect(1)
    with replacing(path) as temporary:
        save_figure(figure, temporary, dpi=110)
    return path


def _painted(
    labels: NDArray[np.integer[Any]], result: AnnData, colours: dict[str, str]
) -> NDArray[np.float32]:
    from matplotlib.colors import to_rgb

    shades = np.array([to_rgb(colours[name]) for name in result.obs["cluster"]], np.float32)
    picture = paint(labels, result.obs["label"].to_numpy(), shades, to_rgb(_UNPAINTED))
    picture[labels == 0] = to_rgb(_EMPTY)
    edges = np.zeros(labels.shape, bool)
    edges[1:] |= labels[1:] != labels[:-1]
    edges[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    picture[edges] *= 0.35
    return picture

"""Montages for scripts: which cells, how they are drawn, and where the figure is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.cell_montage import Montage, montage_words, read_montage
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.montage_choice import Choice, MontageChoice, choose_cells, groups_by
from napari_c3r.core.figures.montage_files import write_montage
from napari_c3r.core.figures.tiles import COMPOSITE, TileStyle
from napari_c3r.core.images import Image
from napari_c3r.core.reduce.neighbours import Similarity

if TYPE_CHECKING:
    from anndata import AnnData


def montage(
    adata: AnnData,
    images: Image | Mapping[str, Image],
    labels: ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    by: str = "",
    which: Choice | str = Choice.RANDOM,
    count: int = 12,
    like: int | None = None,
    seed: int = 0,
    show: str = COMPOSITE,
    outlined: bool = True,
    dimmed: bool = False,
    looks: Mapping[str, Appearance] | None = None,
    path: str | Path | None = None,
) -> Montage:
    """Cut out cells of a result, for a figure.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`.
    images
        The image, or images by name.
    labels
        Its label image, or label images by the name of their image; None draws no outline.
    by
        A column whose values are the rows: cluster, well, treatment, a name; empty for one.
    which
        Of each row: ``"random"``, ``"typical"`` (most like the cell that is most like all others),
        ``"extreme"``, ``"moved"`` (most by the diagnostics) or ``"alike"`` (to the cell `like`).
    count
        Cells of each row, at most.
    like
        The row of the result that cells are to be like.
    seed
        Of what is drawn at random.
    show
        ``"composite"``, ``"each"`` for all channels side by side, or a channel's name.
    outlined, dimmed
        Whether each cell has a line round it, and all else is darker.
    looks
        How channels are shown, by name; by default their stain's colours, nucleus and readout
        visible, with one contrast for all cells of the montage.
    path
        Where to write it, with the list of its cells as CSV beside it: ``.png``, ``.svg`` or
        ``.pdf`` for the figure, ``.tif`` for a stack of all channels; None writes nothing.

    Returns
    -------
    Montage
        The cells, read at the image's own resolution.

    Raises
    ------
    InputError
        No such column or way to choose, no image of the cells, or another suffix.
    """
    if which not in list(Choice):
        known = ", ".join(repr(str(choice)) for choice in Choice)
        raise InputError(f"which is {which!r}; give one of {known}")
    by_name = {images.name: images} if isinstance(images, Image) else dict(images)
    drawn: Mapping[str, ArrayLike] | None
    if labels is None or isinstance(labels, Mapping):
        drawn = labels
    else:
        drawn = dict.fromkeys(by_name, labels)
    if not by_name:
        raise InputError("There is no image to cut the cells out of; give the images by name")
    choice = MontageChoice(Choice(which), count, by, like, seed=seed)
    groups = groups_by(adata, by, np.arange(len(adata)))
    chosen = choose_cells(adata, Similarity(np.asarray(adata.X)), groups, choice)
    style = TileStyle(show, outlined, dimmed)
    words = montage_words(choice, len(groups) > 1)
    made = read_montage(adata, by_name, drawn, chosen, style, looks, words)
    if path is not None:
        write_montage(made, path)
    return made

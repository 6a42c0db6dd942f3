"""Montages for scripts: which cells, how they are drawn, and where the figure is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.cell_montage import Montage, montage_words, read_montage
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.montage_choice import Choice, MontageChoice, choose_cells, groups_by
from napari_c3r.core.figures.montage_files import write_montage
from napari_c3r.core.figures.tiles import COMPOSITE, TileStyle
from napari_c3r.core.images import Image
from napari_c3r.core.reduce.neighbours import Similarity
from napari_c3r.core.table.titles import GATE, gate_words, title

if TYPE_CHECKING:
    from anndata import AnnData


def montage(
    adata: AnnData,
    images: Image | Mapping[str, Image],
    labels: ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    among: str | Sequence[bool] | NDArray[np.bool_] | None = None,
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
    among
        Which cells to choose from: a column of truth values, such as a gate's, or a flag for each
        cell; None for all.
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
    choice = MontageChoice(_known_choice(which), count, by, like, seed=seed)
    by_name = {images.name: images} if isinstance(images, Image) else dict(images)
    if not by_name:
        raise InputError("There is no image to cut the cells out of; give the images by name")
    groups = groups_by(adata, by, _rows_among(adata, among))
    chosen = choose_cells(adata, Similarity(np.asarray(adata.X)), groups, choice)
    style = TileStyle(show, outlined, dimmed)
    words = montage_words(choice, len(groups) > 1, _among_words(among))
    drawn = _labels_by_name(labels, by_name)
    made = read_montage(adata, by_name, drawn, chosen, style, looks, words)
    if path is not None:
        write_montage(made, path)
    return made


def _known_choice(which: Choice | str) -> Choice:
    if which not in list(Choice):
        known = ", ".join(repr(str(choice)) for choice in Choice)
        raise InputError(f"which is {which!r}; give one of {known}")
    return Choice(which)


def _labels_by_name(
    labels: ArrayLike | Mapping[str, ArrayLike] | None, names: Iterable[str]
) -> Mapping[str, ArrayLike] | None:
    if labels is None or isinstance(labels, Mapping):
        return labels
    return dict.fromkeys(names, labels)


def _rows_among(
    adata: AnnData, among: str | Sequence[bool] | NDArray[np.bool_] | None
) -> NDArray[np.intp]:
    if among is None:
        return np.arange(len(adata))
    if isinstance(among, str) and among not in adata.obs:
        raise InputError(
            f"The table has no column '{among}' to choose cells by; its columns are "
            f"{', '.join(map(str, adata.obs.columns))}"
        )
    flags = np.asarray(adata.obs[among] if isinstance(among, str) else among)
    if flags.dtype != bool or flags.shape != (len(adata),):
        raise InputError(
            f"among is {flags.dtype} of shape {flags.shape}; give true or false for each of the "
            f"{len(adata):,} cells"
        )
    if not flags.any():
        raise InputError("There is no cell to choose from: among is false for all of them")
    return np.flatnonzero(flags)


def _among_words(among: str | Sequence[bool] | NDArray[np.bool_] | None) -> str:
    if isinstance(among, str):
        return gate_words(among) if among.startswith(GATE) else f"those of {title(among)}"
    return "" if among is None else "the selected cells"

"""A montage: single cells side by side, of all cells or of each group, ready to be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.looks import channel_looks, shared_limits, with_limits
from napari_c3r.core.figures.montage import CutCell, Places, cut_cells
from napari_c3r.core.figures.montage_choice import (
    GATES,
    Choice,
    ChosenGroup,
    MontageChoice,
    choose_cells,
    groups_by,
)
from napari_c3r.core.figures.tiles import COMPOSITE, TileStyle
from napari_c3r.core.images import Image
from napari_c3r.core.reduce.neighbours import Similarity
from napari_c3r.core.table.titles import title

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, eq=False)
class MontageRow:
    """The cells of one group.

    Attributes
    ----------
    name
        Of the group; empty where there is one only.
    total
        Cells of the group, shown or not.
    cells
        Those shown, in their order.
    """

    name: str
    total: int
    cells: tuple[CutCell, ...]


@dataclass(frozen=True, eq=False)
class Montage:
    """Cells to be displayed or written.

    Attributes
    ----------
    rows
        The groups, in their order.
    facts
        What is known of each cell, at least ``image`` and ``label``, by its row of the result.
    channel_names
        Names of the C channels.
    looks
        How each of them is shown, by name.
    style
        How the pictures are drawn.
    sentence
        Which cells these are.
    dtype
        Type of the image's pixels.
    """

    rows: tuple[MontageRow, ...]
    facts: Mapping[int, Mapping[str, Any]]
    channel_names: tuple[str, ...]
    looks: Mapping[str, Appearance]
    style: TileStyle = field(default_factory=TileStyle)
    sentence: str = ""
    dtype: Any = np.float32

    @property
    def cells(self) -> tuple[CutCell, ...]:
        """All cells shown, row by row."""
        return tuple(cell for row in self.rows for cell in row.cells)

    def save(self, path: str | Path) -> tuple[Path, ...]:
        """Write it as `napari_c3r.core.figures.montage_files.write_montage` does."""
        from napari_c3r.core.figures.montage_files import write_montage

        return write_montage(self, path)


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

    Returns
    -------
    Montage
        With ``.save(path)``.

    Raises
    ------
    InputError
        No such column or way to choose, or no image of the cells.
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
    return read_montage(
        adata, by_name, drawn, chosen, style, looks, montage_words(choice, len(groups) > 1)
    )


def read_montage(
    adata: AnnData,
    images: Mapping[str, Image],
    labels: Mapping[str, ArrayLike] | None,
    chosen: Sequence[ChosenGroup],
    style: TileStyle,
    looks: Mapping[str, Appearance] | None = None,
    sentence: str = "",
) -> Montage:
    """Read chosen cells at the image's own resolution.

    Parameters
    ----------
    adata, images, labels, looks
        As for `montage`; the channels are those of the first image.
    chosen
        Which cells, group by group.
    style, sentence
        As of `Montage`.

    Raises
    ------
    InputError
        None of the cells can be cut out.
    """
    first = next(iter(images.values()))
    names = first.channel_names
    rows = np.concatenate([group.rows for group in chosen]) if chosen else np.empty(0, np.intp)
    unique = np.unique(rows)
    found = {
        cell.row: cell for cell in cut_cells(Places.of(adata), images, unique, names, None, labels)
    }
    if not found:
        raise InputError("None of these cells can be cut out: give the images that they lie in")
    looks = dict(looks) if looks else channel_looks(names)
    shared = shared_limits([cell.crop for cell in found.values()], names)
    facts = dict(zip(unique.tolist(), adata.obs.iloc[unique].to_dict("records"), strict=True))
    cells = [tuple(found[row] for row in g.rows.tolist() if row in found) for g in chosen]
    return Montage(
        tuple(MontageRow(g.name, g.total, own) for g, own in zip(chosen, cells, strict=True)),
        facts,
        names,
        with_limits(looks, shared),
        style,
        sentence,
        first.data.dtype,
    )


_WORDS = {
    Choice.RANDOM: "Cells drawn at random",
    Choice.MEDOID: "Typical cells",
    Choice.OUTLIERS: "The cells least like the typical one",
    Choice.MOVED: "The cells that the diagnostics moved most",
    Choice.ALIKE: "The cells most like one cell",
}


def montage_words(choice: MontageChoice, several: bool, of: str = "") -> str:
    """Which cells a montage shows, in a few words.

    Parameters
    ----------
    choice
        What was chosen.
    several
        Whether there is more than one group.
    of
        Of which cells, where it is not all, such as ``"the selected cells"``.
    """
    words = _WORDS[choice.which]
    if several:
        words += " of each gate" if choice.by == GATES else f" of each {title(choice.by).lower()}"
    if of:
        words += f" among {of}"
    return words + (f" (seed {choice.seed})" if choice.which is Choice.RANDOM else "")

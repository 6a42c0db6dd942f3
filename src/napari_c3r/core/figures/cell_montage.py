"""A montage: single cells side by side, of all cells or of each group, read and ready to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.cell_cuts import CutCell, Places, cut_cells
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.looks import channel_looks, shared_limits, with_limits
from napari_c3r.core.figures.montage_choice import (
    GATES,
    Choice,
    ChosenGroup,
    MontageChoice,
)
from napari_c3r.core.figures.tiles import TileStyle
from napari_c3r.core.images import Image
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
        As for `napari_c3r.montage`; the channels are those of the first image.
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

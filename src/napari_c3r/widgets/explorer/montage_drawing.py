"""Drawing single cells off the GUI thread, as the montage and the card under the mouse need."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.figures.cell_cuts import CutCell, Places, cut_cells
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.looks import image_limits, with_limits
from napari_c3r.core.figures.montage_choice import (
    ChosenGroup,
    MontageChoice,
    choose_cells,
    groups_by,
)
from napari_c3r.core.figures.tiles import TileStyle, draw_tile, panels
from napari_c3r.core.reduce.neighbours import Similarity
from napari_c3r.core.table.result import KEY
from napari_c3r.widgets.common.jobs import Jobs

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.images import Image

SIDE_PX = 96
"""Side that cells are cut out at, enough for thumbnails on dense screens."""

_LARGE_SIDE_PX = 224
_MAX_KEPT_BYTES = 1 << 27


class Source:
    """The cells of one result and the images to see them in. Plain data for threads.

    Parameters
    ----------
    table
        The result.
    images
        Images by name; channels are those of one that is open, or of the first. No other one is
        opened before cells of it are drawn.
    labels
        Label images by the name of their image, for the outlines.
    """

    def __init__(
        self,
        table: AnnData,
        images: Mapping[str, Image],
        labels: Mapping[str, ArrayLike],
    ) -> None:
        from napari_c3r.core.images.sources import opened_images

        self.images, self.labels = images, labels
        self.places = Places.of(table)
        self._vectors = np.asarray(table.X)
        self._first = next(iter(opened_images(images) or images.values()), None)
        self.channels: tuple[str, ...] = self._first.channel_names if self._first else ()
        self._limits: dict[str, tuple[float, float]] = {}
        told = table.uns.get(KEY, {}).get("images", {})
        names, sizes = told.get("name", ()), told.get("pixel_size_um", ())
        self._sizes = dict(zip(map(str, names), map(float, sizes), strict=False))

    @cached_property
    def similarity(self) -> Similarity:
        """Of all cells; made on first use, as it reads every vector."""
        return Similarity(self._vectors)

    def width_of(self, rows: NDArray[np.intp]) -> tuple[float, str] | None:
        """Width of the squares around cells, and its unit; None where they differ in that."""
        names = self.places.cells["image"].iloc[rows].astype(str).unique()
        alone = self._first.pixel_size_um if self._first else None
        widths = set()
        for name in names:
            side, size = float(self.places.windows[name]), self._sizes.get(name, alone)
            widths.add((round(side * size, 1), "µm") if size else (side, "px"))
        return widths.pop() if len(widths) == 1 else None

    def with_limits(self, looks: Mapping[str, Appearance]) -> dict[str, Appearance]:
        """Looks that all cells share; where nothing says the contrast, an image is read for it."""
        lacking = [name for name, look in looks.items() if look.limits is None]
        unread = [name for name in lacking if name not in self._limits]
        if unread and self._first is not None:
            self._limits |= image_limits(self._first, unread)
        return with_limits(looks, self._limits)


@dataclass(frozen=True, eq=False)
class Request:
    """Which cells to choose from, and how.

    Attributes
    ----------
    rows
        Of the result.
    choice
        Which of them.
    table
        What tells groups apart: from :func:`frozen`.
    """

    rows: NDArray[np.intp]
    choice: MontageChoice
    table: AnnData

    def chosen(self, source: Source) -> tuple[ChosenGroup, ...]:
        """The rows to draw, group by group."""
        groups = groups_by(self.table, self.choice.by, self.rows)
        return choose_cells(self.table, source.similarity, groups, self.choice)


def frozen(table: AnnData) -> AnnData:
    """What groups are made of, as it is now: columns may be added meanwhile."""
    obs = table.obs.copy(deep=False)
    return cast("AnnData", SimpleNamespace(obs=obs, uns=table.uns, obsm=table.obsm, X=table.X))


@dataclass(frozen=True, eq=False)
class Chosen:
    """The rows that a request turned out to mean, group by group."""

    groups: tuple[ChosenGroup, ...]


@dataclass(frozen=True, eq=False)
class Drawn:
    """One cell, and its picture (side, pictures × side, 3) uint8."""

    cell: CutCell
    picture: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Brush:
    """How cells are drawn.

    Attributes
    ----------
    looks
        Of each channel, by name.
    style
        What else is drawn.
    side_px
        Side of the picture of one cell.
    """

    looks: Mapping[str, Appearance]
    style: TileStyle
    side_px: int

    @property
    def cut_px(self) -> int:
        """Side that crops are resampled to."""
        return SIDE_PX if self.side_px <= 2 * SIDE_PX else _LARGE_SIDE_PX

    def paint(self, cell: CutCell, channels: Sequence[str]) -> NDArray[np.uint8]:
        """Draw a cell."""
        pictures = panels(channels, self.looks, self.style.show)
        return draw_tile(cell.crop, cell.mask, pictures, self.style, self.side_px)


@dataclass
class Crops:
    """Cells cut out before, the oldest forgotten first."""

    kept: dict[tuple[int, int], CutCell] = field(default_factory=dict)

    def find(self, row: int, side_px: int) -> CutCell | None:
        """A cell cut out at a size before."""
        return self.kept.get((row, side_px))

    def keep(self, cell: CutCell) -> None:
        """Remember a cell."""
        key = cell.row, cell.crop.shape[-1]
        self.kept.pop(key, None)
        self.kept[key] = cell
        if len(self.kept) * cell.crop.nbytes > _MAX_KEPT_BYTES:
            del self.kept[next(iter(self.kept))]


class CellPictures(QObject):
    """Chooses and draws cells in a thread; a new wish takes the place of the one before.

    Signals
    -------
    chosen
        With :class:`Chosen`.
    drawn
        With :class:`Drawn`, in any order.
    refused
        With one line on why nothing can be chosen.
    """

    chosen = Signal(object)
    drawn = Signal(object)
    refused = Signal(str)

    def __init__(self, crops: Crops, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._crops = crops
        self._choosing, self._drawing = Jobs(self), Jobs(self)
        self._choosing.failed.connect(self._on_refused)
        self._drawing.progressed.connect(self._on_progress)

    @property
    def busy(self) -> bool:
        """Whether something is being chosen or drawn."""
        return bool(self._choosing.running or self._drawing.running)

    def choose(self, source: Source, request: Request) -> None:
        """Find out which cells a request means."""

        def body(_: threading.Event) -> Generator[str, None, Chosen]:
            yield "choosing"
            return Chosen(request.chosen(source))

        self._drawing.discard()
        self._choosing.start("choose cells", body, self.chosen.emit)

    def draw(self, source: Source, rows: Sequence[int], brush: Brush) -> None:
        """Draw cells, those that were cut out before first."""
        known = dict(self._crops.kept)

        def body(stop: threading.Event) -> Generator[Drawn, None, None]:
            ready = Brush(source.with_limits(brush.looks), brush.style, brush.side_px)
            missing = []
            for row in rows:
                cell = known.get((row, brush.cut_px))
                if cell is None:
                    missing.append(row)
                else:
                    yield Drawn(cell, ready.paint(cell, source.channels))
            for cell in cut_cells(
                source.places,
                source.images,
                np.array(missing, np.intp),
                source.channels,
                brush.cut_px,
                source.labels,
            ):
                if stop.is_set():
                    return
                yield Drawn(cell, ready.paint(cell, source.channels))

        self._drawing.start("draw cells", body, _nothing)

    def discard(self) -> None:
        """Forget what is being chosen and drawn."""
        self._choosing.discard()
        self._drawing.discard()

    def _on_progress(self, _: str, step: Drawn) -> None:
        self._crops.keep(step.cell)
        self.drawn.emit(step)

    def _on_refused(self, _: str, line: str) -> None:
        self.refused.emit(line)


def _nothing(_: Any) -> None:
    """A drawing's pictures have all been given away when it ends."""

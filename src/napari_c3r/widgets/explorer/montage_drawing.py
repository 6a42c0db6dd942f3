"""Drawing single cells off the GUI thread, as the montage and the card under the mouse need."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_c3r.core.figures.composites import Appearance, compose
from napari_c3r.core.figures.montage import Choice, Places, choose, cut_cells
from napari_c3r.core.images import Image
from napari_c3r.core.images.sources import opened_images
from napari_c3r.core.reduce.neighbours import Similarity
from napari_c3r.widgets.common.jobs import Jobs

if TYPE_CHECKING:
    from anndata import AnnData

SIDE_PX = 96
"""Side that cells are drawn at, enough for thumbnails on dense screens."""

_MAX_KEPT = 256


class Source:
    """The cells of one result and the images to see them in. Plain data for threads.

    Parameters
    ----------
    table
        The result.
    images
        Images by name; channels are those of one that is open, or of the first. No other one is
        opened before cells of it are drawn.
    """

    def __init__(self, table: AnnData, images: Mapping[str, Image]) -> None:
        self.images = images
        self.places = Places.of(table)
        self._vectors = np.asarray(table.X)
        first = next(iter(opened_images(images) or images.values()), None)
        self.channels: tuple[str, ...] = first.channel_names if first else ()
        self.dtype = first.data.dtype if first else np.dtype(np.float32)

    @cached_property
    def similarity(self) -> Similarity:
        """Of all cells; made on first use, as it reads every vector."""
        return Similarity(self._vectors)


@dataclass(frozen=True, eq=False)
class Request:
    """Which cells to draw.

    Attributes
    ----------
    rows
        The group to choose from; with ``alike`` it counts for nothing.
    choice
        Which cells of the group.
    count
        How many, at most.
    alike
        A cell: draw it and those most like it.
    """

    rows: NDArray[np.intp]
    choice: Choice = Choice.RANDOM
    count: int = 40
    alike: int | None = None

    def chosen(self, source: Source) -> tuple[NDArray[np.intp], NDArray[np.float64] | None]:
        """The rows to draw and, for cells that are alike, how much."""
        if self.alike is None:
            if len(self.rows) <= self.count and self.choice is Choice.RANDOM:
                return self.rows, None
            return choose(source.similarity, self.rows, self.choice, self.count), None
        rows, similarity = source.similarity.nearest(self.alike, self.count - 1)
        return np.append(self.alike, rows), np.append(1.0, similarity)


@dataclass(frozen=True, eq=False)
class Chosen:
    """The rows that a request turned out to mean, and how alike they are to its cell."""

    rows: NDArray[np.intp]
    similarity: NDArray[np.float64] | None


@dataclass(frozen=True, eq=False)
class Drawn:
    """One cell: its crop (C, side, side) and its picture (side, side, 3) uint8."""

    row: int
    crop: NDArray[np.float32]
    picture: NDArray[np.uint8]


@dataclass
class Crops:
    """Crops read before, the oldest forgotten first."""

    kept: dict[int, NDArray[np.float32]] = field(default_factory=dict)

    def keep(self, row: int, crop: NDArray[np.float32]) -> None:
        """Remember a crop."""
        self.kept.pop(row, None)
        self.kept[row] = crop
        if len(self.kept) > _MAX_KEPT:
            del self.kept[next(iter(self.kept))]


class CellPictures(QObject):
    """Draws cells in a thread; a new request takes the place of the one before.

    Parameters
    ----------
    crops
        What was read before, at the same side.
    parent
        Qt's.
    side_px
        Side that crops are resampled to.

    Signals
    -------
    chosen
        With :class:`Chosen`, before the first picture.
    drawn
        With :class:`Drawn`, in any order.
    finished
        When all that can be drawn is.
    """

    chosen = Signal(object)
    drawn = Signal(object)
    finished = Signal()

    def __init__(self, crops: Crops, parent: QObject | None = None, side_px: int = SIDE_PX) -> None:
        super().__init__(parent)
        self._crops, self._side_px = crops, side_px
        self._jobs = Jobs(self)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.finished.connect(self._on_finished)

    @property
    def busy(self) -> bool:
        """Whether a request is being drawn."""
        return self._jobs.running is not None

    def draw(self, source: Source, appearances: Mapping[str, Appearance], request: Request) -> None:
        """Draw the cells of a request."""
        known, side = dict(self._crops.kept), self._side_px
        shown = [appearances[name] for name in source.channels]

        def body(stop: threading.Event) -> Generator[Chosen | Drawn, None, None]:
            found = Chosen(*request.chosen(source))
            yield found
            missing = []
            for row in found.rows.tolist():
                if row in known:
                    yield Drawn(row, known[row], compose(known[row], shown))
                else:
                    missing.append(row)
            rows = np.array(missing, np.intp)
            for row, crop in cut_cells(source.places, source.images, rows, source.channels, side):
                if stop.is_set():
                    return
                yield Drawn(row, crop, compose(crop, shown))

        self._jobs.start("draw cells", body, _nothing)

    def discard(self) -> None:
        """Forget the request being drawn."""
        self._jobs.discard()

    def forget(self) -> None:
        """Forget the crops read before, as when their rows are other cells."""
        self.discard()
        self._crops.kept.clear()

    def _on_progress(self, _: str, step: Chosen | Drawn) -> None:
        if isinstance(step, Chosen):
            self.chosen.emit(step)
            return
        self._crops.keep(step.row, step.crop)
        self.drawn.emit(step)

    def _on_finished(self) -> None:
        self.finished.emit()


def _nothing(_: Any) -> None:
    """A drawing's pictures have all been given away when it ends."""

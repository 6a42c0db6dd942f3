"""Cells out of a segmentation or of labels that were read: counted, with their origin."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import blocks, chunk_shape, read
from napari_c3r.core.cells.pieces import find_pieces, pieces_note
from napari_c3r.core.cells.whole import as_labels, whole_numbers
from napari_c3r.core.errors import InputError
from napari_c3r.session import Cells

if TYPE_CHECKING:
    from napari_c3r.core.embed import FieldTask
    from napari_c3r.core.images import Image
    from napari_c3r.core.segment import SegmentOptions
    from napari_c3r.session.file import SavedCells


# A view zoomed in further than this would hold too few nuclei to find their size.
_MIN_VIEW_PX = 192


def read_in_steps(
    plane: Any, stop: threading.Event
) -> Generator[str, None, NDArray[np.integer[Any]] | None]:
    """Read labels block by block; None when it was stopped."""
    labels = np.empty(plane.shape, plane.dtype)
    for box in blocks(plane.shape, chunk_shape(plane)):
        labels[box] = read(plane, *box)
        yield "reading labels"
        if stop.is_set():
            return None
    return labels


def array_name(plane: Any) -> str | None:
    """What a dask array is called: another name for everything that is drawn into it."""
    return plane.name if hasattr(plane, "dask") else None


def from_layer(name: str, slices: str = "") -> str:
    """Where cells come from that are a layer's, and what became of its slices."""
    return f"from the layer {name}" + (f"\n{slices}" if slices else "")


def cells_of_layer(
    labels: NDArray[Any], name: str, image: Image, slices: str = "", *, may_lack: bool = False
) -> Cells:
    """The cells of labels that were read from a layer of the user's.

    Parameters
    ----------
    labels, name, image
        The labels, (Y, X), of which layer they are, and of which image.
    slices
        What became of the layer's slices, in words.
    may_lack
        Whether there may be no cell, as at one time of a movie.

    Raises
    ------
    InputError
        There is no cell, or what `whole_numbers` refuses.
    """
    labels = whole_numbers(labels, f"labels '{name}'")
    count, at_border = count_cells(labels)
    if not count and not may_lack:
        raise InputError(f"The labels '{name}' hold no cell; every pixel is 0")
    note = pieces_note(find_pieces(labels))
    origin = from_layer(name, slices)
    return Cells(
        labels, count, image.name, origin, at_border=at_border, note=note, read_as=image.read_as
    )


def cells_kept(kept: SavedCells, image_name: str) -> Cells:
    """The cells of a session that was saved."""
    labels = np.asarray(kept.labels)
    count, at_border = count_cells(labels)
    note = "" if kept.found_by is not None else pieces_note(find_pieces(labels))
    return Cells(
        labels, count, image_name, kept.origin, kept.nuclei, at_border, kept.found_by, note
    )


def numbered(cells: Cells) -> Cells:
    """The connected pieces of cells as cells of their own."""
    labels = np.asarray(as_labels(cells.labels, number_cells=True))
    count, at_border = count_cells(labels)
    origin = f"{cells.origin}, pieces numbered"
    return replace(
        cells,
        labels=labels,
        count=count,
        origin=origin,
        nuclei=None,
        at_border=at_border,
        found_by=None,
        note="",
    )


def segmented(found: tuple[Any, Any], choice: SegmentOptions, image: Image) -> Cells:
    """What a segmentation found, with where it comes from; the window draws it from memory."""
    nuclei, cells = (np.asarray(each) for each in found)
    count, at_border = count_cells(cells)
    origin = f"from {choice.nucleus} and {choice.cell or 'a set distance'}"
    origin += f"\nnuclei about {median_diameter(nuclei, image)} wide"
    return Cells(
        cells,
        count,
        image.name,
        origin,
        nuclei,
        at_border,
        choice.keywords(),
        read_as=image.read_as,
    )


def count_cells(labels: NDArray[Any]) -> tuple[int, int]:
    """How many labels there are, and how many of them touch the border."""
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return _distinct(labels[labels > 0]), _distinct(edges[edges > 0])


def _distinct(values: NDArray[Any]) -> int:
    """How many positive values there are; counting is faster than sorting if none is too large."""
    if values.size and int(values.max()) <= values.size:
        return int(np.count_nonzero(np.bincount(values.astype(np.intp, copy=False))))
    return len(np.unique(values))


def median_diameter(nuclei: NDArray[np.int32], image: Image) -> str:
    """Median diameter of the nuclei that were found, as text."""
    areas = np.bincount(nuclei.ravel())[1:]
    diameter = float(np.median(np.sqrt(4 * areas[areas > 0] / np.pi)))
    if image.pixel_size_um is None:
        return f"{diameter:.0f} px"
    return f"{diameter * image.pixel_size_um:.1f} µm"


def with_cells(task: FieldTask, cells: Cells) -> FieldTask:
    """The task of a field whose cells are known, with where they come from."""
    from napari_c3r.core.segment import SegmentOptions

    by = cells.found_by
    origin = cells.origin.replace("\n", ", ")
    if by is not None:
        origin = SegmentOptions.from_keywords(by).call
    return replace(task, labels=cells.labels, nuclei=cells.nuclei, cells_from=origin)


def widened(low: int, high: int, length: int) -> slice:
    """A part of an axis, made wide enough to hold nuclei, within the axis' length; in pixels."""
    lacking = max(0, _MIN_VIEW_PX - (high - low))
    low = max(0, min(low - lacking // 2, length - _MIN_VIEW_PX))
    return slice(low, min(length, max(high + lacking // 2, low + _MIN_VIEW_PX)))

"""Checks on label images, and reading them block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reading

BLOCK_PX = 2048


class ArrayLike(Protocol):
    """A numpy, dask or zarr array: has a shape and a dtype, and is read by slicing."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        ...

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        ...

    def __getitem__(self, key: Any) -> Any:
        """Part of the array, possibly still lazy."""
        ...


def check_labels(labels: ArrayLike, shape: tuple[int, int], what: str = "labels") -> None:
    """Refuse labels that are not a 2-D image of the image's size.

    Parameters
    ----------
    labels
        The label image, from :func:`napari_c3r.core.cells.whole.as_labels`; only its shape is
        looked at.
    shape
        Height and width of the image, in pixels.
    what
        How to call the label image in the error.

    Raises
    ------
    InputError
        Another number of axes, or another size.
    """
    if len(labels.shape) != 2:
        raise InputError(
            f"The {what} have {len(labels.shape)} axes, shape {tuple(labels.shape)}; "
            "give a 2-D label image, such as one slice or one time point"
        )
    if tuple(labels.shape) != tuple(shape):
        raise InputError(
            f"The {what} are {_size(labels.shape)} px but the image is {_size(shape)} px; "
            "use labels made on this image"
        )


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(str(length) for length in reversed(shape))


def blocks(
    shape: tuple[int, int], chunks: tuple[int, int] | None = None
) -> Iterator[tuple[slice, slice]]:
    """Cover an image with blocks that respect its chunks.

    Parameters
    ----------
    shape
        Height and width, in pixels.
    chunks
        Height and width of the image's chunks, where it is stored in chunks: blocks are then
        whole numbers of them, so that no chunk is read twice (chunks above twice
        ``BLOCK_PX`` are cut all the same, to bound the memory).

    Yields
    ------
    (slice, slice)
        Rows and columns of a block, in reading order.
    """
    steps = [_block_step(length) for length in chunks or (BLOCK_PX, BLOCK_PX)]
    for y in range(0, shape[0], steps[0]):
        for x in range(0, shape[1], steps[1]):
            yield (
                slice(y, min(y + steps[0], shape[0])),
                slice(x, min(x + steps[1], shape[1])),
            )


def _block_step(chunk: int) -> int:
    if chunk > 2 * BLOCK_PX:
        return BLOCK_PX
    return chunk * max(1, BLOCK_PX // chunk)


def chunk_shape(array: ArrayLike) -> tuple[int, int] | None:
    """Largest chunk of the last two axes of a dask array, None for one in memory."""
    chunks = getattr(array, "chunks", None)
    if chunks is None or not isinstance(chunks[-1], tuple):
        return None
    return max(chunks[-2]), max(chunks[-1])


def read(array: ArrayLike, *slices: slice) -> NDArray[Any]:
    """Read a box of a lazy array into memory; whatever is raised becomes an `InputError`."""
    with reading("A part of the image or of its labels"):
        return np.asarray(array[(..., *slices)])


# Label values up to this are looked up in a table; sparse labels beyond are searched for.
_MAX_TABLE = 1 << 24

# So many labels at a time are looked up within the processor's cache: three times as fast as
# all of a large image at once, and without a copy of it as indices.
_PAINT_CHUNK_PX = 1 << 18


class Lookup:
    """Values of labels, to paint with again and again.

    Parameters
    ----------
    keys
        Labels that have a value, (n,), in any order.
    values
        Their values, (n, ...).
    default
        Value of every other label, and of the background.
    highest
        The greatest label that there is.
    """

    def __init__(
        self, keys: NDArray[Any], values: NDArray[Any], default: Any, highest: int
    ) -> None:
        keys, values = np.asarray(keys), np.asarray(values)
        self._default = default
        self._sparse = highest > _MAX_TABLE
        if self._sparse:
            order = np.argsort(keys)
            self._keys, self._values = keys[order], values[order]
            return
        self._values = np.empty((highest + 1, *values.shape[1:]), values.dtype)
        self._values[...] = default
        known = (keys >= 0) & (keys <= highest)
        self._values[keys[known]] = values[known]

    def of(self, labels: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Value of every label: the shape of the labels and of one value."""
        if not self._sparse:
            # Every label has its entry, so clipping changes nothing but saves numpy a check.
            index = labels.astype(np.intp, copy=False)
            return np.take(self._values, index, axis=0, out=out, mode="clip")
        found = self._searched(labels)
        if out is None:
            return found
        out[...] = found
        return out

    def _searched(self, labels: NDArray[Any]) -> NDArray[Any]:
        if not len(self._keys):
            shape = (*labels.shape, *self._values.shape[1:])
            return np.full(shape, self._default, self._values.dtype)
        position = np.minimum(np.searchsorted(self._keys, labels), len(self._keys) - 1)
        found = self._values[position]
        found[self._keys[position] != labels] = self._default
        return found

    def empty(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Room for the values of labels of a shape."""
        return np.empty((*shape, *self._values.shape[1:]), self._values.dtype)


def paint(
    labels: NDArray[Any],
    keys: NDArray[Any],
    values: NDArray[Any],
    default: Any = 0,
    out: NDArray[Any] | None = None,
    highest: int | None = None,
) -> NDArray[Any]:
    """Replace every label by a value: the class image behind every coloured layer.

    Parameters
    ----------
    labels
        Integer labels of any shape, 0 and above.
    keys
        Labels that have a value, (n,), in any order.
    values
        Their values, (n, ...).
    default
        Value of every other label, and of the background.
    out
        Where to write, in place of a new array.
    highest
        The greatest label, where it is known; finding it takes as long as reading all.

    Returns
    -------
    ndarray
        Shape of ``labels`` and of one value, of the values' type.
    """
    highest = int(labels.max(initial=0)) if highest is None else highest
    lookup = Lookup(keys, values, default, highest)
    painted = lookup.empty(labels.shape) if out is None else out
    for part in _parts(labels):
        lookup.of(labels[part], painted[part])
    return painted


def paint_at(
    places: NDArray[np.intp], labels: NDArray[Any], lookup: Lookup, out: NDArray[Any]
) -> None:
    """Paint some pixels only.

    Parameters
    ----------
    places
        Flat indices of the pixels, (n,).
    labels
        The labels there, (n,).
    lookup
        Their values.
    out
        Where to write, (Y, X) in one piece of memory.
    """
    flat = out.reshape(-1)
    for part in _parts(labels):
        flat[places[part]] = lookup.of(labels[part])


def _parts(labels: NDArray[Any]) -> Iterator[slice]:
    """Slices of the first axis that hold about as many labels as are painted at once."""
    each = int(np.prod(labels.shape[1:], dtype=np.int64))
    step = max(1, _PAINT_CHUNK_PX // max(1, each))
    return (slice(start, start + step) for start in range(0, labels.shape[0], step))


def outline(labels: NDArray[Any], width_px: int) -> NDArray[np.intp]:
    """Find the pixels along the inner edge of every label.

    Parameters
    ----------
    labels
        (Y, X) integers.
    width_px
        How far from the edge, in pixels.

    Returns
    -------
    ndarray
        Flat indices of labelled pixels that have another label, or none, within the width
        above, below, left or right. The image's own border is no edge.
    """
    edge = np.zeros(labels.shape, bool)
    for step in range(1, width_px + 1):
        vertical = labels[step:] != labels[:-step]
        edge[step:] |= vertical
        edge[:-step] |= vertical
        horizontal = labels[:, step:] != labels[:, :-step]
        edge[:, step:] |= horizontal
        edge[:, :-step] |= horizontal
    return np.flatnonzero(edge & (labels > 0))

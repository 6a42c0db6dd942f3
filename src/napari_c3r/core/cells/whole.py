"""Labels of any origin as whole numbers that tell cells apart, or one line that says why not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.errors import InputError

NUMBERING = "number the cells (step 3 of the dock, --number-cells, or number_cells=True in Python)"


def as_labels(labels: Any, what: str = "labels", *, number_cells: bool = False) -> ArrayLike:
    """Take a label image, wherever it comes from.

    Parameters
    ----------
    labels
        (Y, X), in memory or lazy. Whole numbers in a floating-point type are taken as such.
    what
        How to call the label image in an error.
    number_cells
        Give every connected piece of one value a number of its own, as a mask needs. The whole
        label image is then read.

    Returns
    -------
    array
        (Y, X) integers of at most 64 bits, signed where they have 64. Integers stay as they are;
        those of a lazy array are checked as they are read.

    Raises
    ------
    InputError
        No array, a mask of true and false that is not to be numbered, or what `whole_numbers`
        refuses.
    """
    if not hasattr(labels, "shape") or not hasattr(labels, "dtype"):
        raise InputError(f"The {what} are of type {type(labels).__name__}; give an array, (Y, X)")
    if number_cells:
        return _numbered(np.asarray(labels), what)
    dtype = np.dtype(labels.dtype)
    if _is_kept(dtype):
        return labels
    if isinstance(labels, np.ndarray):
        return whole_numbers(labels, what)
    _whole_dtype(dtype, what)
    import dask.array as da

    return da.asarray(labels).map_blocks(
        whole_numbers, what, dtype=_whole_dtype(dtype, what), meta=np.empty((0, 0), np.int64)
    )


def whole_numbers(labels: NDArray[Any], what: str = "labels") -> NDArray[np.integer[Any]]:
    """Labels in memory as integers, each of which is one cell's alone.

    Parameters
    ----------
    labels
        Of any shape.
    what
        How to call the label image in an error.

    Returns
    -------
    ndarray
        Integers of at most 64 bits, signed where they have 64.

    Raises
    ------
    InputError
        True and false; fractions, NaN and infinite values; floating-point numbers that are too
        large for their type to tell neighbours apart (from 16,777,216 on in 32 bits); negative
        numbers; numbers beyond 64 bits with a sign.
    """
    wanted = _whole_dtype(labels.dtype, what)
    if not labels.size:
        return labels.astype(wanted)
    if labels.dtype.kind == "f":
        _require_whole(labels, what)
    low, high = labels.min(), labels.max()
    if low < 0:
        raise InputError(f"The {what} contain {low:.10g}; labels are 0 (background) and above")
    if labels.dtype.kind == "f" and high >= 2 ** (np.finfo(labels.dtype).nmant + 1):
        raise InputError(
            f"The {what} go up to {high:.10g} in {labels.dtype}, which does not tell such numbers "
            "apart; save them as whole numbers"
        )
    if int(high) > np.iinfo(np.int64).max:
        raise InputError(
            f"The {what} go up to {int(high)}, beyond {np.iinfo(np.int64).max}, the greatest "
            f"number that can be kept; {NUMBERING}"
        )
    return labels.astype(wanted, copy=False)


def _is_kept(dtype: np.dtype[Any]) -> bool:
    """Whether labels of a type need no change."""
    return dtype.kind in "iu" and dtype != np.uint64


def _whole_dtype(dtype: np.dtype[Any], what: str) -> np.dtype[Any]:
    """The type that labels of a type are taken as."""
    if dtype.kind == "b":
        raise InputError(
            f"The {what} are a mask of true and false, which does not tell cells apart; {NUMBERING}"
        )
    if dtype.kind not in "iuf":
        raise InputError(f"The {what} are of type {dtype}; labels are whole numbers")
    if _is_kept(dtype):
        return dtype
    small = dtype.kind == "f" and np.finfo(dtype).nmant < 31
    return np.dtype(np.int32 if small else np.int64)


def _require_whole(labels: NDArray[Any], what: str) -> None:
    bad = labels != np.floor(labels)
    bad |= ~np.isfinite(labels)
    if bad.any():
        raise InputError(
            f"The {what} are of type {labels.dtype} with {labels[bad][0]:g} among them; "
            "labels are whole numbers"
        )


def _numbered(labels: NDArray[Any], what: str) -> NDArray[np.int32]:
    """Number the connected pieces of one value, from 1 in reading order."""
    from skimage.measure import label

    if labels.dtype == np.uint64:
        # Only which are equal matters, and that the same bits tell.
        labels = labels.view(np.int64)
    elif labels.dtype != bool:
        labels = whole_numbers(labels, what)
    if labels.ndim != 2:
        raise InputError(
            f"The {what} have {labels.ndim} axes, shape {labels.shape}; give a 2-D label image"
        )
    return label(labels, connectivity=2).astype(np.int32)

"""Values that belong to a whole field, such as its background, and not to a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIGN = np.uint32(1 << 31)


def medians(
    values: NDArray[np.float32], labels: NDArray[np.int32], count: int
) -> NDArray[np.float64]:
    """The median of each label.

    Parameters
    ----------
    values, labels
        (Y, X).
    count
        The highest label.

    Returns
    -------
    ndarray
        (count,); NaN for a label that is nowhere.
    """
    inside = labels > 0
    labels = labels[inside]
    # Whole numbers in the order of the values; with the labels before them they sort at once.
    bits = np.ascontiguousarray(values[inside], np.float32).view(np.uint32)
    ordered = np.where(bits >> 31, ~bits, bits | _SIGN)
    key = np.sort(labels.astype(np.uint64) << np.uint64(32) | ordered)
    ordered = key.astype(np.uint32)
    sorted_values = np.where(ordered >> 31, ordered ^ _SIGN, ~ordered).view(np.float32)
    size = np.bincount(labels, minlength=count + 1)[1:]
    begin = np.cumsum(size) - size
    here = size > 0
    low, high = (begin[here] + (size[here] - odd) // 2 for odd in (1, 0))
    found = np.full(count, np.nan)
    found[here] = (sorted_values[low] + sorted_values[high]) / 2
    return found


class Levels:
    """Values of a field by name: those that are known, and else what the pixels at hand tell.

    A field in one piece tells them all as they are asked for. A part of a large one is given those
    of the whole, so that a cell comes out the same whatever part it was found in.

    Parameters
    ----------
    known
        By name.
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self.values = dict(known or {})

    def of(self, name: str, measured: Callable[[], Any]) -> float:
        """The value of a name; measured and kept where it is not known."""
        if name not in self.values:
            self.values[name] = float(measured())
        return self.values[name]

    @classmethod
    def usual(cls, fields: Iterable[Levels]) -> Levels:
        """The median of what several fields told, name by name."""
        told: dict[str, list[float]] = {}
        for field in fields:
            for name, value in field.values.items():
                told.setdefault(name, []).append(value)
        return cls({name: float(np.median(values)) for name, values in told.items()})

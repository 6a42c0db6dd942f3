"""Which row of another table is which cell: by keys however they are spelt, or by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.metadata.keys import key_of

if TYPE_CHECKING:
    import pandas as pd

Codes = NDArray[np.int64]
"""The key of every row as a number, −1 where it has none."""

NEAR = 0.5
"""Two positions are one cell's where they are nearer than this share of its radius, each the
nearest of the other."""
_LEAST_PX = 1.5
_ENDS = "_-. "


def codes_of(
    ours: Sequence[tuple[str, pd.Series]], theirs: Sequence[pd.Series], images: Mapping[str, str]
) -> tuple[Codes, Codes]:
    """Number the keys of two tables alike.

    Parameters
    ----------
    ours
        Columns of the one, each with what it is: ``"image"``, ``"well"``, ``"label"``, ….
    theirs
        Columns of the other, in the same order.
    images
        What is meant by names of images in the other table, from `images_meant`.

    Returns
    -------
    (rows,) and (other rows,) int64
    """
    import pandas as pd

    counts = len(ours[0][1]), len(theirs[0])
    codes = np.zeros(sum(counts), np.int64)
    lacking = np.zeros(sum(counts), bool)
    for (kind, mine), other in zip(ours, theirs, strict=True):
        spelt = [_spelt(kind, mine, {}), _spelt(kind, other, images if kind == "image" else {})]
        here = pd.factorize(np.concatenate(spelt))[0].astype(np.int64)
        lacking |= here < 0
        # Numbered anew, so that they stay small.
        codes = pd.factorize(codes * (here.max(initial=0) + 2) + here + 1)[0].astype(np.int64)
    codes[lacking] = -1
    return codes[: counts[0]], codes[counts[0] :]


def _spelt(kind: str, column: pd.Series, meant: Mapping[str, str]) -> NDArray[Any]:
    """Keys as they are compared; a whole number as itself, None where there is none."""
    import pandas as pd

    if kind == "label" and pd.api.types.is_integer_dtype(column.dtype) and not column.hasnans:
        return column.to_numpy(np.int64).astype(object)
    codes, values = pd.factorize(column)
    keys = []
    for value in values:
        key: Any = key_of(kind, value)
        if kind == "image":
            key = meant.get(str(value), image_key(value))
        elif kind == "label" and key.isascii() and key.isdigit():
            key = int(key)
        keys.append(key if key != "" else None)
    return np.array([*keys, None], object)[codes]


def image_key(value: object) -> str:
    """An image's name as it is compared: without folder, suffix and case."""
    name = PurePath(key_of("image", value).replace("\\", "/")).name
    return name.split(".")[0]


def images_meant(
    names: Sequence[object], columns: Sequence[pd.Series]
) -> tuple[int, dict[str, str]]:
    """What names of files mean, where an image is called after what its files have in common.

    Parameters
    ----------
    names
        Of the images.
    columns
        Columns with names of files, of which the one is taken that names most rows' images.

    Returns
    -------
    place, meant
        Which column, and the image's key by what stands in it, where there is one.
    """
    known = {image_key(name) for name in names if name == name and name is not None}
    best: tuple[int, int, dict[str, str]] = (-1, 0, {})
    for place, column in enumerate(columns):
        counts = column.value_counts()
        meant = {str(value): image for value in counts.index if (image := _image_in(value, known))}
        rows = int(sum(count for value, count in counts.items() if str(value) in meant))
        if rows > best[0]:
            best = rows, place, meant
    return best[1], best[2]


def _image_in(value: object, known: set[str]) -> str:
    """The image that a file is of: called as it, else the longest that its name begins with."""
    key = image_key(value)
    if key in known:
        return key
    ends = [n for n, letter in enumerate(key) if letter in _ENDS]
    return next((key[:end] for end in reversed(ends) if key[:end] in known), "")


def rows_by_code(ours: Codes, theirs: Codes) -> NDArray[np.intp]:
    """The row of the other table that has each row's key, −1 for none; theirs must be unique."""
    place = np.full(max(ours.max(initial=-1), theirs.max(initial=-1)) + 2, -1, np.intp)
    has_key = theirs >= 0
    place[theirs[has_key]] = np.flatnonzero(has_key)
    # The last one is for code −1.
    place[-1] = -1
    return np.asarray(place[ours])


def first_repeated(codes: Codes) -> tuple[int, int] | None:
    """Two rows of one key, None where every key is one row's."""
    order = np.argsort(codes, kind="stable")
    same = np.flatnonzero((np.diff(codes[order]) == 0) & (codes[order][1:] >= 0))
    if not len(same):
        return None
    first = min(same, key=lambda n: order[n + 1])
    return int(order[first]), int(order[first + 1])


def rows_by_position(
    places: tuple[Codes, Codes],
    xy: tuple[NDArray[np.float64], NDArray[np.float64]],
    radius: NDArray[np.float64],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The row of the other table whose position is each cell's.

    Parameters
    ----------
    places
        Of both tables the image of every row, from `codes_of`.
    xy
        Of both tables the centres, (rows, 2) in pixels; NaN where there is none.
    radius
        (rows,) of the cells in pixels.

    Returns
    -------
    rows, distances
        −1 and NaN for a cell without a counterpart.
    """
    from scipy.spatial import cKDTree

    rows = np.full(len(radius), -1, np.intp)
    apart = np.full(len(radius), np.nan)
    known = [
        np.isfinite(each).all(axis=1) & (place >= 0) for each, place in zip(xy, places, strict=True)
    ]
    groups = [_grouped(place, here) for place, here in zip(places, known, strict=True)]
    for image in groups[0].keys() & groups[1].keys():
        mine, other = groups[0][image], groups[1][image]
        their_tree, our_tree = cKDTree(xy[1][other]), cKDTree(xy[0][mine])
        distance, nearest = their_tree.query(xy[0][mine])
        back = our_tree.query(xy[1][other])[1]
        near = distance <= np.maximum(NEAR * radius[mine], _LEAST_PX)
        both = near & (back[nearest] == np.arange(len(mine)))
        rows[mine[both]] = other[nearest[both]]
        apart[mine[both]] = distance[both]
    return rows, apart


def _grouped(codes: Codes, here: NDArray[np.bool_]) -> dict[int, NDArray[np.intp]]:
    """Rows by their code."""
    rows = np.flatnonzero(here)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    different, starts = np.unique(codes[rows], return_index=True)
    return (
        dict(zip(different.tolist(), np.split(rows, starts[1:]), strict=True)) if len(rows) else {}
    )

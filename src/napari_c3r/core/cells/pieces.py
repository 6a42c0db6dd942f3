"""Separate pieces of cells: found block by block, put together across blocks, and told of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, blocks, chunk_shape, read
from napari_c3r.core.cells.whole import NUMBERING, whole_numbers

if TYPE_CHECKING:
    import pandas as pd

# Segmentations leave single pixels of a cell beside it. A cell counts as being in pieces where
# more of it than this lies outside of its largest piece, or where there are many of them.
STRAY_SHARE = 0.1
MANY_PIECES = 10

_TOLD = 5
_SUMMED = {"y0": "min", "x0": "min", "y1": "max", "x1": "max", "label": "first"}


def split_block(labels: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number the connected pieces of every label in a block.

    Parameters
    ----------
    labels
        (y, x) integers, 0 and above.

    Returns
    -------
    numbered, values
        The pieces, (y, x), numbered from 1; and the label of each, (n,). Pixels that touch at a
        corner are connected.
    """
    from skimage.measure import label

    numbered = label(labels, connectivity=2).astype(np.int32, copy=False)
    values = np.zeros(int(numbered.max(initial=0)) + 1, np.int64)
    values[numbered.ravel()] = labels.ravel()
    return numbered, values[1:]


class Seams:
    """Which pieces of neighbouring blocks are one.

    Parameters
    ----------
    width
        Of the image, in pixels.
    """

    def __init__(self, width: int) -> None:
        self._count = 0
        self._above, self._row = np.zeros((2, 2, width), np.int64)
        self._left: NDArray[np.int64] = np.zeros((2, 0), np.int64)
        self._pairs: list[NDArray[np.int64]] = []

    def add(
        self,
        numbered: NDArray[np.int32],
        values: NDArray[np.int64],
        box: tuple[slice, slice],
    ) -> NDArray[np.int64]:
        """Take in the pieces of the next block, in reading order.

        Parameters
        ----------
        numbered, values
            From `split_block`.
        box
            Rows and columns of the block.

        Returns
        -------
        ndarray
            Number of each piece in the whole image, (n,), for `joined`.
        """
        first = np.concatenate([[0], values])
        if box[1].start == 0:
            self._above, self._row = self._row, np.zeros_like(self._row)
        else:
            self._meet(self._edge(numbered[:, 0], first), self._left)
        start, stop = box[1].start, box[1].stop
        if box[0].start > 0:
            low, high = max(0, start - 1), min(self._above.shape[1], stop + 1)
            top = np.zeros((2, high - low), np.int64)
            top[:, start - low : stop - low] = self._edge(numbered[0], first)
            self._meet(top, self._above[:, low:high])
        self._row[:, start:stop] = self._edge(numbered[-1], first)
        self._left = self._edge(numbered[:, -1], first)
        self._count += len(values)
        return np.arange(self._count - len(values), self._count)

    def _edge(self, pieces: NDArray[np.int32], first: NDArray[np.int64]) -> NDArray[np.int64]:
        """Labels and numbers in the whole image along the edge of a block, (2, n)."""
        return np.stack([first[pieces], pieces.astype(np.int64) - 1 + self._count])

    def _meet(self, here: NDArray[np.int64], there: NDArray[np.int64]) -> None:
        """Note which pieces touch across two edges that lie side by side."""
        length = here.shape[1]
        for shift in (-1, 0, 1):
            a = here[:, max(0, -shift) : length - max(0, shift)]
            b = there[:, max(0, shift) : length - max(0, -shift)]
            touch = (a[0] > 0) & (a[0] == b[0])
            if touch.any():
                self._pairs.append(np.unique(np.stack([a[1], b[1]])[:, touch], axis=1))

    def joined(self) -> NDArray[np.int64] | None:
        """For every piece that was taken in, which piece of the whole image it belongs to, (n,).

        None where no two belong together.
        """
        if not self._pairs:
            return None
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        rows, columns = np.concatenate(self._pairs, axis=1)
        graph = coo_array((np.ones(len(rows), bool), (rows, columns)), (self._count, self._count))
        return connected_components(graph, directed=False)[1].astype(np.int64)


def join_pieces(found: Sequence[pd.DataFrame], seams: Seams) -> pd.DataFrame:
    """Put the pieces of all blocks together: one row for each, in any order.

    Parameters
    ----------
    found
        Rows of each block, with ``piece`` from `Seams.add`, ``label``, the half-open box ``y0``,
        ``x0``, ``y1``, ``x1``, and columns that are sums.
    seams
        Has taken in all of them.
    """
    import pandas as pd

    together = pd.concat(found, ignore_index=True)
    owner = seams.joined()
    pieces = together.pop("piece").to_numpy()
    if owner is None:
        return together
    rules = {name: _SUMMED.get(name, "sum") for name in together.columns}
    return together.groupby(owner[pieces], sort=True).agg(rules).reset_index(drop=True)


def largest_pieces(pieces: pd.DataFrame) -> pd.DataFrame:
    """The largest piece of every label, in label order.

    Parameters
    ----------
    pieces
        From `join_pieces`, with ``area``.

    Returns
    -------
    DataFrame
        The columns of the largest piece (of equal ones, the first from the top and the left),
        with ``count``, how many pieces the label has, and ``total``, the area of all.
    """
    order = pieces.sort_values(
        ["label", "area", "y0", "x0", "y1", "x1"], ascending=[True, False, True, True, True, True]
    )
    largest = order.drop_duplicates("label").reset_index(drop=True)
    grouped = pieces.groupby("label", sort=True)["area"]
    return largest.assign(count=grouped.size().to_numpy(), total=grouped.sum().to_numpy())


def find_pieces(labels: ArrayLike) -> pd.DataFrame:
    """Count the pieces of every label; columns as `largest_pieces` gives them, none for no label.

    Parameters
    ----------
    labels
        (Y, X) integers.

    Raises
    ------
    InputError
        Negative labels.
    """
    import pandas as pd

    shape = (labels.shape[0], labels.shape[1])
    seams, found = Seams(shape[1]), []
    for box in blocks(shape, chunk_shape(labels)):
        numbered, values = split_block(whole_numbers(read(labels, *box)))
        table = {"piece": seams.add(numbered, values, box), "label": values}
        table["area"] = np.bincount(numbered.ravel(), minlength=len(values) + 1)[1:]
        found.append(pd.DataFrame(table | boxes_of(numbered, box)))
    return largest_pieces(join_pieces(found, seams))


def boxes_of(numbered: NDArray[np.int32], box: tuple[slice, slice]) -> dict[str, NDArray[np.int64]]:
    """Half-open boxes of the pieces of a block, in pixels of the image.

    Parameters
    ----------
    numbered
        From `split_block`.
    box
        Rows and columns of the block.
    """
    from scipy import ndimage as ndi

    slices = ndi.find_objects(numbered)
    y, x = box[0].start, box[1].start
    return {
        "y0": np.array([s[0].start for s in slices], np.int64) + y,
        "x0": np.array([s[1].start for s in slices], np.int64) + x,
        "y1": np.array([s[0].stop for s in slices], np.int64) + y,
        "x1": np.array([s[1].stop for s in slices], np.int64) + x,
    }


def pieces_note(pieces: pd.DataFrame) -> str:
    """A sentence on cells that are in separate pieces, empty where none is.

    Parameters
    ----------
    pieces
        From `largest_pieces`.
    """
    count = pieces["count"].to_numpy()
    if len(pieces) == 1 and count[0] > 1:
        return (
            f"The labels have a single value, {pieces['label'][0]}, in {count[0]} separate pieces, "
            f"which count as one cell; if they are a mask, {NUMBERING}"
        )
    stray = 1 - pieces["area"] / pieces["total"]
    apart = (count > 1) & ((stray > STRAY_SHARE) | (count > MANY_PIECES))
    if not apart.any():
        return ""
    some = pieces[apart]
    least, most = some["count"].min(), some["count"].max()
    each = f"{least}" if least == most else f"{least} to {most}"
    return (
        f"{named_cells(some['label'].to_numpy(), len(pieces))} in separate pieces, {each} each; "
        f"if these are cells of their own, {NUMBERING}"
    )


def named_cells(labels: NDArray[Any], total: int) -> str:
    """The subject and verb of a sentence on some cells: how many of all, and the first of them.

    Parameters
    ----------
    labels
        Of the cells.
    total
        How many cells there are.
    """
    first = ", ".join(str(label) for label in labels[:_TOLD])
    more = ", …" if len(labels) > _TOLD else ""
    what = "label" if len(labels) == 1 else "labels"
    return f"{len(labels)} of {total} cells ({what} {first}{more}) {_is(len(labels))}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"

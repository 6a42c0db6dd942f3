"""Where the window around each cell lies: round its centroid, unless the cell is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, blocks, read
from napari_c3r.core.cells.pieces import named_cells
from napari_c3r.core.rounding import half_up

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.cells.measure import CellTable

CENTRE = ("crop_y_px", "crop_x_px")
CENTROID = ("y_px", "x_px")

# A crop shows its cell if it holds at least this share of the cell's pixels, or of as many as it
# has room for.
SHOWN_SHARE = 0.5
# How far from the centre of a piece the nearest pixel of it is searched for.
_REACH_PX = 4096


def crop_centres(cells: pd.DataFrame) -> NDArray[np.float64]:
    """Centre of each cell's crop, (n, 2), rows first: the centroid where the table has no other."""
    centres = cells[list(CENTROID)].to_numpy(np.float64)
    if not set(CENTRE) <= set(cells.columns):
        return centres
    moved = cells[list(CENTRE)].to_numpy(np.float64)
    return np.where(np.isnan(moved), centres, moved)


def crop_corners(cells: pd.DataFrame, window_px: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row and column of the window around each cell, both (n,); may lie off the image.

    Parameters
    ----------
    cells
        With the centroids ``y_px`` and ``x_px``, and the centres of crops that lie elsewhere.
    window_px
        Side of the window, in pixels of the image.
    """
    return _corners(crop_centres(cells), window_px)


def _corners(
    centres: NDArray[np.float64], window_px: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    corner_y, corner_x = half_up(centres - (window_px - 1) / 2).T
    return corner_y, corner_x


def place_crops(table: CellTable, labels: ArrayLike, window_px: int) -> CellTable:
    """Move the crops that would hardly show their cell to where it is.

    A window round the centroid may miss a cell that is in pieces or bent round its own centre.
    Where it holds less than half of what it could, the largest piece takes the cell's place, and
    where its centroid shows no more of it, the pixel of the cell that is nearest to that. All
    other crops stay where they are.

    Parameters
    ----------
    table
        The cells.
    labels
        Their label image, (Y, X).
    window_px
        Side of the window, in pixels.

    Returns
    -------
    CellTable
        With the centres of the crops in ``crop_y_px`` and ``crop_x_px``, and with notes on crops
        that were moved, and on those that still show less than half of their cell.
    """
    obs, pieces = table.obs, table.pieces
    centres = obs[list(CENTROID)].to_numpy(np.float64, copy=True)
    corner_y, corner_x = _corners(centres, window_px)
    within = (obs["bbox_y0_px"] >= corner_y) & (obs["bbox_y1_px"] <= corner_y + window_px)
    within &= (obs["bbox_x0_px"] >= corner_x) & (obs["bbox_x1_px"] <= corner_x + window_px)
    rows = np.flatnonzero(~within)
    names, room = obs["label"].to_numpy(), window_px**2
    wanted = SHOWN_SHARE * np.minimum(obs["area_px"].to_numpy(), room)
    shown = obs["area_px"].to_numpy(np.int64, copy=True)
    shown[rows] = _count(labels, names[rows], centres[rows], window_px)
    lacking = rows[shown[rows] < wanted[rows]]
    moved = np.zeros(len(obs), bool)
    for row in lacking:
        piece = pieces.iloc[row]
        for centre in _others(labels, int(names[row]), piece):
            count = int(_count(labels, names[[row]], centre[None], window_px)[0])
            if count > shown[row]:
                centres[row], shown[row], moved[row] = centre, count, True
            if count >= SHOWN_SHARE * min(piece["area"], room):
                break
    still = names[lacking[shown[lacking] < wanted[lacking]]]
    obs = obs.assign(**dict(zip(CENTRE, centres.T, strict=True)))
    return replace(table, obs=obs, notes=(*table.notes, *_notes(names[moved], still, len(obs))))


def _notes(moved: NDArray[np.int64], still: NDArray[np.int64], total: int) -> Iterator[str]:
    if len(moved):
        yield (
            f"{named_cells(moved, total)} hardly to be seen round the centroid: the crop shows "
            "the largest piece, or the nearest part"
        )
    if len(still):
        yield (
            f"{named_cells(still, total)} shown by less than half in the crop: too long for it, "
            "or in pieces too far apart"
        )


def _others(labels: ArrayLike, label: int, piece: pd.Series[float]) -> list[NDArray[np.float64]]:
    """Where else the crop of a cell may be centred: on its largest piece, on a pixel of that."""
    centre = np.array([piece["y_px"], piece["x_px"]], np.float64)
    # Whole numbers, so that which pixel is the nearest does not hang on rounding.
    y, x = (int(place) for place in half_up(centre))
    rows = slice(max(int(piece["y0"]), y - _REACH_PX), min(int(piece["y1"]), y + _REACH_PX + 1))
    columns = slice(max(int(piece["x0"]), x - _REACH_PX), min(int(piece["x1"]), x + _REACH_PX + 1))
    own = np.argwhere(read(labels, rows, columns) == label)
    own += np.array([rows.start, columns.start])
    if not len(own):
        return [centre]
    nearest = own[((own - (y, x)) ** 2).sum(axis=1).argmin()]
    return [centre, np.array(nearest, np.float64)]


def _count(
    labels: ArrayLike, names: NDArray[np.int64], centres: NDArray[np.float64], window_px: int
) -> NDArray[np.int64]:
    """How many of its pixels each cell has in the window round a centre, tile by tile."""
    corner_y, corner_x = _corners(centres, window_px)
    counts = np.zeros(len(names), np.int64)
    for rows in rows_by_tile(centres, (labels.shape[0], labels.shape[1])):
        low_y, low_x = max(0, int(corner_y[rows].min())), max(0, int(corner_x[rows].min()))
        tile = read(
            labels,
            slice(low_y, int(corner_y[rows].max()) + window_px),
            slice(low_x, int(corner_x[rows].max()) + window_px),
        )
        for row in rows:
            y, x = corner_y[row] - low_y, corner_x[row] - low_x
            window = tile[max(y, 0) : y + window_px, max(x, 0) : x + window_px]
            counts[row] = np.count_nonzero(window == names[row])
    return counts


def rows_by_tile(
    centres: NDArray[np.float64],
    shape: tuple[int, int],
    chunks: tuple[int, int] | None = None,
) -> list[NDArray[np.intp]]:
    """Which centres lie in each part of an image that is read at once.

    Parameters
    ----------
    centres
        (n, 2), in pixels; those off the image are in none.
    shape
        Of the image.
    chunks
        As for :func:`napari_c3r.core.cells.labels.blocks`.
    """
    y, x = centres.T
    found = []
    for box in blocks(shape, chunks):
        here = (y >= box[0].start) & (y < box[0].stop) & (x >= box[1].start) & (x < box[1].stop)
        if here.any():
            found.append(np.flatnonzero(here))
    return found

"""Pictures of single cells: cut from where, and which of their pixels are the cell's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, read
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.place import CENTRE, CENTROID, crop_corners
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.images import Image
from napari_c3r.core.rounding import half_up
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

# Without the encoder's own field: two and a half cells across.
_FIELD_DIAMETERS = 2.5
_BATCH = 16
# Of a result that tells of no areas either.
_UNKNOWN_PX = 64


def windows_px(table: AnnData) -> dict[str, int]:
    """Side of the square around a cell that is shown, in pixels, by the name of its image.

    It is what the encoder saw of the cell; for a result that does not say, it is two and a
    half median cell diameters.
    """
    images: Mapping[str, Any] = table.uns.get(KEY, {}).get("images", {})
    known = dict(zip(images.get("name", ()), images.get("crop_window_px", ()), strict=False))
    found = {str(name): int(known.get(str(name)) or 0) for name in table.obs["image"].unique()}
    lacking = [name for name, side in found.items() if not side]
    if not lacking or "area_px" not in table.obs:
        return {name: side or _UNKNOWN_PX for name, side in found.items()}
    areas = table.obs["area_px"].groupby(table.obs["image"].astype(str).to_numpy()).median()
    for name in lacking:
        diameter = np.sqrt(4 * areas[name] / np.pi)
        found[name] = max(8, int(half_up(_FIELD_DIAMETERS * diameter)))
    return found


@dataclass(frozen=True, eq=False)
class Places:
    """Where the cells of a result lie: a copy, so that a thread may read it.

    Attributes
    ----------
    cells
        ``image``, ``label``, ``y_px`` and ``x_px`` of each cell, and the centre of its crop where
        the result has it.
    windows
        Side of the square shown, in pixels, by image.
    """

    cells: pd.DataFrame
    windows: Mapping[str, int]

    @classmethod
    def of(cls, table: AnnData) -> Places:
        """Take them from a result."""
        columns = ["image", "label", *CENTROID, *(name for name in CENTRE if name in table.obs)]
        cells = table.obs[columns].reset_index(drop=True)
        # As categories: a million names are a few different ones.
        cells["image"] = cells["image"].astype("category")
        return cls(cells, windows_px(table))


@dataclass(frozen=True, eq=False)
class CutCell:
    """The surroundings of one cell.

    Attributes
    ----------
    row
        Of the result.
    crop
        (C, size, size) float32 in the image's own intensity units.
    mask
        (side, side) bool, which of the image's own pixels are the cell's; None where its labels
        are not known.
    side_px
        Side of the square shown, in pixels of the image.
    pixel_size_um
        Of the image, in micrometres; None where not known.
    """

    row: int
    crop: NDArray[np.float32]
    mask: NDArray[np.bool_] | None
    side_px: int
    pixel_size_um: float | None


def cut_cells(
    places: Places,
    images: Mapping[str, Image],
    rows: NDArray[np.intp],
    channels: Sequence[str],
    size_px: int | None,
    labels: Mapping[str, ArrayLike] | None = None,
) -> Iterator[CutCell]:
    """Read the surroundings of cells, a few at a time.

    Parameters
    ----------
    places
        Of the cells of a result.
    images
        Images by name. Cells are left out where their image is not among them or lacks a
        channel, and where they have no position.
    rows
        Which cells.
    channels
        Names of the C channels, in their order.
    size_px
        Side that crops are resampled to; None keeps the image's pixels.
    labels
        Label images (Y, X) by the name of their image, for the outlines.

    Yields
    ------
    CutCell
        In the order in which they are quickest to read.
    """
    rows = np.asarray(rows, np.intp)
    cells = places.cells.iloc[rows].reset_index(drop=True)
    placed = np.isfinite(cells[list(CENTROID)].to_numpy(float)).all(axis=1)
    names = cells["image"].astype(str).to_numpy()
    for name in dict.fromkeys(names[placed]):
        if name not in images or not set(channels) <= set(images[name].channel_names):
            continue
        image, here = images[name].select(channels), np.flatnonzero(placed & (names == name))
        side, known = places.windows[name], (labels or {}).get(name)
        plan = CropPlan(side, size_px or side, "keep", "as shown in a montage")
        nothing = image.data[0]  # other cells stay in sight, so no label is read
        found = cells.iloc[here]
        corners = np.stack(crop_corners(found, side), axis=1)
        numbers = found["label"].to_numpy()
        for batch in iter_crops(image, nothing, found, plan, batch_size=_BATCH):
            for position, crop in zip(batch.rows, batch.crops, strict=True):
                y, x = (int(corner) for corner in corners[position])
                mask = None if known is None else _mask(known, int(numbers[position]), y, x, side)
                row = int(rows[here[position]])
                yield CutCell(row, crop, mask, side, image.pixel_size_um)


def _mask(labels: ArrayLike, label: int, y: int, x: int, side: int) -> NDArray[np.bool_]:
    """Where a label is in a square, (side, side); beyond the image is nothing."""
    mask = np.zeros((side, side), bool)
    height, width = labels.shape[-2:]
    rows = slice(max(y, 0), max(min(y + side, height), 0))
    columns = slice(max(x, 0), max(min(x + side, width), 0))
    own = read(labels, rows, columns) == label
    mask[rows.start - y :, columns.start - x :][: own.shape[0], : own.shape[1]] = own
    return mask

"""Pictures of single cells side by side: which ones, and cut from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.place import CENTRE, CENTROID
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.images import Image
from napari_c3r.core.reduce.neighbours import Similarity
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


class Choice(StrEnum):
    """Which cells of a group to show."""

    RANDOM = "random"
    MEDOID = "medoid"
    OUTLIERS = "outliers"


def choose(
    similarity: Similarity,
    rows: NDArray[np.intp],
    choice: Choice,
    count: int,
    seed: int = 0,
) -> NDArray[np.intp]:
    """Choose cells of a group to look at.

    Parameters
    ----------
    similarity
        Of all cells of the table.
    rows
        The group, (n,).
    choice
        ``"random"``; ``"medoid"``, those most like the cell that is most like all others; or
        ``"outliers"``, those least like it. Cells that cannot be compared are the last of the
        first and the first of the others.
    count
        How many, at most.
    seed
        Of the random choice: the same group gives the same cells.

    Returns
    -------
    ndarray
        Rows, (at most count,), in the order to show them in.
    """
    rows = np.asarray(rows, np.intp)
    if choice is Choice.RANDOM:
        drawn = np.random.default_rng(seed).permutation(len(rows))[:count]
        return rows[np.sort(drawn)]
    centre = similarity.medoid(rows)
    if centre is None:
        return rows[:count]
    likeness = similarity.to(centre, rows)
    likeness = np.where(rows == centre, np.inf, likeness)
    likeness[np.isnan(likeness)] = -np.inf
    order = np.argsort(likeness if choice is Choice.OUTLIERS else -likeness, kind="stable")
    return rows[order[:count]]


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


def cut_cells(
    places: Places,
    images: Mapping[str, Image],
    rows: NDArray[np.intp],
    channels: Sequence[str],
    size_px: int | None,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
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

    Yields
    ------
    row, crop
        (C, size, size) float32 in the image's own intensity units, in the order in which
        they are quickest to read.
    """
    rows = np.asarray(rows, np.intp)
    cells = places.cells.iloc[rows].reset_index(drop=True)
    placed = np.isfinite(cells[list(CENTROID)].to_numpy(float)).all(axis=1)
    names = cells["image"].astype(str).to_numpy()
    for name in dict.fromkeys(names[placed]):
        if name not in images or not set(channels) <= set(images[name].channel_names):
            continue
        image, here = images[name].select(channels), np.flatnonzero(placed & (names == name))
        side = places.windows[name]
        plan = CropPlan(side, size_px or side, "keep", "as shown in a montage")
        nothing = image.data[0]  # other cells stay in sight, so no label is read
        for batch in iter_crops(image, nothing, cells.iloc[here], plan, batch_size=_BATCH):
            for position, crop in zip(batch.rows, batch.crops, strict=True):
                yield int(rows[here[position]]), crop

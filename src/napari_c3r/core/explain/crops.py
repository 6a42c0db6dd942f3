"""The crops of some cells of a table, cut as they were when it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, read
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.place import crop_corners
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.embed.provenance import crop_of
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.table.result import KEY, rows_by_image, window_px

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Field:
    """An image with the cells that were embedded.

    Attributes
    ----------
    image
        The image.
    labels
        Label image of its cells, (Y, X); None where it is not at hand, which will do where other
        cells stay in the crops.
    nuclei
        Label image of the nuclei with the cells' labels, or None.
    """

    image: Image
    labels: ArrayLike | None = None
    nuclei: ArrayLike | None = None


class CellCrops:
    """Cuts cells of a table out of their images again.

    Parameters
    ----------
    table
        A result, which says how its cells were cut out.
    fields
        By the name of the image.
    channels
        Names of the channels to cut out.
    encoder
        The one that made the table.
    """

    def __init__(
        self,
        table: AnnData,
        fields: Mapping[str, Field],
        channels: Sequence[str],
        encoder: Encoder,
    ) -> None:
        self._table, self._fields, self._channels = table, fields, tuple(channels)
        spec, config = crop_of(table.uns[KEY]), encoder.config
        self._size = spec.size_px or config.input_size
        self._neighbours = spec.neighbours or config.neighbours
        self._hot = config.replaces_hot_pixels

    def of(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """The crops of some rows, (n, C, S, S), in their order.

        Raises
        ------
        InputError
            An image lacks a channel, its labels are needed and missing, or it cannot be read.
        """
        wanted = np.asarray(rows, np.intp)
        found: dict[int, NDArray[np.float32]] = {}
        for name, here in rows_by_image(self._table.obs, wanted):
            field, cells = self._fields[name], self._table.obs.iloc[here]
            for batch in iter_crops(
                self._planes(field), self._labels(field), cells, self._plan(name), batch_size=16
            ):
                found |= dict(zip(here[batch.rows].tolist(), batch.crops, strict=True))
        return np.stack([found[row] for row in wanted.tolist()])

    def window_of(self, row: int) -> tuple[tuple[int, int], int]:
        """First row and column of a cell's crop in its image, and its side there."""
        cells = self._table.obs.iloc[[row]]
        side = window_px(self._table, str(cells["image"].iloc[0]))
        y, x = crop_corners(cells, side)
        return (int(y[0]), int(x[0])), side

    def masks_of(self, row: int) -> tuple[Mask | None, Mask | None]:
        """Which pixels of a cell's crop are the cell's, and its nucleus', (S, S) each."""
        cells = self._table.obs.iloc[[row]]
        field, label = self._fields[str(cells["image"].iloc[0])], int(cells["label"].iloc[0])
        corner, side = self.window_of(row)
        cell, nucleus = (
            None if labels is None else _mask(labels, label, corner, side, self._size)
            for labels in (field.labels, field.nuclei)
        )
        return cell, nucleus

    def _planes(self, field: Field) -> Image:
        missing = [name for name in self._channels if name not in field.image.channel_names]
        if missing:
            raise InputError(
                f"The image '{field.image.name}' has no channel '{missing[0]}'; give the one that "
                "was embedded"
            )
        return field.image.select(self._channels)

    def _labels(self, field: Field) -> ArrayLike:
        if field.labels is not None:
            return field.labels
        if self._neighbours == "mask":
            raise InputError(
                f"The labels of '{field.image.name}' are needed, as other cells are masked in its "
                "crops; give them"
            )
        # Other cells stay in sight, so that no label is read.
        return field.image.data[0]

    def _plan(self, name: str) -> CropPlan:
        return CropPlan(
            window_px(self._table, name),
            self._size,
            self._neighbours,
            "as in the table",
            replace_hot_pixels=self._hot,
        )


def _mask(labels: ArrayLike, label: int, corner: tuple[int, int], side: int, size: int) -> Mask:
    """A cell's pixels in its crop, by the nearest pixel of the image."""
    at = ((np.arange(size) + 0.5) * side / size).astype(np.intp)
    height, width = labels.shape
    y, x = corner[0] + at, corner[1] + at
    inside_y, inside_x = (y >= 0) & (y < height), (x >= 0) & (x < width)
    mask = np.zeros((size, size), bool)
    if not (inside_y.any() and inside_x.any()):
        return mask
    rows, columns = y[inside_y], x[inside_x]
    part = read(
        labels, slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    )
    mask[np.ix_(inside_y, inside_x)] = part[np.ix_(rows - rows[0], columns - columns[0])] == label
    return mask

"""A very large image that is nowhere: a simulated field, repeated as it is read."""

from __future__ import annotations

from dataclasses import dataclass

import dask.array as da
import numpy as np

from napari_c3r.core.images import Image
from napari_c3r.core.simulate import SimulatedField, simulate_field

CHUNK_PX = 1024
CHANNELS = ("DNA", "ER", "RNA", "AGP")


@dataclass(frozen=True, eq=False)
class Mosaic:
    """A field laid out again and again.

    Parameters
    ----------
    field
        What is repeated.
    side_px
        Of the whole.
    """

    field: SimulatedField
    side_px: int

    @property
    def image(self) -> Image:
        """Four channels, lazy, in chunks; nothing of it is kept."""
        planes = np.stack([np.asarray(self.field.image.channel(name)) for name in CHANNELS])
        lengths = tuple(
            min(CHUNK_PX, self.side_px - start) for start in range(0, self.side_px, CHUNK_PX)
        )

        def part(block_info: dict | None = None) -> np.ndarray:
            assert block_info is not None
            (c0, _), (y0, y1), (x0, x1) = block_info[None]["array-location"]
            return repeated(planes[c0], slice(y0, y1), slice(x0, x1))[None]

        chunks = ((1,) * len(CHANNELS), lengths, lengths)
        data = da.map_blocks(part, chunks=chunks, dtype=planes.dtype)
        return Image.from_array(data, CHANNELS, self.field.image.pixel_size_um, name="mosaic")

    def truth(self, rows: slice, columns: slice) -> np.ndarray:
        """The nuclei of a part, numbered within each repetition."""
        return repeated(np.asarray(self.field.nuclei), rows, columns)


def repeated(plane: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """A part of a plane that is laid out again and again."""
    height, width = plane.shape
    y = np.arange(rows.start, rows.stop) % height
    x = np.arange(columns.start, columns.stop) % width
    return plane[np.ix_(y, x)]


def mosaic(side_px: int, field_px: int = 2000, seed: int = 0) -> Mosaic:
    """A mosaic of Cell Painting cells, a hundred thousand to 30,000² pixels."""
    field = simulate_field(
        shape=(field_px, field_px),
        pixel_size_um=0.36,
        n_cells=round(455 * (field_px / 2000) ** 2),
        seed=seed,
    )
    return Mosaic(field, side_px)

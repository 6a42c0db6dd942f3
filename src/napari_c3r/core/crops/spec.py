"""How a cell is cut out, as the user may choose it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_c3r.core.encoder.config import Neighbours
from napari_c3r.core.options import Checked, option

# Fewer pixels a side show no cell.
MIN_SIZE_PX = 4


@dataclass(frozen=True)
class CropSpec(Checked):
    """How a cell is cut out. None means what the encoder's model folder recommends.

    Parameters
    ----------
    field_um
        Side of the square field around a cell, in micrometres. Used when the image's pixel
        size is known.
    field_diameters
        Side of the field in median cell diameters, for images of unknown pixel size.
    size_px
        Side of the crop after resampling, in pixels.
    neighbours
        ``"keep"`` leaves other cells in the crop; ``"mask"`` replaces their pixels by the
        crop's background.
    """

    field_um: float | None = option(
        None,
        "Field",
        "Side of the square around a cell, where the pixel size is known",
        unit="µm",
        unset="as the encoder recommends",
        minimum=0.01,
        maximum=1e5,
    )
    field_diameters: float | None = option(
        None,
        "Field in cells",
        "Side of the square around a cell where no pixel size is known",
        unit="diameters",
        unset="as the encoder recommends",
        minimum=0.01,
        maximum=1e5,
    )
    size_px: int | None = option(
        None,
        "Crop size",
        "Side of the crop after resampling",
        unit="px",
        shell="crop_size_px",
        unset="as the encoder recommends",
        minimum=MIN_SIZE_PX,
        maximum=4096,
    )
    neighbours: Neighbours | None = option(
        None,
        "Neighbours",
        "Whether other cells stay in the crop or are replaced by its background",
        choices=("keep", "mask"),
        unset="as the encoder recommends",
    )

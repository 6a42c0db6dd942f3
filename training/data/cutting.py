"""Fields of view to crop sets, cut out as the plugin cuts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.cells.whole import as_labels
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.cut import iter_crops, resample
from napari_c3r.core.crops.place import place_crops
from napari_c3r.core.crops.plan import CropPlan, plan_crops
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from training.data.cropset import Crops, CropSetWriter

DEFAULT_CROP: Final = CropSpec(field_um=64.0, field_diameters=2.5, size_px=112, neighbours="keep")
"""A field that holds a large cell and shows its neighbours; `CropSpec` says what it means."""

_KEPT: Final = ("image", "label", "site", "y_px", "x_px", "area_px")
_AT_ONCE: Final = 64


@dataclass(frozen=True, eq=False)
class Field:
    """A field of view with its cells.

    Parameters
    ----------
    image
        The image; plate, well and site of its cells are taken from it.
    cells
        Label image of the cells, or a table of their centres with ``label``, ``y_px``, ``x_px``.
    about
        What holds for all cells of the field: ``id``, ``cell_line``, … by column.
    """

    image: Image
    cells: NDArray[Any] | pd.DataFrame
    about: Mapping[str, Any] = field(default_factory=dict)


def write_fields(
    out: Path,
    fields: Iterable[Field],
    assignment: ChannelAssignment,
    spec: CropSpec = DEFAULT_CROP,
    *,
    licence: str,
) -> Path:
    """Cut the cells of many fields out into one crop set.

    Cells that touch the border of their field are left out.

    Parameters
    ----------
    out
        The crop set's folder.
    fields
        One is held at a time.
    assignment
        Roles; channels without one are left out.
    spec
        All of it given, as in `DEFAULT_CROP`.
    licence
        Of the images.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        There is no cell, the fields do not fit each other, or the set cannot be written.
    """
    rest = iter(fields)
    first = next(rest, None)
    if first is None:
        raise InputError(f"No field with cells was found for '{out}', so it was not written")
    known = first.image.pixel_size_um is not None
    names = assignment.require_usable().used
    writer = CropSetWriter(
        out,
        channel_names=names,
        assignment=ChannelAssignment({name: assignment.roles[name] for name in names}),
        field_um=spec.field_um if known else None,
        licence=licence,
    )
    with writer:
        for each in chain([first], rest):
            if (each.image.pixel_size_um is not None) != known:
                raise InputError(
                    f"The pixel size of '{each.image.name if known else first.image.name}' is "
                    "unknown while that of other images is known; give it"
                )
            writer.add(*cut_field(replace(each, image=each.image.select(names)), spec))
    return Path(out)


def cut_field(field: Field, spec: CropSpec = DEFAULT_CROP) -> tuple[Crops, pd.DataFrame]:
    """Cut the cells of one field out.

    Parameters
    ----------
    field
        The field.
    spec
        All of it given, as in `DEFAULT_CROP`.

    Returns
    -------
    crops : ndarray
        (n, C, size_px, size_px), uint8 where the image is, else uint16; intensities as in the
        image where it is of either type, else every channel stretched over 16 bits.
    table : DataFrame
        Their rows, with the field's own columns in addition to place and area.

    Raises
    ------
    InputError
        Labels do not fit the image, or there is no cell.
    """
    image = _in_counts(field.image)
    cells, labels, plan = _plan(field, image, spec)
    dtype = np.uint8 if field.image.data.dtype == np.uint8 else np.uint16
    crops = np.empty((len(cells), image.shape[0], plan.size_px, plan.size_px), dtype)
    padded = np.zeros(len(cells), bool)
    for batch in iter_crops(image, labels, cells, plan, batch_size=_AT_ONCE):
        crops[batch.rows] = np.rint(batch.crops).astype(dtype)
        padded[batch.rows] = batch.padded
    table = cells[[name for name in _KEPT if name in cells]].assign(crop_padded=padded)
    about = {"plate": image.plate or "", "well": image.well or "", "site": image.site or ""}
    return crops, table.assign(**{**about, **field.about})


def resample_square(crop: NDArray[Any], size_px: int) -> NDArray[np.float32]:
    """Put a crop made elsewhere on a square of its own background and resample it.

    Parameters
    ----------
    crop
        (C, H, W).
    size_px
        Side of the result.

    Returns
    -------
    ndarray
        (C, size_px, size_px) float32.
    """
    height, width = crop.shape[1:]
    side = max(height, width)
    square = np.empty((len(crop), side, side), np.float32)
    square[:] = np.percentile(crop, 1, axis=(1, 2))[:, None, None]
    y, x = (side - height) // 2, (side - width) // 2
    square[:, y : y + height, x : x + width] = crop
    return resample(square, size_px)


def _plan(field: Field, image: Image, spec: CropSpec) -> tuple[pd.DataFrame, ArrayLike, CropPlan]:
    """Rows of the cells, labels and how to cut."""
    if isinstance(field.cells, pd.DataFrame):
        if image.pixel_size_um is None or spec.neighbours == "mask":
            raise InputError(
                f"Only the centres of the cells of '{image.name}' are known; give the pixel size, "
                "and keep the neighbours"
            )
        cells, diameter = field.cells.reset_index(drop=True), np.nan
        labels: ArrayLike = np.empty(0)
    else:
        labels = as_labels(field.cells)
        measured = measure_cells(image, labels)
        diameter = measured.median_diameter_px
    plan = plan_crops(
        spec,
        pixel_size_um=image.pixel_size_um,
        median_diameter_px=diameter,
        field_um=DEFAULT_CROP.field_um,
        field_diameters=DEFAULT_CROP.field_diameters or 0.0,
        size_px=DEFAULT_CROP.size_px or 0,
        neighbours="keep",
    )
    if not isinstance(field.cells, pd.DataFrame):
        placed = place_crops(measured, labels, plan.window_px)
        cells = placed.obs[~placed.obs["touches_border"]].reset_index(drop=True)
    return cells.assign(image=image.name), labels, plan


def _in_counts(image: Image) -> Image:
    """Give an image whose values fit 8 or 16 bits."""
    if image.data.dtype in (np.uint8, np.uint16):
        return image
    low = image.data.min(axis=(1, 2), keepdims=True).compute().astype(np.float32)
    reach = image.data.max(axis=(1, 2), keepdims=True).compute().astype(np.float32) - low
    scale = np.divide(np.float32(65535), reach, out=np.zeros_like(reach), where=reach > 0)
    return replace(image, data=(image.data.astype(np.float32) - low) * scale)

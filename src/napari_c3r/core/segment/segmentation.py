"""Nuclei and cells of an image, by the tool's own method or by another's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import relabel_sequential

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError, NoCellsError
from napari_c3r.core.images import Image
from napari_c3r.core.segment.cells import DEFAULT_REACH, expand_nuclei, grow_cells
from napari_c3r.core.segment.disk_labels import DiskLabels
from napari_c3r.core.segment.large import LargeField, is_large
from napari_c3r.core.segment.methods import require_method
from napari_c3r.core.segment.nucleus_channel import suggest_for_image
from napari_c3r.core.segment.options import NO_CELL_CHANNEL, SegmentOptions
from napari_c3r.core.segment.plane import checked_plane, first_pixels, in_reading_order


class _ConstantChannelError(NoCellsError):
    """No choice of settings would help: the message says it all."""


def segment_cells(
    image: Image,
    nucleus: str,
    cell: str | None = None,
    *,
    method: str = "classical",
    nucleus_diameter_um: float | None = None,
    nucleus_diameter_px: float | None = None,
    cell_distance_um: float | None = None,
    cell_distance_px: float | None = None,
) -> tuple[Any, Any]:
    """Find nuclei, then the cells around them.

    Parameters
    ----------
    image
        The image, (C, Y, X).
    nucleus
        Name of the channel that shows nuclei, bright on dark.
    cell
        Name of the channel that shows how far cells reach. None widens the nuclei by a set
        distance.
    method
        ``"classical"``, or ``"cellpose"``, ``"stardist"``, ``"instanseg"`` where installed, or one
        that was given to :func:`napari_c3r.core.segment.register_method`.
    nucleus_diameter_um, nucleus_diameter_px
        The usual nucleus diameter, in micrometres or pixels; None finds it from the image.
    cell_distance_um, cell_distance_px
        How far nuclei are widened without a cell channel; by default 0.6 diameters.

    Returns
    -------
    nuclei, cells
        (Y, X) int32 labels 1..n in reading order; a cell has its nucleus' label and holds it. Those
        of an image of more than 4,096² pixels are found tile by tile and lie on disk: they are read
        by slicing, and ``np.asarray`` reads all.

    Raises
    ------
    InputError
        An unknown channel or method, a size that is not positive, larger than the image or in
        need of an unknown pixel size, or no nucleus.
    """
    options = SegmentOptions(
        nucleus,
        cell or NO_CELL_CHANNEL,
        method,
        nucleus_diameter_um,
        nucleus_diameter_px,
        cell_distance_um,
        cell_distance_px,
    )
    return find_cells(image, options)


def find_cells(
    image: Image, options: SegmentOptions, roles: ChannelAssignment | None = None
) -> tuple[Any, Any]:
    """Find nuclei, then the cells around them.

    Parameters
    ----------
    image
        The image, (C, Y, X).
    options
        On which channels, how, and of what size.
    roles
        By which channels that the options leave open are chosen; None suggests them.

    Returns
    -------
    nuclei, cells
        As for :func:`segment_cells`, which tells the errors as well.
    """
    require_method(options.method)
    if options.nucleus is None or options.cell is None:
        options = options.for_roles(roles or suggest_for_image(image))
    nucleus = str(options.nucleus)
    diameter = _in_pixels(
        image, options.nucleus_diameter_um, options.nucleus_diameter_px, "nucleus diameter"
    )
    distance = _in_pixels(
        image, options.cell_distance_um, options.cell_distance_px, "cell distance"
    )
    _require_small(image, diameter)
    find = _in_tiles if is_large(image.shape) else _at_once
    try:
        return find(image, options, diameter, distance)
    except _ConstantChannelError:
        raise
    except NoCellsError as error:
        why = f": {error}" if str(error) else ""
        raise NoCellsError(_nothing(image, nucleus, diameter, why)) from error


def _at_once(
    image: Image, options: SegmentOptions, diameter: float | None, distance: float | None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Nuclei and cells of an image that fits into memory."""
    method, nucleus = require_method(options.method), str(options.nucleus)
    plane = checked_plane(image.read_plane(nucleus), f"Channel '{nucleus}'")
    _require_varying(image, nucleus, float(plane.min()), float(plane.max()))
    usual = diameter
    if usual is None and method.usual_diameter is not None:
        usual = method.usual_diameter(plane)
    nuclei = np.asarray(method.find(plane, usual)).astype(np.int32)
    if not nuclei.any():
        raise NoCellsError
    usual = usual or _median_diameter(nuclei)
    nuclei = relabel_sequential(nuclei)[0].astype(np.int32)
    nuclei = in_reading_order(first_pixels(nuclei), int(nuclei.max()))[nuclei]
    if options.cell == NO_CELL_CHANNEL:
        return nuclei, expand_nuclei(nuclei, distance or DEFAULT_REACH * usual)
    body = checked_plane(image.read_plane(str(options.cell)), f"Channel '{options.cell}'")
    return nuclei, grow_cells(nuclei, body, usual)


def _in_tiles(
    image: Image, options: SegmentOptions, diameter: float | None, distance: float | None
) -> tuple[DiskLabels, DiskLabels]:
    """The same of an image that is too large for that."""
    nucleus, cell = str(options.nucleus), str(options.cell)
    field = LargeField(
        image.channel(nucleus),
        None if options.cell == NO_CELL_CHANNEL else image.channel(cell),
        require_method(options.method),
        diameter,
        distance,
    )
    _require_varying(image, nucleus, field.known.darkest, field.known.brightest)
    return field.find()


def _require_small(image: Image, diameter: float | None) -> None:
    height, width = image.shape[1:]
    if diameter is not None and diameter > max(height, width):
        raise InputError(
            f"The nucleus diameter of {diameter:.0f} px is larger than the image, "
            f"{width} × {height} px; give a smaller one, or check the pixel size"
        )


def _require_varying(image: Image, nucleus: str, low: float, high: float) -> None:
    if low == high:
        raise _ConstantChannelError(
            f"No nuclei found: channel '{nucleus}' of '{image.name}' is constant, {low:g} "
            "everywhere; choose another nucleus channel"
        )


def _in_pixels(image: Image, um: float | None, px: float | None, what: str) -> float | None:
    for value in (um, px):
        if value is not None and not value > 0:
            raise InputError(f"The {what} is {value:g}; give a number above 0")
    if um is not None and px is not None:
        raise InputError(f"The {what} is given as {um:g} µm and as {px:g} px; give one of them")
    if um is None:
        return px
    if image.pixel_size_um is None:
        raise InputError(
            f"The {what} is given as {um:g} µm but the pixel size of '{image.name}' is unknown; "
            "give it in pixels"
        )
    return um / image.pixel_size_um


def _median_diameter(labels: NDArray[np.int32]) -> float:
    areas = np.bincount(labels.ravel())[1:]
    return float(np.median(np.sqrt(4 * areas[areas > 0] / np.pi))) if areas.any() else 1.0


def _nothing(image: Image, nucleus: str, diameter: float | None, why: str = "") -> str:
    size = ""
    if diameter is not None:
        size = f" near {diameter:.0f} px"
        if image.pixel_size_um is not None:
            size = f" near {diameter * image.pixel_size_um:.1f} µm"
    return (
        f"No nuclei found{size} in channel '{nucleus}' of '{image.name}'{why}. "
        "Try another size, or choose another nucleus channel"
    )

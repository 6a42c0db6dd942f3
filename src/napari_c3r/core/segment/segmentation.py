"""Nuclei and cells of an image, by the tool's own method or by another's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import relabel_sequential

from napari_c3r.core.errors import InputError, NoCellsError
from napari_c3r.core.images import Image
from napari_c3r.core.segment.adapters import WEIGHTS_LICENCE, require_installed, segment_with
from napari_c3r.core.segment.cells import DEFAULT_REACH, expand_nuclei, grow_cells
from napari_c3r.core.segment.nuclei import estimate_diameter, segment_nuclei
from napari_c3r.core.segment.plane import checked_plane

CLASSICAL = "classical"
METHODS = (CLASSICAL, *WEIGHTS_LICENCE)
"""How nuclei can be found; cells are grown from them in the same way for all."""


def segment_cells(
    image: Image,
    nucleus: str,
    cell: str | None = None,
    *,
    method: str = CLASSICAL,
    nucleus_diameter_um: float | None = None,
    nucleus_diameter_px: float | None = None,
    cell_distance_um: float | None = None,
    cell_distance_px: float | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
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
        ``"classical"``, or ``"cellpose"``, ``"stardist"``, ``"instanseg"`` where installed.
    nucleus_diameter_um, nucleus_diameter_px
        The usual nucleus diameter, in micrometres or pixels; None finds it from the image.
    cell_distance_um, cell_distance_px
        How far nuclei are widened without a cell channel; by default 0.6 diameters.

    Returns
    -------
    nuclei, cells
        (Y, X) int32 labels 1..n in reading order; a cell has its nucleus' label and holds it.

    Raises
    ------
    InputError
        An unknown channel or method, a size that is not positive, larger than the image or in
        need of an unknown pixel size, or no nucleus.
    """
    require_method(method)
    what = f"Channel '{nucleus}'"
    plane = checked_plane(np.asarray(image.channel(nucleus)), what)
    diameter = _in_pixels(image, nucleus_diameter_um, nucleus_diameter_px, "nucleus diameter")
    distance = _in_pixels(image, cell_distance_um, cell_distance_px, "cell distance")
    if diameter is not None and diameter > max(plane.shape):
        raise InputError(
            f"The nucleus diameter of {diameter:.0f} px is larger than the image, "
            f"{plane.shape[1]} × {plane.shape[0]} px; give a smaller one, or check the pixel size"
        )
    if plane.min() == plane.max():
        raise NoCellsError(
            f"No nuclei found: {what.lower()} of '{image.name}' is constant, {plane.min():g} "
            "everywhere; choose another nucleus channel"
        )
    try:
        if method == CLASSICAL:
            usual = diameter or estimate_diameter(plane)
            nuclei = segment_nuclei(plane, usual)
        else:
            nuclei = segment_with(method, plane, diameter)
            usual = diameter or _median_diameter(nuclei)
    except NoCellsError as error:
        raise NoCellsError(_nothing(image, nucleus, diameter, f": {error}")) from error
    if not nuclei.any():
        raise NoCellsError(_nothing(image, nucleus, diameter))
    nuclei = relabel_sequential(nuclei)[0].astype(np.int32)
    if cell is None:
        return nuclei, expand_nuclei(nuclei, distance or DEFAULT_REACH * usual)
    body = checked_plane(np.asarray(image.channel(cell)), f"Channel '{cell}'")
    return nuclei, grow_cells(nuclei, body, usual)


def require_method(method: str) -> None:
    """Refuse a method of :func:`segment_cells` that does not exist or is not installed.

    Raises
    ------
    InputError
        With what to choose, or what to install.
    """
    if method not in METHODS:
        raise InputError(f"No segmentation method '{method}'; choose one of {', '.join(METHODS)}")
    if method != CLASSICAL:
        require_installed(method)


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

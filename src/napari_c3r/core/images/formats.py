"""One file of any known format, by its suffix."""

from __future__ import annotations

from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.raster import open_raster
from napari_c3r.core.images.stack import Stack, check_index
from napari_c3r.core.images.tiff import open_tiff
from napari_c3r.core.images.vendor import PACKAGES, open_vendor
from napari_c3r.core.images.zarr import is_zarr, open_zarr

TIFF_SUFFIXES = (".tif", ".tiff")
RASTER_SUFFIXES = (".png", ".jpg", ".jpeg")
SUFFIXES = (*TIFF_SUFFIXES, *RASTER_SUFFIXES, *PACKAGES)


def open_file(path: Path, scene: int = 0, *, one_channel: bool = False) -> Stack:
    """Open a file lazily.

    Parameters
    ----------
    path
        A file, or an OME-Zarr image's folder.
    scene
        Index of the scene, for formats that hold several.
    one_channel
        Whether the file is one channel of an image of several files.

    Raises
    ------
    InputError
        If it is missing, empty, truncated, of unknown format, or has no such scene.
    """
    if not path.exists():
        raise InputError(f"{str(path)!r} does not exist: check the path.")
    if is_zarr(path):
        return open_zarr(path, scene)
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes): copy it again.")
    suffix = path.suffix.lower()
    if suffix in TIFF_SUFFIXES:
        return open_tiff(path, scene, one_channel)
    if suffix in PACKAGES:
        return open_vendor(path, scene)
    if suffix not in RASTER_SUFFIXES:
        raise unknown_format(path)
    check_index(scene, 1, "scene", path.name)
    return open_raster(path)


def unknown_format(path: Path) -> InputError:
    """Make the error for a file of a format that is not read."""
    return InputError(
        f"{path.name} is of an unknown format {path.suffix!r}: give one of "
        f"{', '.join(SUFFIXES)} or .zarr, or save it as OME-TIFF."
    )

"""The formats of image files, by suffix: add one with :func:`register_image_format`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import guarded, reading
from napari_c3r.core.images.formats.declared import check_packing, check_parts, check_planes
from napari_c3r.core.images.formats.format import (
    ImageFormat,
    Opener,
    Scene,
    fields_of_view,
    one_scene,
)
from napari_c3r.core.images.formats.raster import RASTER
from napari_c3r.core.images.formats.tiff import TIFF
from napari_c3r.core.images.formats.vendor import VENDOR
from napari_c3r.core.images.formats.zarr import in_container, is_zarr, open_zarr, zarr_scenes
from napari_c3r.core.images.stack import Stack
from napari_c3r.core.paths import require_there

if TYPE_CHECKING:
    import dask.array as da

__all__ = [
    "BUILT_IN",
    "ImageFormat",
    "Opener",
    "Scene",
    "fields_of_view",
    "format_of",
    "known_suffixes",
    "open_file",
    "register_image_format",
    "scenes_of",
    "unknown_format",
]

BUILT_IN: tuple[ImageFormat, ...] = (TIFF, RASTER, VENDOR)
"""The formats of the package itself. OME-Zarr is a folder, known by what lies in it."""

_formats: dict[str, ImageFormat] = {suffix: each for each in BUILT_IN for suffix in each.suffixes}


def register_image_format(new: ImageFormat) -> None:
    """Add a format. From then on its files are found in folders and opened as all others.

    Parameters
    ----------
    new
        The format; its suffixes must be free.

    Raises
    ------
    InputError
        Another format has one of the suffixes.
    """
    taken = [suffix for suffix in new.suffixes if suffix in _formats]
    if taken:
        raise InputError(f"Files in '{taken[0]}' are read already; choose another suffix")
    _formats.update(dict.fromkeys(new.suffixes, new))


def known_suffixes() -> tuple[str, ...]:
    """Of all files that can be opened, in lower case."""
    return tuple(_formats)


def format_of(path: Path) -> ImageFormat | None:
    """The format of a file's suffix, None where none has it."""
    return _formats.get(path.suffix.lower())


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

    Returns
    -------
    Stack
        Whatever goes wrong while its pixels are read is an `InputError` that names the file.

    Raises
    ------
    InputError
        If it is missing, empty, truncated, damaged, of unknown format, has no such scene, claims
        sizes that it cannot have, or is no file at all.
    """
    require_there(path)
    where = in_container(path)
    with reading(where):
        if is_zarr(path):
            stack = open_zarr(path, scene)
        else:
            stack = _opener(path)(path, scene, one_channel)
            largest = [max(lengths, default=0) for lengths in stack.data.chunks]
            check_packing(where, largest, stack.data.dtype.itemsize, path.stat().st_size)
        _check_claims(stack.data, where)
        return replace(stack, data=guarded(stack.data, where))


def scenes_of(path: Path) -> tuple[Scene, ...]:
    """The images that a file holds, from its metadata.

    Of a file that cannot be read it is one without a name: what is wrong is said when it is opened.

    Parameters
    ----------
    path
        A file, or an OME-Zarr image's folder.
    """
    chosen = format_of(path)
    find = zarr_scenes if is_zarr(path) else one_scene if chosen is None else chosen.scenes
    try:
        with reading(path.name):
            return find(path) or one_scene(path)
    except InputError:
        return one_scene(path)


def _opener(path: Path) -> Opener:
    if path.stat().st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes): copy it again.")
    chosen = format_of(path)
    if chosen is None:
        raise unknown_format(path)
    return chosen.open


def _check_claims(data: da.Array, where: str) -> None:
    if 0 in data.shape:
        told = " × ".join(map(str, data.shape))
        raise InputError(f"{where} claims {told} pixels, which are none: it is damaged.")
    times, channels, slices, *_ = data.shape
    check_planes(where, channels, slices, times)
    largest = [max(1, *lengths) for lengths in data.chunks]
    check_parts(where, data.shape, largest, data.dtype.itemsize)


def unknown_format(path: Path) -> InputError:
    """Make the error for a file of a format that is not read."""
    return InputError(
        f"{path.name} is of an unknown format {path.suffix!r}: give one of "
        f"{', '.join(known_suffixes())} or .zarr, or save it as OME-TIFF."
    )

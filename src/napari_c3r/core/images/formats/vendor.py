"""Microscope makers' own formats, through the readers of the bioio project."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import dask.array as da

from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.images.formats.czi import open_unscaled_czi
from napari_c3r.core.images.formats.format import FileContents, ImageFormat
from napari_c3r.core.images.image import check_real
from napari_c3r.core.images.stack import Stack, arrange, check_index, stated_names
from napari_c3r.core.images.units import square_pixel

if TYPE_CHECKING:
    from bioio_base.reader import Reader

# The optional package that reads each format.
_PACKAGES = {".czi": "bioio-czi", ".nd2": "bioio-nd2", ".lif": "bioio-lif"}


def open_vendor(path: Path, scene: int, one_channel: bool) -> Stack:
    """Open a CZI, ND2 or LIF file lazily.

    Parameters
    ----------
    path
        The file.
    scene
        Index of the scene.
    one_channel
        Makes no difference here: these files say what their axes are.

    Raises
    ------
    MissingPackageError
        If the reader's package is not installed.
    InputError
        If the file cannot be read or has no such scene.
    """
    reader = _reader(path)
    check_index(scene, len(reader.scenes), "scene", path.name)
    reader.set_scene(scene)
    try:
        pixels: da.Array = reader.dask_data
    except Exception as error:
        if path.suffix.lower() == ".czi" and "distance scale" in str(error):
            return open_unscaled_czi(path, scene)
        raise
    check_real(pixels.dtype, path.name)
    axes = str(reader.dims.order)
    data = arrange(pixels, axes, path.name)
    names = stated_names(reader.channel_names or (), data.shape[1])
    sizes = reader.physical_pixel_sizes
    size, notes = square_pixel(sizes.X, sizes.Y, path.name)
    colour = "S" in axes and data.shape[1] == 3
    return Stack(data, names, size, colour, notes)


def _reader(path: Path) -> Reader:
    package = _PACKAGES[path.suffix.lower()]
    try:
        module = importlib.import_module(package.replace("-", "_"))
    except ModuleNotFoundError as error:
        raise MissingPackageError(package, f"Reading {path.name}") from error
    reader: Reader = module.Reader(path)
    return reader


def _contents(path: Path) -> FileContents:
    """The scenes of a file; none where it cannot be read, which is said when it is opened."""
    try:
        names = _reader(path).scenes
    except InputError:
        return FileContents()
    return FileContents(scenes=tuple(enumerate(map(str, names))) if len(names) > 1 else ())


VENDOR = ImageFormat(tuple(_PACKAGES), open_vendor, contents=_contents)

"""Microscope makers' own formats, through the readers of the bioio project."""

from __future__ import annotations

import importlib
import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.errors import MissingPackageError
from napari_c3r.core.images.formats.czi import count_czi_scenes, open_unscaled_czi
from napari_c3r.core.images.formats.format import ImageFormat, Scene, is_extra_name
from napari_c3r.core.images.image import check_real
from napari_c3r.core.images.stack import Stack, arrange, check_index, stated_names
from napari_c3r.core.images.units import even_times, square_pixel, times_since_first
from napari_c3r.core.text import readable

if TYPE_CHECKING:
    import dask.array as da
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
    check_index(scene, _count_scenes(path, reader), "scene", path.name)
    if scene >= len(reader.scenes):
        return _unnamed_scene(path, scene, reader)
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
    return Stack(
        data,
        names,
        size,
        colour,
        notes,
        times_s=_times(reader, data.shape[0]),
        z_step_um=_z_step(sizes.Z) if data.shape[2] > 1 else None,
    )


def _times(reader: Reader, n_times: int) -> tuple[float, ...]:
    """Seconds of the time points after the first, as far as the reader finds them."""
    if n_times < 2:
        return ()
    try:
        interval = reader.time_interval
        if isinstance(interval, timedelta):
            return even_times(interval.total_seconds(), n_times)
        # That of LIF files tells the interval as the axis alone, in seconds.
        told = reader.xarray_dask_data.coords if _is_lif(reader) else {}
        return times_since_first([float(time) for time in told["T"]]) if "T" in told else ()
    # Readers look for it in metadata of many versions; without it the image is as good.
    except Exception:
        return ()


def _is_lif(reader: Reader) -> bool:
    return type(reader).__module__.startswith("bioio_lif")


def _z_step(step: float | None) -> float | None:
    return abs(step) if step and math.isfinite(step) else None


def vendor_scenes(path: Path) -> tuple[Scene, ...]:
    """The scenes of a CZI, ND2 or LIF file, by the names that it gives them."""
    reader = _reader(path)
    names = [readable(" ".join(str(name).split())) for name in reader.scenes]
    names += [f"Scene {n + 1}" for n in range(len(names), _count_scenes(path, reader))]
    return tuple(Scene(n, name, is_extra=is_extra_name(name)) for n, name in enumerate(names))


def _count_scenes(path: Path, reader: Reader) -> int:
    named = len(reader.scenes)
    return max(named, count_czi_scenes(path)) if path.suffix.lower() == ".czi" else named


def _unnamed_scene(path: Path, scene: int, reader: Reader) -> Stack:
    """A scene of a CZI file that has no name; its pixels are as large as those of the first."""
    sizes = reader.physical_pixel_sizes
    size, notes = square_pixel(sizes.X, sizes.Y, path.name)
    stack = open_unscaled_czi(path, scene)
    names = stated_names(reader.channel_names or (), stack.data.shape[1])
    return replace(stack, channel_names=names, pixel_size_um=size, notes=notes)


def _reader(path: Path) -> Reader:
    package = _PACKAGES[path.suffix.lower()]
    try:
        module = importlib.import_module(package.replace("-", "_"))
    except ModuleNotFoundError as error:
        raise MissingPackageError(package, f"Reading {path.name}") from error
    reader: Reader = module.Reader(path)
    return reader


VENDOR = ImageFormat(tuple(_PACKAGES), open_vendor, scenes=vendor_scenes)

"""Opens images in napari: one layer per channel, with name, colour, contrast and scale."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from dask.base import compute

from napari_c3r.core.channels.stains import channel_colours
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image, ImageFiles, find_images, read_image
from napari_c3r.core.images.find import is_nested_plate
from napari_c3r.core.images.formats import format_of
from napari_c3r.core.images.formats.zarr import is_zarr
from napari_c3r.core.table.result import KEY
from napari_c3r.core.text import readable

LayerData = tuple[da.Array, dict[str, Any], str]
Paths = str | Sequence[str]

CONTRAST_PERCENTILES = (1.0, 99.8)

_WINDOW = 256
_WINDOWS = 3


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """Offer to read a path, judging by its name and, for a folder, the names in it.

    Parameters
    ----------
    path
        A file, a folder, or a list of files.

    Returns
    -------
    callable or None
        `read_layers`, or None for what is left to others: unknown formats, single colour
        pictures, and lists that are not the files of one image.
    """
    try:
        if isinstance(path, str | Path):
            claimed = _claims(Path(path))
        else:
            claimed = _claims_list([Path(member) for member in path])
    # A path that cannot be looked at is for napari to refuse.
    except (InputError, OSError, ValueError):
        return None
    return read_layers if claimed else None


def read_layers(path: Paths) -> list[LayerData]:
    """Read an image as napari layers, one lazy plane per channel.

    Of a folder with several images the first is read, and a warning says so; the dock C3R can
    turn to the others.

    Parameters
    ----------
    path
        A file, a folder, or the files of one image.

    Returns
    -------
    list
        ``(plane (Y, X), options, "image")`` per channel. ``metadata["napari_c3r"]`` says of
        which channel of which image the layer is, and what was opened.
    """
    images = find_images(path)
    if len(images) > 1 and isinstance(path, str | Path):
        warnings.warn(
            f"{readable(Path(path).name)} holds {len(images)} images; {images[0].name} was opened. "
            "The dock C3R turns to the others.",
            stacklevel=2,
        )
        opened = image_layers(read_image(images[0]))
    else:
        opened = image_layers(read_image(images[0] if len(images) == 1 else path))
    paths = [str(path)] if isinstance(path, str | Path) else [str(member) for member in path]
    for _, options, _ in opened:
        options["metadata"][KEY]["opened"] = paths
    return opened


def image_layers(image: Image) -> list[LayerData]:
    """Describe an image as napari layers, as `read_layers` does."""
    colours = channel_colours(image.channel_names)
    size = image.pixel_size_um
    placed = {"scale": (size, size), "units": ("micrometer", "micrometer")} if size else {}
    layers: list[LayerData] = []
    for name in image.channel_names:
        plane = image.channel(name)
        options = {
            "name": name,
            "colormap": colours[name],
            "contrast_limits": contrast_limits(plane),
            "blending": "additive",
            "metadata": {KEY: _metadata(image, name)},
            **placed,
        }
        layers.append((plane, options, "image"))
    return layers


def contrast_limits(plane: da.Array) -> tuple[float, float]:
    """Estimate the limits of display from windows spread over a lazy plane.

    Parameters
    ----------
    plane
        Pixels ``(Y, X)``. A small plane is read whole, of a large one nine windows of 256².

    Returns
    -------
    low, high
        The 1st and 99.8th percentile, apart by at least one.
    """
    rows, columns = (_window_slices(length) for length in plane.shape)
    windows = [plane[row, column].ravel() for row in rows for column in columns]
    values = np.concatenate(compute(*windows))  # type: ignore[no-untyped-call]
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, CONTRAST_PERCENTILES))
    if high > low:
        return low, high
    return low, max(float(values.max()), low + 1.0)


def _window_slices(length: int) -> list[slice]:
    if length <= _WINDOW * _WINDOWS:
        return [slice(None)]
    starts = np.linspace(0, length - _WINDOW, _WINDOWS).astype(int)
    return [slice(int(start), int(start) + _WINDOW) for start in starts]


def _metadata(image: Image, channel: str) -> dict[str, Any]:
    """Say what a dock needs to make the image again from its layers."""
    return {
        "channel": channel,
        "image": image.name,
        "pixel_size_um": image.pixel_size_um,
        "source": [str(path) for path in image.source],
        "plate": image.plate,
        "well": image.well,
        "site": image.site,
        "notes": list(image.notes),
        "position": [list(axis) for axis in image.position],
    }


def _claims(path: Path) -> bool:
    if path.is_dir():
        return is_zarr(path) or _holds_images(path)
    known = format_of(path)
    return known is not None and path.is_file() and not known.is_photograph(path)


def _holds_images(folder: Path) -> bool:
    named = any(format_of(child) or is_zarr(child) for child in folder.iterdir())
    return named or is_nested_plate(folder)


def _claims_list(paths: list[Path]) -> bool:
    if not all(path.is_file() and format_of(path) for path in paths):
        return False
    images: tuple[ImageFiles, ...] = find_images(paths) if paths else ()
    return len(images) == 1

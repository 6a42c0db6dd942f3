"""PNG and JPEG pictures."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from dask.delayed import delayed
from PIL import Image as Picture

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reading
from napari_c3r.core.images.formats.format import ImageFormat
from napari_c3r.core.images.stack import Stack, check_index

_GREY = {
    "1": "bool",
    "L": "uint8",
    "LA": "uint8",
    "I;16": "uint16",
    "I;16B": "uint16",
    "I": "int32",
    "F": "float32",
}
_COLOUR = {"RGB", "RGBA", "P", "PA"}
_PNG_END = b"IEND"
_JPEG_END = b"\xff\xd9"
_TAIL = 1 << 16


def open_raster(path: Path, scene: int, one_channel: bool) -> Stack:
    """Open a PNG or JPEG picture; its pixels are decoded when they are requested.

    Grey pictures give one channel, colour pictures red, green and blue; transparency is
    dropped.

    Parameters
    ----------
    path
        The file.
    scene
        0: a picture is one scene.
    one_channel
        Makes no difference here.

    Raises
    ------
    InputError
        If the file is no picture, is truncated, or its pixels are no intensities, or there is
        no such scene.
    """
    check_index(scene, 1, "scene", path.name)
    mode, (width, height), deep = _header(path)
    _check_tail(path)
    if mode in _GREY:
        samples, dtype = 1, np.dtype(_GREY[mode])
    elif mode in _COLOUR:
        samples, dtype = 3, np.dtype("uint8")
    else:
        raise InputError(
            f"{path.name} has pixels of mode {mode!r}, which are no intensities: save it as "
            "8- or 16-bit grey."
        )
    planes = da.from_delayed(delayed(_decode)(path, samples), (samples, height, width), dtype)
    notes = (f"{path.name} is a 16-bit colour picture, read with 8 bits.",) if deep else ()
    return Stack(planes[None, :, None], colour=samples == 3, notes=notes)


def _is_photograph(path: Path) -> bool:
    """Whether a picture is in colour, from its header; one that cannot be read is no stain."""
    try:
        with reading(path.name):
            return _header(path)[0] in _COLOUR
    except InputError:
        return True


def _header(path: Path) -> tuple[str, tuple[int, int], bool]:
    """Mode, width and height, and whether the colours have 16 bits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
        with Picture.open(path) as picture:
            raw_mode = str(picture.tile[0][3]) if picture.tile else ""
            return picture.mode, picture.size, "RGB;16" in raw_mode


def _check_tail(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    if (_PNG_END if path.suffix.lower() == ".png" else _JPEG_END) not in tail:
        raise InputError(f"{path.name} is truncated: its end is missing. Copy it again.")


def _decode(path: Path, samples: int) -> np.ndarray[Any, Any]:
    """Pixels ``(samples, Y, X)``."""
    with Picture.open(path) as picture:
        if samples == 3:
            return np.moveaxis(np.asarray(picture.convert("RGB")), -1, 0)
        grey = picture.convert("L") if picture.mode == "LA" else picture
        return np.asarray(grey)[None]


RASTER = ImageFormat((".png", ".jpg", ".jpeg"), open_raster, _is_photograph)

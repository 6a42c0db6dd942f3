"""PNG and JPEG pictures."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

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
_DEEP = {"LA;16B", "RGB;16B", "RGBA;16B"}
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
    import dask.array as da
    from dask.delayed import delayed

    check_index(scene, 1, "scene", path.name)
    mode, (width, height), deep = _header(path)
    _check_tail(path)
    if mode in _GREY:
        samples, dtype = 1, np.dtype("uint16" if deep else _GREY[mode])
    elif mode in _COLOUR:
        samples, dtype = 3, np.dtype("uint16" if deep else "uint8")
    else:
        raise InputError(
            f"{path.name} has pixels of mode {mode!r}, which are no intensities: save it as "
            "8- or 16-bit grey."
        )
    pixels = delayed(_decode_deep if deep else _decode)(path, samples)
    planes = da.from_delayed(pixels, (samples, height, width), dtype)
    return Stack(planes[None, :, None], colour=samples == 3)


def _is_photograph(path: Path) -> bool:
    """Whether a picture is in colour, from its header; one that cannot be read is no stain."""
    try:
        with reading(path.name):
            return _header(path)[0] in _COLOUR
    except InputError:
        return True


def _header(path: Path) -> tuple[str, tuple[int, int], bool]:
    """Mode, width and height, and whether it is one that Pillow cuts from 16 bits to 8."""
    from PIL import Image as Picture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
        with Picture.open(path) as picture:
            raw_mode = str(picture.tile[0][3]) if picture.tile else ""
            mode = raw_mode.partition(";")[0] if raw_mode in _DEEP else picture.mode
            if mode in ("P", "PA") and _is_grey(picture.getpalette() or []):
                mode = "LA"
            return mode, picture.size, raw_mode in _DEEP


def _is_grey(palette: list[int]) -> bool:
    """Whether all colours of a palette are greys."""
    return palette[0::3] == palette[1::3] == palette[2::3]


def _check_tail(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        tail = file.read()
    if (_PNG_END if path.suffix.lower() == ".png" else _JPEG_END) not in tail:
        raise InputError(f"{path.name} is truncated: its end is missing. Copy it again.")


def _decode(path: Path, samples: int) -> np.ndarray[Any, Any]:
    """Pixels ``(samples, Y, X)``."""
    from PIL import Image as Picture

    with Picture.open(path) as picture:
        if samples == 3:
            return np.moveaxis(np.asarray(picture.convert("RGB")), -1, 0)
        grey = picture.convert("L") if picture.mode in ("LA", "P", "PA") else picture
        return np.asarray(grey)[None]


def _decode_deep(path: Path, samples: int) -> np.ndarray[Any, Any]:
    """Pixels ``(samples, Y, X)`` of 16 bits; transparency comes last."""
    from imagecodecs import png_decode

    return np.moveaxis(png_decode(path.read_bytes())[..., :samples], -1, 0)


RASTER = ImageFormat((".png", ".jpg", ".jpeg"), open_raster, _is_photograph)

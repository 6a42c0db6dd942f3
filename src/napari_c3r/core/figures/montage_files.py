"""A montage as a file: one picture of all cells, or every channel of each."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.atomic import replacing
from napari_c3r.core.crops.cut import resample
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.composites import Look, compose

GAP_PX = 4
"""Between two cells of the picture."""

_GROUND = 255


@dataclass(frozen=True, eq=False)
class Montage:
    """Cells to be written, in the order in which they are displayed.

    Attributes
    ----------
    crops
        One (C, side, side) float32 for each cell, in the image's own intensity units; sides
        differ where images have different pixels.
    cells
        For each cell what is known of it, at least ``image`` and ``label``.
    channel_names
        Names of the C channels.
    looks
        How the channels are shown.
    dtype
        Type of the image's pixels.
    """

    crops: tuple[NDArray[np.float32], ...]
    cells: tuple[dict[str, Any], ...]
    channel_names: tuple[str, ...]
    looks: tuple[Look, ...]
    dtype: Any = np.float32

    def even(self) -> NDArray[np.float32]:
        """The crops at the largest one's side, (cells, C, side, side)."""
        side = max(crop.shape[-1] for crop in self.crops)
        return np.stack([resample(crop, side) for crop in self.crops])


def write_montage(montage: Montage, path: str | Path) -> Path:
    """Write a montage, atomically, in the format of the file's suffix.

    Parameters
    ----------
    montage
        Cells and their looks.
    path
        ``.png``: one picture as shown, the cells row by row, described in its text entry
        ``cells``. ``.tif`` or ``.tiff``: a stack that ImageJ and Fiji open with every
        channel's own intensities and its colour, one cell per frame, each plane labelled.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        No cell, or another suffix.
    """
    path = Path(path)
    if not montage.crops:
        raise InputError("There is no cell to save; select some cells first")
    writers = {".png": _write_png, ".tif": _write_tiff, ".tiff": _write_tiff}
    if path.suffix.lower() not in writers:
        raise InputError(
            f"'{path.name}' ends in '{path.suffix}', which is not a format of montages; "
            f"use {', '.join(writers)}"
        )
    writers[path.suffix.lower()](montage, path)
    return path


def arrange(pictures: Sequence[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Lay pictures (side, side, 3) out row by row on white, as (Y, X, 3)."""
    side = pictures[0].shape[0]
    step, lines = side + GAP_PX, math.ceil(len(pictures) / columns)
    sheet = np.full((lines * step - GAP_PX, columns * step - GAP_PX, 3), _GROUND, np.uint8)
    for number, picture in enumerate(pictures):
        y, x = number // columns * step, number % columns * step
        sheet[y : y + side, x : x + side] = picture
    return sheet


def _write_png(montage: Montage, path: Path) -> None:
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo

    crops = montage.even()
    columns = math.ceil(math.sqrt(len(crops)))
    sheet = arrange([compose(crop, montage.looks) for crop in crops], columns)
    text = PngInfo()
    text.add_itxt("cells", _described(montage))
    with replacing(path) as temporary:
        Picture.fromarray(sheet).save(temporary, format="PNG", pnginfo=text)


def _write_tiff(montage: Montage, path: Path) -> None:
    import tifffile

    crops = _as_imagej(montage.even(), montage.dtype)
    limits = [_limits(look, crops[:, c]) for c, look in enumerate(montage.looks)]
    labels = [
        f"{cell['image']}:{cell['label']} {name}"
        for cell in montage.cells
        for name in montage.channel_names
    ]
    metadata = {
        "axes": "TCYX",
        "mode": "composite",
        "Labels": labels,
        "Ranges": tuple(end for pair in limits for end in pair),
        "LUTs": [_table(look) for look in montage.looks],
        "Info": _described(montage),
    }
    with replacing(path) as temporary:
        tifffile.imwrite(temporary, crops, imagej=True, metadata=metadata)


def _as_imagej(crops: NDArray[np.float32], dtype: Any) -> NDArray[Any]:
    """ImageJ knows two types of whole numbers; all others are written as fractions."""
    if np.dtype(dtype) in (np.uint8, np.uint16):
        return np.round(crops).astype(dtype)
    return crops


def _limits(look: Look, planes: NDArray[Any]) -> tuple[float, float]:
    if look.limits is not None:
        return look.limits
    return float(np.nanmin(planes)), float(np.nanmax(planes))


def _table(look: Look) -> NDArray[np.uint8]:
    """ImageJ's table of a channel's colours, (3, 256)."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    flat = Look((0.0, 1.0), look.colours, look.gamma)
    return (flat.paint(ramp)[0].T * 255).round().astype(np.uint8)


def _described(montage: Montage) -> str:
    described = {"channels": montage.channel_names, "cells": montage.cells}
    return json.dumps(described, ensure_ascii=False, default=str)

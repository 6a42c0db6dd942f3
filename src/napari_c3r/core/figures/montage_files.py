"""A montage as files: a figure, or every channel of each cell; and the list of its cells."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.atomic import replacing, require_writable
from napari_c3r.core.crops.cut import resample
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.cell_montage import Montage
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.drawing_files import SUFFIXES, save_drawing
from napari_c3r.core.figures.montage_figure import listed_cells, montage_figure
from napari_c3r.core.table.flat import escape_text

GAP_PX: Final = 4
"""Between two pictures of a sheet."""

_STACKS: Final = (".tif", ".tiff")
_GROUND = 255


def write_montage(montage: Montage, path: str | Path) -> tuple[Path, ...]:
    """Write a montage in the format of the file's suffix, and the list of its cells beside it.

    Parameters
    ----------
    montage
        The cells.
    path
        ``.png``, ``.svg`` or ``.pdf``: the figure, the outlines as lines over the image's own
        pixels. ``.tif`` or ``.tiff``: a stack that ImageJ and Fiji open with every channel's own
        intensities and its colour, one cell per frame, each plane labelled.

    Returns
    -------
    tuple of Path
        The file, the CSV of the same name with one line for each cell, by image and label, and of
        a figure its caption as text; each whole or not at all.

    Raises
    ------
    InputError
        No cell, another suffix, or a folder that cannot be written to.
    """
    path = Path(path)
    if not montage.cells:
        raise InputError("There is no cell to save; select some cells first")
    if path.suffix.lower() in SUFFIXES:
        return save_drawing(montage_figure(montage), path)
    if path.suffix.lower() not in _STACKS:
        raise InputError(
            f"'{path.name}' ends in '{path.suffix}', which is not a format of montages; "
            f"use {', '.join((*SUFFIXES, *_STACKS))}"
        )
    table = path.with_suffix(".csv")
    for each in (path, table):
        require_writable(each)
    _write_tiff(montage, path)
    with replacing(table) as temporary:
        escape_text(listed_cells(montage)).to_csv(temporary, index=False, lineterminator="\n")
    return path, table


def arrange(pictures: Sequence[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Lay pictures (side, side, 3) out row by row on white, as (Y, X, 3)."""
    side = pictures[0].shape[0]
    step, lines = side + GAP_PX, math.ceil(len(pictures) / columns)
    sheet = np.full((lines * step - GAP_PX, columns * step - GAP_PX, 3), _GROUND, np.uint8)
    for number, picture in enumerate(pictures):
        y, x = number // columns * step, number % columns * step
        sheet[y : y + side, x : x + side] = picture
    return sheet


def _write_tiff(montage: Montage, path: Path) -> None:
    import tifffile

    crops = _as_imagej(_even([cell.crop for cell in montage.cells]), montage.dtype)
    looks = [montage.looks[name] for name in montage.channel_names]
    limits = [_limits(look, crops[:, c]) for c, look in enumerate(looks)]
    facts = [montage.facts[cell.row] for cell in montage.cells]
    labels = [f"{f['image']}:{f['label']} {name}" for f in facts for name in montage.channel_names]
    described = {"channels": montage.channel_names, "cells": facts}
    metadata = {
        "axes": "TCYX",
        "mode": "composite",
        "Labels": labels,
        "Ranges": tuple(end for pair in limits for end in pair),
        "LUTs": [_table(look) for look in looks],
        "Info": json.dumps(described, ensure_ascii=False, default=str),
    }
    with replacing(path) as temporary:
        tifffile.imwrite(temporary, crops, imagej=True, metadata=metadata)


def _even(crops: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The crops at the largest one's side, (cells, C, side, side)."""
    side = max(crop.shape[-1] for crop in crops)
    return np.stack([resample(crop, side) for crop in crops])


def _as_imagej(crops: NDArray[np.float32], dtype: Any) -> NDArray[Any]:
    """ImageJ knows two types of whole numbers; all others are written as fractions."""
    if np.dtype(dtype) in (np.uint8, np.uint16):
        return np.round(crops).astype(dtype)
    return crops


def _limits(look: Appearance, planes: NDArray[Any]) -> tuple[float, float]:
    if look.limits is not None:
        return look.limits
    return float(np.nanmin(planes)), float(np.nanmax(planes))


def _table(look: Appearance) -> NDArray[np.uint8]:
    """ImageJ's table of a channel's colours, (3, 256)."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    flat = Appearance((0.0, 1.0), look.colours, look.gamma)
    return (flat.paint(ramp)[0].T * 255).round().astype(np.uint8)

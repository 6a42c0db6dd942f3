"""Read a label image from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.whole import as_labels, whole_numbers
from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats import fields_of_view, open_file, scenes_of
from napari_c3r.core.images.stack import Stack
from napari_c3r.core.memory import require_memory
from napari_c3r.core.paths import require_there


def read_labels(
    path: str | Path,
    channel: str | None = None,
    *,
    scene: int | None = None,
    number_cells: bool = False,
) -> NDArray[Any]:
    """Read one 2-D label image from a file into memory.

    Parameters
    ----------
    path
        A TIFF, PNG or other image file of whole numbers, be they stored as floating-point ones.
    channel
        Which of several label images in the file, by its name.
    scene
        Which scene of a file that holds several.
    number_cells
        Give every connected piece of one value a number of its own, as a mask needs.

    Returns
    -------
    ndarray
        (Y, X) integers, 0 and above.

    Raises
    ------
    InputError
        There is no such file, it cannot be read, it holds several planes or scenes and none or
        another one was named, or what it holds is no label image; see
        :func:`napari_c3r.core.cells.whole.whole_numbers`.
    """
    path = require_there(Path(path))
    stack = open_file(path, _scene_index(path, scene), one_channel=False)
    times, _, slices = stack.data.shape[:3]
    if times * slices > 1:
        raise InputError(
            f"'{path.name}' holds {times * slices} time points or slices; "
            "a label image is a single plane"
        )
    plane = stack.data[0, _channel_index(stack, channel, path), 0]
    require_memory(plane.nbytes, f"'{path.name}', {plane.shape[1]} × {plane.shape[0]} pixels,")
    what = f"labels of '{path.name}'"
    labels = as_labels(np.asarray(plane), what, number_cells=number_cells)
    return whole_numbers(np.asarray(labels), what)


def _scene_index(path: Path, scene: int | None) -> int:
    there = fields_of_view(scenes_of(path))
    if len(there) == 1:
        return there[0].index
    if scene is None:
        names = ", ".join(
            f"{each.index} ({each.name})" if each.name else str(each.index) for each in there
        )
        raise InputError(
            f"'{path.name}' holds {len(there)} scenes and a label image is one of them; "
            f"choose scene {names}"
        )
    return scene


def _channel_index(stack: Stack, channel: str | None, path: Path) -> int:
    count = stack.data.shape[1]
    names = stack.channel_names if len(stack.channel_names) == count else ()
    names = names or tuple(f"ch{number}" for number in range(1, count + 1))
    if channel is None and count == 1:
        return 0
    if channel not in names:
        request = "none was named" if channel is None else f"none is called '{channel}'"
        raise InputError(
            f"'{path.name}' holds {count} label images and {request}; choose one of "
            f"{', '.join(names)}"
        )
    return names.index(channel)

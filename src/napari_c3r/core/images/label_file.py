"""Read a label image from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.stacked import project_labels
from napari_c3r.core.cells.whole import as_labels, whole_numbers
from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats import fields_of_view, open_file, scenes_of
from napari_c3r.core.images.stack import Stack, check_index
from napari_c3r.core.memory import require_memory
from napari_c3r.core.paths import require_there

if TYPE_CHECKING:
    import dask.array as da


def read_labels(
    path: str | Path,
    channel: str | None = None,
    *,
    scene: int | None = None,
    t: int | None = None,
    z: str | int | None = None,
    times: int | None = None,
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
    t
        Which time point of labels over time.
    z
        Which slice of labels in three dimensions, or ``"project"`` for the cell that most slices
        have at a pixel; see :func:`napari_c3r.core.cells.stacked.project_labels`.
    times
        How many time points their image has, each of which needs labels of its own. By it, planes
        without the name of an axis are known as time points.
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
        another one was named, it holds labels of another number of time points than `times`, or
        what it holds is no label image; see :func:`napari_c3r.core.cells.whole.whole_numbers`.
    """
    path = require_there(Path(path))
    slices = _slices(path, channel, scene, t, z, times)
    shape = slices.shape[1:] if len(slices) == 1 else slices.shape
    require_memory(int(slices.nbytes), f"'{path.name}', {' × '.join(map(str, shape))} pixels,")
    what = f"labels of '{path.name}'"
    if len(slices) == 1:
        labels = as_labels(np.asarray(slices[0]), what, number_cells=number_cells)
        return whole_numbers(np.asarray(labels), what)
    labels = as_labels(np.asarray(slices), what, number_cells=number_cells)
    return project_labels(whole_numbers(np.asarray(labels), what))


def label_slices(
    path: str | Path,
    channel: str | None = None,
    *,
    scene: int | None = None,
    t: int | None = None,
    z: str | int | None = None,
    times: int | None = None,
) -> int:
    """How many slices are projected to one label image, by the file's header alone.

    Parameters
    ----------
    path, channel, scene, t, z, times
        As for `read_labels`.

    Raises
    ------
    InputError
        As for `read_labels`, as far as the header tells.
    """
    return len(_slices(require_there(Path(path)), channel, scene, t, z, times))


def _slices(
    path: Path,
    channel: str | None,
    scene: int | None,
    t: int | None,
    z: str | int | None,
    times: int | None,
) -> da.Array:
    """The slices (Z, Y, X) that make a label image: one, or all that are to be projected."""
    stack = open_file(path, _scene_index(path, scene), one_channel=False)
    stack = _with_times(stack, channel, times)
    n_times, n_channels, n_slices = stack.data.shape[:3]
    if times is not None and n_times != times:
        several = n_channels > 1 and channel is None
        held = f"labels of {n_times} times" if n_times > 1 else "a label image of one time"
        raise InputError(
            f"'{path.name}' holds {f'{n_channels} label images' if several else held} and its "
            f"image has {times} time points; give labels of each, or choose one time point"
        )
    if n_times > 1 and t is None:
        raise InputError(f"'{path.name}' holds labels of {n_times} time points; choose one with t")
    if n_slices > 1 and z is None:
        raise InputError(
            f"'{path.name}' holds labels of {n_slices} Z slices; choose one with z, or "
            "z='project' for the cell that most slices have at a pixel"
        )
    if n_times > 1:
        check_index(t or 0, n_times, "time point", f"'{path.name}'")
    slices = stack.data[t or 0 if n_times > 1 else 0, _channel_index(stack, channel, path)]
    if n_slices == 1 or z == "project":
        return slices
    if isinstance(z, str):
        raise InputError(f"z is {z!r}; labels take a slice's number, or 'project'")
    check_index(z or 0, n_slices, "Z slice", f"'{path.name}'")
    return slices[[z]]


def _with_times(stack: Stack, channel: str | None, times: int | None) -> Stack:
    """The stack, with time where labels over time were saved without the names of their axes."""
    n_times, n_channels, n_slices = stack.data.shape[:3]
    if n_times > 1 or times is None or times == 1:
        return stack
    if (n_channels, n_slices) == (times, 1) and channel is None and not stack.channel_names:
        return stack.swapped("TC")
    return stack.swapped("TZ") if (n_channels, n_slices) == (1, times) else stack


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

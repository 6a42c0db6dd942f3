"""Layers with axes before height and width: which of them are channels, which slice is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.stacked import lazily_projected
from napari_c3r.core.errors import InputError
from napari_c3r.session import Slice

if TYPE_CHECKING:
    from napari.layers import Image as ImageLayer
    from napari.layers import Labels, Layer

# More planes than this on an axis without a name are no channels.
_MAX_CHANNELS = 8
_NAMES = {"t": "t", "time": "t", "frame": "t", "z": "z", "depth": "z"}
_CHANNELS = frozenset({"c", "channel", "channels"})


def pixels(layer: Layer) -> Any:
    """The layer's data, of several levels the finest."""
    return layer.data[0] if layer.multiscale else layer.data


def channel_axis(layer: ImageLayer, names: Sequence[str], *, alone: bool) -> int | None:
    """Which axis before height and width holds channels, None when there is none.

    Parameters
    ----------
    layer
        The layer.
    names
        What the viewer calls its axes.
    alone
        Whether the layer is the whole image: a short axis without a name is then one of
        channels.
    """
    axes = _axis_names(layer, names)
    for axis, name in enumerate(axes):
        if name in _CHANNELS:
            return axis
    if alone and axes and not axes[-1] and pixels(layer).shape[-3] <= _MAX_CHANNELS:
        return len(axes) - 1
    return None


def _axis_names(layer: Layer, names: Sequence[str]) -> list[str]:
    """Names of the axes before height and width, empty where none was given."""
    count = pixels(layer).ndim
    shown = [""] * max(0, count - len(names)) + list(names)[-count:]
    given = [
        own if _is_name(own) else (other if _is_name(other) else "")
        for own, other in zip(layer.axis_labels, shown, strict=True)
    ]
    return [name.strip().lower() for name in given[:-2]]


def _is_name(label: str) -> bool:
    # napari itself numbers axes from the last one backwards.
    return not label.lstrip("-").isdigit()


def slice_shown(
    layer: ImageLayer, point: Sequence[float], names: Sequence[str], *, alone: bool
) -> tuple[Any, Slice | None]:
    """The planes that a layer contributes at a point of the world.

    Parameters
    ----------
    layer
        Image layer, not RGB.
    point
        Where the viewer is, in world coordinates; axes it lacks are at their first index.
    names, alone
        As for :func:`channel_axis`.

    Returns
    -------
    data, place
        (Y, X) or (C, Y, X), and which slice of a stack that is; None where there was nothing
        to slice.

    Raises
    ------
    InputError
        The layer does not reach to the point, or its last two axes are not height and width.
    """
    _require_pixels_last(layer)
    data, channels = pixels(layer), channel_axis(layer, names, alone=alone)
    index = _index_at(layer, point)
    index = [0 if axis == channels else at for axis, at in enumerate(index)]
    place = _place(layer, index, channels, _axis_names(layer, names))
    if not _is_in(index, data):
        raise InputError(
            f"The layer '{layer.name}' has no slice where the viewer is, {place.words}; "
            "move the slider to where every layer has one"
        )
    wanted = tuple(slice(None) if axis == channels else at for axis, at in enumerate(index))
    return data[wanted], place if place.position else None


def _require_pixels_last(layer: ImageLayer) -> None:
    """Refuse a layer that says itself that its last axes are channels, times or slices."""
    for label in layer.axis_labels[-2:]:
        name = label.strip().lower()
        if name in _CHANNELS or name in _NAMES:
            raise InputError(
                f"The last two axes of the layer '{layer.name}' are "
                f"{', '.join(layer.axis_labels[-2:])} and not height and width; move them "
                "there (np.moveaxis) and add the layer again"
            )


def steps_of(
    layer: ImageLayer, names: Sequence[str], place: Slice, *, alone: bool
) -> tuple[float | None, float | None]:
    """What a layer's scale says of the slice that an image was taken from.

    Parameters
    ----------
    layer, names, alone
        As for :func:`slice_shown`.
    place
        From there.

    Returns
    -------
    time_s, z_step_um
        Seconds after the first time point, and from one Z slice to the next; None where the layer
        has no unit of time or length along that axis.
    """
    channels = channel_axis(layer, names, alone=alone)
    axes = [axis for axis in range(pixels(layer).ndim - 2) if axis != channels]
    of = {name: axis for (name, _), axis in zip(place.position, axes, strict=True)}
    step_s, step_um = _step(layer, of.get("t"), "second"), _step(layer, of.get("z"), "micrometer")
    return None if step_s is None else dict(place.position)["t"] * step_s, step_um


def _step(layer: ImageLayer, axis: int | None, unit: str) -> float | None:
    if axis is None or not layer.units[axis].is_compatible_with(unit):
        return None
    step = abs(float((float(layer.scale[axis]) * layer.units[axis]).to(unit).magnitude))
    return step or None


def _index_at(layer: Layer, point: Sequence[float]) -> list[int]:
    """Index along the axes before height and width, possibly beyond the layer."""
    count = pixels(layer).ndim
    known = tuple(point)[-count:]
    if len(known) < count:
        return [0] * (count - 2)
    at = np.asarray(layer.world_to_data(known))[: count - 2]
    return [int(index) for index in np.round(at)]


def _place(layer: Layer, index: Sequence[int], channels: int | None, names: Sequence[str]) -> Slice:
    before = len(index)
    start = layer.data_to_world((*index, 0, 0))[:before]
    position: list[tuple[str, int]] = []
    for axis, at in enumerate(index):
        if axis != channels:
            taken = {name for name, _ in position}
            position.append((_column(names[axis], taken), at))
    length = [int(pixels(layer).shape[axis]) if axis == channels else 1 for axis in range(before)]
    step = tuple(float(size) for size in layer.scale[:before])
    return Slice(tuple(position), tuple(float(at) for at in start), step, tuple(length))


def _column(name: str, taken: set[str]) -> str:
    """What the table calls an axis."""
    column = _NAMES.get(name, "slice")
    others = (f"{column}_{number}" for number in range(2, 9))
    return column if column not in taken else next(o for o in others if o not in taken)


def is_movie(layer: Labels, frames: int, slices: int = 1) -> bool:
    """Whether labels are (T, Y, X) or (T, Z, Y, X) of so many times and slices.

    Of one time there is no movie. An axis that the layer says is Z is none of time.
    """
    lengths, names = _long_axes(layer)
    over = [frames, slices][: len(lengths)]
    return bool(frames > 1 and lengths and lengths == over and _NAMES.get(names[0]) != "z")


def is_stack(layer: Labels, frames: int, slices: int) -> bool:
    """Whether labels of one time are (Z, Y, X), of so many slices; of one there is no stack."""
    lengths, names = _long_axes(layer)
    if is_movie(layer, frames, slices):
        lengths, names = lengths[1:], names[1:]
    return bool(slices > 1 and lengths == [slices] and _NAMES.get(names[0]) != "t")


def _long_axes(layer: Labels) -> tuple[list[int], list[str]]:
    """Lengths and names of the axes before height and width that are longer than one."""
    every = zip(pixels(layer).shape[:-2], _axis_names(layer, ()), strict=True)
    found = [(int(length), name) for length, name in every if length > 1]
    return [length for length, _ in found], [name for _, name in found]


def _lazy(data: Any) -> Any:
    """What is read as soon as it is sliced, such as an array on a disk, as one that is not."""
    if isinstance(data, np.ndarray) or hasattr(data, "dask"):
        return data
    import dask.array as da

    return da.from_array(data, name=False)


def _of_files(
    layer: Labels, frame: tuple[int, int] | None, depth: tuple[int, int | None] | None
) -> Any:
    """The plane for an image by what its files have; None where labels have other axes."""
    data, frames, slices = pixels(layer), frame[1] if frame else 1, depth[0] if depth else 1
    if 1 in data.shape[:-2]:
        # An axis of length one tells nothing apart.
        data = _lazy(data)[tuple(0 if n == 1 else slice(None) for n in data.shape[:-2])]
    movie, stack = is_movie(layer, frames, slices), is_stack(layer, frames, slices)
    if movie and frame is not None:
        data = _lazy(data)[frame[0]]
    if stack and depth is not None:
        data = lazily_projected(data) if depth[1] is None else data[depth[1]]
    return data if data.ndim == 2 else None


def label_plane(
    layer: Labels,
    place: Slice | None = None,
    frame: tuple[int, int] | None = None,
    depth: tuple[int, int | None] | None = None,
) -> Any:
    """The 2-D labels of a layer at the image's place.

    Parameters
    ----------
    layer
        Labels (Y, X), or with more axes before them.
    place
        Of the image, None where that is no slice of a stack.
    frame
        Which time point the image is of how many, where each is a field; None where it is none.
    depth
        How many slices the image's files have, and which of them it is, None where it is a
        projection: so are its labels then. None where the files have no slices.

    Raises
    ------
    InputError
        Which of the layer's slices belongs to the image is not known, or there is none: cells
        of one slice are not those of another.
    """
    found = None if place is not None else _of_files(layer, frame, depth)
    if found is not None:
        return found
    data, index = pixels(layer), _index_for(layer, place)
    if index is None:
        over = "" if frame is None else f", or labels of all {frame[1]} time points"
        over += "" if depth is None else f", or labels of all {depth[0]} Z slices"
        raise InputError(
            f"The labels '{layer.name}' have {data.ndim} axes, shape {tuple(data.shape)}; "
            f"give a 2-D label layer, such as one slice of it{over}"
        )
    if place is not None and not _is_in(index, data):
        raise InputError(
            f"The labels '{layer.name}' have no slice at {place.words}, where the image is; "
            "move the slider to where both have one and take the image again"
        )
    return data[tuple(index)]


def _index_for(layer: Labels, place: Slice | None) -> list[int] | None:
    """Index of the slice of labels at a place, None where that cannot be told."""
    before = pixels(layer).ndim - 2
    if before == 0:
        return []
    if place is not None and before == len(place.start):
        return _index_at(layer, (*place.start, 0.0, 0.0))
    if place is not None and before == len(place.position):
        # They lack the axis of channels, upon which napari lays their first axis.
        return [at for _, at in place.position]
    return None


def _is_in(index: Sequence[int], data: Any) -> bool:
    return all(0 <= at < length for at, length in zip(index, data.shape, strict=False))


def spread(plane: NDArray[Any], place: Slice | None) -> NDArray[Any]:
    """A plane (Y, X) as a stack that is shown at its place only, in the same memory.

    Over an axis of channels it repeats, so that it is seen whichever channel is.
    """
    if place is None:
        return plane
    # Written to in one channel, it is written in all: there is one plane of it.
    return np.lib.stride_tricks.as_strided(
        plane,
        (*place.length, *plane.shape),
        (*(0,) * len(place.length), *plane.strides),
        writeable=True,
    )


def plane_of(layer: Labels) -> Any:
    """The plane (Y, X) of a layer that :func:`spread` made the data of."""
    return layer.data[(0,) * (layer.data.ndim - 2)]

"""Layers over time beside fields that are time points: their labels, and the viewer's slider."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.cells.whole import whole_numbers
from napari_c3r.session import Cells
from napari_c3r.widgets.common.jobs import JobBody
from napari_c3r.widgets.main.cells_made import (
    cells_of_layer,
    count_cells,
    from_layer,
    read_in_steps,
)
from napari_c3r.widgets.viewer.stacks import is_movie, is_stack, label_plane

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_c3r.core.images import Image
    from napari_c3r.session import Session


def labels_shown(layer: Labels, session: Session, image_name: str) -> Any:
    """The 2-D labels of a layer for an image, by its slice of a stack or its time point.

    Raises
    ------
    InputError
        As for :func:`napari_c3r.widgets.viewer.stacks.label_plane`.
    """
    frames = session.fields.frames
    at = next((t for t, name in frames.items() if name == image_name), None)
    frame = None if at is None or len(frames) == 1 else (at, len(frames))
    place = session.fields.slices.get(image_name)
    return label_plane(layer, place, frame, _depth(session, image_name))


def _depth(session: Session, image_name: str) -> tuple[int, int | None] | None:
    """How many slices an image's files have and which of them it is, as `label_plane` asks."""
    image, frames = session.fields.image, session.fields.frames
    of_files = image is not None and image_name in {image.name, *frames.values()}
    if image is None or not of_files or image.n_slices == 1:
        return None
    return image.n_slices, dict(image.position).get("z")


def slices_in_words(layer: Labels, session: Session, image_name: str) -> str:
    """What became of the slices of labels in three dimensions; empty where they have none."""
    depth, frames = _depth(session, image_name), session.fields.frames
    stacked = depth is not None and is_stack(layer, len(frames), depth[0])
    if depth is None or not stacked or image_name in session.fields.slices:
        return ""
    if depth[1] is not None:
        return f"slice {depth[1]} of {depth[0]}"
    return f"{depth[0]} slices projected: a pixel is of the cell that most have there"


def other_frames(layer: Labels, session: Session, image_name: str) -> dict[str, Any]:
    """Labels of the other time points by the names of their images, still in the layer's array.

    Empty where the layer is no movie, or the image is not one of its time points.
    """
    frames, depth = session.fields.frames, _depth(session, image_name)
    movie = is_movie(layer, len(frames), depth[0] if depth else 1)
    if image_name in session.fields.slices or not movie:
        return {}
    others = (name for name in frames.values() if name != image_name)
    return {name: labels_shown(layer, session, name) for name in others}


def turn_slider(viewer: ViewerModel, session: Session) -> None:
    """Move the viewer's slider to the time point that is displayed, where it counts just these.

    Tracks and labels over time are then seen at the time of the image.
    """
    source, frames, dims = session.fields.source, session.fields.frames, viewer.dims
    if source is not None and len(frames) > 1 and dims.ndim == 3 and dims.nsteps[0] == len(frames):
        dims.set_current_step(0, source.reading.t)


def reading_of(
    plane: Any, others: Mapping[str, Any], layer_name: str, image: Image, slices: str = ""
) -> JobBody:
    """What reads the labels of an image and of the other time points.

    Parameters
    ----------
    plane
        Labels of the image, (Y, X).
    others
        From :func:`other_frames`. A frame may have no cell, as long as another has one.
    layer_name, image
        Where they come from, and whose they are.
    slices
        From :func:`slices_in_words`.

    Returns
    -------
    callable
        For a job; gives the cells of the image and then of the others, None where it was stopped.
    """

    def body(stop: threading.Event) -> Generator[str, None, list[Cells] | None]:
        labels = yield from read_in_steps(plane, stop)
        if labels is None:
            return None
        made = []
        for image_name, frame in others.items():
            yield f"reading {image_name}"
            if stop.is_set():
                return None
            of_frame = whole_numbers(np.array(frame), f"labels '{layer_name}'")
            count, at_border = count_cells(of_frame)
            origin = from_layer(layer_name, slices)
            made.append(Cells(of_frame, count, image_name, origin, at_border=at_border))
        elsewhere = any(each.count for each in made)
        made.insert(0, cells_of_layer(labels, layer_name, image, slices, may_lack=elsewhere))
        return made

    return body

"""Layers over time beside fields that are time points: their labels, and the viewer's slider."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.cells.whole import whole_numbers
from napari_c3r.session import Cells
from napari_c3r.widgets.common.jobs import JobBody
from napari_c3r.widgets.main.cells_made import cells_of_layer, count_cells, read_in_steps
from napari_c3r.widgets.viewer.stacks import is_movie, label_plane, pixels

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
    frame = None if at is None else (at, len(frames))
    return label_plane(layer, session.fields.slices.get(image_name), frame)


def other_frames(layer: Labels, session: Session, image_name: str) -> dict[str, Any]:
    """Labels of the other time points by the names of their images, still in the layer's array.

    Empty where the layer is no movie, or the image is not one of its time points.
    """
    frames = session.fields.frames
    if image_name in session.fields.slices or not is_movie(layer, len(frames)):
        return {}
    data = pixels(layer)
    return {name: data[t] for t, name in frames.items() if name != image_name}


def turn_slider(viewer: ViewerModel, session: Session) -> None:
    """Move the viewer's slider to the time point that is displayed, where it counts just these.

    Tracks and labels over time are then seen at the time of the image.
    """
    source, frames, dims = session.fields.source, session.fields.frames, viewer.dims
    if source is not None and len(frames) > 1 and dims.ndim == 3 and dims.nsteps[0] == len(frames):
        dims.set_current_step(0, source.reading.t)


def reading_of(plane: Any, others: Mapping[str, Any], layer_name: str, image: Image) -> JobBody:
    """What reads the labels of an image and of the other time points.

    Parameters
    ----------
    plane
        Labels of the image, (Y, X).
    others
        From :func:`other_frames`. A frame may have no cell.
    layer_name, image
        Where they come from, and whose they are.

    Returns
    -------
    callable
        For a job; gives the cells of the image and then of the others, None where it was stopped.
    """

    def body(stop: threading.Event) -> Generator[str, None, list[Cells] | None]:
        labels = yield from read_in_steps(plane, stop)
        if labels is None:
            return None
        made = [cells_of_layer(labels, layer_name, image)]
        for image_name, frame in others.items():
            yield f"reading {image_name}"
            if stop.is_set():
                return None
            of_frame = whole_numbers(np.array(frame), f"labels '{layer_name}'")
            count, at_border = count_cells(of_frame)
            origin = f"from the layer {layer_name}"
            made.append(Cells(of_frame, count, image_name, origin, at_border=at_border))
        return made

    return body

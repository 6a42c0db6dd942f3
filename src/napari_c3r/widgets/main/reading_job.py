"""Reading one field for the viewer, off the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.widgets.viewer.alignment import require_numbers

if TYPE_CHECKING:
    from napari_c3r.core.images import FieldSource, Image

# Up to this many bytes a field is held in memory, so that the viewer never waits for a disk.
_MAX_HELD_BYTES = 1 << 29


def reading_job(source: FieldSource) -> Any:
    """The body of a job that gives the image of a field, and its layers as napari takes them."""

    def body(_: threading.Event) -> Generator[str, None, tuple[Image, list[Any]]]:
        from napari_c3r.readers import image_layers as described

        yield f"reading {source.name}"
        image = _held(source.read())
        require_numbers((name, image.channel(name)) for name in image.channel_names)
        return image, described(image)

    return body


def load_arrays(_: threading.Event) -> Generator[str, None, None]:
    """The body of a job that loads what holds the planes of an image that the viewer displays."""
    yield "looking at the layers"
    import dask.array  # noqa: F401


def _held(image: Image) -> Image:
    """The image with its pixels in memory, unless it is too large for that."""
    import dask.array as da

    if image.data.nbytes > _MAX_HELD_BYTES:
        return image
    pixels = np.asarray(image.data)
    held = da.from_array(pixels, chunks=(1, *pixels.shape[1:]), name=False)
    return replace(image, data=held)


def given_names(source: FieldSource, image: Image) -> dict[str, str]:
    """Name of every channel by what the files call it."""
    now = {new: old for old, new in source.reading.names.items()}
    return {now.get(name, name): name for name in image.channel_names}

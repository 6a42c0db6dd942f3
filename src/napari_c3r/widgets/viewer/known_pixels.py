"""Which pixels an image was made of, to tell others of the same name from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_c3r.widgets.viewer import layers

if TYPE_CHECKING:
    from napari.layers import Image as ImageLayer

    from napari_c3r.core.images import Image


class KnownPixels:
    """The arrays that images were made of, by the images' names."""

    def __init__(self) -> None:
        self._pixels: dict[str, list[ref[Any]]] = {}

    def told_apart(self, image: Image, found: Sequence[ImageLayer]) -> Image:
        """The image, with a number in its name if other pixels had that name before.

        What comes from a file is known by its path.
        """
        if any(la.source.path or la.metadata.get(layers.KEY, {}).get("image") for la in found):
            return image
        # An identity without its object may be another's by now.
        pixels, name, number = [ref(layer.data) for layer in found], image.name, 1
        while not _any_same(self._pixels.setdefault(name, pixels), pixels):
            number += 1
            name = f"{image.name} ({number})"
        self._pixels[name] = pixels
        return replace(image, name=name)


def _any_same(before: Sequence[ref[Any]], now: Sequence[ref[Any]]) -> bool:
    """Whether an array that is still there is one of those before."""
    there = [pixels() for pixels in before]
    return any(pixels() is each for pixels in now for each in there if each is not None)

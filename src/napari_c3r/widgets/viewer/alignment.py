"""Whether layers lie on each other, pixel by pixel, and hold numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import blocks, chunk_shape, read
from napari_c3r.core.errors import InputError
from napari_c3r.widgets.viewer.stacks import pixels

if TYPE_CHECKING:
    from napari.layers import Image as ImageLayer
    from napari.layers import Labels, Layer

_SLACK_PX = 0.5


def require_aligned(layers: Sequence[ImageLayer]) -> None:
    """Refuse layers of one image of which a pixel of one does not lie on that of another.

    Raises
    ------
    InputError
        With the layer, and how it differs from the first one.
    """
    for layer in layers[1:]:
        apart = difference(layers[0], layer)
        if apart:
            raise InputError(
                f"The layer '{layer.name}' does not lie on '{layers[0].name}': {apart}; align "
                "the two, or hide one and take the image again"
            )


def require_labels_on(labels: Labels, image: Layer | None) -> None:
    """Refuse labels that lie elsewhere than the image.

    Labels of which nothing says where they lie, as of a file without a pixel size, are taken to
    lie on it.

    Raises
    ------
    InputError
        With how the two differ.
    """
    if image is None or _is_unplaced(labels):
        return
    apart = difference(image, labels)
    if apart:
        raise InputError(
            f"The labels '{labels.name}' do not lie on the image's layer '{image.name}': {apart}; "
            "align the two first"
        )


def difference(first: Layer, second: Layer) -> str:
    """How a layer lies elsewhere than another; empty where it does not, by half a pixel."""
    corners = [_corners(layer, _size(first)) for layer in (first, second)]
    pixel = np.abs(corners[0][1:] - corners[0][0]).max() / max(*_size(first), 1)
    if np.abs(corners[1] - corners[0]).max() <= _SLACK_PX * pixel:
        return ""
    for words, value in _PROPERTIES:
        here, there = value(first), value(second)
        if not np.allclose(here, there, rtol=1e-4, atol=1e-9):
            return f"{words} {_listed(there)} and not {_listed(here)}"
    return f"its corner is at {_listed(corners[1][0])} and not at {_listed(corners[0][0])}"


def _size(layer: Layer) -> tuple[int, int]:
    height, width = pixels(layer).shape[-2:]
    return int(height), int(width)


def _corners(layer: Layer, size: tuple[int, int]) -> NDArray[np.float64]:
    """Where three corners of so many pixels lie in the world, (3, 2), in µm where known."""
    height, width = size
    before = (0.0,) * (layer.ndim - 2)
    at = [layer.data_to_world((*before, *yx))[-2:] for yx in ((0, 0), (height, 0), (0, width))]
    return np.array(at, float) * _unit_um(layer)


def _unit_um(layer: Layer) -> NDArray[np.float64]:
    """The layer's units of height and width in µm; 1 where they are no lengths."""
    return np.array(
        [
            float((1.0 * unit).to("micrometer").magnitude)
            if unit.is_compatible_with("micrometer")
            else 1.0
            for unit in layer.units[-2:]
        ]
    )


def _scale(layer: Layer) -> NDArray[np.float64]:
    return np.asarray(layer.scale[-2:]) * _unit_um(layer)


def _rotation(layer: Layer) -> float:
    turned = np.asarray(layer.rotate)[-2:, -2:]
    return float(np.degrees(np.arctan2(turned[1, 0], turned[0, 0])))


def _translation(layer: Layer) -> NDArray[np.float64]:
    return np.asarray(layer.translate[-2:]) * _unit_um(layer)


_PROPERTIES = (
    ("its pixels (scale) are", _scale),
    ("it is turned (rotate) by, in degrees,", _rotation),
    ("it is sheared (shear) by", lambda layer: np.asarray(layer.shear).ravel()[-1:]),
    ("its affine matrix is", lambda layer: np.asarray(layer.affine)[-3:, -3:]),
    ("it is shifted (translate) by", _translation),
)


def _listed(values: Any) -> str:
    found = np.asarray(values).ravel()
    return f"{found[0]:g}" if len(found) == 1 else f"({', '.join(f'{v:g}' for v in found)})"


def _is_unplaced(layer: Layer) -> bool:
    corners = _corners(layer, (1, 1)) / _unit_um(layer)
    return bool(np.allclose(corners, ((0, 0), (1, 0), (0, 1))))


def require_numbers(planes: Iterable[tuple[str, Any]]) -> None:
    """Refuse channels without any number in them; pairs of name and plane (Y, X).

    Raises
    ------
    InputError
        With the channel's name.
    """
    for name, plane in planes:
        if np.issubdtype(plane.dtype, np.floating) and not _has_number(plane):
            raise InputError(
                f"The channel '{name}' holds no number: all {plane.shape[0] * plane.shape[1]} "
                "pixels are NaN or infinite; hide its layer, or load the image again without it"
            )


def _has_number(plane: Any) -> bool:
    boxes = blocks(plane.shape, chunk_shape(plane))
    return any(bool(np.isfinite(read(plane, *box)).any()) for box in boxes)

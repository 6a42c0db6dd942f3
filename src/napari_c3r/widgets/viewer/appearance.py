"""How the viewer shows each channel, so that pictures of cells look the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.figures.composites import Appearance
from napari_c3r.core.figures.looks import GAIN, channel_looks
from napari_c3r.core.table.result import KEY
from napari_c3r.widgets.viewer.gathering import image_layers

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image as ImageLayer

EVENTS = ("contrast_limits", "colormap", "gamma", "opacity", "visible")
"""What of a layer makes its channel look different."""

_GREYS = ("gray", "grays", "gray_r")


def channel_layers(viewer: ViewerModel, channel_names: Sequence[str]) -> dict[str, ImageLayer]:
    """The layer that each channel is shown in, where there is one.

    It is the one that says so or bears the channel's name; of an image whose channels have
    been renamed since, the one at the channel's place.
    """
    from napari.layers import Image as ImageLayer

    every = [layer for layer in viewer.layers if isinstance(layer, ImageLayer) and not layer.rgb]
    named = {layer.name: layer for layer in every}
    named |= {layer.metadata.get(KEY, {}).get("channel"): layer for layer in every}
    found = {name: named[name] for name in channel_names if name in named}
    in_order = image_layers(viewer)
    if not found and len(in_order) == len(channel_names):
        return dict(zip(channel_names, in_order, strict=True))
    return found


def channel_appearances(viewer: ViewerModel, channel_names: Sequence[str]) -> dict[str, Appearance]:
    """How each channel is shown in the viewer at present, as `appearances_of` says."""
    return appearances_of(channel_layers(viewer, channel_names), channel_names)


def appearances_of(
    layers: Mapping[str, ImageLayer], channel_names: Sequence[str]
) -> dict[str, Appearance]:
    """How each channel looks, following what the user made of its layer.

    A channel without a layer looks as it does at first, as all do while every layer is hidden.
    Grey layers that nobody has touched, as other readers make them, have our look as well, but
    only in our pictures.

    Parameters
    ----------
    layers
        The layer of each channel, where there is one.
    channel_names
        All channels of the image.
    """
    looks = channel_looks(channel_names)
    if not any(layer.visible for layer in layers.values()):
        return looks
    untouched = len(layers) > 1 and all(_is_untouched(layer) for layer in layers.values())
    for name, layer in layers.items():
        shown = looks[name].visible if untouched else bool(layer.visible)
        looks[name] = _appearance(layer, replace(looks[name], visible=shown), len(layers) > 1)
    return looks


def own_gain(layer: ImageLayer) -> float:
    """The share of a layer's opacity that balances it with the others; 1 of a user's layer."""
    return float(layer.metadata.get(KEY, {}).get(GAIN, 1.0))


def is_own(layer: ImageLayer) -> bool:
    """Whether our reader made a layer, which may be balanced with others."""
    return GAIN in layer.metadata.get(KEY, {})


def _is_untouched(layer: ImageLayer) -> bool:
    return not is_own(layer) and _is_grey(layer) and bool(layer.visible)


def _is_grey(layer: ImageLayer) -> bool:
    return str(layer.colormap.name) in _GREYS


def _appearance(layer: ImageLayer, look: Appearance, several: bool) -> Appearance:
    """What a layer makes of a channel's look; of several, grey ones keep its colour."""
    low, high = (float(end) for end in layer.contrast_limits)
    colours, limits = look.colours, (low, high)
    if is_own(layer) or not _is_grey(layer) or not several:
        colours = np.asarray(layer.colormap.map(np.linspace(0, 1, 64)), np.float32)[:, :3]
    elif _limits_are_given(layer):
        return replace(look, gamma=float(layer.gamma), opacity=float(layer.opacity))
    opacity = min(float(layer.opacity) / own_gain(layer), 1.0)
    return replace(look, limits=limits, colours=colours, gamma=float(layer.gamma), opacity=opacity)


def _limits_are_given(layer: ImageLayer) -> bool:
    """Whether the contrast is still the whole range, as napari sets it without being told."""
    return np.allclose(layer.contrast_limits, layer.contrast_limits_range)

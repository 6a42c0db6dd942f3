"""How the viewer shows each channel, so that pictures of cells look the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.channels.stains import channel_colours
from napari_c3r.core.figures.composites import Appearance
from napari_c3r.widgets.viewer.gathering import image_layers
from napari_c3r.widgets.viewer.layers import KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image as ImageLayer

EVENTS = ("contrast_limits", "colormap", "gamma", "opacity", "visible")
"""What of a layer makes its channel look different."""


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
    """How each channel is shown at present, those hidden with an opacity of 0.

    A channel without a layer is drawn in the colour of its stain, as all are while every
    layer is hidden.
    """
    shown = {name: _appearance(la) for name, la in channel_layers(viewer, channel_names).items()}
    if not any(appearance.opacity for appearance in shown.values()):
        shown = {}
    colours = channel_colours(channel_names)
    return {name: shown.get(name) or Appearance.of_colour(colours[name]) for name in channel_names}


def _appearance(layer: ImageLayer) -> Appearance:
    low, high = layer.contrast_limits
    return Appearance(
        (float(low), float(high)),
        np.asarray(layer.colormap.map(np.linspace(0, 1, 64)), np.float32)[:, :3],
        float(layer.gamma),
        float(layer.opacity) if layer.visible else 0.0,
    )

"""The channels of an image in the viewer: in balance with each other, and one of them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from napari_c3r.core.figures.composites import viewer_gain
from napari_c3r.core.figures.looks import GAIN
from napari_c3r.core.table.result import KEY
from napari_c3r.widgets.viewer.appearance import is_own, own_gain
from napari_c3r.widgets.viewer.gathering import all_image_layers

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image as ImageLayer

ALONE = "A"
"""The key that shows a channel alone, and all again."""


class ChannelView:
    """Keeps layers of our reader from saturating each other, and shows a channel alone.

    napari adds channels up and clips each primary, which turns overlapping stains white. The more
    channels are visible, the weaker each is therefore drawn; what the user made of a layer's
    opacity is kept as a share of that. Layers of other readers are left as they are.

    Parameters
    ----------
    viewer
        Held weakly: this lives as long as the viewer does.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._followed: list[ImageLayer] = []
        self._before: dict[Any, bool] = {}
        self._alone: Any = None
        self._balancing = False
        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_layers)
        self._on_layers()
        _bind(viewer)

    def _on_layers(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        for layer in self._followed:
            for event in (layer.events.visible, layer.events.colormap):
                event.disconnect(self._balance)
        self._followed = [layer for layer in all_image_layers(viewer) if is_own(layer)]
        for layer in self._followed:
            for event in (layer.events.visible, layer.events.colormap):
                event.connect(self._balance)
        self._balance()

    def _balance(self) -> None:
        """Draw each channel as strong as those beside it allow."""
        if self._balancing:
            return
        self._balancing = True
        try:
            images: dict[str, list[ImageLayer]] = {}
            for layer in self._followed:
                images.setdefault(str(layer.metadata[KEY].get("image")), []).append(layer)
            for layers in images.values():
                visible = [layer for layer in layers if layer.visible]
                gain = viewer_gain([_colour(layer) for layer in visible])
                for layer in visible:
                    share = float(layer.opacity) / own_gain(layer)
                    layer.metadata[KEY][GAIN] = gain
                    layer.opacity = min(share * gain, 1.0)
        finally:
            self._balancing = False

    def toggle_alone(self, layer: ImageLayer | None = None) -> None:
        """Show a channel alone, or what was visible before where it is alone already.

        Parameters
        ----------
        layer
            By default the selected image layer, or the topmost visible one.
        """
        viewer = self._viewer()
        every = [] if viewer is None else all_image_layers(viewer)
        if viewer is None or not every:
            return
        layer = layer or _meant(viewer, every)
        if self._before and (layer is None or layer.unique_id == self._alone):
            for each in every:
                each.visible = self._before.get(each.unique_id, each.visible)
            self._before, self._alone = {}, None
            return
        if layer is None:
            return
        self._before = self._before or {each.unique_id: bool(each.visible) for each in every}
        self._alone = layer.unique_id
        for each in every:
            each.visible = each is layer


def _meant(viewer: ViewerModel, every: list[ImageLayer]) -> ImageLayer | None:
    active = viewer.layers.selection.active
    visible = [layer for layer in every if layer.visible]
    return active if active in every else next(reversed(visible), None)


def _colour(layer: ImageLayer) -> str:
    """The colour of the brightest pixels, ``"#rrggbb"``."""
    from matplotlib.colors import to_hex

    return to_hex(layer.colormap.map(1.0).ravel()[:3])


def _bind(viewer: ViewerModel) -> None:
    """Have the key do it while the image has the focus, unless the user gave it another task."""
    if ALONE not in {str(key) for key in viewer.keymap}:
        viewer.bind_key(ALONE, _toggle_alone)


def _toggle_alone(viewer: ViewerModel) -> None:
    """Show the selected channel alone; again, all as before."""
    channel_view_of(viewer).toggle_alone()


_VIEWS: WeakKeyDictionary[Any, ChannelView] = WeakKeyDictionary()


def channel_view_of(viewer: Any) -> ChannelView:
    """The channels of a viewer, followed from when the first dock opens."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _VIEWS:
        _VIEWS[viewer] = ChannelView(viewer)
    return _VIEWS[viewer]

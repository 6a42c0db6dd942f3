"""What each place of one cell does to its vector, as a layer of our own over the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.figures.colours import sequential
from napari_c3r.core.table.result import KEY
from napari_c3r.widgets.viewer.layers import PLACES, own_layer, placed, reference_layer
from napari_c3r.widgets.viewer.stacks import spread

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_c3r.core.explain import WhyHere
    from napari_c3r.session import Session


def show_places(viewer: ViewerModel, session: Session, found: WhyHere, channel: str) -> bool:
    """Lay the map of a channel over the cell's image.

    Parameters
    ----------
    viewer
        Where to show it. No layer of the user's is changed.
    session
        Says which image is displayed.
    found
        What was found of the cell.
    channel
        Whose map.

    Returns
    -------
    bool
        False where the cell's image is not the one displayed; the layer is then taken away.
    """
    hide_places(viewer)
    image = session.fields.image
    if image is None or image.name != found.image:
        return False
    like = reference_layer(viewer, image.shape[1:])
    if like is None:
        return False
    heat = np.nan_to_num(found.map_of(channel).heat(found.side), nan=0.0).astype(np.float32)
    place = session.fields.slices.get(found.image)
    options = placed(like, place)
    if "affine" in options:
        options["affine"] = _within(options["affine"], found)
    else:
        step, scale = options["scale"][:-2], np.asarray(options["scale"][-2:])
        start, origin = options["translate"][:-2], np.asarray(options["translate"][-2:])
        options["scale"] = (*step, *(scale * found.scale))
        options["translate"] = (*start, *(origin + scale * found.translate))
    active = set(viewer.layers.selection)
    layer = viewer.add_image(
        spread(heat, place),
        name=PLACES,
        metadata={KEY: {"own": PLACES, "place": place}},
        colormap=_colormap(),
        contrast_limits=(0.0, max(float(heat.max()), 1e-6)),
        interpolation2d="nearest",
        blending="translucent",
        **options,
    )
    # Adding a layer selects it, which would take the user's layer out of their hands.
    viewer.layers.selection = active or {layer}
    return True


def hide_places(viewer: ViewerModel) -> None:
    """Take the layer away, if there is one."""
    layer = own_layer(viewer, PLACES)
    if layer is not None:
        viewer.layers.remove(layer)


def _within(affine: np.ndarray, found: WhyHere) -> np.ndarray:
    """Where the crop lies, given where its image does."""
    inside = np.diag([found.scale, found.scale, 1.0])
    inside[:2, 2] = found.translate
    return np.asarray(affine @ inside)


def _colormap() -> Any:
    """The colours of the figure, transparent where nothing moves."""
    from napari.utils.colormaps import Colormap

    colours = np.ones((256, 4), np.float32)
    colours[:, :3] = sequential(256) / 255
    colours[:, 3] = 0.85 * np.sqrt(np.linspace(0, 1, 256))
    return Colormap(colours, name="C3R places")

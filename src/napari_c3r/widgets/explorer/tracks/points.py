"""The points of a napari Tracks layer in the pixels of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.widgets.viewer.layers import reference_layer

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_c3r.session import Session


def points_of(viewer: ViewerModel, session: Session, name: str) -> NDArray[np.float64]:
    """Track, time, row and column of each point, (n, 4).

    Parameters
    ----------
    viewer, session
        Where the layer is, and the image that it lies on.
    name
        Of the layer.
    """
    layer = viewer.layers[name]
    points = np.asarray(layer.data, np.float64)[:, [0, 1, -2, -1]]
    image = session.fields.image
    like = None if image is None else reference_layer(viewer, image.shape[1:])
    if like is None:
        return points
    # Tracks may be in micrometres where the image is in pixels, or the reverse.
    world = points[:, 2:] * layer.scale[-2:] + layer.translate[-2:]
    points[:, 2:] = (world - like.translate[-2:]) / like.scale[-2:]
    return points

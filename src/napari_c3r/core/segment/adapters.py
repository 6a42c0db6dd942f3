"""Other segmentation tools, where they are installed: a plane of nuclei in, labels out.

Their weights are not ours: they are fetched by the tools themselves and come under licences of
their own, which `WEIGHTS_LICENCE` tells.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import MissingPackageError

WEIGHTS_LICENCE = {
    "cellpose": "Cellpose-SAM's weights were trained on data under CC-BY-NC; check their licence "
    "before commercial use",
    "stardist": "StarDist is under BSD-3-Clause; its weights 2D_versatile_fluo come without a "
    "licence of their own, so check before commercial use",
    "instanseg": "InstanSeg is under Apache-2.0; check the page of its model "
    "fluorescence_nuclei_and_cells before commercial use",
}
"""What the user should know of a tool's weights, by method."""

_PACKAGES = {"cellpose": "cellpose", "stardist": "stardist", "instanseg": "instanseg-torch"}

Adapter = Callable[[NDArray[np.float32], float | None], NDArray[Any]]


def _cellpose(plane: NDArray[np.float32], diameter_px: float | None) -> NDArray[Any]:
    from cellpose import models

    labels: NDArray[Any] = models.CellposeModel(gpu=True).eval(plane, diameter=diameter_px)[0]
    return labels


def _stardist(plane: NDArray[np.float32], diameter_px: float | None) -> NDArray[Any]:
    from csbdeep.utils import normalize
    from stardist.models import StarDist2D

    model = StarDist2D.from_pretrained("2D_versatile_fluo")
    # The model was trained on nuclei about 25 pixels wide.
    scale = None if diameter_px is None else 25.0 / diameter_px
    labels: NDArray[Any] = model.predict_instances(normalize(plane), scale=scale)[0]
    return labels


def _instanseg(plane: NDArray[np.float32], diameter_px: float | None) -> NDArray[Any]:
    from instanseg import InstanSeg

    model = InstanSeg("fluorescence_nuclei_and_cells")
    # InstanSeg takes a pixel size; a usual nucleus is taken to be 10 µm wide.
    pixel_size = None if diameter_px is None else 10.0 / diameter_px
    found = model.eval_small_image(
        plane[None], pixel_size, target="nuclei", return_image_tensor=False
    )
    return np.asarray(found).squeeze()


_ADAPTERS: dict[str, Adapter] = {
    "cellpose": _cellpose,
    "stardist": _stardist,
    "instanseg": _instanseg,
}


def require_installed(method: str) -> None:
    """Refuse a tool that is not installed.

    Raises
    ------
    MissingPackageError
        With how to install it.
    """
    if find_spec(method) is None:
        raise MissingPackageError(_PACKAGES[method], f"Segmentation with {method}")


def segment_with(
    method: str, plane: NDArray[np.float32], diameter_px: float | None
) -> NDArray[np.int32]:
    """Find nuclei with another tool.

    Parameters
    ----------
    method
        A key of `WEIGHTS_LICENCE`.
    plane
        (Y, X) nucleus channel.
    diameter_px
        The usual nucleus diameter in pixels; None leaves it to the tool.

    Returns
    -------
    ndarray
        (Y, X) labels as the tool gives them.

    Raises
    ------
    MissingPackageError
        The tool is not installed.
    """
    require_installed(method)
    return np.asarray(_ADAPTERS[method](plane, diameter_px)).astype(np.int32)

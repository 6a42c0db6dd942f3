"""What the methods of segmentation do: a plane of nuclei in, labels out.

The weights of other tools are not ours: the tools fetch them themselves, and they come under
licences of their own, which `methods` tells. Each is imported when it is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def classical(plane: NDArray[np.float32], diameter_px: float | None) -> NDArray[Any]:
    """Nuclei by local contrast and shape."""
    from napari_c3r.core.segment.nuclei import segment_nuclei

    return segment_nuclei(plane, diameter_px)


def classical_diameter(plane: NDArray[np.float32]) -> float:
    """The usual nucleus diameter in pixels, from the plane."""
    from napari_c3r.core.segment.nuclei import estimate_diameter

    return estimate_diameter(plane)


def cellpose(plane: NDArray[np.float32], diameter_px: float | None) -> NDArray[Any]:
    """Nuclei by Cellpose-SAM."""
    from cellpose import models

    labels: NDArray[Any] = models.CellposeModel(gpu=True).eval(plane, diameter=diameter_px)[0]
    return labels


def stardist(plane: NDArray[np.float32], diameter_px: float | None) -> NDArray[Any]:
    """Nuclei by StarDist."""
    from csbdeep.utils import normalize
    from stardist.models import StarDist2D

    model = StarDist2D.from_pretrained("2D_versatile_fluo")
    # The model was trained on nuclei about 25 pixels wide.
    scale = None if diameter_px is None else 25.0 / diameter_px
    labels: NDArray[Any] = model.predict_instances(normalize(plane), scale=scale)[0]
    return labels


def instanseg(plane: NDArray[np.float32], diameter_px: float | None) -> NDArray[Any]:
    """Nuclei by InstanSeg."""
    from instanseg import InstanSeg

    model = InstanSeg("fluorescence_nuclei_and_cells")
    # InstanSeg takes a pixel size; a usual nucleus is taken to be 10 µm wide.
    pixel_size = None if diameter_px is None else 10.0 / diameter_px
    found = model.eval_small_image(
        plane[None], pixel_size, target="nuclei", return_image_tensor=False
    )
    return np.asarray(found).squeeze()

"""How likely a region is to be a whole nucleus: a logistic model of its measures.

The coefficients were fitted by `benchmarks/segment_fit.py` to the regions of hand-outlined fields
(Coelho et al. 2009; Data Science Bowl 2018): a region counts as a nucleus when its overlap with an
outlined nucleus is above 0.6 (intersection over union). One set serves every image.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.segment.shapes import Regions

# Fitted without the size, to find the size of the nuclei from the image.
ANY_SIZE: Final[dict[str, float]] = {
    "constant": -19.2498,
    "ellipticity": 14.7784,
    "ellipticity over 0.90": 10.4823,
    "ellipticity over 0.95": 42.0018,
    "roundness": -1.8163,
    "roundness over 0.85": 2.8615,
    "eccentricity": 6.6497,
    "eccentricity²": -4.9233,
    "edge": 3.6766,
    "edge²": -0.3251,
    "height": -5.4966,
    "height²": 1.871,
    "border": 4.7805,
}

# Fitted with the size relative to the diameter that was found or given.
NEAR_DIAMETER: Final[dict[str, float]] = {
    "constant": -15.5905,
    "ellipticity": 9.6549,
    "ellipticity over 0.90": 1.0951,
    "ellipticity over 0.95": 45.486,
    "roundness": -2.8608,
    "roundness over 0.85": 1.9745,
    "eccentricity": 5.5498,
    "eccentricity²": -5.324,
    "edge": 4.0529,
    "edge²": 0.0871,
    "height": -1.5233,
    "height²": -0.1096,
    "border": 6.6449,
    "level": -0.0252,
    "level²": -0.1946,
    "size": -2.3529,
    "size²": -4.8427,
    "size² if smaller": 1.5808,
}


def nucleus_features(
    regions: Regions, diameter_px: float | None = None
) -> dict[str, NDArray[np.float64]]:
    """Name the terms of the logistic model, each (N,); size terms only with a diameter."""
    ellipticity = np.clip(regions.ellipticity, 0.3, 1.05)
    roundness = np.clip(regions.roundness, 0, 1.2)
    edge = np.log(np.maximum(regions.edge, 0) + 0.05)
    features = {
        "ellipticity": ellipticity,
        "ellipticity over 0.90": np.maximum(ellipticity - 0.90, 0),
        "ellipticity over 0.95": np.maximum(ellipticity - 0.95, 0),
        "roundness": roundness,
        "roundness over 0.85": np.maximum(roundness - 0.85, 0),
        "eccentricity": regions.eccentricity,
        "eccentricity²": regions.eccentricity**2,
        "edge": edge,
        "edge²": edge**2,
        "height": regions.height,
        "height²": regions.height**2,
        "border": regions.border,
    }
    if diameter_px is not None:
        size = np.log(regions.diameter / diameter_px)
        features |= {
            "level": regions.level,
            "level²": regions.level**2,
            "size": size,
            "size²": size**2,
            "size² if smaller": np.minimum(size, 0) ** 2,
        }
    return features


def nucleus_probability(regions: Regions, diameter_px: float | None = None) -> NDArray[np.float64]:
    """Give each region the probability, 0 to 1, of being a nucleus.

    Parameters
    ----------
    regions
        N measured regions.
    diameter_px
        The usual nucleus diameter in pixels; None when it is not known yet.
    """
    weights = ANY_SIZE if diameter_px is None else NEAR_DIAMETER
    logit = np.full(regions.area.shape, weights["constant"])
    for name, values in nucleus_features(regions, diameter_px).items():
        logit += weights[name] * values
    return 1 / (1 + np.exp(-np.clip(logit, -50, 50)))

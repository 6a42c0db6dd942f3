"""How far colours are apart, for every kind of vision, and how they stand out from their ground."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

# Machado, Oliveira & Fernandes (2009), table 1, severity 1, on linear primaries.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(rgb) -> np.ndarray:
    """Light of what is written as sRGB from 0 to 1."""
    rgb = np.asarray(rgb, float)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def encoded(rgb) -> np.ndarray:
    """The other way round."""
    rgb = np.clip(rgb, 0, 1)
    return np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)


def apart(colours: Sequence[str], vision: str) -> float:
    """CIEDE2000 between the two colours that are nearest, as somebody sees them."""
    seen = encoded(linear([to_rgb(colour) for colour in colours]) @ VISION[vision].T)
    lab = rgb2lab(seen[None])[0]
    return min(float(deltaE_ciede2000(a, b)) for a, b in combinations(lab, 2))


def luminance(colour) -> np.ndarray:
    """Of one colour or many, (…, 3) or as Matplotlib takes it."""
    return linear(to_rgb(colour) if isinstance(colour, str) else colour) @ (0.2126, 0.7152, 0.0722)


def contrast(one, other) -> np.ndarray:
    """WCAG 2.2's ratio, 1 to 21."""
    low, high = np.sort([*np.broadcast_arrays(luminance(one), luminance(other))], axis=0)
    return (high + 0.05) / (low + 0.05)

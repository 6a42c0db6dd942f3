"""Outlines of cells and nuclei as radii over equally spaced angles, `(n, ANGLES)`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.simulate.parameters import Nucleus, Outline

Floats = NDArray[np.float64]

ANGLES = 256
THETA: Floats = np.linspace(0, 2 * np.pi, ANGLES, endpoint=False, dtype=np.float64)


def cell_outline(spec: Outline, radius_um: float, axis: float, rng: np.random.Generator) -> Floats:
    """Radii in µm of one cell: corners joined by arcs that are drawn inwards.

    A straight edge between corners at angles a and b is 1/r = [sin(b - t)/r_a + sin(t - a)/r_b] /
    sin(b - a); the arc is that line with 1/r raised in its middle. `axis` is the direction of the
    long axis in radians.
    """
    count = int(rng.integers(spec.corners[0], spec.corners[1] + 1))
    corner = 2 * np.pi * (np.arange(count) + rng.uniform(0, 0.6, count)) / count
    reach = np.exp(spec.spikiness * rng.standard_normal(count))
    reach *= ellipse(corner, spec.elongation, axis)
    following = np.searchsorted(corner, THETA, side="right")
    first, last = (following - 1) % count, following % count
    start, stop = corner[first], corner[last]
    start = np.where(following == 0, start - 2 * np.pi, start)
    stop = np.where(following == count, stop + 2 * np.pi, stop)
    along = (THETA - start) / (stop - start)
    line = np.sin(stop - THETA) / reach[first] + np.sin(THETA - start) / reach[last]
    inverse = line / np.sin(stop - start) * (1 + spec.concavity * 4 * along * (1 - along))
    smooth = np.exp(_smooth_circle(-np.log(inverse), spec.rounding_deg))
    return smooth * (radius_um / np.sqrt(np.mean(smooth**2)))


def nucleus_outline(
    spec: Nucleus, radius_um: float, axis: float, rng: np.random.Generator
) -> Floats:
    """Radii in µm of one lobe: an ellipse with low ripples and now and then a dent."""
    radii = ellipse(THETA, spec.elongation * np.exp(0.08 * rng.standard_normal()), axis)
    for order in (2, 3, 4, 5):
        ripple = spec.irregularity * 2.0 / order * rng.standard_normal()
        radii = radii * (1 + ripple * np.cos(order * THETA + rng.uniform(0, 2 * np.pi)))
    dent = spec.indentation * rng.random() ** 2
    away = np.angle(np.exp(1j * (THETA - rng.uniform(0, 2 * np.pi))))
    radii = radii * (1 - dent * np.exp(-np.square(away / 0.35)))
    return radii * (radius_um / np.sqrt(np.mean(radii**2)))


def ellipse(theta: Floats, elongation: float, axis: float) -> Floats:
    """Radii of an ellipse of area π at angles `theta`."""
    length, width = np.sqrt(elongation), 1 / np.sqrt(elongation)
    turned = theta - axis
    return np.asarray(1 / np.hypot(np.cos(turned) / length, np.sin(turned) / width))


def _smooth_circle(values: Floats, sigma_deg: float) -> Floats:
    order = np.arange(ANGLES // 2 + 1)
    damping = np.exp(-0.5 * np.square(order * np.deg2rad(sigma_deg)))
    return np.fft.irfft(np.fft.rfft(values) * damping, ANGLES)

"""Simulated Cell Painting against real fields: spectra and histograms of the same channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from napari_c3r.core.simulate import Population, simulate_field

CHANNELS = ("DNA", "ER", "RNA", "AGP", "Mito")
BANDS = (0.01, 0.03, 0.08, 0.2)  # cycles per pixel


def _spectrum(plane: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Share of the power in each band."""
    window = np.outer(*(np.hanning(side) for side in plane.shape))
    power = np.abs(np.fft.fft2((plane - plane.mean()) * window)) ** 2
    frequency = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, plane.shape), indexing="ij"))
    total = np.bincount(np.digitize(frequency, BANDS).ravel(), power.ravel())
    return np.asarray(total / total.sum())


def _histogram(plane: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Percentiles 75, 90 and 99.9, the first and the 99th being 0 and 1."""
    low, *middle, high = np.percentile(plane, (1, 75, 90, 99.9, 99))
    return (np.array(middle) - low) / (high - low)


@pytest.fixture(scope="module")
def real(data_dir: Path) -> list[NDArray[np.uint16]]:
    files = sorted((data_dir / "fields" / "bbbc022_20585").glob("*.tiff"))
    if not files:
        pytest.skip("real Cell Painting fields not found")
    return [tifffile.imread(file) for file in files]


@pytest.fixture(scope="module")
def simulated() -> list[NDArray[np.uint16]]:
    options = {"shape": (520, 696), "pixel_size_um": 0.656, "phenotypes": [Population("U2OS")]}
    fields = [simulate_field("cell-painting", seed=seed, **options) for seed in range(3)]
    return [np.asarray(field.image.data) for field in fields]


@pytest.mark.parametrize("channel", range(5), ids=CHANNELS)
def test_power_spectrum_is_that_of_real_cells(real, simulated, channel: int) -> None:
    truth = np.mean([_spectrum(image[channel]) for image in real], axis=0)
    ours = np.mean([_spectrum(image[channel]) for image in simulated], axis=0)
    assert np.abs(np.log10(ours / truth)).max() < 0.5


@pytest.mark.parametrize("channel", range(5), ids=CHANNELS)
def test_intensities_are_spread_as_in_real_cells(real, simulated, channel: int) -> None:
    truth = np.mean([_histogram(image[channel]) for image in real], axis=0)
    ours = np.mean([_histogram(image[channel]) for image in simulated], axis=0)
    assert np.abs(ours - truth).max() < 0.35

"""Z to one plane."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.projection import project, sharpest

RNG = np.random.default_rng(1)
SLICES = RNG.integers(0, 255, (5, 30, 40)).astype("uint8")


def test_max_mean_and_index():
    lazy = da.from_array(SLICES, chunks=(1, 16, 16))
    plane, _ = project(lazy, "max", "x")
    np.testing.assert_array_equal(plane, SLICES.max(0))
    assert plane.dtype == "uint8"
    plane, _ = project(lazy, "mean", "x")
    assert plane.dtype == "float32"
    np.testing.assert_allclose(plane, SLICES.mean(0), rtol=1e-6)
    np.testing.assert_array_equal(project(lazy, 3, "x")[0], SLICES[3])


def test_the_sharpest_slice_is_found():
    scene = np.zeros((128, 128), "float32")
    scene[RNG.integers(0, 128, 60), RNG.integers(0, 128, 60)] = 4000
    blurred = [gaussian_filter(scene, 1 + abs(z - 3)) for z in range(8)]
    noisy = np.stack(blurred) + RNG.normal(100, 2, (8, 128, 128)).astype("float32")
    assert sharpest(da.from_array(noisy, chunks=(1, 64, 64))) == 3
    _, notes = project(da.from_array(noisy), "focus", "DAPI")
    assert notes == ("DAPI: slice 3 of 0 to 7 is the sharpest.",)


@pytest.mark.parametrize("z", ["median", 5, -1, True, 1.5])
def test_refuses(z):
    with pytest.raises(InputError):
        project(da.from_array(SLICES), z, "x")

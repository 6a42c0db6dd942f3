"""Crops made ready for the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_c3r.core.encoder import crops as of_crops
from napari_c3r.core.encoder.crops import check_crops, require_finite, size_in_network
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.errors import InputError

NAMES = ("DNA", "RNA")
CROPS = np.random.default_rng(0).integers(100, 4000, (3, 2, 32, 32)).astype(np.uint16)


def to_unit_range(crops: np.ndarray) -> np.ndarray:
    return of_crops.to_unit_range(torch.from_numpy(crops)).numpy()


@pytest.mark.parametrize(
    "same",
    [
        CROPS.astype(np.float32) / 65535,
        CROPS.astype(np.float64) * 1e-3 + 1e9,
        CROPS.astype(np.int64) + 2**50,
        CROPS.astype(np.float32) * np.float32(8e34),
        CROPS.astype(np.int32) * 500_000 - 2**30,
        CROPS.astype(np.float64) * 1e-300,
    ],
    ids=["unit", "offset", "int64", "huge", "negative", "tiny"],
)
def test_the_intensity_scale_does_not_matter(same: np.ndarray) -> None:
    found = to_unit_range(same)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, to_unit_range(CROPS), rtol=0, atol=2e-6)


def test_every_channel_of_every_crop_spans_zero_to_one() -> None:
    found = to_unit_range(CROPS)
    assert (found.min(axis=(2, 3)) == 0).all()
    assert (found.max(axis=(2, 3)) == 1).all()


def test_the_whole_range_of_a_dtype_fits() -> None:
    for dtype in (np.int8, np.int64, np.float16, np.float32, np.float64):
        limits = np.iinfo(dtype) if np.dtype(dtype).kind == "i" else np.finfo(dtype)
        crop = np.array([limits.min, 0, limits.max, 0], dtype).reshape(1, 1, 2, 2)
        np.testing.assert_allclose(to_unit_range(crop).ravel(), [0, 0.5, 1, 0.5], atol=0.01)


def test_a_constant_channel_becomes_zeros() -> None:
    assert not to_unit_range(np.full((1, 2, 4, 4), 7, np.uint16)).any()


def test_booleans_count_as_numbers() -> None:
    np.testing.assert_array_equal(to_unit_range(np.eye(2, dtype=bool)[None, None]), [[np.eye(2)]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers_are_refused_by_channel(bad: float) -> None:
    crops = CROPS.astype(np.float32)
    crops[1, 1, 5, 5] = bad
    with pytest.raises(InputError, match="channel 'RNA' has NaN or infinite pixels"):
        require_finite(crops, NAMES)
    rescaled = to_unit_range(crops)
    assert np.isfinite(rescaled).all(axis=(2, 3)).tolist() == [
        [True, True],
        [True, False],
        [True, True],
    ]


@pytest.mark.parametrize(
    ("crops", "says"),
    [
        (CROPS[0], "axes"),
        (CROPS[:, :1], "1 channels but 2 names"),
        (CROPS.astype(complex), "real numbers"),
        (CROPS.astype(object), "real numbers"),
        (CROPS[:, :, :0], "at least one pixel"),
    ],
)
def test_unfit_crops_are_refused(crops: np.ndarray, says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_crops(crops, NAMES)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((32, 32), (32, 32)), ((64, 48), (64, 48)), ((68, 68), (32, 32)), ((32, 40), (32, 32))],
)
def test_only_crops_of_whole_patches_keep_their_size(
    small_config: CceConfig, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert size_in_network(*size, small_config) == expected
    crops = np.zeros((2, 2, *size), np.uint8)
    assert of_crops.prepare(torch.from_numpy(crops), small_config).shape == (2, 2, *expected)


def test_shrinking_averages(small_config: CceConfig) -> None:
    stripes = np.zeros((1, 1, 130, 130), np.uint8)
    stripes[..., ::2] = 255
    found = of_crops.prepare(torch.from_numpy(stripes), small_config)
    assert found.dtype == torch.float32
    assert (found - 0.5).abs().max() < 0.1

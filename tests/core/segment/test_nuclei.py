"""Nuclei against hand-drawn outlines and against planted truth."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import tifffile
from scipy import ndimage as ndi

from napari_c3r.core.errors import InputError
from napari_c3r.core.segment import estimate_diameter, f1_at_iou, segment_nuclei


def scene(discs, shape=(256, 256), background=100.0, noise=3.0, seed=0):
    """Blurred discs (y, x, radius, brightness) on a noisy background, and their labels."""
    y, x = np.indices(shape)
    clean = np.full(shape, background, float)
    labels = np.zeros(shape, np.int32)
    for number, (cy, cx, radius, bright) in enumerate(discs, 1):
        inside = (y - cy) ** 2 + (x - cx) ** 2 <= radius**2
        clean[inside] += bright
        labels[inside] = number
    pixels = ndi.gaussian_filter(clean, 1.2)
    return pixels + np.random.default_rng(seed).normal(0, noise, shape), labels


GRID = [(40 + 60 * i, 40 + 60 * j, 12, 400) for i in range(4) for j in range(4)]


@pytest.mark.parametrize(
    ("folder", "step", "least"),
    [
        ("nuclei_coelho2009/gnf", 2, 0.92),
        ("nuclei_coelho2009/ic100", 2, 0.92),
        ("nuclei_dsb2018", 3, 0.83),
    ],
)
def test_hand_drawn_nuclei_are_found(data_dir, folder, step, least):
    """A part of each set, for speed; the benchmark scores them whole."""
    files = sorted((data_dir / "masks" / folder).glob("*_labels.tif"))[::step]
    scores = []
    for file in files:
        pixels = tifffile.imread(file.with_name(file.name.replace("_labels", "")))
        scores.append(f1_at_iou(tifffile.imread(file), segment_nuclei(pixels)))
    assert np.mean(scores) >= least


def test_dim_nuclei_are_found_beside_very_bright_ones():
    discs = [(y, x, r, 60 if number % 4 else 4000) for number, (y, x, r, _) in enumerate(GRID)]
    pixels, labels = scene(discs)
    assert f1_at_iou(labels, segment_nuclei(pixels)) >= 0.9


def test_an_uneven_background_is_no_obstacle():
    pixels, labels = scene(GRID)
    slope = np.linspace(0, 900, 256)[None, :]
    assert f1_at_iou(labels, segment_nuclei(pixels + slope)) >= 0.95


def test_touching_nuclei_are_parted():
    pairs = [(y, x + side, 12, 400) for y, x, *_ in GRID for side in (-11, 11)]
    pixels, labels = scene(pairs)
    found = segment_nuclei(pixels)
    assert found.max() == len(pairs)
    assert f1_at_iou(labels, found) >= 0.95


@pytest.mark.parametrize("zoom", [0.5, 2, 4])
def test_the_pixel_size_does_not_matter(zoom):
    pixels, labels = scene(GRID)
    zoomed = ndi.zoom(pixels, zoom, order=1)
    truth = ndi.zoom(labels, zoom, order=0)
    assert f1_at_iou(truth, segment_nuclei(zoomed)) >= 0.95
    assert estimate_diameter(zoomed) == pytest.approx(24 * zoom, rel=0.25)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_type_and_unit_of_intensity_do_not_matter(dtype):
    pixels, labels = scene(GRID, background=20, noise=2)
    scaled = np.clip(pixels / pixels.max() * 250, 0, 255).astype(dtype)
    assert f1_at_iou(labels, segment_nuclei(scaled)) == 1.0


def test_a_single_nucleus_and_a_saturated_one_are_found():
    pixels, labels = scene([(128, 120, 20, 500)])
    assert f1_at_iou(labels, segment_nuclei(pixels)) == 1.0
    assert f1_at_iou(labels, segment_nuclei(np.minimum(pixels, 300))) == 1.0


def test_nan_counts_as_background():
    pixels, labels = scene(GRID)
    pixels[:20] = np.nan
    assert f1_at_iou(labels, segment_nuclei(pixels)) >= 0.9


def test_noise_alone_holds_no_nucleus():
    rng = np.random.default_rng(0)
    for pixels in (rng.normal(100, 5, (256, 256)), rng.poisson(3, (256, 256))):
        # Either no size is found, or no nucleus of that size.
        with suppress(InputError):
            assert segment_nuclei(pixels).max() == 0


def test_the_same_pixels_give_the_same_labels_numbered_through():
    pixels, _ = scene(GRID)
    first, again = segment_nuclei(pixels), segment_nuclei(pixels)
    np.testing.assert_array_equal(first, again)
    assert np.unique(first).tolist() == list(range(first.max() + 1))
    assert first.dtype == np.int32


def test_what_is_no_plane_is_one_line():
    with pytest.raises(InputError, match="RGB image"):
        segment_nuclei(np.zeros((20, 20, 3)))
    with pytest.raises(InputError, match="needs one"):
        segment_nuclei(np.zeros((4, 20, 20)))
    with pytest.raises(InputError, match="no finite pixel"):
        segment_nuclei(np.full((20, 20), np.nan))


def test_the_score_is_that_of_its_definition():
    truth = np.zeros((10, 20), int)
    truth[:, :6], truth[:, 10:16] = 1, 2
    found = np.zeros_like(truth)
    found[:, :5], found[:, 13:18] = 7, 9
    # 7 overlaps 1 by 5/6; 9 overlaps 2 by 3/8: one match among 2 + 2.
    assert f1_at_iou(truth, found) == 0.5
    assert f1_at_iou(truth, truth) == 1.0
    assert f1_at_iou(truth, np.zeros_like(truth)) == 0.0

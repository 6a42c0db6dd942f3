"""The compiled loops beside what they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core import caching
from scipy import ndimage as ndi
from skimage.segmentation import expand_labels

from napari_c3r.core.segment.blur import blurred, steepness
from napari_c3r.core.segment.compiled import compiled
from napari_c3r.core.segment.levels import medians
from napari_c3r.core.segment.nearest import expanded, nearest_label
from napari_c3r.core.segment.tree import ComponentTree

EIGHT = np.ones((3, 3), bool)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40, 31), (1, 7), (5, 1)])
@pytest.mark.parametrize("sigma", [0.7, 3.3, 17.0])
def test_blurs_are_those_of_scipy_to_the_last_bit(rng, shape, sigma):
    plane = rng.normal(100, 30, shape).astype(np.float32)
    np.testing.assert_array_equal(blurred(plane, sigma), ndi.gaussian_filter(plane, sigma))
    np.testing.assert_array_equal(
        steepness(plane.T, sigma), ndi.gaussian_gradient_magnitude(plane.T, sigma)
    )


@pytest.mark.parametrize("reach", [1.0, 2.5, 6.0, 7.3])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_the_nearest_label_is_that_of_scikit_image_where_several_are_as_near_too(rng, reach, share):
    labels = np.where(rng.random((40, 33)) < share, rng.integers(1, 50, (40, 33)), 0)
    labels = labels.astype(np.int32)
    np.testing.assert_array_equal(expanded(labels, reach), expand_labels(labels, reach))
    away = ndi.distance_transform_edt(labels == 0)
    squared = nearest_label(labels, reach)[1]
    np.testing.assert_array_equal(np.sqrt(squared)[away <= reach], away[away <= reach])
    assert (np.sqrt(squared)[away > reach] > reach).all()


def test_without_labels_none_is_near():
    assert not expanded(np.zeros((4, 5), np.int32), 3.0).any()


def test_medians_are_those_of_scipy_and_unknown_for_labels_that_are_nowhere(rng):
    values = rng.normal(size=(30, 40)).astype(np.float32)
    labels = rng.integers(0, 9, values.shape).astype(np.int32)
    found = medians(values, labels, 9)
    np.testing.assert_array_equal(found[:8], ndi.median(values, labels, np.arange(1, 9)))
    assert np.isnan(found[8])
    assert np.isnan(medians(values, np.zeros_like(labels), 2)).all()


@pytest.mark.parametrize("depth", [2, 9, 60])
def test_the_regions_of_a_tree_are_what_every_threshold_cuts_out(rng, depth):
    levels = ndi.uniform_filter(rng.integers(3, 3 + 4 * depth, (24, 31)), 3).astype(np.uint8)
    levels = np.minimum(levels, 3 + depth)
    tree = ComponentTree.of(levels)
    sizes = tree.total(np.bincount(tree.node.ravel(), minlength=tree.size)[:, None].astype(float))
    number = 0
    for threshold in range(int(levels.min()), int(levels.max()) + 1):
        components, count = ndi.label(levels >= threshold, EIGHT)
        for component in range(1, count + 1):
            inside = components == component
            own = inside & (levels == threshold)
            if own.any():
                assert (tree.node[own] == number).all()
                assert tree.level[number] == threshold
                assert sizes[number, 0] == inside.sum()
                around = tree.level[tree.parent[number]]
                assert number == 0 or around < threshold
                number += 1
    assert number == tree.size


def test_where_nothing_can_be_kept_loops_are_compiled_all_the_same(monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])

    def twice(value):
        return 2 * value

    assert compiled(twice)(21) == 42

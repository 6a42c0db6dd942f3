"""The compiled loops beside what they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core import caching
from scipy import ndimage as ndi
from skimage.measure import regionprops
from skimage.segmentation import expand_labels, watershed

from napari_c3r.core.segment.blur import blurred, steepness
from napari_c3r.core.segment.compiled import compiled
from napari_c3r.core.segment.flood import flooded
from napari_c3r.core.segment.levels import medians
from napari_c3r.core.segment.nearest import expanded, nearest_label
from napari_c3r.core.segment.pieces import boxes, connected, solidity
from napari_c3r.core.segment.plane import numbered
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


@pytest.fixture
def shapes(rng):
    """Touching labels of odd shapes, seeds in them, the ground, and where there is some."""
    height = ndi.gaussian_filter(rng.random((70, 60)), 1).astype(np.float32)
    seeds = ndi.label(ndi.gaussian_filter(rng.random((70, 60)), 1.5) > 0.55)[0].astype(np.int32)
    mask = (ndi.gaussian_filter(rng.random((70, 60)), 3) > 0.49) | (seeds > 0)
    return watershed(height, seeds, mask=mask).astype(np.int32), seeds, height, mask


def test_the_ground_is_shared_out_as_scikit_image_does(shapes):
    cells, seeds, height, mask = shapes
    assert cells.max() > 20
    np.testing.assert_array_equal(flooded(height, seeds, mask), cells)
    assert not flooded(height, seeds, np.zeros_like(mask)).any()


def test_equal_seeds_begin_in_the_order_of_their_pixels():
    seeds = np.zeros((1, 9), np.int32)
    seeds[0, 0], seeds[0, 8] = 7, 3
    flat = np.zeros((1, 9), np.float32)
    everywhere = np.ones((1, 9), bool)
    assert flooded(flat, seeds, everywhere).tolist() == [[7] * 5 + [3] * 4]
    flat[0, 3] = 1
    assert flooded(flat, seeds, everywhere).tolist() == [[7] * 4 + [3] * 5]


def test_of_each_cell_the_piece_with_the_seed_is_kept_without_spurs_and_holes(shapes):
    cells, seeds, _, _ = shapes
    kept = np.zeros_like(cells)
    for label, box in enumerate(ndi.find_objects(cells), start=1):
        mine, seed = cells[box] == label, seeds[box] == label
        body = ndi.binary_opening(np.pad(mine, 2, "edge"), iterations=2)[2:-2, 2:-2] | seed
        pieces, _ = ndi.label(body)
        whole = ndi.binary_fill_holes(np.isin(pieces, np.unique(pieces[seed])))
        kept[box][whole & (mine | (cells[box] == 0))] = label
    assert (kept != cells).any()
    np.testing.assert_array_equal(connected(cells, seeds), kept)


def test_boxes_and_solidity_are_those_of_scikit_image(shapes):
    cells = shapes[0]
    regions = regionprops(cells)
    expected = np.array([region.solidity for region in regions])
    assert 0.5 < expected.min() < 0.9 < expected.max()
    np.testing.assert_array_equal(solidity(cells), expected)
    corners = [(r.bbox[0], r.bbox[2], r.bbox[1], r.bbox[3]) for r in regions]
    np.testing.assert_array_equal(boxes(cells)[1:], corners)
    np.testing.assert_array_equal(boxes(np.array([[0, 2]], np.int32))[:2], np.zeros((2, 4)))


def test_numbers_follow_each_other_in_the_order_of_the_labels():
    labels, before = numbered(np.array([[0, 9], [4, 9]]))
    assert labels.tolist() == [[0, 2], [1, 2]]
    assert before.tolist() == [0, 4, 9]


def test_where_nothing_can_be_kept_loops_are_compiled_all_the_same(monkeypatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])

    def twice(value):
        return 2 * value

    assert compiled(twice)(21) == 42

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.place import crop_centres, crop_corners, place_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.images import Image

SIDE = 160


def image_of(labels, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 4000, (2, *labels.shape))
    return Image.from_array(pixels.astype(np.float32), ["DNA", "RNA"])


def placed(labels, window, image=None):
    return place_crops(measure_cells(image or image_of(labels), labels), labels, window)


def disc(y, x, radius, shape=(SIDE, SIDE)):
    rows, columns = np.indices(shape)
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def ring_part(y, x, outer, inner):
    """A C that is open to the right."""
    bent = disc(y, x, outer) & ~disc(y, x, inner)
    bent[y - 6 : y + 7, x:] = False
    return bent


def share_shown(labels, table, window):
    corner_y, corner_x = (corner[0] for corner in crop_corners(table.obs, window))
    inside = labels[max(corner_y, 0) : corner_y + window, max(corner_x, 0) : corner_x + window]
    return (inside > 0).sum() / min((labels > 0).sum(), window**2)


def test_ordinary_cells_are_shown_round_their_centroid():
    rng = np.random.default_rng(0)
    labels = np.zeros((SIDE, SIDE), int)
    for number in range(1, 20):
        y, x = rng.integers(0, SIDE, 2)
        labels[disc(y, x, rng.integers(4, 12))] = number
    table = placed(labels, 15)
    np.testing.assert_array_equal(crop_centres(table.obs), table.obs[["y_px", "x_px"]])
    assert not table.notes


def test_a_cell_in_far_pieces_is_shown_at_the_largest():
    labels = np.zeros((SIDE, SIDE), int)
    labels[disc(30, 30, 10)] = labels[disc(130, 130, 11)] = 5
    table = placed(labels, 32)
    assert crop_centres(table.obs).tolist() == [[130, 130]]
    assert table.obs[["y_px", "x_px"]].iloc[0].between(70, 100).all()
    assert any("1 of 1 cells (label 5) is hardly to be seen" in note for note in table.notes)


def test_of_equal_pieces_the_first_is_shown():
    labels = np.zeros((SIDE, SIDE), int)
    labels[disc(30, 130, 10)] = labels[disc(130, 30, 10)] = 5
    assert crop_centres(placed(labels, 32).obs).tolist() == [[30, 130]]


@pytest.mark.parametrize(("outer", "inner", "window"), [(50, 40, 35), (40, 30, 50), (60, 55, 20)])
def test_a_c_shape_is_shown(outer, inner, window):
    labels = ring_part(80, 80, outer, inner).astype(int)
    table = placed(labels, window)
    y, x = np.floor(crop_centres(table.obs)[0] + 0.5).astype(int)
    assert labels[y, x]
    assert share_shown(labels, table, window) > 0.1


def test_a_c_shape_that_is_all_in_its_crop_stays_in_the_middle():
    labels = ring_part(80, 80, 20, 14).astype(int)
    table = placed(labels, 64)
    np.testing.assert_array_equal(crop_centres(table.obs), table.obs[["y_px", "x_px"]])
    assert share_shown(labels, table, 64) == 1


def test_a_cell_larger_than_its_crop_fills_it_and_is_no_matter():
    labels = disc(80, 80, 50).astype(int)
    assert not placed(labels, 20).notes


def test_a_cell_too_long_for_its_crop_is_said():
    labels = np.zeros((SIDE, SIDE), int)
    labels[70:76, 5:150] = 3
    notes = placed(labels, 20).notes
    assert notes == (
        "1 of 1 cells (label 3) is shown by less than half in the crop: too long for it, or in "
        "pieces too far apart",
    )


def test_results_without_centres_of_crops_have_their_centroids():
    cells = pd.DataFrame({"y_px": [1.0, 2.0], "x_px": [3.0, 4.0]})
    assert crop_centres(cells).tolist() == [[1, 3], [2, 4]]
    some = cells.assign(crop_y_px=[np.nan, 9.0], crop_x_px=[np.nan, 8.0])
    assert crop_centres(some).tolist() == [[1, 3], [9, 8]]


def random_labels(rng):
    """Sparse, unsorted labels: rectangles, discs, pieces and C shapes, some at the border."""
    labels = np.zeros((SIDE, SIDE), int)
    for name in rng.permutation(10_000)[:14] + 1:
        for _ in range(rng.integers(1, 4)):
            y, x = rng.integers(24, SIDE - 24, 2)
            kind = rng.integers(4)
            if kind == 0:
                labels[y : y + rng.integers(1, 20), x : x + rng.integers(1, 20)] = name
            elif kind == 1:
                labels[disc(y, x, rng.integers(2, 10))] = name
            elif kind == 2:
                labels[ring_part(y, x, rng.integers(12, 20), rng.integers(8, 11))] = name
            else:
                labels[y, x] = name
    labels[0:5, 60:64] = 77
    return labels


def crops_by_label(image, labels, plan):
    cells = placed(labels, plan.window_px, image).obs
    found = {}
    for batch in iter_crops(image, labels, cells, plan, batch_size=8):
        inside = ~batch.padded
        found |= dict(zip(cells["label"][batch.rows[inside]], batch.crops[inside], strict=True))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_shift_shifts_the_crops_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    labels, image = random_labels(rng), None
    image = image_of(labels, seed)
    window = int(rng.integers(7, 33))
    plan = CropPlan(window, int(rng.choice([window, 16, 40])), "mask", "")
    before = crops_by_label(image, labels, plan)
    for shift in ((1, 0), (0, 1), (3, 2)):
        pixels = np.roll(image.data.compute(), shift, (1, 2))
        moved = np.roll(labels, shift, (0, 1))
        after = crops_by_label(Image.from_array(pixels, ["DNA", "RNA"]), moved, plan)
        both = before.keys() & after.keys()
        assert len(both) > 5
        for label in both:
            np.testing.assert_array_equal(after[label], before[label])

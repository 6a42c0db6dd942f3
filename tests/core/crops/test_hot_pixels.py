from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.crops.hot_pixels import replace_hot_pixels


def crop(seed=0, side=60, channels=3, scale=1.0, offset=0.0):
    """A cell with some structure on a noisy background, between 0 and about 1 by default."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] - side / 2
    cell = (np.hypot(y, x) < side / 4) * (0.6 + 0.3 * np.sin(x / 3))
    planes = cell + rng.normal(0.05, 0.01, (channels, side, side))
    return (planes * scale + offset).astype(np.float32)


def with_pixels(values, places, **how):
    changed = crop(**how)
    for value, (y, x) in zip(np.broadcast_to(values, len(places)), places, strict=True):
        changed[1, y, x] = value
    return changed


ONE, PAIR, CORNERS = [(3, 3)], [(30, 30), (30, 31)], [(0, 0), (59, 59), (0, 59)]


@pytest.mark.parametrize("places", [ONE, PAIR, CORNERS, [(30, 30)]])
@pytest.mark.parametrize(
    ("value", "how"),
    [
        (65535, {"scale": 3000, "offset": 200}),
        (255, {"scale": 30, "offset": 4}),
        (1.0, {"scale": 0.01}),
        (-1e4, {"scale": 3000, "offset": 200}),
        (0.0, {"scale": 0.01, "offset": 1.0}),
        (1e38, {}),
    ],
)
def test_single_pixels_do_not_set_the_range(value, how, places):
    hot = with_pixels(value, places, **how)
    replaced, where = replace_hot_pixels(hot)
    assert where.tolist() == [False, True, False]
    before = crop(**how)
    touched = np.zeros(before.shape, bool)
    for y, x in places:
        touched[1, y, x] = True
    np.testing.assert_array_equal(replaced[~touched], before[~touched])
    for y, x in places:
        beside = before[1, max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
        assert beside.min() <= replaced[1, y, x] <= beside.max()
    assert hot[1, places[0][0], places[0][1]] == np.float32(value), "the crop given was changed"


def test_pixels_of_several_heights_and_a_dead_one_are_all_found():
    hot = with_pixels([1e30, 60_000, -1e5], [(3, 3), (9, 40), (50, 8)], scale=2000)
    replaced, where = replace_hot_pixels(hot)
    assert where[1]
    assert np.ptp(replaced[1]) < 1.01 * np.ptp(crop(scale=2000)[1])


@pytest.mark.parametrize(
    "things",
    [
        pytest.param([(20 + i, 20 + j) for i in range(3) for j in range(3)], id="3x3"),
        pytest.param([(20, 20), (20, 21), (21, 20)], id="corner"),
        pytest.param([(20, x) for x in range(20, 30)], id="line"),
        pytest.param([(4 * i, 4 * j) for i in range(10) for j in range(10)], id="a hundred"),
    ],
)
def test_a_thing_is_no_pixel(things):
    given = with_pixels(65535, things, scale=3000)
    replaced, where = replace_hot_pixels(given)
    assert replaced is given
    assert not where.any()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("side", [4, 16, 60, 113])
def test_ordinary_crops_stay_to_the_bit(dtype, side):
    for seed in range(20):
        given = crop(seed, side, scale=200, offset=10).astype(dtype).astype(np.float32)
        replaced, where = replace_hot_pixels(given)
        assert replaced is given
        assert not where.any()


def test_a_bright_spot_as_optics_show_it_stays():
    y, x = np.mgrid[:60, :60] - 30.3
    for sigma in (0.85, 1.5, 3.0):
        spot = (crop(scale=0.2) + 5 * np.exp(-(y**2 + x**2) / (2 * sigma**2))).astype(np.float32)
        assert replace_hot_pixels(spot)[0] is spot


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers_are_left_to_be_refused(value):
    given = with_pixels(value, ONE)
    replaced, where = replace_hot_pixels(given)
    np.testing.assert_array_equal(replaced, given)
    assert not where.any()


def test_a_constant_channel_stays_and_loses_its_hot_pixel():
    flat = np.full((1, 8, 8), 7, np.float32)
    assert replace_hot_pixels(flat)[0] is flat
    flat[0, 2, 2] = 9
    replaced, where = replace_hot_pixels(flat)
    assert where.all()
    assert (replaced == 7).all()


def test_real_cells_have_none(data_dir):
    import tifffile

    cells = tifffile.imread(data_dir / "crops" / "bbbc021" / "moa.tif")[::10].astype(np.float32)
    assert not any(replace_hot_pixels(cell)[1].any() for cell in cells)

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.crops.cut import iter_crops, resample
from napari_c3r.core.crops.plan import CropPlan, plan_crops, require_field
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image

RECOMMENDED = {
    "field_um": 60.0,
    "field_diameters": 2.5,
    "size_px": 112,
    "neighbours": "mask",
}


def field(seed=0, shape=(200, 240), offset=100.0):
    """Discs of known centres on noise."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(offset, 2, (2, *shape)).astype(np.float32)
    labels = np.zeros(shape, np.int32)
    y, x = np.indices(shape)
    for label, (cy, cx) in {9: (40, 50), 2: (40, 80), 30: (5, 5), 31: (150, 199)}.items():
        inside = (y - cy) ** 2 + (x - cx) ** 2 <= 12**2
        labels[inside] = label
        pixels[:, inside] += 50 + label
    return Image.from_array(pixels, ["a", "b"]), labels


def crops_by_label(image, labels, plan, batch_size=2, rows=None):
    cells = measure_cells(image, labels).obs
    found = {}
    for batch in iter_crops(image, labels, cells, plan, batch_size=batch_size, rows=rows):
        for row, crop, padded in zip(batch.rows, batch.crops, batch.padded, strict=True):
            found[int(cells["label"][row])] = (crop, bool(padded))
    return found


def test_known_pixel_size_gives_a_field_in_micrometres():
    plan = plan_crops(CropSpec(), pixel_size_um=0.5, median_diameter_px=40, **RECOMMENDED)
    assert (plan.window_px, plan.size_px) == (120, 112)
    assert plan.basis == "60 µm at 0.5 µm per pixel"
    assert plan.neighbours == "mask"
    plan = plan_crops(
        CropSpec(field_um=30, size_px=64, neighbours="keep"),
        pixel_size_um=0.5,
        median_diameter_px=40,
        **RECOMMENDED,
    )
    assert (plan.window_px, plan.size_px, plan.neighbours) == (60, 64, "keep")


def test_a_pixel_size_of_another_magnitude_is_noticed():
    def plan(pixel_size_um):
        return plan_crops(
            CropSpec(), pixel_size_um=pixel_size_um, median_diameter_px=40, **RECOMMENDED
        )

    assert plan(0.5).doubt == ""
    for wrong, said in ((0.05, "1200 px wide"), (15, "4.0 px wide")):
        assert said in plan(wrong).doubt
        assert "check the pixel size" in plan(wrong).doubt
    with pytest.raises(InputError, match=r"120000 px wide.*check the pixel size"):
        plan(0.0005)


@pytest.mark.parametrize(
    ("spec", "pixel_size_um", "said"),
    [
        ({}, 50, "60 µm at 50 µm per pixel are 1.2 px wide"),
        ({}, 1e300, "px wide, and at least 4 are needed"),
        ({"field_um": 1.7}, 0.5, "3.4 px wide"),
        ({"field_um": 1e-300}, 0.5, "field_um is 1e-300; give a number from"),
        ({"field_diameters": 0.08}, None, "0.08 median cell diameters of 40.0 px"),
    ],
)
def test_a_window_below_four_pixels_is_refused(spec, pixel_size_um, said):
    with pytest.raises(InputError, match=said):
        plan_crops(
            CropSpec(**spec), pixel_size_um=pixel_size_um, median_diameter_px=40, **RECOMMENDED
        )


def test_a_field_in_micrometres_is_refused_before_the_cells_are_known():
    require_field(CropSpec(), 0.5, 60)
    require_field(CropSpec(field_diameters=0.01), None, 60)
    with pytest.raises(InputError, match="at least 4 are needed; check the pixel size"):
        require_field(CropSpec(), 352.8, 60)
    with pytest.raises(InputError, match="at most 8192"):
        require_field(CropSpec(field_um=60), 1e-4, None)


@pytest.mark.parametrize(("window", "px"), [(4.5, 5), (5.5, 6), (3.5, 4)])
def test_half_a_pixel_more_is_a_pixel_more(window, px):
    spec = CropSpec(field_um=window)
    assert plan_crops(spec, pixel_size_um=1.0, median_diameter_px=4, **RECOMMENDED).window_px == px


@pytest.mark.parametrize("replaced", [True, False])
@pytest.mark.parametrize("size", [31, 48])
def test_hot_pixels_are_found_before_resampling_and_replaced_where_the_plan_says_so(replaced, size):
    image, labels = field()
    pixels = image.data.compute()
    pixels[1, 45, 55] = 1e6
    hot = Image.from_array(pixels, image.channel_names)
    cells = measure_cells(image, labels).obs
    plan = CropPlan(31, size, "keep", "", replace_hot_pixels=replaced)
    whole, after = (
        next(iter_crops(each, labels, cells, plan, batch_size=9)) for each in (image, hot)
    )
    row = int(np.flatnonzero(cells["label"] == 9)[0])
    seen = np.flatnonzero(after.rows == row)[0]
    assert after.hot[seen].tolist() == [False, True]
    assert after.hot.sum() <= 2
    assert not whole.hot.any()
    assert (np.ptp(after.crops[seen, 1]) < 1.1 * np.ptp(whole.crops[seen, 1])) == replaced
    np.testing.assert_array_equal(after.crops[seen, 0], whole.crops[seen, 0])


@pytest.mark.parametrize(
    "wrong", [{"field_um": np.inf}, {"field_um": np.nan}, {"size_px": 99.5}, {"size_px": 3}]
)
def test_a_size_that_is_none_is_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        CropSpec(**wrong)


def test_unknown_pixel_size_gives_a_field_in_cell_diameters_and_says_so():
    plan = plan_crops(CropSpec(), pixel_size_um=None, median_diameter_px=40, **RECOMMENDED)
    assert plan.window_px == 100
    assert "pixel size is unknown" in plan.basis


@pytest.mark.parametrize("bad", [{"field_um": 0}, {"size_px": -3}, {"neighbours": "blur"}])
def test_impossible_specifications_are_refused(bad):
    with pytest.raises(InputError):
        CropSpec(**bad)


def test_crops_are_the_pixels_round_the_centroid():
    image, labels = field()
    plan = CropPlan(31, 31, "keep", "")
    found = crops_by_label(image, labels, plan)
    pixels = image.data.compute()
    np.testing.assert_array_equal(found[9][0], pixels[:, 25:56, 35:66])
    assert not found[9][1]


def test_cells_at_the_border_are_padded_with_their_background_and_flagged():
    image, labels = field()
    found = crops_by_label(image, labels, CropPlan(31, 31, "keep", ""))
    crop, padded = found[30]
    assert padded
    assert [label for label, (_, flag) in found.items() if flag] == [30]
    # The padding is a low value of the crop, not zero: no edge appears where the image ends.
    assert crop.shape == (2, 31, 31)
    corner = crop[:, 0, 0]
    assert (corner > 80).all()
    assert (corner < 105).all()


def test_masking_removes_neighbours_and_only_them():
    image, labels = field()
    kept = crops_by_label(image, labels, CropPlan(81, 81, "keep", ""))[9][0]
    masked = crops_by_label(image, labels, CropPlan(81, 81, "mask", ""))[9][0]
    changed = (kept != masked).any(axis=0)
    # The window of cell 9 has its corner at y 0, x 10.
    others = ~np.isin(labels[0:81, 10:91], (0, 9))
    assert others.any()
    np.testing.assert_array_equal(changed, others)


@pytest.mark.parametrize("neighbours", ["keep", "mask"])
def test_a_cell_gives_the_same_crop_whatever_batch_tile_or_chunk_it_is_in(neighbours, monkeypatch):
    image, labels = field()
    plan = CropPlan(45, 32, neighbours, "")
    whole = crops_by_label(image, labels, plan, batch_size=4)
    monkeypatch.setattr("napari_c3r.core.cells.labels.BLOCK_PX", 50)
    chunked = Image(image.data.rechunk((1, 37, 41)), image.channel_names)
    lazy_labels = da.from_array(labels, chunks=(64, 64))
    for batch_size in (1, 3):
        again = crops_by_label(chunked, lazy_labels, plan, batch_size)
        assert again.keys() == whole.keys()
        for label, (crop, _) in whole.items():
            np.testing.assert_array_equal(again[label][0], crop)


def test_only_the_wanted_rows_are_cut():
    image, labels = field()
    found = crops_by_label(image, labels, CropPlan(31, 31, "keep", ""), rows=np.array([1]))
    assert list(found) == [9]


@pytest.mark.parametrize(("side", "size"), [(100, 112), (300, 112), (112, 112), (57, 16)])
def test_resampling_keeps_means_and_does_not_alias(side, size):
    flat = np.full((1, side, side), 3.25, np.float32)
    np.testing.assert_allclose(resample(flat, size), 3.25, rtol=1e-5)
    stripes = np.tile((np.arange(side) % 2).astype(np.float32), (1, side, 1))
    if side >= 2 * size:
        assert resample(stripes, size).std() < 0.05


def test_resampling_agrees_with_torch_s_antialiased_bilinear():
    import torch

    crop = np.random.default_rng(0).random((3, 90, 90)).astype(np.float32)
    for size in (112, 40):
        truth = torch.nn.functional.interpolate(
            torch.from_numpy(crop)[None], size=(size, size), mode="bilinear", antialias=True
        )[0].numpy()
        np.testing.assert_allclose(resample(crop, size), truth, atol=2e-3)


def test_a_box_of_a_large_lazy_image_is_read_without_the_rest():
    touched = []

    def block(block_info=None):
        place = block_info[None]["array-location"]
        touched.append(place)
        shape = tuple(stop - start for start, stop in place)
        return np.zeros(shape, np.uint16)

    data = da.map_blocks(block, chunks=((1,), (512,) * 16, (512,) * 16), dtype=np.uint16)
    image = Image.from_array(data, ["a"])
    labels = da.zeros((8192, 8192), chunks=512, dtype=np.int32)
    import pandas as pd

    cells = pd.DataFrame({"label": [1], "y_px": [700.0], "x_px": [4000.0]})
    list(iter_crops(image, labels, cells, CropPlan(64, 64, "keep", ""), batch_size=1))
    assert len(touched) <= 2

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from skimage.measure import regionprops

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image


def random_field(seed: int, shape=(90, 70)):
    """Labels that are sparse, unsorted and partly in pieces, and two channels."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    for label in rng.permutation([3, 7, 8, 500, 41]):
        for _ in range(rng.integers(1, 3)):
            y, x = rng.integers(0, shape[0] - 8), rng.integers(0, shape[1] - 8)
            labels[y : y + rng.integers(2, 20), x : x + rng.integers(2, 20)] = label
    pixels = rng.integers(0, 4000, (2, *shape)).astype(np.uint16)
    return pixels, labels


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("chunk", [None, 16])
def test_every_number_is_that_of_regionprops(seed, chunk, monkeypatch):
    monkeypatch.setattr("napari_c3r.core.cells.labels.BLOCK_PX", 32)
    pixels, labels = random_field(seed)
    data = da.from_array(pixels, chunks=(1, chunk or 90, chunk or 70))
    nuclei = np.where(np.arange(labels.size).reshape(labels.shape) % 3 == 0, labels, 0)
    image = Image.from_array(data, ["DNA", "RNA"], 0.5)
    obs = measure_cells(image, labels, nuclei).obs

    truth = regionprops(labels, intensity_image=np.moveaxis(pixels, 0, -1))
    assert obs["label"].tolist() == [region.label for region in truth]
    assert obs["index"].tolist() == obs["label"].tolist()
    np.testing.assert_allclose(obs[["y_px", "x_px"]], [r.centroid for r in truth])
    np.testing.assert_array_equal(obs["area_px"], [r.area for r in truth])
    np.testing.assert_array_equal(obs.filter(like="bbox"), [r.bbox for r in truth])
    means = obs[["intensity_mean_DNA", "intensity_mean_RNA"]]
    np.testing.assert_allclose(means, [r.intensity_mean for r in truth])
    np.testing.assert_allclose(obs["area_um2"], [r.area / 4 for r in truth])
    counts = [int((nuclei == r.label).sum()) for r in truth]
    np.testing.assert_array_equal(obs["nucleus_area_px"], counts)
    at_border = [
        r.bbox[0] == 0 or r.bbox[1] == 0 or r.bbox[2] == 90 or r.bbox[3] == 70 for r in truth
    ]
    assert obs["touches_border"].tolist() == at_border


def test_plate_well_and_site_are_columns_only_where_known():
    pixels, labels = random_field(0)
    image = Image(da.from_array(pixels), ("a", "b"), well="C03")
    obs = measure_cells(image, labels).obs
    assert set(obs["well"]) == {"C03"}
    assert "plate" not in obs
    assert "y_um" not in obs
    assert obs["nucleus_area_px"].isna().all()


def test_nothing_labelled_is_one_sentence():
    image = Image.from_array(np.ones((1, 8, 8)), ["a"], name="blank")
    with pytest.raises(InputError, match="No cells in the labels of 'blank'"):
        measure_cells(image, np.zeros((8, 8), int))


def test_negative_labels_are_refused():
    image = Image.from_array(np.ones((1, 8, 8)), ["a"])
    with pytest.raises(InputError, match="contain -2"):
        measure_cells(image, np.full((8, 8), -2))


def test_nan_is_refused_in_channels_in_use_and_forgiven_elsewhere():
    pixels = np.random.default_rng(0).random((2, 8, 8))
    pixels[1, 3, 4] = np.nan
    image = Image.from_array(pixels, ["good", "bad"])
    labels = np.ones((8, 8), int)
    with pytest.raises(InputError, match=r"Channel 'bad' has 1 pixels.*y 3, x 4"):
        measure_cells(image, labels, must_be_finite=("bad",))
    obs = measure_cells(image, labels, must_be_finite=("good",)).obs
    assert np.isfinite(obs["intensity_mean_good"]).all()


def test_constant_and_saturated_channels_are_noticed():
    rng = np.random.default_rng(0)
    fine = rng.integers(0, 200, (32, 32))
    saturated = np.clip(rng.integers(0, 400, (32, 32)), 0, 255)
    image = Image.from_array(
        np.stack([fine, np.full_like(fine, 7), saturated]).astype(np.uint8),
        ["fine", "flat", "bright"],
    )
    notes = measure_cells(image, np.ones((32, 32), int)).notes
    assert len(notes) == 2
    assert "'flat' is constant (7 everywhere)" in notes[0]
    assert "'bright' is saturated" in notes[1]


def test_saturated_pixels_are_those_at_the_images_own_clipping_value(monkeypatch):
    monkeypatch.setattr("napari_c3r.core.cells.labels.BLOCK_PX", 32)
    pixels, labels = random_field(1)
    cell = labels == labels.max()
    rows = np.flatnonzero(cell.any(axis=1))
    # A block whose own greatest value is one at which cameras clip, but not the image's.
    pixels[0] = np.minimum(pixels[0], 3000)
    pixels[0][cell] = 1023
    pixels[1][rows[0]] = 4095
    image = Image.from_array(da.from_array(pixels, chunks=(1, 16, 16)), ["DNA", "RNA"])
    obs = measure_cells(image, labels).obs
    assert (obs["saturated_DNA"] == 0).all()
    expected = [(pixels[1][labels == label] == 4095).mean() for label in obs["label"]]
    np.testing.assert_allclose(obs["saturated_RNA"], expected)
    assert max(expected) > 0


def test_neighbours_focus_and_contrast():
    pixels, labels = random_field(2)
    image = Image.from_array(pixels, ["DNA", "RNA"])
    obs = measure_cells(image, labels).obs
    places = obs[["y_px", "x_px"]].to_numpy()
    away = np.sort(np.linalg.norm(places[:, None] - places, axis=-1), axis=1)
    np.testing.assert_allclose(obs["neighbours_px"], away[:, 1:5].mean(axis=1))
    # Neither brightness nor an offset changes the focus; contrast goes with brightness.
    brighter = measure_cells(Image.from_array(pixels * 4 + 100, image.channel_names), labels).obs
    np.testing.assert_allclose(brighter["focus_RNA"], obs["focus_RNA"], atol=1e-3)
    np.testing.assert_allclose(brighter["contrast_RNA"], 4 * obs["contrast_RNA"], rtol=1e-3)
    flat = measure_cells(Image.from_array(np.full((1, 90, 70), 7), ["DNA"]), labels).obs
    assert flat["focus_DNA"].isna().all()
    assert (flat["contrast_DNA"] == 0).all()
    alone = measure_cells(image, (labels == labels.max()).astype(int)).obs
    assert alone["neighbours_px"].isna().all()

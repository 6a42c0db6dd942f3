from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.cells.whole import as_labels, whole_numbers
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image

IDS = np.array([[0, 1, 1], [7, 0, 900]])


@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.uint8, np.int16, np.uint64, np.int64]
)
@pytest.mark.parametrize("lazy", [False, True])
def test_whole_numbers_are_taken_in_any_type(dtype, lazy):
    ids = np.where(IDS == 900, 200, IDS).astype(dtype)
    taken = as_labels(da.from_array(ids, chunks=2) if lazy else ids)
    assert taken.dtype.kind in "iu"
    assert np.iinfo(taken.dtype).max <= np.iinfo(np.int64).max
    np.testing.assert_array_equal(np.asarray(taken), ids)


def test_integers_are_not_copied():
    assert as_labels(IDS) is IDS
    lazy = da.from_array(IDS, chunks=2)
    assert as_labels(lazy) is lazy


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (IDS > 0, "mask of true and false.*number the cells.*--number-cells"),
        (np.where(IDS == 7, 7.5, IDS), "float64 with 7.5 among them; labels are whole numbers"),
        (np.where(IDS == 7, np.nan, IDS), "with nan"),
        (np.where(IDS == 7, np.inf, IDS), "with inf"),
        (IDS - 1, "contain -1; labels are 0"),
        (-IDS.astype(np.float32), "contain -900"),
        (np.where(IDS == 7, 2.0**24, IDS).astype(np.float32), "16777216 in float32"),
        (np.where(IDS == 7, 2.0**11, IDS).astype(np.float16), "2048 in float16"),
        (np.where(IDS == 7, 2.0**53, IDS), "in float64, which does not tell"),
        (np.where(IDS == 7, 1e300, IDS), "1e[+]300 in float64"),
        (np.where(IDS > 0, np.uint64(2**63), np.uint64(0)), "9223372036854775808, beyond"),
        (IDS.astype(complex), "complex128; labels are whole numbers"),
        (IDS.astype(str), "labels are whole numbers"),
        (IDS.astype("datetime64[s]"), "labels are whole numbers"),
    ],
)
@pytest.mark.parametrize("lazy", [False, True])
def test_what_tells_no_cells_apart_is_refused_in_one_line(labels, said, lazy):
    image = Image.from_array(np.ones((1, 2, 3)), ["a"])
    given = da.from_array(labels, chunks=2) if lazy else labels
    with pytest.raises(InputError, match=said) as caught:
        measure_cells(image, given)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 240


@pytest.mark.parametrize("given", [[[0, 1]], None, "labels.tif"])
def test_what_is_no_array_is_refused(given):
    with pytest.raises(InputError, match="give an array"):
        as_labels(given)


def test_no_pixels_are_no_cells():
    assert whole_numbers(np.zeros((0, 4))).dtype == np.int64


MASK = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 0, 1, 1]])


@pytest.mark.parametrize(
    "mask",
    [
        MASK > 0,
        (255 * MASK).astype(np.uint8),
        MASK.astype(np.float32),
        np.where(MASK, np.uint64(2**63 + 1), np.uint64(0)),
        da.from_array(MASK > 0, chunks=2),
    ],
)
def test_connected_pieces_are_numbered_in_reading_order(mask):
    numbered = as_labels(mask, number_cells=True)
    np.testing.assert_array_equal(
        numbered, [[1, 1, 0, 0, 2], [0, 0, 1, 0, 2], [0, 0, 0, 0, 0], [3, 0, 0, 4, 4]]
    )


def test_touching_cells_of_two_values_stay_two():
    assert as_labels(np.array([[4, 4, 9, 9]]), number_cells=True).tolist() == [[1, 1, 2, 2]]


@pytest.mark.parametrize(("labels", "said"), [(MASK / 2, "with 0.5"), (MASK[None], "3 axes")])
def test_what_cannot_be_numbered_is_refused(labels, said):
    with pytest.raises(InputError, match=said):
        as_labels(labels, number_cells=True)

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_c3r.core.cells.labels import blocks, check_labels, chunk_shape, outline, paint
from napari_c3r.core.errors import InputError


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.zeros((2, 4, 4), int), "3 axes"),
        (np.zeros((4, 5), int), "5 × 4 px but the image is 4 × 4 px"),
    ],
)
def test_labels_that_do_not_fit_are_refused_in_one_line(labels, said):
    with pytest.raises(InputError, match=said) as caught:
        check_labels(labels, (4, 4))
    assert "\n" not in str(caught.value)


@given(
    shape=st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
    chunks=st.none() | st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
)
def test_blocks_cover_every_pixel_once(shape, chunks):
    rows = {(box[0].start, box[0].stop) for box in blocks(shape, chunks)}
    columns = {(box[1].start, box[1].stop) for box in blocks(shape, chunks)}
    assert sum(stop - start for start, stop in rows) == shape[0]
    assert sum(stop - start for start, stop in columns) == shape[1]
    assert len(list(blocks(shape, chunks))) == len(rows) * len(columns)


def test_blocks_are_whole_chunks():
    array = da.zeros((3000, 3000), chunks=(700, 700))
    assert chunk_shape(array) == (700, 700)
    assert {box[0].start % 700 for box in blocks((3000, 3000), (700, 700))} == {0}


@given(
    labels=st.lists(st.sampled_from([0, 1, 2, 5, 900, 2**30]), min_size=1, max_size=30),
    keys=st.lists(st.sampled_from([1, 2, 5, 7, 900, 2**30]), min_size=1, unique=True),
)
def test_paint_is_a_dictionary_lookup(labels, keys):
    values = np.arange(len(keys)) + 10
    painted = paint(np.array(labels), np.array(keys), values, -1)
    lookup = dict(zip(keys, values, strict=True))
    assert painted.tolist() == [lookup.get(label, -1) for label in labels]
    out = np.full(len(labels), 99)
    assert paint(np.array(labels), np.array(keys), values, -1, out) is out
    assert out.tolist() == painted.tolist()


def test_an_outline_is_the_inner_edge_of_every_label():
    labels = np.zeros((12, 12), int)
    labels[2:9, 2:9], labels[2:9, 9:12] = 7, 3
    found = np.zeros(labels.size, bool)
    found[outline(labels, 1)] = True
    found = found.reshape(labels.shape)
    wanted = labels > 0
    wanted[3:8, 3:8] = False
    # Label 3 touches label 7 on one side and the image's border, which is no edge, on the other.
    wanted[3:8, 10:12] = False
    np.testing.assert_array_equal(found, wanted)

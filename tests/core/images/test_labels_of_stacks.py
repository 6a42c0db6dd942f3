"""Labels over time and in three dimensions: one label image for each field."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.cells.stacked import project_labels
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import LabelSource, ReadOptions, read_labels

MOVIE = np.zeros((4, 12, 14), np.uint16)
for _t in range(4):
    MOVIE[_t, 2:6, 2 + _t : 6 + _t] = 7
    MOVIE[_t, 8:11, 3:9] = 9
STACK = np.zeros((3, 12, 14), np.uint16)
STACK[:2, 2:8, 2:8] = 4
STACK[2, 2:8, 5:12] = 6
STACK[1, 2:4, 5:8] = 6
TZ = np.stack([STACK, STACK + (STACK > 0), STACK])


def write(path, labels, axes):
    if axes is None:
        tifffile.imwrite(path, labels, photometric="minisblack")
    else:
        tifffile.imwrite(path, labels, metadata={"axes": axes})
    return path


@pytest.mark.parametrize(
    ("name", "axes", "labels"),
    [
        ("named.ome.tif", "TYX", MOVIE),
        ("plain.tif", None, MOVIE),
        ("as_slices.ome.tif", "ZYX", MOVIE),
        ("many.tif", None, np.repeat(MOVIE, 3, axis=0)),
    ],
)
def test_each_time_has_its_own_labels_however_their_axis_is_called(tmp_path, name, axes, labels):
    path = write(tmp_path / name, labels, axes)
    source = LabelSource(str(path))
    for t in (0, 3):
        found = source.at(ReadOptions(t=t), times=len(labels)).read()
        np.testing.assert_array_equal(found, labels[t])


def test_labels_of_another_number_of_times_are_refused(tmp_path):
    path = write(tmp_path / "m.ome.tif", MOVIE, "TYX")
    one = write(tmp_path / "one.tif", MOVIE[0], None)
    with pytest.raises(InputError, match="holds labels of 4 times and its image has 6 time points"):
        LabelSource(str(path)).at(ReadOptions(), times=6).read()
    with pytest.raises(InputError, match="a label image of one time and its image has 6"):
        _ = LabelSource(str(one)).at(ReadOptions(), times=6).slices
    with pytest.raises(InputError, match="labels of 4 time points; choose one with t"):
        read_labels(path)
    with pytest.raises(InputError, match="no time point 9: choose 0 to 3"):
        read_labels(path, t=9)
    # A single label image is that of whichever time is embedded.
    np.testing.assert_array_equal(LabelSource(str(one)).at(ReadOptions(t=2)).read(), MOVIE[0])


def test_planes_that_may_be_kinds_of_labels_are_not_taken_as_times(tmp_path):
    path = write(tmp_path / "two.tif", MOVIE[:2], None)
    with pytest.raises(InputError, match="2 label images and none was named"):
        LabelSource(str(path)).at(ReadOptions()).read()
    found = LabelSource(str(path), "ch2").at(ReadOptions()).read()
    np.testing.assert_array_equal(found, MOVIE[1])


def test_labels_in_three_dimensions_give_their_slice_or_their_projection(tmp_path):
    path = write(tmp_path / "z.ome.tif", STACK, "ZYX")
    source = LabelSource(str(path))
    np.testing.assert_array_equal(source.at(ReadOptions(z=2)).read(), STACK[2])
    for z in ("max", "focus", "1,ER=2"):
        at = source.at(ReadOptions(z=z))
        assert at.slices == 3
        np.testing.assert_array_equal(at.read(), project_labels(STACK))
    with pytest.raises(InputError, match="3 Z slices; choose one with z, or z='project'"):
        read_labels(path)
    with pytest.raises(InputError, match="labels take a slice's number, or 'project'"):
        read_labels(path, z="mean")
    both = write(tmp_path / "tz.ome.tif", TZ, "TZYX")
    np.testing.assert_array_equal(
        LabelSource(str(both)).at(ReadOptions(t=1, z=0), times=3).read(), TZ[1, 0]
    )


def test_at_a_pixel_the_cell_of_most_slices_is_taken():
    projected = project_labels(STACK)
    # 4 lies in two slices and 6 in one; above them 6 lies in two and 4 in one; beside, 6 alone.
    assert projected[5, 3] == projected[5, 6] == 4
    assert projected[2, 6] == 6
    assert projected[5, 10] == 6
    assert projected[0, 0] == 0
    equal = np.array([[[3]], [[0]], [[2]], [[0]]], np.int64)
    assert project_labels(equal).tolist() == [[2]]
    rng = np.random.default_rng(0)
    many = rng.integers(0, 4, (9, 30, 31)).astype(np.int32)
    counts = np.stack([(many == label).sum(axis=0) for label in (1, 2, 3)])
    expected = np.where(counts.max(axis=0) > 0, counts.argmax(axis=0) + 1, 0)
    np.testing.assert_array_equal(project_labels(many), expected)

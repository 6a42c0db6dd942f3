"""A time series as fields: one for each time point."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_c3r.core.images import FieldSource, ReadOptions, find_images
from napari_c3r.core.images.scanning import scan
from napari_c3r.core.images.times import at_each_time

MOVIE = np.random.default_rng(0).integers(0, 99, (3, 2, 20, 24)).astype(np.uint8)


@pytest.fixture(params=["one file", "a file a time and channel"])
def series(request, tmp_path):
    """Three times of two channels."""
    if request.param == "one file":
        path = tmp_path / "movie.ome.tif"
        metadata = {"axes": "TCYX", "Channel": {"Name": ["DNA", "RNA"]}}
        tifffile.imwrite(path, MOVIE, metadata=metadata)
    else:
        for t, channels in enumerate(MOVIE):
            for number, plane in enumerate(channels, start=1):
                tifffile.imwrite(tmp_path / f"movie_T{t + 1:03d}_C{number:02d}.tif", plane)
    return tmp_path


def test_every_time_is_a_field_with_a_name_and_a_place_of_its_own(series):
    (files,) = find_images(series)
    source = FieldSource(files, ReadOptions(times="all"))
    fields = list(at_each_time([source]))
    assert len({field.name for field in fields}) == 3
    assert fields[0].name == files.name
    assert fields[2].name == f"{files.name} t=2"
    for t, field in enumerate(fields):
        image = field.read()
        assert image.name == field.name
        assert image.position == (("t", t),)
        np.testing.assert_array_equal(image.data, MOVIE[t])


def test_one_time_is_the_field_as_it_was(series):
    (files,) = find_images(series)
    source = FieldSource(files, ReadOptions(t=1))
    assert list(at_each_time([source])) == [source]
    assert [each.name for each in scan(series).sources(ReadOptions(times="all"))] == [
        files.name,
        f"{files.name} t=1",
        f"{files.name} t=2",
    ]

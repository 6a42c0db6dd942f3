"""Images of many fields, opened only when they are asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_c3r.core.figures.cell_cuts import Places, cut_cells
from napari_c3r.core.images import FieldSource, find_images
from napari_c3r.core.images.sources import FieldImages, opened_images
from napari_c3r.core.table import make_result


@pytest.fixture
def images(tmp_path):
    for number in range(4):
        tifffile.imwrite(tmp_path / f"f{number}.tif", np.full((40, 40), number, np.uint16))
    return FieldImages(FieldSource(files) for files in find_images(tmp_path))


def test_to_tell_which_there_are_opens_none(images):
    assert list(images) == ["f0", "f1", "f2", "f3"]
    assert len(images) == 4
    assert "f2" in images
    assert "f9" not in images
    assert opened_images(images) == ()
    assert images["f2"] is images["f2"]
    assert [image.name for image in opened_images(images)] == ["f2"]
    with pytest.raises(KeyError):
        images["f9"]


def test_cells_are_cut_from_their_own_field_and_no_other_is_opened(images):
    obs = pd.DataFrame(
        {"image": ["f0", "f1", "f3", "f1"], "label": [1, 1, 1, 2], "y_px": 20.0, "x_px": 20.0}
    )
    places = Places.of(make_result(obs, np.ones((4, 2), np.float32), [("DNA", "cls")] * 2, {}))
    channels = images["f0"].channel_names
    found = cut_cells(places, images, np.array([1, 2]), channels, 8)
    assert {cell.row: float(cell.crop.mean()) for cell in found} == {1: 1.0, 2: 3.0}
    assert [image.name for image in images.opened] == ["f0", "f1", "f3"]

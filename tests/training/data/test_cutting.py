"""Cells are cut out where they are, at the scale requested, and described."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from training.data.cropset import CropSet
from training.data.cutting import Field, cut_field, resample_square, write_fields

ROLES = ChannelAssignment({"DNA": "context", "GFP": "concept"})
CENTRES = [(60, 60), (30, 80), (5, 60)]
SPEC = CropSpec(field_um=16.0, field_diameters=2.0, size_px=32, neighbours="keep")


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60000, (2, 120, 120)).astype(np.uint16)


def field(pixels, cells, pixel_size_um=0.5, **about):
    return Field(Image.from_array(pixels, ("GFP", "DNA"), pixel_size_um, "f1"), cells, about)


def test_a_crop_is_the_pixels_around_its_cell(pixels, discs):
    crops, table = cut_field(field(pixels, discs(CENTRES), id="drug"), SPEC)
    assert crops.shape == (2, 2, 32, 32)
    assert crops.dtype == np.uint16
    # 16 µm are 32 pixels of 0.5 µm: nothing is resampled; halves are rounded up.
    assert np.array_equal(crops[0], pixels[:, 45:77, 45:77])
    assert np.array_equal(crops[1], pixels[:, 15:47, 65:97])
    assert table[["y_px", "x_px"]].to_numpy().tolist() == [[60, 60], [30, 80]]
    assert table["id"].tolist() == ["drug"] * 2
    assert table["image"].tolist() == ["f1"] * 2
    assert not table["crop_padded"].any()


def test_cells_at_the_border_are_left_out(pixels, discs):
    _, table = cut_field(field(pixels, discs(CENTRES)), SPEC)
    assert table["label"].tolist() == [1, 2]


@pytest.mark.parametrize(("diameters", "share"), [(1.0, np.pi / 4), (2.0, np.pi / 16)])
def test_the_field_follows_the_cells_where_the_pixel_size_is_unknown(discs, diameters, share):
    labels = discs(CENTRES[:1], radius=16)
    shown = (labels > 0).astype(np.uint16)[None].repeat(2, 0) * 1000
    spec = CropSpec(field_um=16.0, field_diameters=diameters, size_px=64, neighbours="keep")
    crops, _ = cut_field(field(shown, labels, None), spec)
    assert crops.mean() / 1000 == pytest.approx(share, rel=0.05)


def test_masking_leaves_one_cell_in_each_crop(discs):
    labels = discs([(60, 52), (60, 75)])
    crops, _ = cut_field(
        field((labels > 0).astype(np.uint16)[None].repeat(2, 0) * 1000, labels),
        CropSpec(field_um=32.0, field_diameters=2.0, size_px=64, neighbours="mask"),
    )
    assert [np.count_nonzero(crop[0] > 500) for crop in crops] == [
        np.count_nonzero(labels == 1),
        np.count_nonzero(labels == 2),
    ]


def test_eight_bits_stay_and_fractions_become_sixteen(pixels, discs):
    labels = discs(CENTRES)
    crops, _ = cut_field(field((pixels // 256).astype(np.uint8), labels), SPEC)
    assert crops.dtype == np.uint8
    fractions = (pixels / 7.0).astype(np.float32) - 300
    crops, _ = cut_field(field(fractions, labels), SPEC)
    assert crops.dtype == np.uint16
    low, high = fractions[0].min(), fractions[0].max()
    expected = (fractions[0, 45:77, 45:77] - low) / (high - low) * 65535
    assert np.abs(crops[0, 0] - expected).max() < 1


def test_centres_are_enough_where_the_pixel_size_is_known(pixels):
    centres = pd.DataFrame({"label": [1, 2], "y_px": [60.0, 2.0], "x_px": [60.0, 60.0]})
    crops, table = cut_field(field(pixels, centres), SPEC)
    assert np.array_equal(crops[0], pixels[:, 45:77, 45:77])
    assert table["crop_padded"].tolist() == [False, True]
    with pytest.raises(InputError, match="Only the centres"):
        cut_field(field(pixels, centres, None), SPEC)


def test_only_channels_with_a_role_are_written(tmp_path, pixels, discs):
    three = np.concatenate([pixels, pixels[:1] // 2])
    image = Image.from_array(three, ("GFP", "DNA", "trans"), 0.5, "f1")
    fields = [Field(image, discs(CENTRES)), Field(image, discs(CENTRES[:1]), {"id": "drug"})]
    write_fields(tmp_path / "set", fields, ROLES, SPEC, licence="CC0")
    found = CropSet.open(tmp_path / "set")
    assert found.assignment.to_dict() == {"DNA": "context", "GFP": "concept"}
    assert found.field_um == 16.0
    assert np.array_equal(found.read([0])[0], pixels[::-1, 45:77, 45:77])
    assert found.table["id"].tolist() == ["", "", "drug"]


def test_images_of_known_and_unknown_scale_are_not_mixed(tmp_path, pixels, discs):
    fields = [field(pixels, discs(CENTRES)), field(pixels, discs(CENTRES), None)]
    with pytest.raises(InputError, match=r"pixel size of 'f1' is unknown"):
        write_fields(tmp_path / "set", fields, ROLES, SPEC, licence="")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="No field with cells"):
        write_fields(tmp_path / "set", [], ROLES, SPEC, licence="")


def test_a_crop_that_is_not_square_lies_in_the_middle_of_its_background():
    crop = np.full((1, 20, 40), 50, np.uint8)
    crop[:, :, 10:30] = 200
    square = resample_square(crop, 40)
    assert np.array_equal(square[0, 10:30], crop[0])
    assert (square[0, :10] == 50).all()
    assert (square[0, 30:] == 50).all()

"""Hot pixels, pieces, masks, floats and shifts, from the label image to the vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.embed import EmbedDriver, FieldTask
from napari_c3r.core.embed.field import embed
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.embed.prepare import prepare_cells
from napari_c3r.core.encoder import load_encoder, write_model_folder
from napari_c3r.core.encoder.config import MIN_MAX, NO_HOT_PIXELS
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY
from tests.core.diagnose.small import small_encoder

ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    """The same network with either normalisation."""
    folder = tmp_path_factory.mktemp("encoders")
    plain = small_encoder(folder)
    config = replace(plain.config, normalisation=NO_HOT_PIXELS)
    weights = plain.network.state_dict()
    made = load_encoder(write_model_folder(folder / "robust", config, weights, "# Robust\n"))
    return {MIN_MAX: plain, NO_HOT_PIXELS: made}


def discs(shape=(120, 120), step=40, radius=12):
    y, x = np.indices(shape)
    near = np.hypot(y % step - step // 2, x % step - step // 2) < radius
    return np.where(near, y // step * (shape[1] // step) + x // step + 1, 0)


def image_of(labels, seed=0):
    rng = np.random.default_rng(seed)
    x = np.indices(labels.shape)[1]
    bright = (labels > 0) * (1500 + 100 * labels + 300 * np.sin(x / (2 + labels % 3)))
    pixels = rng.normal(200, 8, (2, *labels.shape)) + bright
    return Image.from_array(pixels.astype(np.uint16), ["DNA", "RNA"], name="a")


def embedded(encoder, labels, image=None, **options):
    return embed(
        image or image_of(discs()), labels, ROLES, encoder=encoder, precision="float32", **options
    )


def notes_of(result):
    return [str(note) for note in result.uns[KEY]["notes"]]


@pytest.mark.parametrize("place", [(3, 3), (20, 20), (24, 30)])
@pytest.mark.parametrize("value", [65535, 0])
@pytest.mark.parametrize("normalisation", [MIN_MAX, NO_HOT_PIXELS])
def test_a_hot_pixel_is_replaced_or_at_least_said(encoders, normalisation, value, place):
    labels, encoder = discs(), encoders[normalisation]
    image = image_of(labels)
    if value == 0:
        image = replace(image, data=image.data + 20_000)
    pixels = image.data.compute()
    pixels[1, place[0], place[1]] = value
    before = embedded(encoder, labels, image)
    after = embedded(encoder, labels, Image.from_array(pixels, ["DNA", "RNA"], name="a"))
    moved = np.linalg.norm(after.X - before.X, axis=1)
    typical = np.linalg.norm(before.X - before.X.mean(0), axis=1).mean()
    assert moved[1:].max() == 0
    assert (moved[0] < 0.1 * typical) == (normalisation == NO_HOT_PIXELS)
    (note,) = set(notes_of(after)) - set(notes_of(before))
    assert note.startswith("1 of 9 cells (label 1) is with one or a few pixels in 'RNA' far")
    assert note.endswith(
        "replaced by the median of the pixels beside them"
        if normalisation == NO_HOT_PIXELS
        else "its vector hangs on them"
    )
    said = {MIN_MAX: "kept", NO_HOT_PIXELS: "replaced"}[normalisation]
    assert after.uns[KEY]["crop"]["hot_pixels"] == said


def test_without_a_hot_pixel_both_normalisations_give_the_same_numbers(encoders):
    labels = discs()
    plain, robust = (embedded(encoder, labels).X for encoder in encoders.values())
    np.testing.assert_array_equal(plain, robust)


@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (1, 1), (4, 7)])
@pytest.mark.parametrize("size", [(20, 21), (21, 20), (17, 17), (20, 20)])
def test_a_shift_of_image_and_labels_changes_no_vector(encoders, shift, size):
    labels = np.zeros((96, 96), int)
    labels[40 : 40 + size[0], 35 : 35 + size[1]] = 9
    pixels = np.random.default_rng(0).integers(100, 3000, (2, 96, 96)).astype(np.uint16)
    for diameters in (1.0, 1.03, 1.06):
        vectors = [
            embedded(
                encoders[MIN_MAX],
                np.roll(labels, by, (0, 1)),
                Image.from_array(np.roll(pixels, by, (1, 2)), ["DNA", "RNA"]),
                crop=CropSpec(field_diameters=diameters),
            ).X
            for by in ((0, 0), shift)
        ]
        np.testing.assert_allclose(*vectors, atol=1e-4)


def test_a_cell_in_pieces_is_said_and_shown(encoders):
    labels = discs()
    apart = np.where(labels == 9, 1, labels)
    result = embedded(encoders[MIN_MAX], apart, crop=CropSpec(field_diameters=1.0))
    said = notes_of(result)
    assert any("1 of 8 cells (label 1) is in separate pieces, 2 each" in note for note in said)
    first = result.obs.iloc[0]
    assert labels[int(first["crop_y_px"] + 0.5), int(first["crop_x_px"] + 0.5)] == 1
    others = result.obs.iloc[1:]
    np.testing.assert_array_equal(others["crop_y_px"], others["y_px"])


@pytest.mark.parametrize("mask", [lambda m: m, lambda m: 255 * m.astype(np.uint8)])
def test_a_mask_is_numbered_where_asked(encoders, mask):
    numbered = embedded(encoders[MIN_MAX], mask(discs() > 0), number_cells=True)
    np.testing.assert_array_equal(numbered.X, embedded(encoders[MIN_MAX], discs()).X)


def test_a_mask_that_is_not_numbered_is_refused_or_said(encoders):
    with pytest.raises(InputError, match="mask of true and false"):
        embedded(encoders[MIN_MAX], discs() > 0)
    result = embedded(encoders[MIN_MAX], 255 * (discs() > 0))
    assert any("a single value, 255, in 9 separate pieces" in note for note in notes_of(result))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint64])
def test_whole_numbers_of_any_type_give_the_same_cells(encoders, dtype):
    result = embedded(encoders[MIN_MAX], discs().astype(dtype))
    assert result.obs["label"].dtype == np.int64
    np.testing.assert_array_equal(result.X, embedded(encoders[MIN_MAX], discs()).X)


def test_too_small_a_window_is_refused_before_the_cells_are_found(encoders, monkeypatch):
    def never(*args, **options):
        raise AssertionError("the cells were searched for")

    monkeypatch.setattr("napari_c3r.core.segment.find_cells", never)
    image = replace(image_of(discs()), pixel_size_um=352.8)
    run = EmbedDriver([FieldTask("a", image)], ROLES, encoders[MIN_MAX])
    with pytest.raises(InputError, match="at least 4 are needed; check the pixel size"):
        list(run.steps())


def test_a_window_of_cells_embedded_before_is_checked_too(encoders):
    job = EmbedJob(image_of(discs()), discs(), ROLES, encoders[MIN_MAX], window_px=3)
    with pytest.raises(InputError, match="at least 4 are needed"):
        prepare_cells(job)

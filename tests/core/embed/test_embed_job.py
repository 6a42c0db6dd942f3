from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.embed.field import FieldEmbedder, embed
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.simulate import simulate_field
from napari_c3r.core.table import KEY


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("bundled")


@pytest.fixture(scope="module")
def field():
    return simulate_field("cell-painting", shape=(300, 300), n_cells=14, seed=4)


ROLES = ChannelAssignment(
    {"DNA": "context", "ER": "context", "RNA": "concept", "AGP": "concept", "Mito": "ignore"}
)


def test_one_row_per_cell_in_label_order_with_its_provenance(field, encoder):
    result = embed(field.image, field.cells, ROLES, encoder=encoder, nuclei=field.nuclei)
    labels = np.unique(field.cells[field.cells > 0])
    assert result.obs["label"].tolist() == labels.tolist()
    assert result.X.dtype == np.float32
    assert np.isfinite(result.X).all()
    assert (result.obs["nucleus_area_px"] > 0).all()
    assert result.shape[1] == encoder.n_dims(ROLES)
    assert set(result.var["concept_channel"]) == {"RNA", "AGP"}
    provenance = result.uns[KEY]
    assert provenance["roles"] == ROLES.to_dict()
    assert provenance["encoder"]["weights_sha256"] == encoder.weights_hash
    assert provenance["concept_mode"] == encoder.config.concept_mode
    assert provenance["images"]["crop_basis"][0].startswith("64 µm")
    assert provenance["notes"] == []
    assert "intensity_mean_Mito" in result.obs
    # A crop of 64 µm reaches over the edge before the cell in its middle does.
    assert result.obs["crop_padded"][result.obs["touches_border"]].all()
    assert not result.obs["crop_padded"].all()


def test_relabelling_moves_rows_and_changes_no_vector(field, encoder):
    before = embed(field.image, field.cells, ROLES, encoder=encoder, precision="float32")
    labels = before.obs["label"].to_numpy()
    new = np.random.default_rng(0).permutation(10 * len(labels))[: len(labels)] * 37 + 5
    table = np.zeros(labels.max() + 1, np.int64)
    table[labels] = new
    after = embed(field.image, table[field.cells], ROLES, encoder=encoder, precision="float32")
    assert after.obs["label"].tolist() == sorted(new)
    rows = {label: row for row, label in enumerate(after.obs["label"])}
    moved = after.X[[rows[label] for label in new]]
    np.testing.assert_allclose(moved, before.X, atol=2e-5)


def test_a_cell_has_the_same_vector_whatever_is_embedded_with_it(field, encoder):
    whole = embed(field.image, field.cells, ROLES, encoder=encoder, precision="float32")
    wanted = frozenset(whole.obs["label"].iloc[[1, 5]])
    job = EmbedJob(
        field.image,
        field.cells,
        ROLES,
        encoder,
        options=RunOptions(precision="float32"),
        labels_wanted=wanted,
    )
    run = FieldEmbedder(job)
    list(run.steps())
    some = run.result()
    assert set(some.obs["label"]) == wanted
    np.testing.assert_allclose(some.X, whole.X[[1, 5]], atol=2e-5)


def test_stopping_keeps_what_is_done_and_going_on_completes_it(field, encoder):
    job = EmbedJob(
        field.image,
        field.cells,
        ROLES,
        encoder,
        options=RunOptions(batch_size=4, precision="float32"),
    )
    run = FieldEmbedder(job)
    steps = run.steps()
    assert next(steps).done == 0
    progress = next(steps)
    assert (progress.done, progress.cells_per_second > 0) == (4, True)
    assert progress.seconds_left > 0
    steps.close()
    partial = run.result()
    assert len(partial) == 4
    assert not run.finished
    assert partial.obs["label"].is_monotonic_increasing
    assert "Stopped early" in partial.uns[KEY]["notes"][-1]
    done = [step.done for step in run.steps()]
    assert run.finished
    assert done[0] == 4
    full = embed(field.image, field.cells, ROLES, encoder=encoder, precision="float32")
    np.testing.assert_allclose(run.result().X, full.X, atol=2e-5)


def test_a_result_before_any_step_is_empty_not_an_error(field, encoder):
    run = FieldEmbedder(EmbedJob(field.image, field.cells, ROLES, encoder))
    assert len(run.result()) == 0


def test_the_roles_matter(field, encoder):
    plain = embed(field.image, field.cells, ROLES, encoder=encoder)
    flipped = embed(field.image, field.cells, ROLES.flipped(), encoder=encoder)
    assert plain.shape == flipped.shape
    assert not np.allclose(plain.X, flipped.X, atol=1e-2)


def test_ignored_channels_do_not_matter(field, encoder):
    pixels = field.image.data.compute().astype(float)
    pixels[4] = np.nan
    image = Image.from_array(pixels, field.image.channel_names, field.image.pixel_size_um)
    plain = embed(field.image, field.cells, ROLES, encoder=encoder)
    without = embed(image, field.cells, ROLES, encoder=encoder)
    np.testing.assert_allclose(plain.X, without.X, atol=1e-5)


def test_a_single_channel_may_serve_as_both(field, encoder):
    image = field.image.select(["DNA"])
    roles = ChannelAssignment({"DNA": "both"})
    result = embed(image, field.cells, roles, encoder=encoder)
    assert np.isfinite(result.X).all()
    assert "Channel 'DNA' is in both groups" in result.uns[KEY]["notes"]


def test_a_constant_channel_gives_finite_vectors_and_a_note(field, encoder):
    pixels = field.image.data.compute()
    pixels[2] = 500
    image = Image.from_array(pixels, field.image.channel_names, field.image.pixel_size_um)
    result = embed(image, field.cells, ROLES, encoder=encoder)
    assert np.isfinite(result.X).all()
    assert any("'RNA' is constant" in note for note in result.uns[KEY]["notes"])


def test_masked_and_kept_neighbours_and_other_fields_differ(field, encoder):
    vectors = [
        embed(field.image, field.cells, ROLES, encoder=encoder, crop=crop).X
        for crop in (CropSpec(), CropSpec(neighbours="keep"), CropSpec(field_um=30))
    ]
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)
    assert not np.allclose(vectors[0], vectors[2], atol=1e-3)


def test_an_unknown_pixel_size_is_no_obstacle(field, encoder):
    image = Image.from_array(field.image.data, field.image.channel_names)
    result = embed(image, field.cells, ROLES, encoder=encoder)
    assert "pixel size is unknown" in result.uns[KEY]["images"]["crop_basis"][0]
    assert "y_um" not in result.obs


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"DNA": "context"}, "No concept channel"),
        ({"RNA": "concept"}, "No context channel"),
        ({"DNA": "context", "GFP": "concept"}, "no channel 'GFP'"),
    ],
)
def test_roles_that_do_not_fit_are_refused_before_any_work(field, encoder, roles, said):
    with pytest.raises(InputError, match=said):
        FieldEmbedder(EmbedJob(field.image, field.cells, ChannelAssignment(roles), encoder))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"image": np.zeros((5, 300, 300))}, "image is of type ndarray.*read_image"),
        ({"assignment": {"DNA": "context"}}, "assignment is of type dict.*ChannelAssignment"),
        ({"encoder": "bundled"}, "encoder is of type str.*load_encoder"),
        ({"labels": [[0, 1]]}, "labels are of type list"),
    ],
)
def test_an_argument_of_another_kind_is_told_in_one_line(field, encoder, wrong, said):
    given = {"image": field.image, "labels": field.cells, "assignment": ROLES, "encoder": encoder}
    with pytest.raises(InputError, match=said):
        embed(**given | wrong)


def test_a_wrong_pixel_size_is_noted(field, encoder):
    image = replace(field.image, pixel_size_um=16.0)
    notes = embed(image, field.cells, ROLES, encoder=encoder).uns[KEY]["notes"]
    assert any("check the pixel size" in note for note in notes)


def test_what_a_run_needs_is_not_changed_by_it(field, encoder):
    cells, pixels = field.cells.copy(), field.image.data.compute()
    embed(field.image, field.cells, ROLES, encoder=encoder)
    np.testing.assert_array_equal(field.cells, cells)
    np.testing.assert_array_equal(field.image.data.compute(), pixels)

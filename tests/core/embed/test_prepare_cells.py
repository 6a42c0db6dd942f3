"""Cells and crops of a field, the same for embedding, its estimate and diagnostics."""

from __future__ import annotations

import pytest

import napari_c3r as c3r
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.diagnose import FlipJob, FlipRun
from napari_c3r.core.embed import EmbedJob, FieldEmbedder
from napari_c3r.core.embed.prepare import plan_for, prepare_cells
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from tests.widgets.fields import labels, planes

ROLES = ChannelAssignment({"DNA": "context", "RNA": "concept"})


@pytest.fixture(scope="module")
def encoder():
    return c3r.load_encoder()


@pytest.fixture
def job(encoder):
    """A field of unknown pixel size, whose crops are as wide as its cells say."""

    def make(**settings):
        image = Image.from_array(planes(), ["DNA", "ER", "RNA"], None, name="a")
        return EmbedJob(image, labels(), ROLES, encoder, **settings)

    return make


def test_a_few_cells_have_the_crops_of_all(job):
    everything, plan = prepare_cells(job())
    some, same = prepare_cells(job(labels_wanted=frozenset({3, 48})))
    assert some.obs["label"].tolist() == [3, 48]
    assert len(everything.obs) == 16
    assert same == plan == plan_for(job(), everything.median_diameter_px)


def test_a_window_that_is_known_and_the_crops_chosen_are_kept_to(job):
    _, plan = prepare_cells(job(window_px=20, crop=CropSpec(size_px=32, neighbours="keep")))
    assert (plan.window_px, plan.size_px, plan.neighbours) == (20, 32, "keep")


def test_roles_are_asked_for_before_cells_are_measured(job, encoder):
    from dataclasses import replace

    with pytest.raises(InputError, match="No concept channel"):
        prepare_cells(replace(job(), assignment=ROLES.with_role("RNA", "ignore")))


def test_vectors_and_diagnostics_have_the_same_crops(job):
    asked = job(labels_wanted=frozenset(range(3, 49)), window_px=24)
    embedder = FieldEmbedder(asked)
    next(embedder.steps())
    windows_px = embedder.result().uns["napari_c3r"]["images"]["crop_window_px"]
    run = FlipRun(FlipJob((asked,)))
    next(run.steps())
    table, plan = run._measured[0]
    assert windows_px == [24] == [plan.window_px]
    assert table.obs["label"].tolist() == prepare_cells(asked)[0].obs["label"].tolist()

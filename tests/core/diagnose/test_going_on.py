"""A flip report that was stopped goes on in another process: what was done is not done again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.diagnose import FlipJob, FlipRun, Kind, add_shift, flip_report_of_table
from napari_c3r.core.diagnose.embed_variants import VariantEmbedder
from napari_c3r.core.diagnose.kept import pack_found, unpack_found
from napari_c3r.core.diagnose.registry import DiagnosticAnswers
from napari_c3r.core.embed import embed
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain import Field

from .small import ROLES

pytestmark = pytest.mark.usefixtures("compiled_once")
DONE = 16


@pytest.fixture(scope="module")
def job(field, deaf, encoder):
    how = RunOptions(batch_size=8, precision="float32")
    own = EmbedJob(field.image, field.cells, ROLES, encoder, nuclei=field.nuclei, options=how)
    return FlipJob((own,), (Kind.SWAP,), single_channels=True, second=deaf)


@pytest.fixture(scope="module")
def whole(job):
    run = FlipRun(job)
    list(run.steps())
    return run.result()


@pytest.fixture(scope="module")
def state(job):
    """Of a run that was stopped, as a file gave it back."""
    run = FlipRun(job)
    for step in run.steps():
        if step.done >= DONE:
            break
    facts, arrays = pack_found(run.result(), DiagnosticAnswers({}, {}), state=run.state())
    *_, state = unpack_found(json.loads(json.dumps(facts)), arrays)
    return state


def test_only_what_is_left_is_embedded_and_the_report_is_the_same(job, whole, state, monkeypatch):
    assert int(state.embedded.done.sum()) == DONE
    embedded, add = [], VariantEmbedder.add_batch

    def counted(self, run, rows, crops):
        embedded.extend(rows.tolist())
        add(self, run, rows, crops)

    monkeypatch.setattr(VariantEmbedder, "add_batch", counted)
    run = FlipRun(job)
    run.go_on_from(state)
    first = next(run.steps())
    assert (first.done, first.total) == (DONE, len(whole.obs))
    list(run.steps())
    assert sorted(embedded) == np.flatnonzero(~state.embedded.done).tolist()
    again = run.result()
    pd.testing.assert_frame_equal(again.table, whole.table)
    pd.testing.assert_frame_equal(again.neighbours_changed, whole.neighbours_changed)
    for name in ("alone", "perturbed"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    np.testing.assert_array_equal(again.second.vectors, whole.second.vectors)
    assert again.notes == whole.notes
    assert again.settings == whole.settings


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"max_cells": 12}, "the cells that were asked are not those that would be asked now"),
        ({"kinds": (Kind.SWAP, Kind.DROP)}, "what is asked is not as it was"),
        ({"single_channels": False}, "what is asked is not as it was"),
        ({"noise_repeats": 4}, "what is asked is not as it was"),
        ({"second": "own"}, "the second encoder is not as it was"),
    ],
)
def test_what_is_asked_otherwise_is_not_gone_on_with(job, state, encoder, change, said):
    if change.get("second") == "own":
        change = {"second": encoder}
    run = FlipRun(replace(job, **change))
    run.go_on_from(state)
    with pytest.raises(InputError, match=said):
        list(run.steps())


def test_a_result_is_asked_as_its_image_is_and_says_how_far_its_cells_move(
    job, whole, field, encoder
):
    how = {"batch_size": 8, "precision": "float32", "nuclei": field.nuclei}
    table = embed(field.image, field.cells, ROLES, encoder=encoder, **how)
    fields = {field.image.name: Field(field.image, field.cells, field.nuclei)}
    report = flip_report_of_table(table, fields, encoder=encoder, kinds=(Kind.SWAP,))
    pd.testing.assert_frame_equal(report.neighbours_changed, whole.neighbours_changed)
    add_shift(table, report, "all groups swapped")
    expected = whole.neighbours_changed["all groups swapped"]
    assert table.obs["neighbours_changed_all_groups_swapped"].tolist() == expected.tolist()
    with pytest.raises(InputError, match="No variant 'x'"):
        add_shift(table, report, "x")
    with pytest.raises(InputError, match="is not given with its labels; give both"):
        flip_report_of_table(table, {}, encoder=encoder)
    del table.uns["napari_c3r"]
    with pytest.raises(InputError, match="does not say how it was made"):
        flip_report_of_table(table, fields, encoder=encoder)

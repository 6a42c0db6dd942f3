"""Fields one after the other: stopped, continued, failing, and what it will cost."""

from __future__ import annotations

import time
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

import napari_c3r as c3r
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed import EmbedDriver, FieldTask
from napari_c3r.core.embed.estimate import estimate
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from tests.widgets.fields import labels, planes

ROLES = ChannelAssignment({"DNA": "context", "ER": "context", "RNA": "concept"})


@pytest.fixture(scope="module")
def encoder():
    return c3r.load_encoder()


def image(name, seed=0):
    return Image.from_array(planes(seed), ["DNA", "ER", "RNA"], 0.5, name=name)


def task(name, seed=0, **options):
    return FieldTask(name, image(name, seed), labels=labels(), **options)


def test_stopped_after_every_step_and_taken_up_again(encoder):
    tasks = [task("a"), task("b", 1)]
    whole = EmbedDriver(tasks, ROLES, encoder, RunOptions(batch_size=5))
    last = list(whole.steps())[-1]
    assert (last.number, last.total, last.done_cells, last.expected_cells) == (2, 2, 32, 32)
    bitwise = EmbedDriver(tasks, ROLES, encoder, RunOptions(batch_size=5))
    rounds = 0
    while not bitwise.finished:
        rounds += 1
        for step in bitwise.steps():
            if step.stage == "embedding":
                break
    assert rounds >= 8
    assert bitwise.cells_left == 0
    np.testing.assert_allclose(bitwise.result().X, whole.result().X, atol=1e-5)
    assert bitwise.result().obs_names.tolist() == whole.result().obs_names.tolist()


def test_cells_of_fields_to_come_are_expected_to_be_as_many(encoder):
    run = EmbedDriver([task("a"), task("b"), task("c")], ROLES, encoder)
    first = next(step for step in run.steps() if step.done_cells)
    assert first.expected_cells == 48
    assert first.seconds_left > 0


def test_a_field_that_fails_stops_no_other_and_alone_it_is_an_error(encoder):
    empty = FieldTask("b", image("b"), labels=np.zeros((200, 200), int))
    run = EmbedDriver([task("a"), empty, task("c")], ROLES, encoder)
    list(run.steps())
    assert run.finished
    assert "No cells in the labels" in run.failed["b"]
    assert run.result().obs["image"].unique().tolist() == ["a", "c"]
    with pytest.raises(InputError, match="No cells in the labels"):
        list(EmbedDriver([empty], ROLES, encoder).steps())
    none = EmbedDriver([empty, replace(empty, name="d")], ROLES, encoder)
    list(none.steps())
    with pytest.raises(InputError, match="None of the 2 fields could be embedded"):
        none.result()


@pytest.mark.parametrize(
    "error",
    [OSError(5, "Input/output error"), RuntimeError("codec"), AssertionError(), MemoryError()],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("what", ["image", "labels", "nuclei"])
def test_a_field_whose_pixels_or_labels_fail_stops_no_other(encoder, what, error):
    def fail(block):
        raise error

    lazy = da.from_array(planes(), chunks=(1, 200, 200))
    lazy = lazy.map_blocks(fail, dtype="uint16", meta=np.empty((0, 0, 0), "uint16"))
    given = {"image": image("b"), "labels": labels()}
    if what == "image":
        given["image"] = Image.from_array(lazy, ["DNA", "ER", "RNA"], 0.5, name="b")
    else:
        given[what] = lazy[0]
    run = EmbedDriver([task("a"), FieldTask("b", **given), task("c")], ROLES, encoder)
    list(run.steps())
    assert list(run.failed) == ["b"]
    assert "\n" not in run.failed["b"]
    assert run.result().obs["image"].unique().tolist() == ["a", "c"]


def test_a_field_that_is_too_large_for_the_memory_stops_no_other(encoder, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("napari_c3r.core.segment.find_cells", fail)
    run = EmbedDriver([task("a"), FieldTask("b", image("b")), task("c")], ROLES, encoder)
    list(run.steps())
    assert run.failed["b"].startswith("'b' does not fit into memory")
    assert run.result().obs["image"].unique().tolist() == ["a", "c"]


def test_only_some_cells_with_the_crops_they_had(encoder):
    # In 16 bits a vector depends a little on who is in the batch.
    exact = RunOptions(precision="float32")
    whole = EmbedDriver([task("a")], ROLES, encoder, exact)
    list(whole.steps())
    described = whole.result().uns["napari_c3r"]["images"]
    wanted = frozenset({3, 48})
    some = EmbedDriver(
        [task("a", labels_wanted=wanted, window_px=described["crop_window_px"][0])],
        ROLES,
        encoder,
        exact,
    )
    list(some.steps())
    part = some.result()
    assert part.obs["label"].tolist() == [3, 48]
    rows = whole.result().obs["label"].isin(wanted).to_numpy()
    np.testing.assert_allclose(part.X, whole.result().X[rows], atol=1e-5)
    narrow = EmbedDriver([task("a", labels_wanted=wanted, window_px=20)], ROLES, encoder, exact)
    list(narrow.steps())
    assert not np.allclose(narrow.result().X, part.X, atol=1e-3)


def test_stopped_before_anything_is_said(encoder):
    with pytest.raises(InputError, match="Stopped before the first batch"):
        EmbedDriver([task("a")], ROLES, encoder).result()


@pytest.mark.parametrize("size", [0.5, None])
def test_the_estimate_is_near_what_it_takes(encoder, size, monkeypatch):
    # By the processor's time, which does not run while other programs hold the cores.
    monkeypatch.setattr(time, "perf_counter", time.process_time)
    big = np.tile(labels(), (2, 2))
    big[big > 0] += (np.arange(400)[:, None] // 200 * 200 + np.arange(400) // 200 * 100)[big > 0]
    field = Image.from_array(np.tile(planes(), (1, 2, 2)), ["DNA", "ER", "RNA"], size, name="a")
    job = EmbedJob(field, big, ROLES, encoder)
    found = estimate(job, 64)
    taken = float("inf")
    for _ in range(3):  # the first time may load, and collect the garbage of earlier tests
        began = time.process_time()
        c3r.embed(field, big, ROLES, encoder=encoder)
        taken = min(taken, time.process_time() - began)
    # The order of magnitude is what a user needs.
    assert taken / 6 < found.seconds < taken * 6
    assert found.for_cells(640).seconds == pytest.approx(10 * found.seconds)
    assert found.for_cells(64, 7.0).seconds == pytest.approx(found.seconds + 7)
    assert 1e6 < found.memory_bytes < 4e9
    assert found.n_cells == 64


def test_an_estimate_needs_usable_roles(encoder):
    job = EmbedJob(image("a"), labels(), ROLES.with_role("RNA", "ignore"), encoder)
    with pytest.raises(InputError, match="No concept channel"):
        estimate(job, 16)

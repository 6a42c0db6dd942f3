"""The encoder in a process of its own: the same numbers, and what happens when it dies."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.field import FieldEmbedder
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.encoder.loading import torch_problem
from napari_c3r.core.encoder.local import LocalEncoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.remote import RemoteEncoder
from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.images import Image

NAMES = ("DNA", "ER", "RNA", "AGP")
ROLES = ChannelAssignment({"DNA": "context", "ER": "context", "RNA": "concept", "AGP": "concept"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_config, small_weights) -> Path:
    from napari_c3r.core.encoder import write_model_folder

    where = tmp_path_factory.mktemp("model") / "small"
    return write_model_folder(where, small_config, small_weights, "# Small\n")


@pytest.fixture(scope="module")
def local(folder) -> LocalEncoder:
    return LocalEncoder.load(folder)


@pytest.fixture(scope="module")
def remote(folder):
    encoder = RemoteEncoder(folder)
    yield encoder
    encoder.release()


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, (11, 4, 32, 32)).astype(np.uint16)


def field() -> tuple[Image, np.ndarray]:
    """20 cells in 4 channels."""
    rng = np.random.default_rng(1)
    labels = np.kron(np.arange(1, 21).reshape(4, 5) * 3, np.ones((30, 30), np.int32))
    labels[::30] = labels[:, ::30] = 0
    pixels = rng.integers(0, 4000, (4, *labels.shape)).astype(np.uint16)
    return Image.from_array(pixels, NAMES, 0.5, name="field"), labels


# Kernels may round otherwise in another process; the wrong cell or channel is off by some tenths.
ROUNDING = {"float32": 1e-5, "bfloat16": 2**-6}


def assert_same(theirs, ours, precision):
    assert theirs.dtype == ours.dtype
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=ROUNDING[precision])


def precision_of(encoder, options=RunOptions()):
    with encoder.start(ROLES, NAMES, options) as run:
        return run.precision


def test_it_is_the_same_encoder(local, remote):
    for name in ("config", "card", "weights_hash", "name", "trained", "devices", "n_weights"):
        assert getattr(remote, name) == getattr(local, name)
    assert remote.n_dims(ROLES) == local.n_dims(ROLES)
    assert isinstance(remote, Encoder)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"precision": "float32", "batch_size": 3, "readout": "cls+std", "concept_mode": "joint"},
        {"precision": "bfloat16", "batch_size": np.int64(4)},
    ],
)
def test_the_numbers_are_the_same_but_for_rounding(local, remote, crops, options):
    precision = precision_of(local, RunOptions(**options))
    for given in (crops, crops.astype(np.float32) / 7, crops[:, :, ::2], crops[:0]):
        ours = local.embed(given, ROLES, NAMES, **options)
        theirs = remote.embed(given, ROLES, NAMES, **options)
        assert_same(theirs, ours, precision)
    tokens = {k: v for k, v in options.items() if k in ("precision", "batch_size")}
    ours, theirs = (each.tokens(crops, ROLES, NAMES, **tokens) for each in (local, remote))
    assert_same(theirs, ours, precision)


def test_variants_are_the_same_but_for_rounding(local, remote, crops):
    passes = tuple(ROLES.flipped(name) for name in ROLES.concept)
    assignments = [ROLES, ROLES.flipped(), passes]
    with local.start_variants(assignments, NAMES) as ours:
        wanted, columns, precision = ours.run_all(crops), ours.all_columns, ours.precision
    with remote.start_variants(assignments, NAMES) as theirs:
        assert theirs.all_columns == columns
        for vectors, expected in zip(theirs.run_all(crops), wanted, strict=True):
            assert_same(vectors, expected, precision)


def test_the_diagnostics_are_the_same_but_for_rounding(local, remote):
    from napari_c3r.core.diagnose.flip_crops import flip_report_of_crops

    crops = np.random.default_rng(2).integers(0, 4000, (24, 4, 32, 32)).astype(np.uint16)
    ours, theirs = (
        flip_report_of_crops(crops, NAMES, ROLES, encoder=encoder) for encoder in (local, remote)
    )
    assert theirs.neighbours_changed.equals(ours.neighbours_changed)
    for name, vectors in ours.vectors.items():
        assert_same(theirs.vectors[name], vectors, precision_of(local))


def test_a_run_is_followed_stopped_and_taken_up_again(local, remote):
    image, labels = field()
    whole = FieldEmbedder(EmbedJob(image, labels, ROLES, local, options=RunOptions(batch_size=4)))
    done = [step.done for step in whole.steps()]
    run = FieldEmbedder(EmbedJob(image, labels, ROLES, remote, options=RunOptions(batch_size=4)))
    for step in run.steps():
        if step.done >= 8:
            break
    assert len(run.result()) == 8
    assert [step.done for step in run.steps()] == done[done.index(8) :]
    ours, theirs = whole.result(), run.result()
    assert_same(theirs.X, ours.X, precision_of(local))
    assert theirs.obs.equals(ours.obs)
    assert theirs.uns == ours.uns


def test_mistakes_are_told_as_they_are_here(local, remote, crops):
    for encoder in (local, remote):
        with pytest.raises(InputError, match="device 'cuda:9' is not available"):
            encoder.embed(crops, ROLES, NAMES, device="cuda:9")
        with encoder.start(ROLES, NAMES) as run, pytest.raises(InputError, match="NaN or infinite"):
            run.run(np.full((1, 4, 32, 32), np.nan))
    # And neither ends it.
    assert remote.embed(crops, ROLES, NAMES).shape[0] == len(crops)


def test_a_bad_folder_is_told_and_leaves_no_process(tmp_path):
    with pytest.raises(InputError, match="no model folder at"):
        RemoteEncoder(tmp_path / "nothing")


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_a_process_that_dies_is_one_clear_line_and_another_takes_over(folder, local, crops):
    encoder = RemoteEncoder(folder)
    image, labels = field()
    run = FieldEmbedder(EmbedJob(image, labels, ROLES, encoder, options=RunOptions(batch_size=4)))
    steps = run.steps()
    while next(steps).done < 8:
        pass
    os.kill(encoder._process._process.pid, signal.SIGKILL)
    with pytest.raises(InputError) as raised:
        list(steps)
    words = str(raised.value)
    assert words.startswith("The process that embeds has ended (killed by SIGKILL); embed again")
    assert "\n" not in words
    # What was done is kept, and the next run starts another process.
    assert len(run.result()) == 8
    list(run.steps())
    whole = FieldEmbedder(EmbedJob(image, labels, ROLES, local, options=RunOptions(batch_size=4)))
    list(whole.steps())
    assert_same(run.result().X, whole.result().X, precision_of(local))
    encoder.release()


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts handles as Linux does")
def test_processes_that_die_leave_no_handle_open(folder, crops):
    encoder = RemoteEncoder(folder)
    before = len(os.listdir("/proc/self/fd"))
    for idle in (True, False, True):
        assert len(encoder.embed(crops, ROLES, NAMES)) == len(crops)
        process = encoder._process._process
        if idle:
            process.kill()
            process.wait()
        else:
            with encoder.start(ROLES, NAMES) as run:
                process.kill()
                with pytest.raises(InputError, match="has ended"):
                    run.run(crops)
            assert process.stdin.closed
            assert process.stdout.closed
    assert len(encoder.embed(crops, ROLES, NAMES)) == len(crops)
    assert len(os.listdir("/proc/self/fd")) <= before
    encoder.release()
    assert len(os.listdir("/proc/self/fd")) <= before - 3


def test_load_encoder_decides_and_the_process_ends_with_it(torch_clash, folder, crops):
    assert torch_problem().startswith(torch_clash)
    encoder = load_encoder(folder)
    assert isinstance(encoder, RemoteEncoder)
    assert encoder.embed(crops, ROLES, NAMES).shape == (11, encoder.n_dims(ROLES))
    process = encoder._process._process
    assert process.poll() is None
    del encoder
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is not None


def test_torch_that_loads_nowhere_is_told(torch_clash):
    from napari_c3r.core.encoder.serve import Server

    with pytest.raises(InputError, match="not even in a process of its own") as raised:
        Server().answer({"method": "load", "source": "bundled"}, None)
    assert torch_clash in str(raised.value)


def test_a_missing_torch_is_no_clash(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    torch_problem.cache_clear()
    try:
        with pytest.raises(MissingPackageError, match="pip install torch"):
            load_encoder()
    finally:
        torch_problem.cache_clear()

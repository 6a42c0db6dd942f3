"""Plates by every engine: the same bytes, whatever order, process or accident."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import dask
import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.ahead import ahead
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed import EmbedDriver, FieldTask, FolderStore
from napari_c3r.core.embed.plates import Cluster, Here, PlateRun
from napari_c3r.core.embed.plates.engine import Done, LostFieldError, Stopped
from napari_c3r.core.embed.plates.held import HeldEncoder
from napari_c3r.core.embed.plates.work import FieldItem, FieldWork, embed_field, pin_device
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError, NoCellsError, OutputError
from napari_c3r.core.images import FieldSource, ReadOptions, find_images
from napari_c3r.core.segment import SegmentOptions
from napari_c3r.core.table import KEY, read, write
from napari_c3r.core.table.converting import convert
from tools.simulated_plate import CHANNELS, write_plate, wrong_rows

READING = ReadOptions({f"w{number}": name for number, name in enumerate(CHANNELS, 1)})
ROLES = ChannelAssignment(
    {name: "context" if name in ("DNA", "ER") else "concept" for name in CHANNELS}
)
SEGMENTING = SegmentOptions(nucleus_diameter_px=18.0, cell_distance_px=11.0)


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    return write_plate(tmp_path_factory.mktemp("plate") / "in", wells=2, sites=2)


@pytest.fixture(scope="module")
def encoder(tiny_model):
    return load_encoder(tiny_model)


@pytest.fixture
def run(plate, tiny_model, encoder, tmp_path):
    """A run over the plate into a folder; the engine and settings may be given."""

    def make(into="out", engine=None, tasks=None, source=str(tiny_model), **settings):
        found = [FieldTask.of(FieldSource(f, READING)) for f in find_images(str(plate.folder))]
        given = {"roles": ROLES, "segmenting": SEGMENTING, **settings}
        driver = EmbedDriver(tasks or found, encoder=encoder, **given)
        return PlateRun(driver, FolderStore(tmp_path / into), source, engine or Here())

    return make


def through(plates):
    """What was told of every field, by name."""
    outcomes = [step.outcome for step in plates.steps() if step.outcome is not None]
    return {each.name: each for each in outcomes}


def table(tmp_path, into="out"):
    return (tmp_path / into / "cells.parquet").read_bytes()


class Backwards:
    """An engine that does the last field first, and may hand on what it is given."""

    def __init__(self, before=lambda number, item: None):
        self._before = before

    def map(self, function, items):
        for number, item in enumerate(reversed(list(items))):
            self._before(number, item)
            yield Done(item, function(item))


@pytest.fixture(scope="module")
def scheduler():
    """A scheduler whose two workers are threads of this process."""
    distributed = pytest.importorskip("distributed")
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": False}
    # What a worker's own process may set must not outlive these tests.
    with (
        dask.config.set(scheduler="synchronous"),
        distributed.LocalCluster(**settings, protocol="tcp", dashboard_address=":0") as cluster,
    ):
        yield cluster.scheduler_address


def test_every_row_is_a_cell_that_was_drawn(run, plate, tmp_path):
    plates = run()
    told = through(plates)
    assert {each.stage for each in told.values()} == {"done"}
    rows = read(tmp_path / "out" / "cells.parquet").obs
    assert wrong_rows(rows, plate.truth) == []
    assert plates.cells == len(rows) == len(plate.truth) == 36
    # The check finds what it is made to find.
    swapped = rows.assign(well=rows["well"].map({"A01": "A02", "A02": "A01"}))
    assert len(wrong_rows(swapped, plate.truth)) == 4
    assert len(wrong_rows(rows.iloc[1:], plate.truth)) == 1


@pytest.mark.parametrize("roles", [ROLES, None])
def test_the_table_is_the_same_in_any_order_and_on_a_cluster(run, tmp_path, scheduler, roles):
    engines = {"here": Here(1), "back": Backwards(), "cluster": Cluster(address=scheduler)}
    for name, engine in engines.items():
        assert len(through(run(name, engine, roles=roles))) == 4
    assert len({table(tmp_path, name) for name in engines}) == 1
    # The driver that does one field after the other makes the same.
    driver = run(roles=roles).driver
    in_turn = replace(driver, store=FolderStore(tmp_path / "turn"), keep_inputs=False)
    assert len(list(in_turn.steps()))
    assert table(tmp_path, "turn") == table(tmp_path, "here")


def test_what_was_stopped_goes_on_and_ends_with_the_same_bytes(run, tmp_path):
    through(run("whole"))
    stopped = run().steps()
    next(step for step in stopped if step.outcome is not None)
    stopped.close()
    assert not (tmp_path / "out" / "cells.parquet").exists()
    stages = {each.stage for each in through(run()).values()}
    assert stages == {"kept", "done"}
    assert table(tmp_path) == table(tmp_path, "whole")


def test_a_file_that_another_wrote_meanwhile_is_not_joined_unseen(run, tmp_path, encoder):
    through(run("whole"))
    plates = run()

    def spoil(number, item):
        if number != 3:
            return
        # As a worker does whose run was ended: one of those that are done, from other pixels.
        other = min((tmp_path / "out" / "fields").iterdir())
        spoilt = read(other)
        spoilt.X[:] = 7
        spoilt.uns[KEY]["made_from"]["files"][0]["size_bytes"] = 1
        write(spoilt, other)

    plates.engine = Backwards(spoil)
    told = through(plates)
    assert [each for each in told.values() if each.again == "the image changed"]
    assert table(tmp_path) == table(tmp_path, "whole")


def test_fields_that_fail_are_told_apart_from_empty_ones(run, plate, tmp_path, scheduler):
    tasks = run().driver.tasks
    empty = FieldTask("empty", tasks[0].read(), labels=np.zeros((192, 192), int))
    gone = replace(tasks[1].source.files, name="gone")
    gone = replace(gone, files=tuple(replace(f, path=f.path / "x") for f in gone.files))
    both = [empty, tasks[0], FieldTask.of(FieldSource(gone, READING))]
    for name, engine in (("here", None), ("cluster", Cluster(address=scheduler))):
        plates = run(name, engine, both)
        told = through(plates)
        assert [told[t.name].stage for t in both] == ["failed", "done", "failed"]
        assert isinstance(plates.errors["empty"], NoCellsError)
        assert not isinstance(plates.errors["gone"], NoCellsError)
        assert list(json.loads((tmp_path / name / "failed.json").read_text())) == ["empty", "gone"]
    assert table(tmp_path, "here") == table(tmp_path, "cluster")


def test_a_field_that_ends_its_workers_fails_and_the_others_do_not(run, tmp_path):
    class Deadly(Backwards):
        def map(self, function, items):
            first, *others = items
            yield Done(first, error=LostFieldError("The workers ended"))
            yield from super().map(function, others)

    plates = run(engine=Deadly())
    told = through(plates)
    assert [each.problem for each in told.values() if each.problem] == ["The workers ended"]
    assert plates.counts == {"failed": 1, "done": 3}
    assert read(tmp_path / "out" / "cells.parquet").obs["image"].nunique() == 3


@pytest.mark.parametrize("where", ["here", "cluster"])
def test_a_full_disk_ends_a_plate_at_once_on_every_engine(run, where, request, monkeypatch):
    engine = Here() if where == "here" else Cluster(address=request.getfixturevalue("scheduler"))
    steps = run(engine=engine).steps()

    def full(*_):
        raise OSError(28, "No space left on device")

    next(steps)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        list(steps)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"package": "0.0.0"}, r"A worker has napari-c3r .* and this process 0\.0\.0"),
        ({"weights": "0" * 64}, "is another one where a worker runs"),
        ({"options": RunOptions(device="cuda:77")}, "cuda:77"),
    ],
)
def test_a_worker_that_is_unfit_says_so_and_embeds_nothing(run, tmp_path, change, said):
    plates = run()
    work = FieldWork.of(plates.driver, plates.encoder, None)
    item = FieldItem(plates.tasks[0], tmp_path / "field.parquet")
    with pytest.raises(InputError, match=said):
        embed_field(replace(work, **change), item)
    assert not item.path.exists()


def test_work_that_is_no_longer_wanted_ends_within_a_batch(run, tmp_path):
    plates = run(options=RunOptions(batch_size=2))
    work = FieldWork.of(plates.driver, plates.encoder, None)
    item = FieldItem(plates.tasks[0], tmp_path / "field.parquet")
    with pytest.raises(Stopped):
        embed_field(work, item, stopped=lambda: True)
    # Whoever comes next finds the device free.
    assert embed_field(work, item).stage == "done"


@pytest.mark.parametrize("address", ["nowhere", "tcp://127.0.0.1:9"])
def test_a_scheduler_that_does_not_answer_is_one_line(run, address, monkeypatch):
    monkeypatch.setattr("napari_c3r.core.embed.plates.cluster._CONNECT_SECONDS", 0.3)
    with pytest.raises(InputError, match=f"No Dask scheduler answers at '{address}'"):
        list(run(engine=Cluster(address=address)).steps())


def test_that_there_is_no_worker_is_said_while_it_is_waited_for(run, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("napari_c3r.core.embed.plates.cluster.LOOK_SECONDS", 0.05)
    none = {"n_workers": 0, "processes": False, "protocol": "tcp", "dashboard_address": ":0"}
    with distributed.LocalCluster(**none) as cluster:
        steps = run(engine=Cluster(address=cluster.scheduler_address)).steps()
        said = next(step.said for step in steps if step.said)
        steps.close()
        assert said == f"No worker is connected to '{cluster.scheduler_address}'; waiting for one"


def test_what_became_of_a_field_on_a_cluster_is_told_in_words():
    distributed = pytest.importorskip("distributed")
    from napari_c3r.core.embed.plates.cluster import _Session

    session = _Session(None, "'tcp://a:1'")

    def error_of(error, status="error"):
        return session._error(SimpleNamespace(status=status, exception=lambda: error))

    killed = distributed.KilledWorker("task", SimpleNamespace(address="tcp://b:1"), 3)
    assert isinstance(error_of(killed), LostFieldError)
    assert error_of(OutputError("full")).args == ("full",)
    with pytest.raises(InputError, match=r"The workers of 'tcp://a:1' cannot load napari-c3r"):
        error_of(ModuleNotFoundError("No module named 'napari_c3r'"))
    with pytest.raises(InputError, match=r"scheduler at 'tcp://a:1' is gone; .* are kept"):
        error_of(None, "cancelled")


def test_an_encoder_stays_on_its_device_from_field_to_field(encoder, monkeypatch):
    starts = []
    real = type(encoder).start
    monkeypatch.setattr(
        type(encoder), "start", lambda self, *given: starts.append(1) or real(self, *given)
    )
    held = HeldEncoder(encoder)
    crops = np.random.default_rng(0).random((3, 5, 32, 32), np.float32)
    for _ in range(2):
        with held.start(ROLES, CHANNELS) as turn:
            first = turn.run(crops)
    assert len(starts) == 1
    with held.start(ROLES, CHANNELS, RunOptions(precision="float32")) as turn:
        exact = turn.run(crops)
    assert len(starts) == 2
    with encoder.start(ROLES, CHANNELS, RunOptions(precision="float32")) as plain:
        np.testing.assert_array_equal(exact, plain.run(crops))
    assert first.shape == exact.shape


@pytest.mark.parametrize(
    ("name", "devices", "chosen"),
    [
        (0, ["0", "1", "2"], "0"),
        ("slurm-4", ["0", "1", "2"], "1"),
        (5, ["GPU-a", "GPU-b"], "GPU-b"),
        (3, ["0"], ""),
        ("worker", ["0", "1"], ""),
        (1, [], ""),
    ],
)
def test_workers_of_a_machine_take_turns_at_its_devices(monkeypatch, name, devices, chosen):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", ",".join(devices))
    assert pin_device(name) == chosen


def test_what_is_made_ahead_comes_in_order_with_its_error():
    def numbers():
        yield from range(3)
        raise InputError("the file ends")

    seen = []
    with pytest.raises(InputError, match="the file ends"):
        seen.extend(each for each in ahead(numbers()))
    assert list(ahead(range(5))) == [0, 1, 2, 3, 4]
    stopped = ahead(iter(range(1000)))
    assert next(stopped) == 0
    stopped.close()


@pytest.mark.parametrize("suffix", [".csv", ".h5ad", ".parquet"])
def test_a_joined_table_in_another_format_holds_the_same(run, tmp_path, suffix, monkeypatch):
    monkeypatch.setattr("napari_c3r.core.table.converting._ROWS", 5)
    through(run())
    joined = tmp_path / "out" / "cells.parquet"
    other = joined.with_suffix(suffix)
    convert(joined, other)
    first, second = read(joined), read(other)
    np.testing.assert_array_equal(first.X, second.X)
    pd.testing.assert_frame_equal(first.obs, second.obs)
    assert first.uns[KEY] == second.uns[KEY]
    if suffix == ".csv":
        # To the byte what is written at once.
        whole = write(first, tmp_path / "whole.csv")
        assert whole.read_bytes() == other.read_bytes()

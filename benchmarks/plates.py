"""Fields a minute with one and two workers beside the sum of a field's parts, and bare scheduling.

Every field is drawn anew and embedded by the bundled encoder. Workers are warm: what starting
them and loading the encoder takes, a plate pays once.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tifffile

from benchmarks._row import Row
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.embed import EmbedDriver, FieldTask, FolderStore
from napari_c3r.core.embed.inputs import FieldInputs
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.embed.plates import Cluster, Engine, Here, PlateRun
from napari_c3r.core.embed.plates.engine import Done
from napari_c3r.core.embed.prepare import prepare_cells
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.images import FieldSource, ReadOptions, find_images
from napari_c3r.core.segment import SegmentOptions, find_cells
from napari_c3r.core.simulate import simulate_field
from napari_c3r.core.table import make_result, write
from napari_c3r.core.table.merging import Parts, merge

_FIELDS, _TOY_FIELDS = 24, 2
_SIDE, _TOY_SIDE = 1024, 220
_EMPTY, _TOY_EMPTY = 100_000, 300
_SHARDS, _TOY_SHARDS = 2000, 5
_ROWS, _DIMS = 50, 1152
# Of what its parts take one after the other, and of one worker's pace.
_MIN_SHARE, _MIN_GAIN = 0.9, 0.9
_MAX_EMPTY_MS = 5.0

_ROLES = ChannelAssignment(
    {"DNA": "context", "ER": "context", "RNA": "concept", "AGP": "concept", "Mito": "concept"}
)
_NAMES = {f"w{number}": name for number, name in enumerate(_ROLES.names, 1)}


def rows(*, toy: bool = False) -> list[Row]:
    """Fields a minute, and what a field without work costs."""
    with tempfile.TemporaryDirectory(prefix="plates-") as scratch, _two_workers(toy) as two:
        folder = Path(scratch)
        _write_fields(folder / "in", _TOY_FIELDS if toy else _FIELDS, _TOY_SIDE if toy else _SIDE)
        parts = _parts(folder, _TOY_FIELDS if toy else 6)
        alone = 60 / sum(parts.values())
        split = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in parts.items())
        paces = {}
        for name, engine in (("1 worker", Here()), ("2 workers", two)):
            # The first time loads what is loaded once.
            _fields_a_minute(folder, f"{name}, cold", engine, 2)
            paces[name] = _fields_a_minute(folder, name, engine)
        one, both = paces.values()
        return [
            Row(
                f"a field's parts one by one ({split})",
                f"{alone:.1f} fields/min",
                "(to compare)",
                True,
            ),
            Row(
                f"1 worker, threads here, {os.cpu_count()} cores",
                f"{one:.1f} fields/min",
                f"{_MIN_SHARE:.0%} of its parts one by one",
                one >= _MIN_SHARE * alone,
            ),
            Row(
                f"2 workers on {os.cpu_count()} cores",
                f"{both:.1f} fields/min",
                f"{_MIN_GAIN:.0%} of 1 worker, which uses all cores too",
                both >= _MIN_GAIN * one,
            ),
            _empty_fields(two, _TOY_EMPTY if toy else _EMPTY),
            _joining(folder, _TOY_SHARDS if toy else _SHARDS),
        ]


@contextmanager
def _two_workers(toy: bool) -> Iterator[Cluster]:
    from distributed import LocalCluster

    threads = os.environ.get("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
    with LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=not toy,
        protocol="tcp",
        dashboard_address=":0",
        **({} if toy else {"env": {"OMP_NUM_THREADS": threads}}),
    ) as cluster:
        yield Cluster(address=cluster.scheduler_address)


def _write_fields(folder: Path, count: int, side: int) -> None:
    folder.mkdir()
    for number in range(count):
        image = simulate_field("cell-painting", shape=(side, side), seed=number).image
        well = f"{'ABCDEFGH'[number // 12]}{number % 12 + 1:02d}"
        for channel, plane in enumerate(np.asarray(image.data), 1):
            tifffile.imwrite(folder / f"P1_{well}_s1_w{channel}.tif", plane)


def _driver(folder: Path, count: int | None = None) -> EmbedDriver:
    reading = ReadOptions(_NAMES)
    found = find_images(str(folder / "in"))[:count]
    tasks = [FieldTask.of(FieldSource(files, reading)) for files in found]
    return EmbedDriver(tasks, _ROLES, load_encoder(), segmenting=SegmentOptions("DNA", "RNA"))


def _fields_a_minute(folder: Path, name: str, engine: Engine, count: int | None = None) -> float:
    """Pace of a whole run, joining included."""
    plates = PlateRun(_driver(folder, count), FolderStore(folder / name), engine=engine)
    for _ in plates.steps():
        pass
    return 60 * len(plates.tasks) / plates.seconds


def _parts(folder: Path, count: int) -> dict[str, float]:
    """Seconds that the parts of a field take, one after the other in one thread."""
    driver = _driver(folder, count)
    store = FolderStore(folder / "parts")
    store.open({}, [task.name for task in driver.tasks], 0)
    taken = dict.fromkeys(("read and segment", "measure and cut", "embed", "keep"), 0.0)
    with driver.encoder.start(_ROLES, _ROLES.names, driver.options) as run:
        for task in driver.tasks:
            began = [time.perf_counter()]
            image = task.read()
            inputs = FieldInputs(task, driver.settings(task))
            store.look(inputs, image.source)
            nuclei, labels = find_cells(image, driver.segmenting)
            began.append(time.perf_counter())
            job = EmbedJob(image, labels, _ROLES, driver.encoder, nuclei=nuclei)
            table, plan = prepare_cells(job)
            size = run.batch_size
            batches = list(iter_crops(image, job.labels, table.obs, plan, batch_size=size))
            began.append(time.perf_counter())
            vectors = np.zeros((len(table.obs), len(run.columns)), np.float32)
            for batch in batches:
                vectors[batch.rows] = run.run(batch.crops)
            began.append(time.perf_counter())
            store.keep(inputs, make_result(table.obs, vectors, run.columns, {}))
            began.append(time.perf_counter())
            for name, seconds in zip(taken, np.diff(began), strict=True):
                taken[name] += float(seconds) / len(driver.tasks)
    store.close()
    return taken


def do_nothing(item: int, stopped: Any = None) -> int:
    """A field without any work."""
    return item


def _empty_fields(engine: Engine, count: int) -> Row:
    began = time.perf_counter()
    through = sum(isinstance(step, Done) for step in engine.map(do_nothing, iter(range(count))))
    each = 1000 * (time.perf_counter() - began) / through
    return Row(
        f"scheduling {through} fields without work on 2 workers",
        f"{each:.2f} ms a field",
        f"{_MAX_EMPTY_MS:.0f} ms at most",
        each <= _MAX_EMPTY_MS,
    )


def _joining(folder: Path, count: int) -> Row:
    """What joining takes for each field, from tables of 50 cells with 1152 numbers each."""
    (folder / "shards").mkdir()
    vectors = np.random.default_rng(0).random((_ROWS, _DIMS), np.float32)
    described = {"name": [""], "height_px": [1], "width_px": [1]}
    names = [f"field {number}" for number in range(count)]
    same = {key: {} for key in ("roles", "encoder", "concept_mode", "readout", "crop")}
    paths = [folder / "shards" / f"{number}.parquet" for number in range(count)]
    for name, path in zip(names, paths, strict=True):
        obs = pd.DataFrame(
            {"image": name, "label": range(1, _ROWS + 1), "y_px": 1.0, "x_px": 2.0, "well": "A01"}
        )
        told = {**same, "images": {**described, "name": [name]}, "sources": {}, "notes": []}
        write(make_result(obs, vectors, [("RNA", "cls")] * _DIMS, told), path)
    began = time.perf_counter()
    merge(Parts.of(paths), folder / "joined.parquet")
    each = 1000 * (time.perf_counter() - began) / count
    return Row(
        f"joining {count} tables of {_ROWS} cells × {_DIMS} numbers",
        f"{each:.1f} ms a field",
        "50 ms at most",
        each <= 50,
    )

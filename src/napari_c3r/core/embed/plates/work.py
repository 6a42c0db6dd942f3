"""What is done for one field, in whichever process: read, segment, cut, embed, keep."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.embed.driver import EmbedDriver
from napari_c3r.core.embed.job import MEASURED
from napari_c3r.core.embed.plates.engine import Stopped, never
from napari_c3r.core.embed.plates.held import HeldEncoder
from napari_c3r.core.embed.shards import Shards
from napari_c3r.core.embed.task import FAILED, FieldTask
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError, NoCellsError, OutputError
from napari_c3r.core.segment.options import SegmentOptions

if TYPE_CHECKING:
    from napari_c3r.core.encoder import Encoder

PACKAGE = "napari-c3r"


@dataclass(frozen=True)
class FieldWork:
    """How every field of a plate is embedded: plain data, which any process can be sent.

    Parameters
    ----------
    encoder, weights
        ``"bundled"`` or a model folder, and the hash of its weights.
    roles, options, segmenting, crop, like
        As for :class:`napari_c3r.core.embed.driver.EmbedDriver`.
    package
        Version of this package.
    """

    encoder: str
    weights: str
    roles: ChannelAssignment | None
    options: RunOptions
    segmenting: SegmentOptions
    crop: CropSpec
    like: Mapping[str, str] | None
    package: str = ""

    @classmethod
    def of(cls, driver: EmbedDriver, encoder: str, like: Mapping[str, str] | None) -> FieldWork:
        """How a driver embeds its fields, with an encoder from that place."""
        return cls(
            encoder,
            driver.encoder.weights_hash,
            driver.roles,
            driver.options,
            driver.segmenting,
            driver.crop,
            like,
            version(PACKAGE),
        )

    def driver(self, item: FieldItem, encoder: Encoder) -> EmbedDriver:
        """What embeds one field; the settings were tried before."""
        return EmbedDriver(
            [item.task],
            self.roles,
            encoder,
            self.options,
            self.segmenting,
            self.crop,
            Shards({item.task.name: item.path}),
            keep_inputs=False,
            like=self.like,
            tried=True,
        )


@dataclass(frozen=True)
class FieldItem:
    """A field and the file to keep its table in."""

    task: FieldTask
    path: Path


@dataclass(frozen=True)
class FieldOutcome:
    """What became of a field.

    Attributes
    ----------
    name
        The field.
    stage
        ``"done"``, ``"kept"`` from an earlier run, or ``"failed"``.
    cells
        In its table.
    seconds
        That it took, waiting for the device included.
    problem
        Why it failed, in one line.
    empty
        Whether it failed because it holds no cell.
    again
        Why it was embedded although an earlier run kept it, in words.
    digest
        Tells its file from another in its place.
    """

    name: str
    stage: str
    cells: int = 0
    seconds: float = 0.0
    problem: str = ""
    empty: bool = False
    again: str = ""
    digest: str = ""

    @property
    def error(self) -> InputError | None:
        """Why the field failed, as an error."""
        if self.stage != FAILED:
            return None
        return NoCellsError(self.problem) if self.empty else InputError(self.problem)


def embed_field(
    work: FieldWork, item: FieldItem, stopped: Callable[[], bool] = never
) -> FieldOutcome:
    """Embed a field and keep its table, or find out that it is kept.

    Parameters
    ----------
    work
        How.
    item
        Which field.
    stopped
        Asked after every batch.

    Raises
    ------
    InputError
        What no field of this process can be embedded with.
    OutputError
        Nothing can be kept.
    Stopped
        It was no longer wanted.
    """
    began = time.perf_counter()
    driver = work.driver(item, _BENCH.encoder(work, item.task))
    stage, problem = FAILED, ""
    try:
        with ExitStack() as device:
            for step in driver.steps():
                if step.stage == MEASURED:
                    device.enter_context(_BENCH.device)
                if step.done_cells == step.expected_cells:
                    # While the table is written, the next field is on the device.
                    device.close()
                if stopped():
                    raise Stopped
                stage, problem = step.stage, step.problem
    except OutputError:
        raise
    except InputError:
        # A single field that fails is an error of the driver.
        if not driver.errors:
            raise
    error = driver.errors.get(item.task.name)
    told = FieldOutcome(
        item.task.name,
        FAILED if error is not None else stage,
        seconds=time.perf_counter() - began,
        problem=problem if error is not None else "",
        empty=isinstance(error, NoCellsError),
        again=driver.again.get(item.task.name, ""),
    )
    return told if error is not None else _with_table(told, item.path)


def _with_table(told: FieldOutcome, path: Path) -> FieldOutcome:
    import pyarrow.parquet as pq

    from napari_c3r.core.table.formats.parquet import digest_in

    with pq.ParquetFile(path) as file:
        return replace(told, cells=file.metadata.num_rows, digest=digest_in(file.schema_arrow))


class _Bench:
    """What a process has one of: an encoder that stays on the device, and the device."""

    def __init__(self) -> None:
        self.device = threading.Lock()
        self._loading = threading.Lock()
        self._held: tuple[tuple[Any, ...], HeldEncoder] | None = None

    def encoder(self, work: FieldWork, task: FieldTask) -> Encoder:
        """The encoder of some work, loaded and tried out when it is another than before."""
        key = (work.encoder, work.weights, work.options, work.segmenting, work.package)
        with self._loading:
            if self._held is None or self._held[0] != key:
                self._release()
                self._held = key, _tried(work, task)
            return self._held[1]

    def _release(self) -> None:
        if self._held is not None:
            with self.device:
                self._held[1].release()
            self._held = None


_BENCH = _Bench()


def _tried(work: FieldWork, task: FieldTask) -> HeldEncoder:
    """Load the encoder and see whether the settings are possible in this process, as for a field.

    Raises
    ------
    InputError
        They are not, or this process has another encoder or version of the package.
    """
    from napari_c3r.core.encoder import load_encoder

    here = version(PACKAGE)
    if here != work.package:
        raise InputError(
            f"A worker has {PACKAGE} {here} and this process {work.package}; install the same "
            "version for all"
        )
    encoder = load_encoder(work.encoder)
    if encoder.weights_hash != work.weights:
        raise InputError(
            f"The encoder '{work.encoder}' is another one where a worker runs; give all the same"
        )
    settings = (work.options, work.segmenting, work.crop)
    EmbedDriver([task], work.roles, encoder, *settings).require_possible()
    return HeldEncoder(encoder)


def pin_device(name: object, devices: Sequence[str] | None = None) -> str:
    """Let this process see one graphics card: the workers of a machine take turns.

    Parameters
    ----------
    name
        Of the worker; the last number in it counts.
    devices
        Those that can be seen; None asks CUDA.

    Returns
    -------
    str
        What ``CUDA_VISIBLE_DEVICES`` is now; empty where there is no choice.
    """
    if devices is None:
        devices = _visible_devices()
    numbers = re.findall(r"\d+", str(name))
    if len(devices) < 2 or not numbers:
        return ""
    chosen = devices[int(numbers[-1]) % len(devices)]
    os.environ["CUDA_VISIBLE_DEVICES"] = chosen
    return chosen


def _visible_devices() -> list[str]:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [each.strip() for each in named.split(",") if each.strip()]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]

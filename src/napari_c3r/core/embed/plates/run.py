"""A plate: its fields to an engine, their tables into one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.driver import EmbedDriver
from napari_c3r.core.embed.inputs import FieldInputs
from napari_c3r.core.embed.plates.engine import Engine, Here, LostFieldError, Waiting
from napari_c3r.core.embed.plates.work import FieldItem, FieldOutcome, FieldWork, embed_field
from napari_c3r.core.embed.store import FolderStore
from napari_c3r.core.embed.task import FAILED, KEPT, FieldTask
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.table import roles_of

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.table.merging import Parts

_LOOKED_AT: Final = 8
_TRIES: Final = 3


@dataclass(frozen=True)
class PlateProgress:
    """How far a plate is.

    Attributes
    ----------
    settled, total
        Fields that are through, of how many.
    seconds
        Since the beginning.
    worked
        Fields among those through that were embedded now.
    cells
        In the tables of the fields that are through.
    outcome
        Of the field that is through now, None where nothing came for a while.
    number
        Of that field, from 1, in the order of the table.
    said
        What is done, or amiss, beside the fields, in words.
    """

    settled: int
    total: int
    seconds: float
    worked: int
    cells: int
    outcome: FieldOutcome | None = None
    number: int = 0
    said: str = ""

    @property
    def fields_per_minute(self) -> float:
        """Fields embedded in a minute, 0 before the first."""
        return 60 * self.worked / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """Estimate, as if none of the fields to come were kept; None before the first."""
        if not self.worked:
            return None
        return (self.total - self.settled) * self.seconds / self.worked


@dataclass(eq=False)
class PlateRun:
    """The fields of one or many plates under way: iterate :meth:`steps`.

    Every field is kept as soon as it is done, and a run that ended in whatever way is gone on with
    by another on the same folder. The table is the same, byte by byte, for every engine.

    Parameters
    ----------
    driver
        The fields and how they are embedded.
    store
        The folder.
    encoder
        Where the driver's encoder is from: ``"bundled"`` or a model folder.
    engine
        What does the work.
    describe
        Adds columns to the table of all cells, which come without their vectors.

    Attributes
    ----------
    errors
        Why fields could not be embedded, by name.
    again
        Why fields that were kept by an earlier run were embedded again, in words.
    counts
        Fields by ``"done"``, ``"kept"`` and ``"failed"``.
    cells
        In the tables of all fields.
    """

    driver: EmbedDriver
    store: FolderStore
    encoder: str = "bundled"
    engine: Engine = field(default_factory=Here)
    describe: Callable[[AnnData], object] | None = None
    errors: dict[str, InputError] = field(default_factory=dict, init=False)
    again: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._outcomes: dict[str, tuple[str, int, str]] = {}
        self._worked = self._cells = 0
        self._began = 0.0

    @property
    def tasks(self) -> Sequence[FieldTask]:
        """The fields, in the order of the table."""
        return self.driver.tasks

    @property
    def failed(self) -> dict[str, str]:
        """Why fields could not be embedded, each in one line, in the order of the table."""
        return {t.name: str(self.errors[t.name]) for t in self.tasks if t.name in self.errors}

    @property
    def counts(self) -> Counter[str]:
        """Fields by what became of them."""
        return Counter(stage for stage, _, _ in self._outcomes.values())

    @property
    def cells(self) -> int:
        """In the tables of all fields that are through."""
        return self._cells

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self._began

    def steps(self) -> Iterator[PlateProgress]:
        """Work, yielding whenever a field is through, and now and then in between.

        Raises
        ------
        InputError
            The settings are impossible, the folder refuses them, no field could be embedded, or
            the engine cannot work.
        OutputError
            Nothing can be kept any more.
        """
        self._began = time.perf_counter()
        self.driver.require_possible()
        tasks = self.tasks
        names = [task.name for task in tasks]
        self.store.open(self.driver.settings(tasks[0]), names, self.driver.field_bytes)
        try:
            work = FieldWork.of(self.driver, self.encoder, self._like())
            yield from self._embed(work, range(len(tasks)))
            yield from self._join(work, names)
        finally:
            self.store.close()

    def _embed(self, work: FieldWork, numbers: Sequence[int]) -> Iterator[PlateProgress]:
        places = {self.tasks[number].name: number for number in numbers}
        items = (
            FieldItem(task, self.store.paths[task.name])
            for task in (self.tasks[number] for number in numbers)
        )
        for step in self.engine.map(partial(embed_field, work), items):
            if isinstance(step, Waiting):
                yield self._progress(said=step.problem)
                continue
            outcome = step.result
            if step.error is not None:
                outcome = _lost(step.item.task.name, step.error)
            self._take(outcome)
            yield self._progress(outcome, places[outcome.name] + 1)

    def _take(self, outcome: FieldOutcome) -> None:
        name = outcome.name
        _, before, _ = self._outcomes.get(name, ("", 0, ""))
        self._cells += outcome.cells - before
        self._worked += outcome.stage != KEPT
        self._outcomes[name] = outcome.stage, outcome.cells, outcome.digest
        self.errors.pop(name, None)
        if outcome.error is not None:
            self.errors[name] = outcome.error
        if outcome.again:
            self.again[name] = outcome.again

    def _progress(
        self, outcome: FieldOutcome | None = None, number: int = 0, said: str = ""
    ) -> PlateProgress:
        settled, total = len(self._outcomes), len(self.tasks)
        counts = settled, total, self.seconds, self._worked, self._cells
        return PlateProgress(*counts, outcome, number, said)

    def _join(self, work: FieldWork, names: Sequence[str]) -> Iterator[PlateProgress]:
        """Join the tables of the fields, as they were when their outcome was told."""
        for _ in range(_TRIES):
            yield self._progress(said="Joining the tables of the fields")
            parts = self.store.parts(names, self.failed)
            changed = self._changed(parts)
            if not changed:
                self.store.join(parts, self.failed, self.describe)
                return
            # A worker whose run was ended went on, and kept what it had begun.
            yield from self._embed(work, changed)
        raise InputError(
            f"The files in '{self.store.folder}' change while they are joined; end whatever "
            "writes there and run again"
        )

    def _changed(self, parts: Parts) -> list[int]:
        """Fields whose file is not the one that was told of."""
        numbers = [n for n, task in enumerate(self.tasks) if task.name not in self.errors]
        return [
            number
            for number, digest in zip(numbers, parts.digests, strict=True)
            if self._outcomes[self.tasks[number].name][2] != digest
        ]

    def _like(self) -> Mapping[str, str] | None:
        """Roles of all fields, in the order of the channels: they are the same in every process.

        Those of a field that is kept, or else of the first field that has the channels that most
        have, of some over all of the listing.
        """
        there = (task for task in self.tasks if self.store.paths[task.name].exists())
        for task, _ in zip(there, range(_LOOKED_AT), strict=False):
            inputs = FieldInputs(task, self.driver.settings(task))
            if self.store.lacks(inputs) is None:
                return roles_of(self.store.table(task.name))
        step = max(1, len(self.tasks) // _LOOKED_AT)
        spread = [image for task in self.tasks[::step] if (image := _read(task)) is not None]
        if not spread:
            readable = (image for task in self.tasks if (image := _read(task)) is not None)
            spread = [first] if (first := next(readable, None)) is not None else []
        kinds = Counter(frozenset(image.channel_names) for image in spread)
        for image in spread:
            if kinds[frozenset(image.channel_names)] == max(kinds.values()):
                return self._roles(image)
        return None

    def _roles(self, image: Image) -> Mapping[str, str] | None:
        """Roles of an image's channels, None where it has none, which every field will say."""
        from napari_c3r.core.segment import suggest_for_image

        try:
            roles: ChannelAssignment = self.driver.roles or suggest_for_image(image)
            return roles.for_channels(image.channel_names).require_usable().to_dict()
        except (InputError, MemoryError):
            return None


def _read(task: FieldTask) -> Image | None:
    try:
        return task.read()
    except (InputError, MemoryError):
        # Said when its turn comes.
        return None


def _lost(name: str, error: Exception) -> FieldOutcome:
    """The outcome of a field that an engine could not have done; raises what concerns all.

    Raises
    ------
    Exception
        As the function raised it.
    """
    if not isinstance(error, LostFieldError):
        raise error
    return FieldOutcome(name, FAILED, problem=str(error))

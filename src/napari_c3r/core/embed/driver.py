"""One or many fields -> one result: read, find the cells, embed, field after field."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.job import EmbedJob, EmbedProgress, FieldEmbedder, segmented_with
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, Image
from napari_c3r.core.table import join_results

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder


@dataclass(frozen=True, eq=False)
class FieldTask:
    """A field whose cells are to be embedded.

    Parameters
    ----------
    name
        The image's identifier.
    image
        The image; None reads it from ``source`` when its turn comes.
    source
        Its files.
    labels, nuclei
        Its cells, (Y, X); None finds them by ``find``.
    find
        Keywords of :func:`napari_c3r.segment_cells`.
    labels_wanted
        Embed only these cells; None means all.
    window_px
        As for :class:`napari_c3r.core.embed.job.EmbedJob`.
    cells_from
        Where ``labels`` come from, in words.
    """

    name: str
    image: Image | None = None
    source: FieldSource | None = None
    labels: ArrayLike | None = None
    nuclei: ArrayLike | None = None
    find: Mapping[str, Any] | None = None
    labels_wanted: frozenset[int] | None = None
    window_px: int | None = None
    cells_from: str = EmbedJob.cells_from


@dataclass(frozen=True)
class FieldsProgress:
    """How far the fields are.

    Attributes
    ----------
    number, total
        The field at hand, from 1, of how many.
    name
        Its name.
    stage
        What is being done, in words.
    done_cells, expected_cells
        Over all fields; those of fields to come are taken to have as many as the ones before.
    seconds
        Spent in this stretch of work.
    cells_per_second
        While embedding; 0 until the first batch is through.
    """

    number: int
    total: int
    name: str
    stage: str
    done_cells: int
    expected_cells: int
    seconds: float
    cells_per_second: float = 0.0
    done_before: int = 0

    @property
    def seconds_left(self) -> float | None:
        """Estimate from the time that the cells so far took in all, None before the first."""
        worked = self.done_cells - self.done_before
        if worked <= 0:
            return None
        if self.total == 1 and self.cells_per_second:
            return (self.expected_cells - self.done_cells) / self.cells_per_second
        return self.seconds / worked * (self.expected_cells - self.done_cells)


@dataclass(eq=False)
class FieldsRun:
    """Fields under way: iterate :meth:`steps`, then take :meth:`result`.

    The iteration may stop after any step and be taken up again by a new one. A field that
    cannot be embedded is named in ``failed`` and does not stop the others.

    Attributes
    ----------
    found
        Nuclei and cells, by field, where they were found here.
    failed
        Why a field could not be embedded, in one line.
    """

    tasks: Sequence[FieldTask]
    assignment: ChannelAssignment
    encoder: Encoder
    options: RunOptions = field(default_factory=RunOptions)
    found: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._runs: dict[str, FieldEmbedder] = {}
        self._counts: dict[str, int] = {}
        self._done: dict[str, int] = {}

    @property
    def finished(self) -> bool:
        """Whether every field is through, failed ones included."""
        return all(
            task.name in self.failed or (task.name in self._runs and self._runs[task.name].finished)
            for task in self.tasks
        )

    @property
    def images(self) -> dict[str, Image]:
        """The images that were read so far, by name."""
        return {name: run.job.image for name, run in self._runs.items()}

    @property
    def cells_left(self) -> int:
        """Cells that are known and not embedded."""
        return sum(self._counts.values()) - sum(self._done.values())

    def steps(self) -> Iterator[FieldsProgress]:
        """Work, yielding after every stage of a field and every batch of cells."""
        start, before = time.perf_counter(), sum(self._done.values())
        for number, task in enumerate(self.tasks, 1):
            if task.name in self.failed or self._is_done(task):
                continue

            def tell(
                stage: str, cells: EmbedProgress | None = None, n: int = number, t: FieldTask = task
            ) -> FieldsProgress:
                if cells is not None:
                    self._counts[t.name], self._done[t.name] = cells.total, cells.done
                return self._progress(n, t.name, stage, start, before, cells)

            try:
                if task.name not in self._runs:
                    yield tell("reading" if task.labels is not None else "finding the cells")
                    self._runs[task.name] = FieldEmbedder(self._job(task))
                for step in self._runs[task.name].steps():
                    yield tell(step.stage, step)
            except InputError as error:
                if len(self.tasks) == 1:
                    raise
                self.failed[task.name] = str(error)

    def _is_done(self, task: FieldTask) -> bool:
        run = self._runs.get(task.name)
        return run is not None and run.finished

    def _progress(
        self,
        number: int,
        name: str,
        stage: str,
        start: float,
        before: int,
        cells: EmbedProgress | None,
    ) -> FieldsProgress:
        known = sum(self._counts.values())
        usual = known / max(1, len(self._counts))
        to_come = len(self.tasks) - len(self._counts) - len(self.failed)
        return FieldsProgress(
            number,
            len(self.tasks),
            name,
            stage,
            sum(self._done.values()),
            known + round(usual * max(0, to_come)),
            time.perf_counter() - start,
            cells.cells_per_second if cells is not None else 0.0,
            before,
        )

    def _job(self, task: FieldTask) -> EmbedJob:
        image = task.image
        if image is None:
            assert task.source is not None
            image = task.source.read()
        labels, nuclei, cells_from = task.labels, task.nuclei, task.cells_from
        if labels is None:
            from napari_c3r.core.segment import segment_cells

            nuclei, labels = segment_cells(image, **dict(task.find or {}))
            self.found[task.name] = nuclei, labels
            cells_from = segmented_with(task.find or {})
        return EmbedJob(
            image,
            labels,
            self.assignment,
            self.encoder,
            nuclei=nuclei,
            options=self.options,
            labels_wanted=task.labels_wanted,
            window_px=task.window_px,
            cells_from=cells_from,
        )

    def result(self) -> AnnData:
        """The cells done so far, field after field.

        Raises
        ------
        InputError
            No field could be embedded.
        """
        parts = [
            self._runs[task.name].result()
            for task in self.tasks
            if self._done.get(task.name, 0) > 0
        ]
        if not parts and self.failed:
            name, reason = next(iter(self.failed.items()))
            raise InputError(
                f"None of the {len(self.tasks)} fields could be embedded; '{name}': {reason}"
            )
        if not parts:
            raise InputError("Stopped before the first batch was done")
        return join_results(parts)

"""Crops -> vectors: one cell after another through the encoder, abortable and resumable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.cells.measure import CellTable
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.embed.prepare import prepare_cells
from napari_c3r.core.embed.provenance import describe_result
from napari_c3r.core.encoder.options import RunOptions, describe_run
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.table.result import make_result

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.config import ConceptMode, Readout


@dataclass(frozen=True)
class EmbedJob:
    """Everything an embedding needs, and nothing that can change under it.

    Parameters
    ----------
    image
        The image, (C, Y, X), lazy.
    labels
        Integer label image of the cells, (Y, X).
    assignment
        Roles of the image's channels.
    encoder
        A frozen encoder.
    nuclei
        Label image of the nuclei with the cells' labels, for the nucleus' area.
    crop
        How cells are cut out.
    options
        Where and how the encoder runs.
    labels_wanted
        Embed only these cells; None means all.
    window_px
        Side of the crops in the image's pixels, where it is known from cells embedded before;
        None works it out.
    cells_from
        Where the labels come from, in words, for the provenance.
    job_id
        Tells a result of this job from that of an earlier one.
    """

    image: Image
    labels: ArrayLike
    assignment: ChannelAssignment
    encoder: Encoder
    nuclei: ArrayLike | None = None
    crop: CropSpec = field(default_factory=CropSpec)
    options: RunOptions = field(default_factory=RunOptions)
    labels_wanted: frozenset[int] | None = None
    window_px: int | None = None
    cells_from: str = "labels that were given"
    job_id: int = 0


@dataclass(frozen=True)
class EmbedProgress:
    """How far an embedding is.

    Attributes
    ----------
    done, total
        Cells.
    seconds
        Spent so far in this stretch of work.
    stage
        What is being done, in words.
    cells_per_second
        In this stretch; 0 until the first batch is through.
    """

    done: int
    total: int
    seconds: float
    stage: str
    cells_per_second: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate, or None before the first batch."""
        if not self.cells_per_second:
            return None
        return (self.total - self.done) / self.cells_per_second


class FieldEmbedder:
    """An embedding under way: iterate :meth:`steps`, then take :meth:`result`.

    The iteration may stop after any step. What is done by then is in the result, and a new
    iteration goes on where the last one stopped.

    Parameters
    ----------
    job
        What to embed.

    Raises
    ------
    InputError
        The roles do not fit the image, a group is empty, or a part of the job is of another kind.
    """

    def __init__(self, job: EmbedJob) -> None:
        _require_kinds(job)
        self.job = job
        self._roles = job.assignment.for_channels(job.image.channel_names).require_usable()
        self._image = job.image.select(self._roles.used)
        self._prepared: tuple[CellTable, CropPlan] | None = None
        self._vectors = np.empty((0, 0), np.float32)
        self._done = np.zeros(0, bool)
        self._padded = np.zeros(0, bool)
        self._columns: tuple[tuple[str, str], ...] = ()
        self._settings: dict[str, str] = {}
        self._notes: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether every wanted cell has its vector."""
        return bool(len(self._done)) and bool(self._done.all())

    def steps(self) -> Iterator[EmbedProgress]:
        """Work, yielding once when the cells are measured and then after every batch."""
        start = time.perf_counter()
        table, plan = self._measure()
        pending = np.flatnonzero(~self._done)
        already, total = len(self._done) - len(pending), len(self._done)
        yield EmbedProgress(already, total, time.perf_counter() - start, "measured the cells")
        run = self.job.encoder.start(self._roles, self._image.channel_names, self.job.options)
        try:
            self._columns = tuple(run.columns)
            if self._vectors.shape[1] != len(self._columns):
                self._vectors = np.zeros((total, len(self._columns)), np.float32)
            began = time.perf_counter()
            for batch in iter_crops(
                self._image,
                self.job.labels,
                table.obs,
                plan,
                batch_size=run.batch_size,
                rows=pending,
            ):
                self._vectors[batch.rows] = run.run(batch.crops)
                self._padded[batch.rows] = batch.padded
                self._done[batch.rows] = True
                self._note_settings(run)
                done = int(self._done.sum())
                now = time.perf_counter()
                speed = (done - already) / max(now - began, 1e-9)
                yield EmbedProgress(done, total, now - start, "embedding", speed)
        finally:
            run.close()

    def _measure(self) -> tuple[CellTable, CropPlan]:
        if self._prepared is None:
            self._prepared = prepare_cells(self.job)
            count = len(self._prepared[0].obs)
            self._done = np.zeros(count, bool)
            self._padded = np.zeros(count, bool)
        return self._prepared

    def _note_settings(self, run: Any) -> None:
        self._notes = tuple(run.notes)
        self._settings = describe_run(run)

    def result(self) -> AnnData:
        """The cells done so far, in label order.

        Returns
        -------
        AnnData
            See :func:`napari_c3r.core.table.result.make_result`. Provenance in
            ``uns["napari_c3r"]``.
        """
        prepared = self._measure()
        rows = np.flatnonzero(self._done)
        provenance = describe_result(
            self.job, self._roles, prepared, self._settings, self._notes, len(rows)
        )
        obs = prepared[0].obs.assign(crop_padded=self._padded).iloc[rows]
        return make_result(obs, self._vectors[rows], self._columns, provenance)


def _require_kinds(job: EmbedJob) -> None:
    """Tell a script which part it gave as something else, such as an encoder's name."""
    for what, fits, remedy in (
        ("image", isinstance(job.image, Image), "read_image(path) or Image.from_array(array)"),
        (
            "assignment",
            isinstance(job.assignment, ChannelAssignment),
            "ChannelAssignment({'DNA': 'context', …})",
        ),
        # An encoder in another process is one too.
        ("encoder", hasattr(job.encoder, "config"), "load_encoder('bundled')"),
    ):
        if not fits:
            given = type(getattr(job, what)).__name__
            raise InputError(f"The {what} is of type {given}; give one from {remedy}")


def embed(
    image: Image,
    labels: ArrayLike,
    assignment: ChannelAssignment,
    *,
    encoder: Encoder,
    nuclei: ArrayLike | None = None,
    device: str = "auto",
    precision: str = "auto",
    batch_size: int | str = "auto",
    crop: CropSpec | None = None,
    concept_mode: ConceptMode | None = None,
    readout: Readout | None = None,
) -> AnnData:
    """Embed every labelled cell of an image.

    Parameters
    ----------
    image
        The image, (C, Y, X).
    labels
        Integer label image of the cells, (Y, X); 0 is background. Labels may be sparse.
    assignment
        Role of every channel; channels it does not name are ignored.
    encoder
        From :func:`napari_c3r.load_encoder`.
    nuclei
        Label image of the nuclei with the cells' labels, for the nucleus' area.
    device, precision, batch_size, concept_mode, readout
        As for :class:`napari_c3r.core.encoder.options.RunOptions`.
    crop
        How cells are cut out; by default as the encoder recommends.

    Returns
    -------
    AnnData
        One row per cell in label order, (cells, D) float32.

    Raises
    ------
    InputError
        Roles, labels or pixels that cannot be embedded, in one line.
    """
    job = EmbedJob(
        image,
        labels,
        assignment,
        encoder,
        nuclei=nuclei,
        crop=crop or CropSpec(),
        options=RunOptions(device, precision, batch_size, concept_mode, readout),
    )
    run = FieldEmbedder(job)
    for _ in run.steps():
        pass
    return run.result()

"""Crops -> vectors: one cell after another through the encoder, abortable and resumable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.ahead import ahead
from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.cells.measure import CellTable
from napari_c3r.core.cells.pieces import named_cells
from napari_c3r.core.cells.whole import as_labels
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.embed.job import MEASURED, EmbedJob, EmbedProgress, finished
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
        self._hot = np.zeros((0, 0), bool)
        self._columns: tuple[tuple[str, str], ...] = ()
        self._numbers: tuple[str, ...] = ()
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
        yield EmbedProgress(already, total, time.perf_counter() - start, MEASURED)
        run = self.job.encoder.start(self._roles, self._image.channel_names, self.job.options)
        try:
            self._columns, self._numbers = tuple(run.columns), tuple(run.numbers)
            width = len(self._columns) + len(self._numbers)
            if self._vectors.shape[1] != width:
                self._vectors = np.zeros((total, width), np.float32)
            began = time.perf_counter()
            batches = iter_crops(
                self._image,
                self.job.labels,
                table.obs,
                plan,
                batch_size=run.batch_size,
                rows=pending,
            )
            # The next crops are cut while the device is at work.
            for batch in ahead(batches):
                self._vectors[batch.rows] = run.run_with_numbers(batch.crops)
                self._padded[batch.rows] = batch.padded
                self._hot[batch.rows] = batch.hot
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
            self._hot = np.zeros((count, len(self._image.channel_names)), bool)
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
        notes = (*self._notes, *self._hot_pixel_notes(prepared))
        provenance = describe_result(
            self.job, self._roles, prepared, self._settings, notes, len(rows)
        )
        obs = prepared[0].obs.assign(crop_padded=self._padded).iloc[rows]
        vectors, numbers = np.split(self._vectors[rows], [len(self._columns)], axis=1)
        said = dict(zip(self._numbers, numbers.T, strict=True))
        return make_result(obs.assign(**said), vectors, self._columns, provenance)

    def _hot_pixel_notes(self, prepared: tuple[CellTable, CropPlan]) -> list[str]:
        """A sentence for each channel in which single pixels set the range of crops."""
        labels = prepared[0].obs["label"].to_numpy()
        done = "its vector hangs on them"
        if prepared[1].replace_hot_pixels:
            done = "they were replaced by the median of the pixels beside them"
        return [
            f"{named_cells(labels[hot], len(labels))} with one or a few pixels in '{name}' far "
            f"outside of what all others cover, such as hot pixels of a camera: {done}"
            for name, hot in zip(self._image.channel_names, self._hot.T, strict=True)
            if hot.any()
        ]


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
    number_cells: bool = False,
) -> AnnData:
    """Embed every labelled cell of an image.

    Parameters
    ----------
    image
        The image, (C, Y, X).
    labels
        Label image of the cells, (Y, X), of whole numbers; 0 is background. Labels may be sparse.
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
    number_cells
        Give every connected piece of one value a number of its own, from 1 in reading order, as a
        mask needs.

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
        as_labels(labels, number_cells=number_cells),
        assignment,
        encoder,
        nuclei=nuclei,
        crop=crop or CropSpec(),
        options=RunOptions(device, precision, batch_size, concept_mode, readout),
    )
    return finished(FieldEmbedder(job))

"""Vectors: the encoder, what a run will cost, running it, going on, and updating a result."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_c3r.core.embed.edits import Edits
from napari_c3r.core.table.annotate import carry_over
from napari_c3r.session import Cells, EmbeddingResult
from napari_c3r.widgets.main.context import EMBED, ViewerContext
from napari_c3r.widgets.main.segmentation import SegmentationController, segmented
from napari_c3r.widgets.main.status import counted
from napari_c3r.widgets.main.steps.embed import PREVIEW_CELLS, EmbedChoice, EncoderInfo
from napari_c3r.widgets.viewer import layers

if TYPE_CHECKING:
    from anndata import AnnData
    from napari.layers import Labels

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.embed import EmbedDriver, FieldTask
    from napari_c3r.core.embed.estimate import Estimate
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.segment import SegmentOptions

# The same cells in every preview, so that only the roles differ from one to the next.
_PREVIEW_SEED = 0


@dataclass(eq=False)
class _Work:
    """A run that may be taken up again, and what it was started with."""

    tasks: list[FieldTask]
    cells: dict[str, Cells]
    assignment: ChannelAssignment
    choice: EmbedChoice
    find: SegmentOptions
    shown: str
    preview: bool = False
    run: EmbedDriver | None = None
    seconds: float = 0.0


class EmbeddingController(QObject):
    """Embeds the session's cells.

    Signals
    -------
    encoder_loaded
        With :class:`EncoderInfo`.
    estimated
        With an :class:`Estimate`, or None while there is none.
    """

    encoder_loaded = Signal(object)
    estimated = Signal(object)

    def __init__(self, context: ViewerContext, finding: SegmentationController) -> None:
        super().__init__(context)
        self._context = context
        self._finding = finding
        self.encoders: dict[str, Encoder] = {}
        self._work: _Work | None = None
        self._known: dict[tuple[Any, ...], Estimate] = {}
        self.choice_used: EmbedChoice | None = None
        """How the result was made, None before there is one."""

    def load_encoder(self, source: str) -> None:
        """Load an encoder in the background, to learn its name and the devices."""
        if source in self.encoders or self._context.loading.running:
            return

        def body(_: threading.Event) -> Generator[str, None, Encoder]:
            yield "loading the encoder"
            return self._encoder(source)

        self._context.loading.start("load", body, lambda encoder: self._tell(source, encoder))

    def _encoder(self, source: str) -> Encoder:
        from napari_c3r.core.encoder import load_encoder

        if source not in self.encoders:
            self.encoders[source] = load_encoder(source)
        return self.encoders[source]

    def _tell(self, source: str, encoder: Encoder) -> None:
        from napari_c3r.core.encoder.loading import torch_problem

        self._context.session.encoder = encoder.name
        self.encoder_loaded.emit(
            EncoderInfo(source, encoder.name, encoder.trained, encoder.devices, torch_problem())
        )

    def embed(self, choice: EmbedChoice, find: SegmentOptions) -> None:
        """Embed the cells of the field on show, or of every field."""
        session = self._context.session
        if session.image is None or session.assignment is None:
            return
        cells = self._taken_cells()
        known = dict(session.cells_of)
        if cells is not None:
            known[session.image.name] = cells
        tasks = self._tasks(choice.every_field, known)
        if tasks:
            self._start(_Work(tasks, known, session.assignment, choice, find, session.image.name))

    def preview(self, choice: EmbedChoice, find: SegmentOptions) -> None:
        """Embed a few cells of the field on show, to try the roles."""
        session, cells = self._context.session, self._taken_cells()
        if session.image is None or session.assignment is None or cells is None:
            return
        labels = np.unique(np.asarray(cells.labels))
        labels = labels[labels > 0]
        count = min(PREVIEW_CELLS, len(labels))
        sample = np.random.default_rng(_PREVIEW_SEED).choice(labels, count, replace=False)
        name, known = session.image.name, {session.image.name: cells}
        task = replace(self._tasks(False, known)[0], labels_wanted=frozenset(sample.tolist()))
        self._start(_Work([task], known, session.assignment, choice, find, name, preview=True))

    def _taken_cells(self) -> Cells | None:
        """The cells as they are drawn now, which the session takes."""
        cells = self._finding.current_cells()
        if cells is not self._context.session.cells:
            self._context.session.set_cells(cells)
        return cells

    def _tasks(self, every_field: bool, known: Mapping[str, Cells]) -> list[FieldTask]:
        from napari_c3r.core.embed import FieldTask

        session = self._context.session
        image = session.image
        assert image is not None
        here = known.get(image.name)
        shown = FieldTask(image.name, image)
        if here is not None:
            shown = _with_cells(shown, here)
        if not every_field:
            return [shown] if here is not None or session.fields else []
        tasks = []
        for number, source in enumerate(session.fields):
            if number == session.field_index:
                tasks.append(shown)
                continue
            cells = known.get(source.name)
            task = FieldTask.of(source)
            if cells is not None:
                task = _with_cells(task, cells)
            tasks.append(task)
        return tasks

    @property
    def cells_left(self) -> int:
        """Cells that a run which was stopped has yet to embed; 0 when there is none."""
        if self._work is None or self._work.run is None or self._work.run.finished:
            return 0
        return max(1, self._work.run.cells_left)

    def resume(self) -> None:
        """Take up the run that was stopped."""
        if self._work is not None and self._work.run is not None:
            self._start(self._work)

    def _start(self, work: _Work) -> None:
        self._work = work
        began = time.perf_counter()

        def body(stop: threading.Event) -> Generator[Any, None, tuple[AnnData, EmbedDriver]]:
            from napari_c3r.core.embed import EmbedDriver

            encoder = self._encoder(work.choice.source)
            if work.run is None:
                work.run = EmbedDriver(
                    work.tasks, work.assignment, encoder, work.choice.options, work.find
                )
            for progress in work.run.steps():
                yield progress
                if stop.is_set():
                    break
            return work.run.result(), work.run

        def take(found: tuple[AnnData, EmbedDriver]) -> None:
            table, run = found
            work.seconds += time.perf_counter() - began
            self._tell(work.choice.source, run.encoder)
            self._keep(work, run, table)

        self._context.error_changed.emit(4, "")
        self._context.jobs.start(EMBED, body, take)

    def _keep(self, work: _Work, run: EmbedDriver, table: AnnData) -> None:
        session = self._context.session
        cells = dict(work.cells)
        for name, found in run.found.items():
            cells[name] = segmented(found, work.find, run.images[name])
            session.cells_of.setdefault(name, cells[name])
        embedded = set(table.obs["image"])
        labels_by_image = {name: cells[name] for name in cells if name in embedded}
        shown = session.image.name if session.image is not None else work.shown
        if shown in run.found and session.cells is None:
            self._finding.show_cells(cells[shown])
            session.set_cells(cells[shown])
        shown = shown if shown in labels_by_image else next(iter(labels_by_image))
        session.set_embedded(
            EmbeddingResult(
                table,
                shown,
                labels_by_image[shown],
                work.assignment,
                run.encoder.name,
                work.seconds,
                run.finished,
                run.images,
                labels_by_image=labels_by_image,
                preview=work.preview,
                encoder_source=work.choice.source,
            )
        )
        self.choice_used = work.choice
        if run.finished:
            self._work = None
        for name, reason in run.failed.items():
            self._context.error_changed.emit(4, f"'{name}' is left out: {reason}")
        self.fill_features()

    def update_edited(self, choice: EmbedChoice) -> None:
        """Embed only the cells that an edit by hand made stale, and put them into the result."""
        cells = self._finding.current_cells()
        session = self._context.session
        done, image = session.embedded, session.image
        if not session.can_update or done is None or image is None or cells is None:
            return
        before = done.labels_by_image[image.name].labels

        def body(stop: threading.Event) -> Generator[Any, None, tuple[AnnData, Edits] | None]:
            from napari_c3r.core.embed import EmbedDriver, FieldTask
            from napari_c3r.core.embed.edits import Windows, compare_labels, update_result
            from napari_c3r.core.table import window_px

            windows = Windows.of(done.all_rows, image.name)
            edits, part = compare_labels(before, cells.labels, windows), None
            if edits.stale:
                task = FieldTask(
                    image.name,
                    image,
                    labels=cells.labels,
                    nuclei=cells.nuclei,
                    labels_wanted=edits.stale,
                    window_px=window_px(done.all_rows, image.name),
                )
                encoder = self._encoder(choice.source)
                run = EmbedDriver([task], done.assignment, encoder, choice.options)
                for progress in run.steps():
                    yield progress
                    if stop.is_set():
                        return None
                part = run.result()
            return update_result(done.all_rows, image.name, edits, part), edits

        def take(found: tuple[AnnData, Edits] | None) -> None:
            if found is None:
                self._context.notified.emit("Stopped; the result is as it was")
            elif session.embedded is not None and session.embedded.all_rows is done.all_rows:
                self._put(*found, session.embedded, cells)

        self._context.error_changed.emit(4, "")
        self._context.jobs.start(EMBED, body, take)

    def _put(self, table: AnnData, edits: Edits, done: EmbeddingResult, cells: Cells) -> None:
        session = self._context.session
        # Names may have been given, or another field turned to, while the cells were embedded.
        carry_over(done.all_rows, table)
        if session.image is not None and session.image.name == cells.image_name:
            session.set_cells(cells)
        else:
            session.cells_of[cells.image_name] = cells
        labels_by_image = {**done.labels_by_image, cells.image_name: cells}
        session.set_embedded(
            replace(done, table=table, unfiltered=None, labels_by_image=labels_by_image)
        )
        self.fill_features()
        with_neighbours = (
            f" and {counted(len(edits.affected_neighbours), 'neighbour')}"
            if edits.affected_neighbours
            else ""
        )
        self._context.notified.emit(
            f"Updated {counted(edits.count, 'edited cell')}{with_neighbours}; "
            "all others are as they were"
        )

    def fill_features(self) -> None:
        """Give our own cell layer its measurements; layers of the user's stay as they are."""
        viewer, done = self._context.viewer, self._context.session.embedded
        if done is None:
            return
        # Rows of other cells with the same labels would be told of these.
        of_these = done.cells is self._context.session.cells
        cells = layers.own_layer(viewer, layers.CELLS)
        if cells is not None:
            obs = done.table.obs[(done.table.obs["image"] == done.image_name) & of_these]
            cells.features = obs.reset_index(drop=True)
            _let_carry(cells, done.table if of_these else None, done.image_name)
        _let_carry(layers.own_layer(viewer, layers.CLUSTERS), done.table, done.image_name)

    def estimate(self, choice: EmbedChoice) -> None:
        """Find out in the background what embedding would cost; nothing while work is under way."""
        context, session = self._context, self._context.session
        image, roles, cells = session.image, session.assignment, session.cells
        if image is None or roles is None or cells is None or roles.problem():
            self.estimated.emit(None)
            return
        n_cells = cells.count * (len(session.fields) if choice.every_field else 1)
        to_find = [f for f in session.fields if f.name not in session.cells_of]
        finding = len(to_find) * (self._finding.find_seconds or 0) if choice.every_field else 0
        key = (choice.source, choice.options, roles.context, roles.concept, image.pixel_size_um)
        if key in self._known:
            self.estimated.emit(self._known[key].for_cells(n_cells, finding))
            return
        if context.jobs.running or context.looking.running:
            return

        def body(_: threading.Event) -> Generator[str, None, Estimate]:
            from napari_c3r.core.embed.estimate import estimate
            from napari_c3r.core.embed.job import EmbedJob

            yield "embedding a few crops"
            job = EmbedJob(
                image,
                cells.labels,
                roles,
                self._encoder(choice.source),
                options=choice.options,
            )
            return estimate(job, cells.count)

        def take(found: Estimate) -> None:
            self._known[key] = found
            self.estimated.emit(found.for_cells(n_cells, finding))

        context.looking.start("estimate", body, take)

    def release_memory(self) -> None:
        """Let go of networks, and of the memory that the device holds for them."""
        if self._context.jobs.running == EMBED:
            self._context.error_changed.emit(4, "Abort the run first; it needs its memory")
            return
        encoders = list(self.encoders.values())
        self.encoders.clear()
        self._work = None
        gc.collect()
        for encoder in encoders:
            encoder.release()
        self._context.notified.emit("Released the encoder's memory; it is loaded again when needed")

    def release(self) -> None:
        """Let go of what computes, as when the dock closes."""
        for encoder in self.encoders.values():
            encoder.release()


def _with_cells(task: FieldTask, cells: Cells) -> FieldTask:
    from napari_c3r.core.segment import SegmentOptions

    by = cells.found_by
    told = cells.origin.replace("\n", ", ") if by is None else SegmentOptions.from_keywords(by).call
    return replace(task, labels=cells.labels, nuclei=cells.nuclei, cells_from=told)


def _let_carry(layer: Labels | None, table: AnnData | None, image: str) -> None:
    """Give a layer of ours the result that it shows, for `napari_c3r.writers` to save."""
    if layer is not None:
        layer.metadata[layers.KEY] |= {"table": table, "image": image}

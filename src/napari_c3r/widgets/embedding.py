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

from napari_c3r.core.annotate import carry_over
from napari_c3r.core.edits import Edits
from napari_c3r.session import Cells, Embedded
from napari_c3r.widgets import layers
from napari_c3r.widgets.desk import EMBED, Desk
from napari_c3r.widgets.finding import Finding, segmented
from napari_c3r.widgets.status import counted
from napari_c3r.widgets.steps.cells import SegmentChoice
from napari_c3r.widgets.steps.embed import PREVIEW_CELLS, EmbedChoice, EncoderNews

if TYPE_CHECKING:
    from anndata import AnnData
    from napari.layers import Labels

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.estimate import Estimate
    from napari_c3r.core.fields import FieldsRun, FieldTask

# The same cells in every preview, so that only the roles differ from one to the next.
_PREVIEW_SEED = 0


@dataclass(eq=False)
class _Work:
    """A run that may be taken up again, and what it was started with."""

    tasks: list[FieldTask]
    cells: dict[str, Cells]
    assignment: ChannelAssignment
    choice: EmbedChoice
    find: SegmentChoice
    shown: str
    preview: bool = False
    run: FieldsRun | None = None
    seconds: float = 0.0


class Embedding(QObject):
    """Embeds the session's cells.

    Signals
    -------
    encoder_loaded
        With :class:`EncoderNews`.
    estimated
        With an :class:`Estimate`, or None while there is none.
    """

    encoder_loaded = Signal(object)
    estimated = Signal(object)

    def __init__(self, desk: Desk, finding: Finding) -> None:
        super().__init__(desk)
        self._desk = desk
        self._finding = finding
        self.encoders: dict[str, Encoder] = {}
        self._work: _Work | None = None
        self._known: dict[tuple[Any, ...], Estimate] = {}
        self.choice_used: EmbedChoice | None = None
        """How the result was made, None before there is one."""

    def load_encoder(self, source: str) -> None:
        """Load an encoder in the background, to learn its name and the devices."""
        if source in self.encoders or self._desk.loading.running:
            return

        def body(_: threading.Event) -> Generator[str, None, Encoder]:
            yield "loading the encoder"
            return self._encoder(source)

        self._desk.loading.start("load", body, lambda encoder: self._tell(source, encoder))

    def _encoder(self, source: str) -> Encoder:
        from napari_c3r.core.encoder import load_encoder

        if source not in self.encoders:
            self.encoders[source] = load_encoder(source)
        return self.encoders[source]

    def _tell(self, source: str, encoder: Encoder) -> None:
        from napari_c3r.core.encoder.loading import torch_problem

        self._desk.session.encoder = encoder.name
        self.encoder_loaded.emit(
            EncoderNews(source, encoder.name, encoder.trained, encoder.devices, torch_problem())
        )

    def embed(self, choice: EmbedChoice, find: SegmentChoice) -> None:
        """Embed the cells of the field on show, or of every field."""
        session = self._desk.session
        if session.image is None or session.assignment is None:
            return
        cells = self._taken_cells()
        known = dict(session.cells_of)
        if cells is not None:
            known[session.image.name] = cells
        tasks = self._tasks(choice.every_field, known, find)
        if tasks:
            self._start(_Work(tasks, known, session.assignment, choice, find, session.image.name))

    def preview(self, choice: EmbedChoice, find: SegmentChoice) -> None:
        """Embed a few cells of the field on show, to try the roles."""
        session, cells = self._desk.session, self._taken_cells()
        if session.image is None or session.assignment is None or cells is None:
            return
        labels = np.unique(np.asarray(cells.labels))
        labels = labels[labels > 0]
        count = min(PREVIEW_CELLS, len(labels))
        sample = np.random.default_rng(_PREVIEW_SEED).choice(labels, count, replace=False)
        name, known = session.image.name, {session.image.name: cells}
        task = replace(self._tasks(False, known, find)[0], labels_wanted=frozenset(sample.tolist()))
        self._start(_Work([task], known, session.assignment, choice, find, name, preview=True))

    def _taken_cells(self) -> Cells | None:
        """The cells as they are drawn now, which the session takes."""
        cells = self._finding.current_cells()
        if cells is not self._desk.session.cells:
            self._desk.session.set_cells(cells)
        return cells

    def _tasks(
        self, every_field: bool, known: Mapping[str, Cells], find: SegmentChoice
    ) -> list[FieldTask]:
        from napari_c3r.core.fields import FieldTask

        session = self._desk.session
        image = session.image
        assert image is not None
        keywords = find.keywords(image)
        here = known.get(image.name)
        shown = FieldTask(image.name, image, find=keywords)
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
            task = FieldTask(source.name, source=source, find=keywords)
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

    def go_on(self) -> None:
        """Take up the run that was stopped."""
        if self._work is not None and self._work.run is not None:
            self._start(self._work)

    def _start(self, work: _Work) -> None:
        self._work = work
        began = time.perf_counter()

        def body(stop: threading.Event) -> Generator[Any, None, tuple[AnnData, FieldsRun]]:
            from napari_c3r.core.fields import FieldsRun

            encoder = self._encoder(work.choice.source)
            if work.run is None:
                work.run = FieldsRun(work.tasks, work.assignment, encoder, work.choice.compute)
            for progress in work.run.steps():
                yield progress
                if stop.is_set():
                    break
            return work.run.result(), work.run

        def take(found: tuple[AnnData, FieldsRun]) -> None:
            table, run = found
            work.seconds += time.perf_counter() - began
            self._tell(work.choice.source, run.encoder)
            self._keep(work, run, table)

        self._desk.problem.emit(4, "")
        self._desk.jobs.start(EMBED, body, take)

    def _keep(self, work: _Work, run: FieldsRun, table: AnnData) -> None:
        session = self._desk.session
        cells = dict(work.cells)
        for name, found in run.found.items():
            cells[name] = segmented(found, work.find, run.images[name])
            session.cells_of.setdefault(name, cells[name])
        embedded = set(table.obs["image"])
        made_on = {name: cells[name] for name in cells if name in embedded}
        shown = session.image.name if session.image is not None else work.shown
        if shown in run.found and session.cells is None:
            self._finding.show_cells(cells[shown])
            session.set_cells(cells[shown])
        shown = shown if shown in made_on else next(iter(made_on))
        session.set_embedded(
            Embedded(
                table,
                shown,
                made_on[shown],
                work.assignment,
                run.encoder.name,
                work.seconds,
                run.finished,
                run.images,
                made_on=made_on,
                preview=work.preview,
                encoder_source=work.choice.source,
            )
        )
        self.choice_used = work.choice
        if run.finished:
            self._work = None
        for name, reason in run.failed.items():
            self._desk.problem.emit(4, f"'{name}' is left out: {reason}")
        self.fill_features()

    def update_edited(self, choice: EmbedChoice) -> None:
        """Embed only the cells that an edit by hand made stale, and put them into the result."""
        cells = self._finding.current_cells()
        session = self._desk.session
        done, image = session.embedded, session.image
        if not session.can_update or done is None or image is None or cells is None:
            return
        before = done.made_on[image.name].labels

        def body(stop: threading.Event) -> Generator[Any, None, tuple[AnnData, Edits] | None]:
            from napari_c3r.core.edits import Windows, compare_labels, update_result
            from napari_c3r.core.fields import FieldsRun, FieldTask
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
                run = FieldsRun([task], done.assignment, encoder, choice.compute)
                for progress in run.steps():
                    yield progress
                    if stop.is_set():
                        return None
                part = run.result()
            return update_result(done.all_rows, image.name, edits, part), edits

        def take(found: tuple[AnnData, Edits] | None) -> None:
            if found is None:
                self._desk.said.emit("Stopped; the result is as it was")
            elif session.embedded is not None and session.embedded.all_rows is done.all_rows:
                self._put(*found, session.embedded, cells)

        self._desk.problem.emit(4, "")
        self._desk.jobs.start(EMBED, body, take)

    def _put(self, table: AnnData, edits: Edits, done: Embedded, cells: Cells) -> None:
        session = self._desk.session
        # Names may have been given, or another field turned to, while the cells were embedded.
        carry_over(done.all_rows, table)
        if session.image is not None and session.image.name == cells.image_name:
            session.set_cells(cells)
        else:
            session.cells_of[cells.image_name] = cells
        made_on = {**done.made_on, cells.image_name: cells}
        session.set_embedded(replace(done, table=table, everything=None, made_on=made_on))
        self.fill_features()
        with_others = f" and {counted(len(edits.beside), 'neighbour')}" if edits.beside else ""
        self._desk.said.emit(
            f"Updated {counted(edits.count, 'edited cell')}{with_others}; "
            "all others are as they were"
        )

    def fill_features(self) -> None:
        """Give our own cell layer its measurements; layers of the user's stay as they are."""
        viewer, done = self._desk.viewer, self._desk.session.embedded
        if done is None:
            return
        # Rows of other cells with the same labels would be told of these.
        of_these = done.cells is self._desk.session.cells
        cells = layers.own_layer(viewer, layers.CELLS)
        if cells is not None:
            obs = done.table.obs[(done.table.obs["image"] == done.image_name) & of_these]
            cells.features = obs.reset_index(drop=True)
            _let_carry(cells, done.table if of_these else None, done.image_name)
        _let_carry(layers.own_layer(viewer, layers.CLUSTERS), done.table, done.image_name)

    def estimate(self, choice: EmbedChoice) -> None:
        """Find out in the background what embedding would cost; nothing while work is under way."""
        desk, session = self._desk, self._desk.session
        image, roles, cells = session.image, session.assignment, session.cells
        if image is None or roles is None or cells is None or roles.problem():
            self.estimated.emit(None)
            return
        n_cells = cells.count * (len(session.fields) if choice.every_field else 1)
        to_find = [f for f in session.fields if f.name not in session.cells_of]
        finding = len(to_find) * (self._finding.find_seconds or 0) if choice.every_field else 0
        key = (choice.source, choice.compute, roles.context, roles.concept, image.pixel_size_um)
        if key in self._known:
            self.estimated.emit(self._known[key].for_cells(n_cells, finding))
            return
        if desk.jobs.running or desk.looking.running:
            return

        def body(_: threading.Event) -> Generator[str, None, Estimate]:
            from napari_c3r.core.embed import EmbedJob
            from napari_c3r.core.estimate import estimate

            yield "embedding a few crops"
            compute = choice.compute
            job = EmbedJob(
                image,
                cells.labels,
                roles,
                self._encoder(choice.source),
                device=compute.device,
                precision=compute.precision,
                batch_size=compute.batch_size,
            )
            return estimate(job, cells.count)

        def take(found: Estimate) -> None:
            self._known[key] = found
            self.estimated.emit(found.for_cells(n_cells, finding))

        desk.looking.start("estimate", body, take)

    def release_memory(self) -> None:
        """Let go of networks, and of the memory that the device holds for them."""
        if self._desk.jobs.running == EMBED:
            self._desk.problem.emit(4, "Abort the run first; it needs its memory")
            return
        encoders = list(self.encoders.values())
        self.encoders.clear()
        self._work = None
        gc.collect()
        for encoder in encoders:
            encoder.release()
        self._desk.said.emit("Released the encoder's memory; it is loaded again when needed")

    def release(self) -> None:
        """Let go of what computes, as when the dock closes."""
        for encoder in self.encoders.values():
            encoder.release()


def _with_cells(task: FieldTask, cells: Cells) -> FieldTask:
    from napari_c3r.core.embed import segmented_with

    by = cells.found_by
    told = cells.origin.replace("\n", ", ") if by is None else segmented_with(by)
    return replace(task, labels=cells.labels, nuclei=cells.nuclei, cells_from=told)


def _let_carry(layer: Labels | None, table: AnnData | None, image: str) -> None:
    """Give a layer of ours the result that it shows, for `napari_c3r.writers` to save."""
    if layer is not None:
        layer.metadata[layers.KEY] |= {"table": table, "image": image}

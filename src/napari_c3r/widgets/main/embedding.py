"""Vectors: the encoder, what a run will cost, running it, going on, and updating a result."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_c3r.core.table import KEY
from napari_c3r.core.table.annotate import carry_over
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.main.cells_made import segmented, with_cells
from napari_c3r.widgets.main.context import EMBED, ViewerContext
from napari_c3r.widgets.main.segmentation import SegmentationController
from napari_c3r.widgets.main.status import names_left_line
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.main.steps.embed import PREVIEW_CELLS
from napari_c3r.widgets.main.steps.embed_choice import EmbedChoice, EncoderInfo
from napari_c3r.widgets.viewer import layers

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.embed import EmbedDriver, FieldTask
    from napari_c3r.core.embed.edits import Edits
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
    """

    encoder_loaded = Signal(object)

    def __init__(self, context: ViewerContext, segmentation: SegmentationController) -> None:
        super().__init__(context)
        self._context = context
        self._segmentation = segmentation
        self._encoders = context.session.encoders
        self._work: _Work | None = None
        self._loading = ""

    def load_encoder(self, source: str) -> None:
        """Load an encoder in the background, to learn its name and the devices."""
        encoders = self._encoders
        if self._context.loading.running and source == self._loading:
            return
        if source in encoders.loaded:
            self._context.loading.cancel()
            self._tell(source, encoders.loaded[source])
            return

        def body(_: threading.Event) -> Generator[str, None, Encoder]:
            yield "loading the encoder"
            return encoders.get(source)

        # Takes the place of another that was chosen before, whether that can be loaded or not.
        self._loading = source
        self._context.loading.start("load", body, lambda encoder: self._tell(source, encoder))

    def _tell(self, source: str, encoder: Encoder) -> None:
        from napari_c3r.core.encoder.loading import torch_problem

        self._context.session.encoder = encoder.name
        known = encoder.name, encoder.trained, encoder.devices, encoder.config.readouts
        self.encoder_loaded.emit(EncoderInfo(source, *known, torch_problem()))

    def embed(self, choice: EmbedChoice, find: SegmentOptions) -> None:
        """Embed the cells of the displayed field, or of every field."""
        session = self._context.session
        image, roles = session.fields.image, session.roles.assignment
        if image is None or roles is None:
            return
        cells = self._taken_cells()
        known = dict(session.labels.by_image)
        if cells is not None:
            known[image.name] = cells
        tasks = self._tasks(choice.every_field, known)
        if tasks:
            self._start(_Work(tasks, known, roles, choice, find, image.name))

    def preview(self, choice: EmbedChoice, find: SegmentOptions) -> None:
        """Embed a few cells of the displayed field, to try the roles."""
        session, cells = self._context.session, self._taken_cells()
        image, roles = session.fields.image, session.roles.assignment
        if image is None or roles is None or cells is None:
            return
        labels = np.unique(np.asarray(cells.labels))
        labels = labels[labels > 0]
        count = min(PREVIEW_CELLS, len(labels))
        sample = np.random.default_rng(_PREVIEW_SEED).choice(labels, count, replace=False)
        known = {image.name: cells}
        task = replace(self._tasks(False, known)[0], labels_wanted=frozenset(sample.tolist()))
        self._start(_Work([task], known, roles, choice, find, image.name, preview=True))

    def _taken_cells(self) -> Cells | None:
        """The cells as they are drawn now, which the session takes."""
        cells = self._segmentation.current_cells()
        labels = self._context.session.labels
        if cells is not None and (labels.current is None or cells.id != labels.current.id):
            labels.set_current(cells)
        return cells

    def _tasks(self, every_field: bool, known: Mapping[str, Cells]) -> list[FieldTask]:
        from napari_c3r.core.embed import FieldTask

        session = self._context.session
        image = session.fields.image
        assert image is not None
        here = known.get(image.name)
        shown = FieldTask(image.name, image)
        if here is not None:
            shown = with_cells(shown, here)
        if not every_field:
            return [shown] if here is not None or session.fields.sources else []
        tasks = []
        for number, source in enumerate(session.fields.sources):
            if number == session.fields.index:
                tasks.append(shown)
                continue
            cells = known.get(source.name)
            task = FieldTask.of(source)
            if cells is not None:
                task = with_cells(task, cells)
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
        began, quality = time.perf_counter(), self._context.session.result.quality
        encoders = self._encoders

        def body(stop: threading.Event) -> Generator[Any, None, tuple[AnnData, EmbedDriver]]:
            from napari_c3r.core.cells.quality import flag_cells
            from napari_c3r.core.embed import EmbedDriver

            with encoders.use(work.choice.source) as encoder:
                if work.run is None:
                    work.run = EmbedDriver(
                        work.tasks,
                        work.assignment,
                        encoder,
                        work.choice.options,
                        work.find,
                        work.choice.crop,
                    )
                for progress in work.run.steps():
                    yield progress
                    if stop.is_set():
                        break
                return flag_cells(work.run.result(), quality), work.run

        def take(found: tuple[AnnData, EmbedDriver]) -> None:
            table, run = found
            work.seconds += time.perf_counter() - began
            self._tell(work.choice.source, run.encoder)
            self._keep(work, run, table)

        self._context.error_changed.emit(StepId.EMBED, "")
        self._context.jobs.start(EMBED, body, take)

    def _keep(self, work: _Work, run: EmbedDriver, table: AnnData) -> None:
        session = self._context.session
        cells = dict(work.cells)
        for name, found in run.found.items():
            cells[name] = segmented(found, work.find, run.images[name])
            if name not in session.labels.by_image:
                session.labels.put(cells[name])
        embedded = set(table.obs["image"])
        shown = session.fields.image.name if session.fields.image is not None else work.shown
        if shown in run.found and session.labels.current is None:
            self._segmentation.show_cells(cells[shown])
            session.labels.set_current(cells[shown])
        session.set_result(
            EmbeddingResult(
                table,
                ids_by_image(each for name, each in cells.items() if name in embedded),
                work.assignment,
                run.encoder.name,
                work.seconds,
                run.finished,
                run.images,
                preview=work.preview,
                encoder_source=work.choice.source,
                options=work.choice.options,
                crop=work.choice.crop,
            ),
            cells.values(),
            sentence=f"preview on {counted(len(table), 'cell')}" if work.preview else "",
        )
        if run.finished:
            self._work = None
        if line := names_left_line(session, embedded):
            self._context.notified.emit(line)
        for name, reason in run.failed.items():
            self._context.error_changed.emit(StepId.EMBED, f"'{name}' is left out: {reason}")
        self.fill_features()

    def update_edited(self, choice: EmbedChoice) -> None:
        """Embed only the cells that an edit by hand made stale, and put them into the result."""
        cells = self._segmentation.current_cells()
        session, encoders = self._context.session, self._encoders
        result, image = session.result.current, session.fields.image
        if not session.can_update or result is None or image is None or cells is None:
            return
        before = session.labels.embedded(result.cells_ids[image.name]).labels

        def body(stop: threading.Event) -> Generator[Any, None, tuple[AnnData, Edits] | None]:
            from napari_c3r.core.embed import EmbedDriver, FieldTask
            from napari_c3r.core.embed.edits import Windows, compare_labels, update_result
            from napari_c3r.core.embed.provenance import crop_of, options_of
            from napari_c3r.core.table import window_px

            windows = Windows.of(result.all_rows, image.name)
            edits, part = compare_labels(before, cells.labels, windows), None
            if edits.stale:
                task = FieldTask(
                    image.name,
                    image,
                    labels=cells.labels,
                    nuclei=cells.nuclei,
                    labels_wanted=edits.stale,
                    window_px=window_px(result.all_rows, image.name),
                )
                with encoders.use(choice.source) as encoder:
                    # As the others were embedded, wherever it runs now.
                    facts = result.table.uns[KEY]
                    options = options_of(facts, on=choice.options)
                    run = EmbedDriver(
                        [task], result.assignment, encoder, options, crop=crop_of(facts)
                    )
                    for progress in run.steps():
                        yield progress
                        if stop.is_set():
                            return None
                    part = run.result()
            return update_result(result.all_rows, image.name, edits, part), edits

        def take(found: tuple[AnnData, Edits] | None) -> None:
            if found is None:
                self._context.notified.emit("Stopped; the result is as it was")
            elif (
                session.result.current is not None
                and session.result.current.all_rows is result.all_rows
            ):
                self._put(*found, session.result.current, cells)

        self._context.error_changed.emit(StepId.EMBED, "")
        self._context.jobs.start(EMBED, body, take)

    def _put(self, table: AnnData, edits: Edits, result: EmbeddingResult, cells: Cells) -> None:
        session = self._context.session
        # Names may have been given, or another field turned to, while the cells were embedded.
        carry_over(result.all_rows, table)
        if session.fields.image is not None and session.fields.image.name == cells.image_name:
            session.labels.set_current(cells)
        else:
            session.labels.put(cells)
        cells_ids = {**result.cells_ids, cells.image_name: cells.id}
        session.set_result(
            result.updated(table, cells_ids),
            [cells],
            sentence=f"update {counted(edits.count, 'edited cell')}",
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
        viewer, session = self._context.viewer, self._context.session
        result, image = session.result.current, session.result.image_name
        if result is None:
            return
        # Rows of other cells with the same labels would be taken for those of these.
        current = session.labels.current
        of_these = current is not None and result.cells_ids.get(image) == current.id
        cells = layers.own_layer(viewer, layers.CELLS)
        if cells is not None:
            obs = result.table.obs[(result.table.obs["image"] == image) & of_these]
            cells.features = obs.reset_index(drop=True)
            layers.let_carry(cells, result.table if of_these else None, image)
        layers.let_carry(layers.own_layer(viewer, layers.CLUSTERS), result.table, image)

    def release_memory(self) -> None:
        """Let go of networks, and of the memory that the device holds for them."""
        if self._encoders.in_use:
            self._context.error_changed.emit(
                StepId.EMBED, "Abort the run first; it needs its memory"
            )
            return
        self._work = None
        self._encoders.release()
        self._context.notified.emit("Released the encoder's memory; it is loaded again when needed")

    def release(self) -> None:
        """Let go of what computes, as when the dock closes."""
        self._encoders.release()

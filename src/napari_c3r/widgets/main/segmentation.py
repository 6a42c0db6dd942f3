"""Cells: finding them, trying settings on the view, taking labels, noticing edits by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_c3r.core.cells.labels import check_labels
from napari_c3r.core.cells.whole import as_labels
from napari_c3r.core.embed.edits import Edits, Windows, compare_labels
from napari_c3r.core.errors import InputError
from napari_c3r.session import Cause, Cells, Change, Part
from napari_c3r.session.frames import put_frames
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.main.cells_made import (
    array_name,
    cells_of_layer,
    count_cells,
    median_diameter,
    numbered,
    read_in_steps,
    segmented,
    widened,
)
from napari_c3r.widgets.main.context import COMPARE, FIND, READ, ViewerContext
from napari_c3r.widgets.main.frame_labels import (
    labels_shown,
    other_frames,
    reading_of,
    slices_in_words,
)
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.alignment import require_labels_on
from napari_c3r.widgets.viewer.gathering import image_of_size

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_c3r.core.images import Image
    from napari_c3r.core.segment import SegmentOptions

# So many labels that are in memory are counted before the window could miss it.
_MAX_SYNC_PX = 1 << 20


class SegmentationController(QObject):
    """Gives the session its cells.

    Signals
    -------
    previewed
        One line on what was found in the view.
    """

    previewed = Signal(str)

    def __init__(self, context: ViewerContext) -> None:
        super().__init__(context)
        self._context = context
        self._labels_id: object = None
        # Of lazy labels: which array they were read from, and what is drawn now where that differs.
        self._taken_from: str | None = None
        self._read_since: NDArray[Any] | None = None
        self.find_seconds: float | None = None
        """How long the last image took, None before the first."""
        # napari reports a stroke before the pixels are there, and of every piece of it.
        self._edited = QTimer(self)
        self._edited.setSingleShot(True)
        self._edited.setInterval(30)
        self._edited.timeout.connect(self._compare)
        context.session.changed.connect(self._on_changed)
        context.session.as_drawn = self.current_cells
        context.viewer.layers.events.removed.connect(self._on_labels_edited)

    @property
    def comparing(self) -> bool:
        """Whether an edit was made that was not looked at yet."""
        return self._edited.isActive() or self._context.reading.running == COMPARE

    def find_cells(self, choice: SegmentOptions) -> None:
        """Segment the displayed image."""
        context, image = self._context, self._context.session.fields.image
        if image is None:
            return

        def body(_: threading.Event) -> Generator[str, None, Any]:
            from napari_c3r.core.segment import find_cells

            yield "finding nuclei"
            # Those of a large image lie on disk: they are read here, where it may take a while.
            return tuple(np.asarray(each) for each in find_cells(image, choice))

        began = time.perf_counter()

        def take(found: Any) -> None:
            self.find_seconds = time.perf_counter() - began
            self.end_preview()
            cells = segmented(found, choice, image)
            if self._is_displayed(image):
                before = self.current_cells()
                self.show_cells(cells)
                context.session.replace_cells(cells, before, "find cells again")
                context.error_changed.emit(StepId.CELLS, "")
            else:
                context.session.labels.put(cells)

        context.error_changed.emit(StepId.CELLS, "")
        context.jobs.start(FIND, body, take)

    def _is_displayed(self, image: Image) -> bool:
        # With a channel renamed meanwhile it is the same image.
        now = self._context.session.fields.image
        return now is not None and (now.name, now.shape) == (image.name, image.shape)

    def preview(self, choice: SegmentOptions) -> None:
        """Segment what the view shows, to try the settings."""
        context, image = self._context, self._context.session.fields.image
        if image is None:
            return
        rows, columns = self._view(image)

        def body(_: threading.Event) -> Generator[str, None, Any]:
            from napari_c3r.core.segment import find_cells

            yield "finding nuclei in the view"
            part = replace(image, data=image.data[:, rows, columns])
            return tuple(np.asarray(each) for each in find_cells(part, choice))

        def take(found: Any) -> None:
            nuclei, cells = found
            self._show_preview(cells, rows.start, columns.start, image)
            count = counted(len(np.unique(cells)) - 1, "cell")
            self.previewed.emit(f"{count} in view, nuclei about {median_diameter(nuclei, image)}")

        context.error_changed.emit(StepId.CELLS, "")
        context.looking.start("preview", body, take)

    def _view(self, image: Image) -> tuple[slice, slice]:
        """Rows and columns of the image that the canvas shows."""
        height, width = image.shape[1:]
        like = layers.reference_layer(self._context.viewer, (height, width))
        corners = None if like is None else np.asarray(like.corner_pixels)[:, -2:]
        if corners is None or (corners[1] <= corners[0]).any():
            corners = np.array([[0, 0], [height, width]])
        return tuple(  # type: ignore[return-value]
            widened(int(low), int(high) + 1, length)
            for (low, high), length in zip(corners.T, (height, width), strict=True)
        )

    def _show_preview(self, cells: NDArray[Any], y: int, x: int, image: Image) -> None:
        viewer = self._context.viewer
        self.end_preview()
        like = layers.reference_layer(viewer, image.shape[1:])
        options: dict[str, Any] = {}
        if like is not None:
            corner = like.data_to_world((*(0.0,) * (like.ndim - 2), y, x))[-2:]
            options = {"scale": like.scale[-2:], "translate": corner, "units": like.units[-2:]}
        active = set(viewer.layers.selection)
        layer = viewer.add_labels(
            cells, name=layers.PREVIEW, metadata={layers.KEY: {"own": layers.PREVIEW}}, **options
        )
        layer.contour = 2
        viewer.layers.selection = active or {layer}

    def end_preview(self) -> None:
        """Take the preview away."""
        self._context.looking.request_stop()
        layer = layers.own_layer(self._context.viewer, layers.PREVIEW)
        if layer is not None:
            self._context.viewer.layers.remove(layer)

    def show_cells(self, cells: Cells) -> None:
        """Show cells as layers of ours, and watch the user edit them."""
        viewer, place = (
            self._context.viewer,
            self._context.session.fields.slices.get(cells.image_name),
        )
        # Layers get copies: what the user paints must not change a running job's arrays.
        if cells.nuclei is not None:
            nuclei = np.array(cells.nuclei)
            layers.show_labels(viewer, layers.NUCLEI, nuclei, place=place, contour=1, visible=False)
        self._unwatch()
        labels = np.array(cells.labels)
        self._watch(layers.show_labels(viewer, layers.CELLS, labels, place=place, contour=1))

    def turn_to_field(self) -> None:
        """Show the cells of the field that is displayed now, or none."""
        self.end_preview()
        self._unwatch()
        session, viewer = self._context.session, self._context.viewer
        cells, image = session.labels.current, session.fields.image
        # Those of an image that was opened before lie elsewhere in this one.
        if cells is not None and (image is None or cells.image_name == image.name):
            self.show_cells(cells)
            return
        for name in (layers.CELLS, layers.NUCLEI):
            ours = layers.own_layer(viewer, name)
            if ours is not None:
                viewer.layers.remove(ours)

    def show_again(self) -> None:
        """Show the cells where their layer went with those of the image before."""
        if self._watched() is None:
            self.turn_to_field()

    def label_layers(self) -> list[str]:
        """Names of the Labels layers that can be taken as cells."""
        return layers.label_layers(self._context.viewer)

    def use_labels(self, name: str) -> None:
        """Take a Labels layer as the cells."""
        context, image = self._context, self._context.session.fields.image
        if image is None or name not in context.viewer.layers:
            return
        layer = context.viewer.layers[name]
        try:
            plane = labels_shown(layer, context.session, image.name)
            plane = as_labels(plane, f"labels '{name}'")
            check_labels(plane, image.shape[1:], f"labels '{name}'")
            require_labels_on(layer, image_of_size(context.viewer, image.shape[1:]))
            others = other_frames(layer, context.session, image.name)
            slices = slices_in_words(layer, context.session, image.name)
            if not others and isinstance(plane, np.ndarray) and plane.size <= _MAX_SYNC_PX:
                cells = cells_of_layer(np.array(plane), name, image, slices)
                self._take_labels(layer, image, cells)
                return
        except InputError as error:
            context.error_changed.emit(StepId.CELLS, str(error))
            return

        def take(made: list[Cells] | None) -> None:
            if made:
                put_frames(context.session, made[1:], f"use the labels '{name}' at other times")
                self._take_labels(layer, image, made[0], array_name(plane))
                # It may have been drawn upon, or taken away, while it was read.
                self._on_labels_edited()

        context.error_changed.emit(StepId.CELLS, "")
        context.reading.start(READ, reading_of(plane, others, name, image, slices), take)

    def number_pieces(self) -> None:
        """Take every connected piece of the cells as a cell of its own; the layer stays."""
        cells, image = self.current_cells(), self._context.session.fields.image
        if cells is None or image is None:
            return
        known = cells

        def body(_: threading.Event) -> Generator[str, None, Cells]:
            yield "numbering the pieces"
            return numbered(known)

        def take(made: Cells) -> None:
            if not self._is_displayed(image):
                self._context.session.labels.put(made)
                return
            self.show_cells(made)
            self._context.session.labels.set_current(made)

        self._context.reading.start(READ, body, take)

    def _take_labels(
        self, layer: Labels, image: Image, cells: Cells, taken_from: str | None = None
    ) -> None:
        session = self._context.session
        if not self._is_displayed(image):
            session.labels.put(cells)
            return
        before = self.current_cells()
        self._unwatch()
        self._watch(layer)
        self._taken_from = taken_from
        session.replace_cells(cells, before, f"use the labels '{layer.name}'")
        self._context.error_changed.emit(StepId.CELLS, "")

    def current_cells(self) -> Cells | None:
        """The cells to embed: drawn anew from their layer where the user edited it."""
        if self.comparing:
            self._edited.stop()
            self._compare(at_once=True)
        layer, cells = self._watched(), self._context.session.labels.current
        if cells is None or layer is None or not self._context.session.labels.edited:
            return cells
        since = self._read_since
        labels = np.array(self._drawn(layer, cells)) if since is None else since
        count, at_border = count_cells(labels)
        origin = cells.origin if cells.origin.endswith(", edited") else f"{cells.origin}, edited"
        return replace(
            cells,
            labels=labels,
            count=count,
            origin=origin,
            at_border=at_border,
            found_by=None,
        )

    def _watch(self, layer: Labels) -> None:
        """Notice when the user draws in the labels that were taken."""
        self._labels_id = layer.unique_id
        for event in _edits_of(layer):
            event.connect(self._on_labels_edited)

    def _unwatch(self) -> None:
        layer = self._watched()
        if layer is not None:
            for event in _edits_of(layer):
                event.disconnect(self._on_labels_edited)
        self._edited.stop()
        self._labels_id = self._taken_from = self._read_since = None

    def _watched(self) -> Labels | None:
        """The layer the cells were taken from, None when it is gone from the viewer."""
        every = self._context.viewer.layers
        return next((layer for layer in every if layer.unique_id == self._labels_id), None)

    def _on_labels_edited(self) -> None:
        if self._labels_id is not None:
            self._edited.start()

    def _on_changed(self, change: Change) -> None:
        # Which others an edit made stale depends on the crops; it may be older than they are.
        undone = change.cause is Cause.UNDONE
        if change.part is Part.RESULT and (change.is_work or undone):
            self._on_labels_edited()
        if change.part is Part.CELLS and undone and not self._is_shown():
            self.turn_to_field()

    def _is_shown(self) -> bool:
        """Whether the layer that is watched shows the cells that the session has."""
        layer, cells = self._watched(), self._context.session.labels.current
        if layer is None or cells is None:
            return False
        drawn = self._drawn(layer, cells)
        return self._is_as_taken(drawn) or np.array_equal(drawn, np.asarray(cells.labels))

    def _compare(self, at_once: bool = False) -> None:
        """Find out which cells differ from those that were taken.

        Cells whose layer is gone, or holds something else now, stay as they were taken. Lazy
        labels are read in the background, unless the answer is needed at once.
        """
        layer, session = self._watched(), self._context.session
        if session.labels.current is None or self._context.reading.running == READ:
            return
        self._context.reading.discard()
        self._read_since = None
        try:
            plane = None if layer is None else self._drawn(layer, session.labels.current)
            if plane is None or self._is_as_taken(plane):
                session.labels.note_edits(Edits())
            elif at_once or isinstance(plane, np.ndarray):
                session.labels.note_edits(self._edits(plane, session.labels.current))
            else:
                self._compare_in_background(plane, session.labels.current)
        except InputError as error:
            self._unwatch()
            self._context.error_changed.emit(StepId.CELLS, str(error))
            session.labels.note_edits(Edits())

    def _is_as_taken(self, plane: Any) -> bool:
        # Every look at a pyramid is reported as a change, and reading it all would take too long.
        return self._taken_from is not None and array_name(plane) == self._taken_from

    def _compare_in_background(self, plane: Any, cells: Cells) -> None:
        def take(pixels: NDArray[Any] | None) -> None:
            current = self._context.session.labels.current
            if pixels is not None and current is not None and current.id == cells.id:
                self._read_since = pixels
                self._context.session.labels.note_edits(self._edits(pixels, cells))

        self._context.reading.start(COMPARE, lambda stop: read_in_steps(plane, stop), take)

    def _edits(self, drawn: NDArray[Any], cells: Cells) -> Edits:
        result = self._context.session.result.current
        windows = None
        if result is not None and result.cells_ids.get(cells.image_name) == cells.id:
            windows = Windows.of(result.all_rows, cells.image_name)
        return compare_labels(cells.labels, drawn, windows)

    def _drawn(self, layer: Labels, cells: Cells) -> Any:
        return labels_shown(layer, self._context.session, cells.image_name)

    def release(self) -> None:
        """Let go of the viewer's events."""
        self._context.session.as_drawn = None
        self._context.session.changed.disconnect(self._on_changed, missing_ok=True)
        self._context.viewer.layers.events.removed.disconnect(self._on_labels_edited)
        self._unwatch()


def _edits_of(layer: Labels) -> tuple[Any, ...]:
    """Events after which labels may differ; undoing a stroke only reports that it is drawn anew."""
    return layer.events.paint, layer.events.data, layer.events.set_data

"""What the tabs of figures have in common: they compute in a worker, and only while looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any

from qtpy.QtCore import QSignalBlocker, QTimer, Signal
from qtpy.QtGui import QHideEvent, QResizeEvent, QShowEvent
from qtpy.QtWidgets import QComboBox

from napari_c3r.core.figures.drawing import Drawing, Mark, Theme
from napari_c3r.core.figures.drawing_files import svg
from napari_c3r.core.figures.method import method_words
from napari_c3r.core.reduce.batches import batch_note
from napari_c3r.core.table.result import KEY
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.explorer.compare.figure_panel import FigurePanel
from napari_c3r.widgets.explorer.compare.overview import Overview, OverviewModel

_WAIT_MS = 60
_LEAST_PX = 72


class FigureTab(FigurePanel):
    """A figure of the displayed result.

    Parameters
    ----------
    name, file_name
        As for `FigurePanel`.
    overview
        What can be compared.

    Signals
    -------
    marks_chosen
        With the marks that were clicked or brushed, and the keys held then.
    shown
        Whether the tab is displayed now.
    """

    marks_chosen = Signal(object, object)
    shown = Signal(bool)

    def __init__(self, name: str, file_name: str, overview: OverviewModel) -> None:
        super().__init__(name, file_name)
        self.overview = overview
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self._on_job_failed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._draw_now)
        self._is_old, self._drawn_for = True, 0.0
        self.view.chosen.connect(self.marks_chosen)
        overview.changed.connect(self._on_overview)

    @property
    def busy(self) -> bool:
        """Whether a figure is yet to come, or a file to be written."""
        return self._soon.isActive() or self._jobs.running is not None or super().busy

    def redraw(self) -> None:
        """Make the figure again, now or when somebody looks."""
        self._is_old = True
        if self.isVisible():
            self._soon.start()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if self.room != self._drawn_for:
            self.redraw()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self.shown.emit(True)
        if self._is_old:
            self._soon.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self.shown.emit(False)

    def release(self) -> None:
        """Forget what is being computed and written."""
        self._soon.stop()
        self._jobs.discard()
        super().release()

    def offer(self, overview: Overview) -> None:
        """Fill the controls with what there is."""
        raise NotImplementedError

    def draw(self, overview: Overview) -> None:
        """Begin to make the figure, or say why there is none."""
        raise NotImplementedError

    def _on_overview(self) -> None:
        found = self.overview.current
        if found is not None:
            self.offer(found)
        self.redraw()

    def _draw_now(self) -> None:
        found = self.overview.current
        if self.overview.busy:
            self.show_reason("Looking through the cells…")
        elif found is None:
            self.show_reason(self.overview.reason or "No cells yet. Embed some to compare them.")
        else:
            self._is_old, self._drawn_for = False, self.room
            self.draw(found)

    def compute(self, name: str, make: Callable[[], Drawing]) -> None:
        """Make a figure in a worker, and show it."""
        theme = self.view.theme
        found = self.overview.current
        method = "" if found is None else method_words(found.table)
        gate = "" if found is None else found.note
        batches = "" if found is None else batch_note(found.table.uns.get(KEY, {}))

        def body(_: threading.Event) -> Generator[str, None, tuple[Drawing, str, Theme, str]]:
            yield name
            drawing = replace(
                made := make(), method=method, caption=f"{gate} {made.caption}".strip()
            )
            note = f"{batches}." if batches else ""
            return drawing, svg(drawing, theme, words=False), theme, note

        self._jobs.start(name, body, self._on_made)

    def _on_made(self, made: tuple[Drawing, str, Theme, str]) -> None:
        self.show_drawing(*made)

    def _on_job_failed(self, _: str, line: str) -> None:
        self.show_reason(line)


def choice(name: str, tip: str) -> NameBox:
    """A list to choose from that is as wide as its entries, within reason."""
    box = NameBox()
    box.setSizeAdjustPolicy(NameBox.SizeAdjustPolicy.AdjustToContents)
    box.setMinimumWidth(_LEAST_PX)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box


def fill(box: QComboBox, entries: Sequence[tuple[str, Any]]) -> None:
    """Offer titles and what they stand for; what was chosen stays so where it is still there."""
    before = box.currentText()
    with QSignalBlocker(box):
        box.clear()
        for text, data in entries:
            box.addItem(text, data)
        box.setCurrentIndex(max(box.findText(before), 0))


def place_of(box: QComboBox, data: Any) -> int:
    """Where in a list something stands, compared by its value; -1 where it does not."""
    return next((n for n in range(box.count()) if box.itemData(n) == data), -1)


def where_of(marks: Sequence[Mark]) -> list[Any]:
    """What the marks show, those without cells left out."""
    return [mark.where for mark in marks if mark.where is not None]

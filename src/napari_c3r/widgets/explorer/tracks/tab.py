"""The tab "Tracks": where tracks come from, and following cells along them."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_c3r.core.tracks import TRACK, TrackOrder
from napari_c3r.session import Change, Part
from napari_c3r.session.tracks import (
    set_tracks,
    tracks_of,
    tracks_reason,
    tracks_sentence,
)
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.form import shrinkable
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.explorer.tab import ExplorerContext
from napari_c3r.widgets.explorer.tracks.points import points_of

if TYPE_CHECKING:
    import pandas as pd

_LABELS: Final = "Labels are tracks"
_MOST_PATHS: Final = 200


class TracksTab(QWidget):
    """Takes tracks, and follows the cell that is pointed at.

    Parameters
    ----------
    context
        With session, viewer and map.
    """

    def __init__(self, context: ExplorerContext) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._order: TrackOrder | None = None
        self._of: Any = None
        self._jobs, self._taking = Jobs(self), Jobs(self)
        self.status = WrappedLabel()
        self.source = NameBox()
        shrinkable(self.source).setAccessibleName("Where tracks come from")
        self.source.setToolTip(
            "The same label at all times is one cell, or a Tracks layer names cells by its points"
        )
        self.use_button = QPushButton("Use")
        self.whole_button = QPushButton("Select whole tracks")
        self.earlier_button, self.later_button = QPushButton("◀ Earlier"), QPushButton("Later ▶")
        self.earlier_button.setToolTip("The same cell one time earlier (,)")
        self.later_button.setToolTip("The same cell one time later (.)")
        self.follow_button, self.paths_button = QPushButton("Follow"), QPushButton("Paths")
        self.follow_button.setToolTip("Keep the cell that is pointed at in the middle of the view")
        self.paths_button.setToolTip(
            "Draw the way of the selected cells on the map, from dark to bright over time"
        )
        for button in (self.follow_button, self.paths_button):
            button.setCheckable(True)
            button.setChecked(True)
        self._build()
        self._connect()
        self._show()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 8, 4, 4)
        column.setSpacing(8)
        column.addWidget(self.status)
        for parts in (
            (QLabel("Tracks from"), self.source, self.use_button),
            (self.earlier_button, self.later_button, self.follow_button),
            (self.whole_button, self.paths_button),
        ):
            row = QHBoxLayout()
            row.setSpacing(4)
            for part in parts:
                row.addWidget(part, 1 if part is self.source else 0)
            if self.source not in parts:
                row.addStretch(1)
            column.addLayout(row)
        column.addStretch(1)

    def _connect(self) -> None:
        self._session.changed.connect(self._on_changed)
        self._taking.failed.connect(lambda _, line: self._context.say(line))
        layers = self._context.viewer.layers.events
        layers.inserted.connect(self._offer)
        layers.removed.connect(self._offer)
        self.use_button.clicked.connect(self._use)
        self.whole_button.clicked.connect(self.select_whole)
        self.earlier_button.clicked.connect(lambda: self.step(-1))
        self.later_button.clicked.connect(lambda: self.step(1))
        self.paths_button.toggled.connect(self._draw_paths)
        self.follow_button.toggled.connect(self._follow)

    @property
    def busy(self) -> bool:
        """Whether tracks are being put in order."""
        return any(jobs.running is not None for jobs in (self._jobs, self._taking))

    def step(self, by: int) -> None:
        """Point at the same cell some frames later, or earlier."""
        row = self._session.selection.current
        if self._order is None or row is None:
            return
        other = self._order.step(row, by)
        if other is None:
            end = "last" if by > 0 else "first"
            self._context.say(f"This is the {end} time of its track")
        else:
            self._context.go_to(other)

    def select_whole(self) -> None:
        """Select all of the tracks that a cell is selected of, or that of the current one."""
        if self._order is not None:
            self._session.selection.select(self._order.whole(self._asked()))

    def release(self) -> None:
        """Disconnect from session and viewer."""
        self._jobs.discard()
        self._taking.discard()
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        layers = self._context.viewer.layers.events
        layers.inserted.disconnect(self._offer)
        layers.removed.disconnect(self._offer)

    def _asked(self) -> NDArray[np.bool_]:
        """The selected rows; where there are none, the one that is pointed at."""
        selection = self._session.selection
        if selection.mask.any() or selection.current is None:
            return selection.mask
        alone = np.zeros(len(selection.mask), bool)
        alone[selection.current] = True
        return alone

    def _on_changed(self, change: Change) -> None:
        if change.part in (Part.RESULT, Part.MAP, Part.ANNOTATION):
            self._show()
        elif change.part in (Part.SELECTION, Part.CURRENT):
            self._enable()
            self._draw_paths()
            if change.part is Part.CURRENT and change.is_work:
                self._follow()

    def _show(self) -> None:
        """Put the tracks of the result in order where they are others, and say what there is."""
        result = self._session.result.current
        if result is None or not {TRACK, "t"} <= set(result.table.obs):
            self._jobs.discard()
            self._order = self._of = None
            self._say()
            return
        known, column = self._of, result.table.obs[TRACK]
        if known is not None and known[0] is result.table and known[1].equals(column):
            self._say()
            return
        self._of, self._order = (result.table, column.copy()), None
        obs = result.table.obs[[TRACK, "t"]].copy()

        def body(_: threading.Event) -> Generator[str, None, TrackOrder]:
            yield "sorting"
            return TrackOrder(obs)

        self._jobs.start("order tracks", body, self._take)

    def _take(self, order: TrackOrder) -> None:
        self._order = order
        self._say()

    def _say(self) -> None:
        why = tracks_reason(self._session)
        self.status.setText(why or tracks_sentence(self._session, self._order))
        self._offer()
        self._enable()
        self._draw_paths()

    def _offer(self) -> None:
        from napari.layers import Tracks

        names = [each.name for each in self._context.viewer.layers if isinstance(each, Tracks)]
        before = self.source.currentText()
        with QSignalBlocker(self.source):
            self.source.clear()
            self.source.addItems([_LABELS, *names])
            self.source.setCurrentIndex(max(self.source.findText(before), 0))

    def _enable(self) -> None:
        why = tracks_reason(self._session)
        self.use_button.setEnabled(not why)
        self.use_button.setToolTip(why or "Give every cell the track that it is on; can be undone")
        lacking = "" if self._order is not None else why or "Choose where tracks come from first"
        for button in (self.follow_button, self.paths_button):
            button.setEnabled(not lacking)
        row = self._session.selection.current
        chosen = lacking or ("" if self._asked().any() else "Select cells, or click on one, first")
        self.whole_button.setEnabled(not chosen)
        self.whole_button.setToolTip(chosen or "Select these cells at all their times")
        for button, by in ((self.earlier_button, -1), (self.later_button, 1)):
            ends = self._order is None or row is None or self._order.step(row, by) is None
            button.setEnabled(not ends)

    def _use(self) -> None:
        name, result = self.source.currentText(), self._session.result.current
        assert result is not None
        table, points = result.all_rows, None
        if name != _LABELS:
            points = points_of(self._context.viewer, self._session, name)

        def body(_: threading.Event) -> Generator[str, None, pd.Series]:
            yield "matching"
            return tracks_of(table, points)

        what = "labels" if points is None else name
        self._taking.start(
            "take tracks", body, lambda found: set_tracks(self._session, found, what)
        )

    def _follow(self) -> None:
        row = self._session.selection.current
        if self.follow_button.isChecked() and self._order is not None and row is not None:
            self._context.link.centre_on(row)

    def _draw_paths(self) -> None:
        canvas = self._context.scatter.canvas
        order, asked = self._order, self._asked()
        fits = order is not None and canvas.model.count == len(asked)
        shown = fits and self.paths_button.isChecked() and asked.any()
        canvas.set_paths(order.paths(asked, _MOST_PATHS) if shown and order is not None else [])


class TrackTabs:
    """The tab, as the explorer adds it.

    Parameters
    ----------
    context
        With session, viewer and map.
    """

    def __init__(self, context: ExplorerContext) -> None:
        self.tracks = TracksTab(context)

    @property
    def busy(self) -> bool:
        """Whether tracks are being put in order."""
        return self.tracks.busy

    def pages(self) -> Sequence[QWidget]:
        """One tab."""
        return (self.tracks,)

    def step(self, by: int) -> None:
        """Go along the track of the cell that is pointed at."""
        self.tracks.step(by)

    def set_theme(self, background: str, foreground: str) -> None:
        """Nothing of it has colours of its own."""

    def release(self) -> None:
        """Disconnect from session and viewer."""
        self.tracks.release()

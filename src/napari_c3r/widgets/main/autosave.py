"""Keeps work aside that was not saved, and offers what a process that died has left."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QCoreApplication, QObject, QTimer, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from napari_c3r.session import Cause, Change, Part
from napari_c3r.session.unsaved import MAX_PIXEL_BYTES, Unsaved, UnsavedWork
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.main.context import EMBED, FIND, MAP
from napari_c3r.widgets.main.persistence import PersistenceController

if TYPE_CHECKING:
    from napari_c3r.widgets.main.context import ViewerContext

_EVERY_MS, _LIVE_MS, _SOON_MS = 3 * 60_000, 20_000, 5_000
_LONG = (FIND, EMBED, MAP)
_WORK = (
    Part.ROLES,
    Part.CELLS,
    Part.RESULT,
    Part.MAP,
    Part.ANNOTATION,
    Part.PLATE_MAP,
    Part.DIAGNOSIS,
    Part.WHY,
)

_KEPT: set[UnsavedWork] = set()
"""What is kept aside by this process."""

logger = logging.getLogger(__name__)


class Autosave(QObject):
    """Keeps the session of a viewer aside every few minutes, and after each long job.

    Parameters
    ----------
    context
        With the session, and the jobs whose end is waited for.
    persistence
        Knows what a session holds.
    settings
        Gives those of the controls.
    root
        Where work is kept aside; None keeps nothing.

    Signals
    -------
    found
        With :class:`Unsaved` work of a process that ended, or None where there is none left.
    """

    found = Signal(object)

    def __init__(
        self,
        context: ViewerContext,
        persistence: PersistenceController,
        settings: Callable[[], Mapping[str, Any]],
        root: Path | None,
    ) -> None:
        super().__init__(context)
        self._context, self._persistence, self._settings = context, persistence, settings
        self._work = None if root is None else UnsavedWork(root)
        self._left: list[Unsaved] = []
        self._is_dirty, self._is_on = False, True
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self._on_failed)
        self._told = ""
        self._every, self._live, self._soon = (QTimer(self) for _ in range(3))
        self._every.setInterval(_EVERY_MS)
        self._every.timeout.connect(self.keep)
        self._live.setInterval(_LIVE_MS)
        self._live.timeout.connect(self._on_live)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.keep)
        context.session.changed.connect(self._on_changed)
        context.session.history.changed.connect(self._on_history)
        context.jobs.finished.connect(self._on_finished)
        persistence.saved.connect(self._on_saved)
        _watch_the_end()
        if self._work is not None:
            self._every.start()
            self._live.start()
            QTimer.singleShot(0, self._look)

    @property
    def busy(self) -> bool:
        """Whether work is being kept aside."""
        return self._jobs.running is not None

    @property
    def folder(self) -> Path | None:
        """Where the session is kept aside; None where that is not done."""
        return None if self._work is None else self._work.folder

    def set_on(self, on: bool) -> None:
        """Keep work aside, or no longer."""
        self._is_on = on
        if not on:
            self._discard()

    def keep(self) -> None:
        """Keep the session aside if there is work that was not saved."""
        session, work = self._context.session, self._work
        worth = session.result.current is not None or bool(session.labels.by_image)
        if work is None or not (self._is_on and self._is_dirty and worth) or self.busy:
            return
        held = self._persistence.snapshot(self._settings(), light=True)
        if held is None:
            return
        saved, pixels = held
        if sum(image.data.nbytes for image in pixels.values()) > MAX_PIXEL_BYTES:
            logger.info("Work is not kept aside: its images are in no file and too large")
            return
        image = session.fields.image
        name = (image.plate or image.name) if image is not None else ""
        self._is_dirty = False

        def body(_: threading.Event) -> Generator[str, None, Path]:
            yield "keeping aside"
            return work.keep(saved, pixels, name)

        def take(_: Path) -> None:
            self._told = ""
            _KEPT.add(work)

        self._jobs.start("keep aside", body, take)

    def _on_failed(self, _: str, line: str) -> None:
        """Say so once, and try again later."""
        self._is_dirty = True
        logger.warning("Work is not kept aside: %s", line)
        if line != self._told:
            self._told = line
            self._context.notified.emit(f"Unsaved work is not kept aside: {line}")

    def open_found(self) -> None:
        """Go on with the work that was found."""
        if self._left and self._work is not None:
            self._persistence.open(str(self._work.claim(self._left.pop(0))))
            self._is_dirty = True
            self._tell()

    def discard_found(self) -> None:
        """Forget the work that was found."""
        if self._left and self._work is not None:
            self._work.forget(self._left.pop(0))
            self._tell()

    def release(self) -> None:
        """Keep nothing aside any more; what is kept stays until the application ends."""
        for timer in (self._every, self._live, self._soon):
            timer.stop()
        self._jobs.discard()
        session = self._context.session
        session.changed.disconnect(self._on_changed, missing_ok=True)
        session.history.changed.disconnect(self._on_history, missing_ok=True)

    def _look(self) -> None:
        assert self._work is not None
        self._left = self._work.found()
        self._tell()

    def _tell(self) -> None:
        self.found.emit(self._left[0] if self._left else None)

    def _on_changed(self, change: Change) -> None:
        if change.part in _WORK and change.cause in (Cause.USER, Cause.UNDONE, Cause.FILTER):
            self._is_dirty = True

    def _on_history(self) -> None:
        self._is_dirty = True

    def _on_finished(self, name: str) -> None:
        if name in _LONG and self._is_dirty:
            self._soon.start()

    def _on_live(self) -> None:
        if self._work is not None and self._work in _KEPT:
            self._work.live()

    def _on_saved(self, _: str) -> None:
        self._is_dirty = False
        self._jobs.discard()
        self._discard()

    def _discard(self) -> None:
        if self._work is not None:
            _KEPT.discard(self._work)
            self._work.discard()


@cache
def _watch_the_end() -> None:
    """Forget what is kept aside when the application ends.

    The objects of a window are gone by then where it is the window that was closed.
    """
    application = QCoreApplication.instance()
    if application is not None:
        application.aboutToQuit.connect(discard_all)


def discard_all() -> None:
    """Forget all that is kept aside: who leaves on purpose has decided what to save."""
    while _KEPT:
        _KEPT.pop().discard()


class FoundLine(QFrame):
    """A quiet line on work that was not saved, and two buttons; hidden where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("c3r_found")
        self.setStyleSheet("#c3r_found { background: rgba(59, 142, 234, 40); }")
        self.words = WrappedLabel()
        self.open_button = QPushButton("Open it")
        self.open_button.setToolTip("Go on with this work")
        self.discard_button = QPushButton("Discard")
        self.discard_button.setToolTip("Forget this work for good")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addStretch(1)
        row.addWidget(self.open_button)
        row.addWidget(self.discard_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(4)
        column.addWidget(self.words)
        column.addLayout(row)
        self.hide()

    def show_found(self, work: Unsaved | None) -> None:
        """Say what was found; None hides it."""
        self.words.setText("" if work is None else f"{work.sentence}.")
        self.setVisible(work is not None)

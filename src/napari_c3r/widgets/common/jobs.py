"""Running the core's work off the GUI thread: one job at a time, stale results dropped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from functools import partial
from typing import Any
from weakref import ref

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QThreadPool, Signal

from napari_c3r.core.errors import InputError

logger = logging.getLogger(__name__)

JobBody = Callable[[threading.Event], Generator[Any, None, Any]]
"""Takes the flag that asks it to stop; yields progress, returns the result."""


class Jobs(QObject):
    """Runs one generator at a time in a thread.

    A job must hold plain data only: no layer, viewer or Qt object may cross into it. Asked to
    stop, it ends after the step it is in and returns what it has.

    Signals
    -------
    started
        With the job's name.
    progressed
        With the job's name and what it yielded.
    finished
        With the job's name, when it ended in whichever way.
    failed
        With the job's name and one line on what is wrong.
    """

    started = Signal(str)
    progressed = Signal(str, object)
    finished = Signal(str)
    failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._name: str | None = None
        self._stop = threading.Event()
        self._worker: Any = None
        self._on_result: Callable[[Any], None] | None = None

    @property
    def running(self) -> str | None:
        """Name of the job under way, None when idle."""
        return self._name

    def start(self, name: str, body: JobBody, on_result: Callable[[Any], None]) -> None:
        """Run a job; ``on_result`` gets its result on the GUI thread.

        A job already running is asked to stop and its result will be dropped.
        """
        from napari.qt.threading import create_worker

        self._stop.set()
        self._number += 1
        self._stop = threading.Event()
        self._name = name
        self._on_result = on_result
        worker = create_worker(_tagged, self._number, body, self._stop, _ignore_errors=True)
        worker.yielded.connect(self._progress)
        worker.returned.connect(self._return)
        self._worker = worker
        # A thread more than the pool has as long as it lasts: it has one for each core, where a
        # long job, or one that was given up, would hold up all others.
        _pool().releaseThread()
        worker.finished.connect(partial(_end, ref(self), self._number))
        self.started.emit(name)
        worker.start()

    def request_stop(self) -> None:
        """Ask the running job to stop after its current step; it keeps what is done."""
        self._stop.set()

    def cancel(self) -> None:
        """Ask the running job to stop, and wait for neither its step nor its result.

        For work that is one long step, such as laying out a map: it ends unheeded.
        """
        name = self._name
        self.discard()
        if name is not None:
            self.finished.emit(name)

    def discard(self) -> None:
        """Ask the running job to stop and forget its result, as when the dock closes."""
        self._stop.set()
        self._number += 1
        self._name = None
        self._on_result = None

    def _progress(self, tagged: tuple[int, Any]) -> None:
        number, step = tagged
        if number == self._number and self._name is not None:
            self.progressed.emit(self._name, step)

    def _return(self, tagged: tuple[int, Any, BaseException | None]) -> None:
        number, result, error = tagged
        if number != self._number or self._name is None:
            return
        name, on_result = self._name, self._on_result
        self._name, self._on_result, self._worker = None, None, None
        try:
            if error is None and on_result is not None:
                on_result(result)
            elif error is not None:
                self.failed.emit(name, _one_line(error))
        finally:
            # Whatever came of it, those who wait for the end of the job wait no longer.
            self.finished.emit(name)

    def end_without_result(self, number: int) -> None:
        """Notice that a job's thread ended and nothing came back, as when it was made to quit."""
        if number == self._number and self._name is not None:
            self._return((number, None, InputError("The work was ended from outside; start again")))


def _pool() -> QThreadPool:
    pool = QThreadPool.globalInstance()
    assert pool is not None
    return pool


def _end(jobs: ref[Jobs], number: int) -> None:
    """Give back the thread that a job had, and look whether it said how it ended."""
    _pool().reserveThread()
    there = jobs()
    if there is not None and isalive(there):
        there.end_without_result(number)


def _tagged(
    number: int, body: JobBody, stop: threading.Event
) -> Generator[tuple[int, Any], None, tuple[int, Any, BaseException | None]]:
    """Run a job so that all it says carries its number, errors included."""
    work = body(stop)
    try:
        while True:
            try:
                yield number, next(work)
            except StopIteration as end:
                return number, end.value, None
    except GeneratorExit:
        work.close()
        raise
    except BaseException as error:
        # What asks a program to end is raised by some libraries too, and would end this thread.
        if not isinstance(error, InputError):
            logger.exception("A job failed")
        return number, None, error


def _one_line(error: BaseException) -> str:
    if isinstance(error, InputError):
        return str(error)
    first = str(error).splitlines()[0] if str(error) else "no message"
    return f"Something went wrong that should not ({type(error).__name__}: {first}); see the log"

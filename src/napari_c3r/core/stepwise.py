"""Work of others that only calls back, made into a generator that yields what it reports."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any, TypeVar

T = TypeVar("T")
Report = Callable[[Any], None]


class Stopped(Exception):
    """Raised inside of work that was asked to stop, when it reports next."""


def stepwise(
    work: Callable[[Report], T], stop: threading.Event | None = None
) -> Generator[Any, None, T]:
    """Run work in a thread, and yield all that it reports.

    Parameters
    ----------
    work
        Called with a function to report by, which raises :class:`Stopped` once `stop` is set or
        the generator was closed.
    stop
        Asks the work to end with its next report.

    Yields
    ------
    Any
        What was reported.

    Raises
    ------
    Exception
        What the work raises.
    """
    said: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
    ended: list[Any] = []
    closed = threading.Event()

    def report(what: Any) -> None:
        if closed.is_set() or (stop is not None and stop.is_set()):
            raise Stopped
        said.put((True, what))

    def run() -> None:
        try:
            ended.append((work(report), None))
        # Whatever it is, it is raised again where somebody waits for the result.
        except BaseException as error:
            ended.append((None, error))
        said.put((False, None))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            more, what = said.get()
            if not more:
                break
            yield what
    finally:
        closed.set()
    thread.join()
    result, error = ended[0]
    if error is not None:
        raise error
    return result

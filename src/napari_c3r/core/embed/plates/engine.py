"""What does the same thing for many: here with threads, or on a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from napari_c3r.core.errors import InputError

Function = Callable[..., Any]
"""Of an item, and by name ``stopped``, which says whether to end early; raises `Stopped` then."""


class LostFieldError(InputError):
    """An item took the processes with it that had it; the others can still be done."""


class Stopped(Exception):
    """Work ended early because it was no longer wanted."""


def never() -> bool:
    """Not stopped."""
    return False


@dataclass(frozen=True)
class Done:
    """An item that is through.

    Attributes
    ----------
    item
        What the function was called with.
    result
        What it gave.
    error
        What it raised instead, or what kept it from being called.
    """

    item: Any
    result: Any = None
    error: Exception | None = None


@dataclass(frozen=True)
class Waiting:
    """Nothing came for a while.

    Attributes
    ----------
    problem
        What is amiss, in words; empty while work is under way.
    """

    problem: str = ""


class Engine(Protocol):
    """Calls a function for each of many items, several at a time."""

    def map(self, function: Function, items: Iterable[Any]) -> Iterator[Done | Waiting]:
        """Call the function for every item, giving each as soon as it is through.

        Parameters
        ----------
        function
            Called from other threads or processes. An item may be given to it twice, when the
            process that had it ended.
        items
            Taken as there is room for them, so that not all have to be in memory.

        Raises
        ------
        InputError
            No work can be done any more.
        """
        ...


class Here:
    """In this process: while one field is on the device, the next are read and segmented.

    Parameters
    ----------
    threads
        Items at a time.
    """

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    def map(self, function: Function, items: Iterable[Any]) -> Iterator[Done | Waiting]:
        """Call the function for every item; see `Engine`."""
        stopping = threading.Event()
        source = iter(items)
        under_way: dict[Future[Any], Any] = {}
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="fields")

        def start(count: int) -> None:
            for item in islice(source, count):
                under_way[pool.submit(function, item, stopped=stopping.is_set)] = item

        try:
            start(self._threads)
            while under_way:
                through, _ = wait(under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
                if not through:
                    yield Waiting()
                for future in through:
                    item = under_way.pop(future)
                    # The next begins before others hear of this one.
                    start(1)
                    yield outcome(item, future)
        finally:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)


LOOK_SECONDS = 1.0
"""How long to wait before it is said that nothing came."""


def outcome(item: Any, future: Future[Any]) -> Done:
    """What became of a call."""
    error = future.exception()
    if error is None:
        return Done(item, future.result())
    if not isinstance(error, Exception):
        raise error
    return Done(item, error=error)

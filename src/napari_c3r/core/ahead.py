"""The next of a sequence is made while the one before is at work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, each of which is made in a thread while the one before is in use.

    Parameters
    ----------
    items
        Made one after the other; no more than one waits. Where this iteration is stopped, the
        item that is being made is waited for and is the last.
    """
    source = iter(items)

    def following() -> object:
        return next(source, _END)

    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(following)
        while (item := coming.result()) is not _END:
            coming = thread.submit(following)
            yield item  # type: ignore[misc]

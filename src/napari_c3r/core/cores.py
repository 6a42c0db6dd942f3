"""How many cores there are, and work that is shared out among them."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def usable_cores() -> int:
    """Cores that this process may use, which may be fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def allowed_threads() -> int:
    """With how many threads this process is to compute.

    As many as there are usable cores, but no more than the variable ``OMP_NUM_THREADS`` says, which
    gives each of several workers on a machine its share.
    """
    said = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    most = int(said) if said.isdecimal() else 0
    return min(usable_cores(), most) if most else usable_cores()


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """What a function gives for each item, in their order, several being worked on at once.

    No matter how many callers there are in this process, no more items are worked on at a time than
    there are usable cores.

    Parameters
    ----------
    work
        Called in threads of their own; with one thread, in that of the caller.
    items
        Taken as there is room for them.
    threads
        How many are worked on at a time. One more may wait to be taken.
    """
    if threads <= 1:
        yield from map(work, items)
        return
    source, turns = iter(items), _turns()

    def in_turn(item: Item) -> Result:
        with turns:
            return work(item)

    with ThreadPoolExecutor(threads, thread_name_prefix="side by side") as pool:
        coming = deque(pool.submit(in_turn, item) for item in islice(source, threads + 1))
        try:
            while coming:
                result = coming.popleft().result()
                coming.extend(pool.submit(in_turn, item) for item in islice(source, 1))
                yield result
        finally:
            for future in coming:
                future.cancel()


@cache
def _turns() -> threading.Semaphore:
    return threading.Semaphore(usable_cores())

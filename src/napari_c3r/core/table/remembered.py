"""What is known of columns: worked out once, as long as they hold the same values.

A result of a million cells is asked the same questions at every step: how many different values a
column has, how many decimals its numbers need. Who knows when columns change, such as a session,
keeps a `Memory` and enters it around the work; elsewhere nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

Answer = TypeVar("Answer")


class Memory:
    """Answers about the columns of one table, each kept until its column is another one."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Any, Any]] = {}

    def recall(self, what: str, name: str, values: Any, work: Callable[[], Answer]) -> Answer:
        """An answer that is known, or worked out now.

        Parameters
        ----------
        what
            The question.
        name
            Of the column.
        values
            Its values as they lie in memory, by which another column is told from it.
        work
            Finds the answer.
        """
        known = self._known.get((what, name))
        if known is None or not _is_same(known[0], values):
            known = self._known[what, name] = values, work()
        answer: Answer = known[1]
        return answer

    def forget(self, names: Collection[str] | None = None) -> None:
        """Work out anew what concerns some columns; by default all."""
        if names is None:
            self._known.clear()
        for key in [key for key in self._known if names is not None and key[1] in names]:
            del self._known[key]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Have functions that are `remembered` ask it first."""
        token = _ENTERED.set(self)
        try:
            yield
        finally:
            _ENTERED.reset(token)


_ENTERED: ContextVar[Memory | None] = ContextVar("memory", default=None)


def remembered(function: Callable[[pd.Series], Answer]) -> Callable[[pd.Series], Answer]:
    """Have a function of one column ask the memory that is entered, if one is, before it works."""
    what = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def asked(column: pd.Series) -> Answer:
        return recalled(what, str(column.name), column.values, lambda: function(column))

    return asked


def recalled(what: str, name: str, values: Any, work: Callable[[], Answer]) -> Answer:
    """As `Memory.recall`, of the memory that is entered; worked out where none is."""
    memory = _ENTERED.get()
    return work() if memory is None else memory.recall(what, name, values, work)


def _is_same(one: Any, other: Any) -> bool:
    """Whether values are the same by where they are; the first ones are still held."""
    if one is other:
        return True
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    return one.__array_interface__ == other.__array_interface__

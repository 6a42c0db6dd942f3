"""Values that belong to a whole field, such as its background, and not to a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np


class Levels:
    """Values of a field by name: those that are known, and else what the pixels at hand tell.

    A field in one piece tells them all as they are asked for. A part of a large one is given those
    of the whole, so that a cell comes out the same whatever part it was found in.

    Parameters
    ----------
    known
        By name.
    """

    def __init__(self, known: Mapping[str, float] | None = None) -> None:
        self.values = dict(known or {})

    def of(self, name: str, measured: Callable[[], Any]) -> float:
        """The value of a name; measured and kept where it is not known."""
        if name not in self.values:
            self.values[name] = float(measured())
        return self.values[name]

    @classmethod
    def usual(cls, fields: Iterable[Levels]) -> Levels:
        """The median of what several fields told, name by name."""
        told: dict[str, list[float]] = {}
        for field in fields:
            for name, value in field.values.items():
                told.setdefault(name, []).append(value)
        return cls({name: float(np.median(values)) for name, values in told.items()})

"""Values as Python code."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_WIDTH: Final = 96
_INDENT: Final = "    "
_RUN: Final = 3
Import = tuple[str, str]
"""A module and the name that is taken from it."""


@dataclass(frozen=True)
class ScriptPart:
    """Some lines of a script, and what they need.

    Attributes
    ----------
    what
        What the lines do that a command of the shell cannot say, such as ``"gates"``.
    lines
        The code.
    imports
        Names that it uses.
    """

    what: str
    lines: tuple[str, ...]
    imports: tuple[Import, ...] = ()


def code_of(value: Any) -> str:
    """A plain value, a choice or a dataclass as code that makes it again."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if is_dataclass(value) and not isinstance(value, type):
        given = [f"{each.name}={code_of(getattr(value, each.name))}" for each in _said(value)]
        return f"{type(value).__name__}({', '.join(given)})"
    if isinstance(value, tuple):
        return f"({', '.join(map(code_of, value))}{',' * (len(value) == 1)})"
    if isinstance(value, np.generic):
        return repr(value.item())
    return repr(value)


def imports_of(value: Any) -> set[Import]:
    """What the code of a value needs."""
    if isinstance(value, Enum):
        return {(type(value).__module__, type(value).__name__)}
    if isinstance(value, tuple):
        return {each for part in value for each in imports_of(part)}
    if is_dataclass(value) and not isinstance(value, type):
        own = {(type(value).__module__, type(value).__name__)}
        return own.union(*(imports_of(getattr(value, each.name)) for each in _said(value)))
    return set()


def _said(value: Any) -> list[Any]:
    """The fields that are other than their default."""
    return [each for each in fields(value) if getattr(value, each.name) != each.default]


def import_lines(imports: Iterable[Import]) -> list[str]:
    """Statements that take names from modules."""
    ordered = sorted(set(imports))
    lines = []
    for module, group in groupby(ordered, key=lambda pair: pair[0]):
        names = ", ".join(name for _, name in group)
        line = f"from {module} import {names}"
        lines.append(line if len(line) <= _WIDTH else f"from {module} import (\n    {names},\n)")
    return lines


def picked_code(cells: Mapping[str, Sequence[int]], indent: int = 0) -> str:
    """Cells by image and label as a dictionary, runs of labels as ranges."""
    pad, inner = _INDENT * indent, _INDENT * (indent + 1)
    lines = []
    for image, labels in cells.items():
        text = f"{image!r}: [{', '.join(_runs(np.unique(np.asarray(labels, np.int64))))}],"
        lines += (
            textwrap.wrap(
                text,
                _WIDTH,
                initial_indent=inner,
                subsequent_indent=f"{inner} ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            if " " not in image
            else [inner + text]
        )
    return "\n".join(["{", *lines, f"{pad}}}"])


def _runs(labels: NDArray[np.int64]) -> list[str]:
    parts = np.split(labels, np.flatnonzero(np.diff(labels) != 1) + 1)
    told: list[str] = []
    for part in parts:
        if len(part) > _RUN:
            told.append(f"*range({part[0]}, {part[-1] + 1})")
        else:
            told += map(str, part.tolist())
    return told

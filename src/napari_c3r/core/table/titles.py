"""What the columns of a result are called in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

INTENSITY: Final = "intensity_mean_"
"""What the name of a column of mean intensities begins with; the channel follows."""

GATE: Final = "gate_"
"""What the name of a gate's column begins with; the gate's name follows."""

MOVED: Final = "neighbours_changed"
"""What the name of a column begins with that says by how much the diagnostics moved each cell."""

_TITLES: Final = {"time_s": "Time (s)"}
_UNITS: Final = {"_px": "px", "_um": "µm", "_um2": "µm²"}


def title(name: str) -> str:
    """A column's name as words: ``area_um2`` → ``Area (µm²)``."""
    if name in _TITLES:
        return _TITLES[name]
    if name.startswith(INTENSITY):
        return f"{name.removeprefix(INTENSITY)} intensity"
    if name.startswith(GATE):
        return f"Gate “{name.removeprefix(GATE)}”"
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return f"{_words(name.removesuffix(ending))} ({unit})"
    return _words(name)


def gate_words(column: str) -> str:
    """The cells of a gate, by its column: ``the cells of gate “large”``."""
    return f"the cells of gate “{column.removeprefix(GATE)}”"


def with_unit(name: str, text: str) -> str:
    """A column's value in a sentence: ``Area 318 µm²``."""
    named, _, unit = title(name).partition(" (")
    return f"{named} {text} {unit.rstrip(')')}".rstrip()


def _words(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words if len(words) == 1 else words[:1].upper() + words[1:]


def in_pixels_too(columns: Iterable[Any]) -> set[str]:
    """Columns in pixels whose values stand in micrometres in another column."""
    names = list(map(str, columns))
    lengths = {name.removesuffix("_um") for name in names if name.endswith("_um")}
    areas = {name.removesuffix("_um2") for name in names if name.endswith("_um2")}
    return {f"{name}_px" for name in lengths | areas}

"""Names, numbers and times as people read them."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number and a noun, as in ``1 cell`` and ``12,000 cells``."""
    return f"{figures(number)} {noun}{'' if number == 1 else 's'}"


def figures(number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}"


def roughly(seconds: float) -> str:
    """An estimated time as text, no finer than anyone can know it."""
    if seconds < 10:
        return duration(seconds)
    step = 5 if seconds < 57.5 else 60 if seconds < 3570 else 300
    whole = round(seconds / step) * step
    return f"{whole // 60} min" if step == 60 else duration(whole)


def duration(seconds: float) -> str:
    """A time as text, as short as it is useful."""
    if seconds < 60:
        return f"{max(1, seconds):.0f} s"
    unit, size, part, piece = ("min", 60, "s", 1) if seconds < 3600 else ("h", 3600, "min", 60)
    rest = int(seconds % size // piece)
    return f"{seconds // size:.0f} {unit}" + (f" {rest} {part}" if rest else "")

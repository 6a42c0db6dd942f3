"""Pixel sizes and times: units to micrometres and seconds, one side for a square pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

_MICROMETRES = {
    "um": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometers": 1.0,
    "micrometre": 1.0,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometers": 1e-3,
    "å": 1e-4,
    "angstrom": 1e-4,
    "pm": 1e-6,
    "mm": 1e3,
    "millimeter": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "inch": 25_400.0,
    "in": 25_400.0,
    "m": 1e6,
    "meter": 1e6,
}

_SECONDS = {
    "ns": 1e-9,
    "nanosecond": 1e-9,
    "us": 1e-6,
    "usec": 1e-6,
    "microsecond": 1e-6,
    "ms": 1e-3,
    "msec": 1e-3,
    "millisecond": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hour": 3600.0,
    "d": 86_400.0,
    "day": 86_400.0,
}

_SPANS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
_SPAN_FROM = 2

SQUARE_TOLERANCE = 0.01

MAX_PIXEL_UM = 20.0
"""A pixel wider than this is that of a printed page, whatever the file says; 1200 dpi are 21 µm."""

PRINT_PIXEL_UM = (0.02, 3.0)
"""Pixel sides that a length in a unit of printers is believed for."""

_PRINT_UNITS = {"inch", "in", "cm", "centimeter", "mm", "millimeter"}


def to_micrometres(value: float | str | None, unit: str | None) -> float | None:
    """Convert a length to micrometres; None when the value or the unit says nothing.

    Both signs for micro, their escaped spelling in ImageJ files, and long names are known.
    """
    if value is None or not unit:
        return None
    spelled = _spelled(unit)
    factor = _MICROMETRES.get(spelled)
    try:
        size = float(value) * factor if factor else math.nan
    except ValueError:
        return None
    return size if math.isfinite(size) and size > 0 else None


def to_seconds(value: float | str | None, unit: str | None) -> float | None:
    """Convert a duration to seconds; None when the value or the unit says nothing.

    Parameters
    ----------
    value
        A number, 0 among them.
    unit
        Short or long, one or many: ``"ms"``, ``"second"``, ``"seconds"``.
    """
    if value is None or not unit:
        return None
    spelled = _spelled(unit)
    factor = _SECONDS.get(spelled) or _SECONDS.get(spelled.removesuffix("s"))
    try:
        time = float(value) * factor if factor else math.nan
    except ValueError:
        return None
    return time if math.isfinite(time) else None


def even_times(interval_s: float | None, count: int) -> tuple[float, ...]:
    """Seconds of time points that follow each other evenly, () where the interval is not known."""
    if interval_s is None or not (math.isfinite(interval_s) and interval_s > 0):
        return ()
    return tuple(interval_s * t for t in range(count))


def times_since_first(stamps: Sequence[float | None]) -> tuple[float, ...]:
    """Seconds of time points after the first, () where they cannot be times that follow.

    Parameters
    ----------
    stamps
        Seconds of any clock, None for a time point that has none. Some writers leave zeros.
    """
    known = [stamp for stamp in stamps if stamp is not None and math.isfinite(stamp)]
    if len(known) < len(stamps):
        return ()
    if any(later <= before for before, later in pairwise(known)):
        return ()
    return tuple(stamp - known[0] for stamp in known)


def time_in_words(seconds: float) -> str:
    """A span of time in the unit that suits it: ``45 s``, ``12.5 min``, ``30 h``."""
    size, unit = next(
        each for each in _SPANS if abs(seconds) >= each[0] * _SPAN_FROM or each[0] <= 1
    )
    return f"{seconds / size:.3g} {unit}"


def _spelled(unit: str) -> str:
    return unit.strip().replace("\\u00B5", "u").replace("µ", "u").replace("μ", "u").lower()


def microscope_pixel(
    side_um: float | None, where: str, unit: str | None = None
) -> tuple[float | None, tuple[str, ...]]:
    """Take a resolution that is a printer's for none, which a note says.

    Parameters
    ----------
    side_um
        Side of a pixel in micrometres, or None.
    where
        The file's name, for the note.
    unit
        In which the file states it, where that may be a printer's: inch, cm or mm.

    Returns
    -------
    side, notes
        The same side, or None and a note.
    """
    low, high = 0.0, MAX_PIXEL_UM
    if unit is not None and _spelled(unit) in _PRINT_UNITS:
        low, high = PRINT_PIXEL_UM
    if side_um is None or low <= side_um <= high:
        return side_um, ()
    note = (
        f"{where} states a resolution of {side_um:.4g} µm per pixel, which is a printer's and no "
        "microscope's: the pixel size is unknown; set it yourself."
    )
    return None, (note,)


def square_pixel(
    x_um: float | None, y_um: float | None, where: str, unit: str | None = None
) -> tuple[float | None, tuple[str, ...]]:
    """Take one side for a pixel: the mean of width and height.

    Parameters
    ----------
    x_um, y_um
        Width and height in micrometres, None when unknown.
    where
        The file's name, for the note.
    unit
        As for `microscope_pixel`.

    Returns
    -------
    side, notes
        The side in micrometres, or None; a note when the two differ by more than 1 %, or when the
        resolution is a printer's or no number above 0, as some writers leave it.
    """
    stated = [size for size in (x_um, y_um) if size is not None]
    known = [size for size in stated if math.isfinite(size) and size > 0]
    if len(known) < len(stated):
        return None, (f"{where} states a pixel size of {stated[0]:g} µm: set it yourself.",)
    if not known:
        return None, ()
    side = sum(known) / len(known)
    believed, notes = microscope_pixel(side, where, unit)
    if believed is None:
        return None, notes
    if max(known) - min(known) <= SQUARE_TOLERANCE * side:
        return known[0], ()
    note = (
        f"{where} has pixels of {x_um:.4g} × {y_um:.4g} µm; they are treated as squares of "
        f"{side:.4g} µm."
    )
    return side, (note,)

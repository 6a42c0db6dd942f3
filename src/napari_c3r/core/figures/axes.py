"""An axis of a plot: which place a value has on it, and which values are written beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.figures.drawing import number_words, ticks

_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Powers of ten beyond these are written as powers.
# Of a mantissa, as few as tell the values of one axis apart.
_DIGITS: Final = range(3, 17)
_POWERS: Final = (-3, 4)
# On a symmetric logarithmic axis, so many decades lie beyond the linear part at most.
_MOST_DECADES: Final = 5
_SMALL_SHARE: Final = 10.0
# From here on numbers are written with a power of ten.
_FULL: Final = 1e6


class Scale(StrEnum):
    """How values become places."""

    LINEAR = "linear"
    LOG = "log"
    SYMLOG = "symlog"


class Tick(NamedTuple):
    """A place on an axis, and the value that is written there."""

    place: float
    text: str


@dataclass(frozen=True)
class Axis:
    """Values between two ends, which have the places 0 and 1.

    Attributes
    ----------
    title
        What the values are, with their unit.
    scale
        Equal steps are equal differences (linear), equal ratios (log), or equal differences near
        nought and equal ratios further away (symlog).
    low, high
        Values at the places 0 and 1.
    linear_to
        Of a symlog axis: the size of a value up to which it is linear.
    """

    title: str
    scale: Scale = Scale.LINEAR
    low: float = 0.0
    high: float = 1.0
    linear_to: float = 1.0

    @classmethod
    def of(cls, values: ArrayLike, title: str, scale: Scale = Scale.LINEAR) -> Axis:
        """An axis from the smallest to the largest value that it can show.

        Parameters
        ----------
        values
            Numbers (N,), in the unit that `title` names.
        title
            What they are.
        scale
            How they become places.
        """
        numbers = np.asarray(values, np.float64)
        shown = numbers[_can_show(numbers, scale)]
        if not len(shown):
            ends = (1.0, 10.0) if scale is Scale.LOG else (0.0, 1.0)
            return cls(title, scale, *ends)
        low, high = float(shown.min()), float(shown.max())
        if low == high:
            half = abs(low) / 2 or 0.5
            low, high = (low / 2, high * 2) if scale is Scale.LOG else (low - half, high + half)
        return cls(title, scale, low, high, _linear_to(shown) if scale is Scale.SYMLOG else 1.0)

    @property
    def label(self) -> str:
        """What is written along the axis."""
        match self.scale:
            case Scale.LOG:
                return f"{self.title}, log"
            case Scale.SYMLOG:
                return f"{self.title}, log beyond ±{number_words(self.linear_to)}"
        return self.title

    def places(self, values: ArrayLike) -> NDArray[np.float64]:
        """Where values are, 0 to 1 from end to end; NaN where the axis cannot show one."""
        numbers = np.asarray(values, np.float64)
        start, end = self._ends
        with np.errstate(invalid="ignore", divide="ignore"):
            places = (self._straight(numbers) - start) / (end - start)
        return np.where(np.isfinite(places), places, np.nan)

    def values(self, places: ArrayLike) -> NDArray[np.float64]:
        """Which values are at places; the inverse of `places`."""
        start, end = self._ends
        at = start + np.asarray(places, np.float64) * (end - start)
        match self.scale:
            case Scale.LOG:
                return np.asarray(10.0**at)
            case Scale.SYMLOG:
                beyond = np.sign(at) * 10.0 ** np.maximum(np.abs(at) - 1, 0)
                return self.linear_to * np.where(np.abs(at) <= 1, at, beyond)
        return at

    def ticks(self, first: float = 0.0, last: float = 1.0, most: int = 5) -> tuple[Tick, ...]:
        """Round values between two places, about as many as there is room for."""
        low, high = (float(value) for value in self.values([first, last]))
        if not (np.isfinite([low, high]).all() and high > low):
            return ()
        if self.scale is Scale.LINEAR:
            found = ticks(low, high, most)
            words = even_words(found)
        else:
            is_log = self.scale is Scale.LOG
            found = (
                _log_ticks(low, high, most)
                if is_log
                else _symlog_ticks(low, high, self.linear_to, most)
            )
            are_even = len(found) > 1 and np.allclose(np.diff(found, 2), 0, atol=1e-9 * abs(high))
            words = even_words(found) if are_even else [_size_words(value) for value in found]
        return tuple(map(Tick, self.places(found).tolist(), words))

    @property
    def _ends(self) -> tuple[float, float]:
        low, high = (float(value) for value in self._straight(np.array([self.low, self.high])))
        return low, high

    def _straight(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values so that equal steps take equal room."""
        with np.errstate(invalid="ignore", divide="ignore"):
            match self.scale:
                case Scale.LOG:
                    return np.log10(np.where(values > 0, values, np.nan))
                case Scale.SYMLOG:
                    parts = values / self.linear_to
                    beyond = np.sign(parts) * (1 + np.log10(np.maximum(np.abs(parts), 1)))
                    return np.where(np.abs(parts) <= 1, parts, beyond)
        return values


def unshown_words(values: NDArray[np.float64], title: str, scale: Scale) -> list[str]:
    """Which values an axis cannot show, each reason with its number of cells.

    Parameters
    ----------
    values
        Numbers (N,).
    title
        What they are.
    scale
        Of the axis.
    """
    missing = int((~np.isfinite(values)).sum())
    words = [f"{missing:,} without {title}"] if missing else []
    if scale is Scale.LOG:
        with np.errstate(invalid="ignore"):
            low = int((np.isfinite(values) & (values <= 0)).sum())
        words += [f"{low:,} with {title} ≤ 0 (symlog shows them)"] if low else []
    return words


def even_words(values: list[float]) -> list[str]:
    """Evenly spaced values as text, with as many decimals as tell them apart."""
    largest = max(map(abs, values), default=0.0)
    if largest >= _FULL or 0 < largest < 10.0 ** _POWERS[0]:
        known = len(set(values))
        tries = ([_mantissa_words(value, digits) for value in values] for digits in _DIGITS)
        return next((words for words in tries if len(set(words)) == known), list(map(str, values)))
    gaps = np.diff(values)
    step = float(gaps.min()) if len(gaps) else max(largest, 1.0)
    decimals = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return [_minus(f"{value:,.{decimals}f}") if value else "0" for value in values]


def _can_show(values: NDArray[np.float64], scale: Scale) -> NDArray[np.bool_]:
    finite = np.isfinite(values)
    return finite & (values > 0) if scale is Scale.LOG else finite


def _linear_to(shown: NDArray[np.float64]) -> float:
    """A power of ten below most sizes, and not far below the largest."""
    sizes = np.abs(shown[shown != 0])
    if not len(sizes):
        return 1.0
    small = max(float(np.percentile(sizes, _SMALL_SHARE)), float(sizes.max()) / 10**_MOST_DECADES)
    return float(10.0 ** np.floor(np.log10(small)))


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    first = int(np.ceil(np.log10(low) - 1e-9))
    last = int(np.floor(np.log10(high) + 1e-9))
    powers = last - first + 1
    if powers >= 3:
        every = -(-powers // max(most, 2))
        return [10.0**power for power in range(first, last + 1, every)]
    steps = [
        times * 10.0**power for power in range(first - 1, last + 2) for times in (1.0, 2.0, 5.0)
    ]
    found = [step for step in steps if low * (1 - 1e-9) <= step <= high * (1 + 1e-9)]
    if 3 <= len(found) <= max(most, 3):
        return found
    if len(found) > most:
        return [step for step in found if _is_power(step)] if powers >= 2 else found[::2]
    return [value for value in ticks(low, high, most) if value > 0]


def _symlog_ticks(low: float, high: float, linear_to: float, most: int) -> list[float]:
    most_of_a_side = max(most // 2, 1)
    found = [0.0] if low <= 0 <= high else []
    for sign, end in ((1.0, high), (-1.0, -low)):
        if end < linear_to:
            continue
        powers = int(np.floor(np.log10(end / linear_to) + 1e-9)) + 1
        every = -(-powers // most_of_a_side)
        # Counted from the end, so that the largest power is written.
        sizes = [linear_to * 10.0**power for power in range(powers - 1, -1, -every)]
        found += [sign * size for size in sizes if low <= sign * size <= high]
    return sorted(found) if len(found) > 1 else ticks(low, high, most)


def _is_power(value: float) -> bool:
    if not value:
        return False
    power = float(np.log10(abs(value)))
    return abs(power - round(power)) < 1e-9


def _size_words(value: float) -> str:
    return _power_words(value) if _is_power(value) else number_words(value)


def _power_words(value: float) -> str:
    power = round(float(np.log10(abs(value))))
    sign = "−" if value < 0 else ""
    if _POWERS[0] <= power <= _POWERS[1]:
        return f"{sign}{abs(value):,.{max(-power, 0)}f}"
    return f"{sign}10{str(power).translate(_SUPERSCRIPTS)}"


def _mantissa_words(value: float, digits: int) -> str:
    if not value:
        return "0"
    power = int(np.floor(np.log10(abs(value)) + 1e-9))
    mantissa = f"{value / 10.0**power:.{digits}g}"
    return _minus(f"{mantissa}×10{str(power).translate(_SUPERSCRIPTS)}")


def _minus(text: str) -> str:
    return text.replace("-", "−")

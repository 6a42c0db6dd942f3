"""How sure a number is: intervals, and the level at which a difference counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

BOOTSTRAPS = 1000
HALVES = 40
_Z95 = 1.959964


def bootstrap_means(
    values: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, float, float]:
    """Mean of values (n,) and its 95 % percentile interval over resampled cells."""
    weights = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), BOOTSTRAPS)
    low, high = np.percentile(weights @ values / len(values), (2.5, 97.5))
    return float(values.mean()), float(low), float(high)


def half_samples(
    statistic: Callable[[NDArray[np.intp]], float], n: int, rng: np.random.Generator
) -> tuple[float, float]:
    """95 % interval of a statistic of at most 1 that repeated cells would distort.

    Its spread over random halves of the cells is its standard error on all of them: the
    delete-d jackknife with d = n/2 (Shao and Wu 1989).

    Parameters
    ----------
    statistic
        From rows of cells to a number.
    n
        All cells.
    rng
        Draws the halves.

    Returns
    -------
    low, high
    """
    draws = [statistic(rng.permutation(n)[: n // 2]) for _ in range(HALVES)]
    centre, spread = statistic(np.arange(n)), float(np.std(draws, ddof=1))
    return centre - _Z95 * spread, min(1.0, centre + _Z95 * spread)


def p_above(values: NDArray[np.float64], margin: float) -> float:
    """One-sided probability of a mean this high if the true one were `margin`; normal theory."""
    spread = float(values.std(ddof=1)) / sqrt(len(values))
    distance = float(values.mean()) - margin
    if spread == 0:
        return 0.0 if distance > 0 else 1.0
    return 0.5 * erfc(distance / spread / sqrt(2))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust for asking several questions (Holm 1979): no false alarm among all of them."""
    order = np.argsort(p_values, kind="stable")
    adjusted, running = np.zeros(len(p_values)), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return [float(value) for value in adjusted]

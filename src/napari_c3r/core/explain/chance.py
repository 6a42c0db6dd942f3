"""Whether a place does more than any other of its size: tested against random ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

# Of the mean of the random ones, added to every movement: some random places move nothing at all,
# of which there is no logarithm. With a quarter, hardly one place in a hundred is called by chance,
# over log-normal movements of any usual width, with empty places among them, and over counts.
_STARTED = 0.25


def more_than_random(moved: Values, random: Values, passed_over: int = 0) -> Values:
    """How likely a random place moves a vector as far as each of some places does.

    Movements are log-normal to a good approximation, so that the tail is read from the mean and
    the standard deviation of the random ones' logarithms (started at a quarter of their mean), by
    the t distribution that a further draw has; then all places of the map are corrected for their
    number (Benjamini and Hochberg 1995).

    Parameters
    ----------
    moved
        Of each place, (n,), 0 or more.
    random
        Of random places, (draws,), at least two.
    passed_over
        Places that might have been among them, and were not covered as those near them do little.

    Returns
    -------
    ndarray
        Adjusted p-values, (n,), 0 to 1.
    """
    from scipy.stats import false_discovery_control, t

    if not len(moved):
        return np.zeros(0)
    start = _STARTED * random.mean()
    if start <= 0:
        # Nowhere does covering anything move the vector.
        return np.where(moved > 0, 0.0, 1.0)
    here, there = np.log(moved + start), np.log(random + start)
    width = there.std(ddof=1) * np.sqrt(1 + 1 / len(there))
    if width <= 0:
        return np.where(here > there[0], 0.0, 1.0)
    chance = t.sf((here - there.mean()) / width, len(there) - 1)
    every = np.concatenate([chance, np.ones(passed_over)])
    return np.asarray(false_discovery_control(every)[: len(moved)])

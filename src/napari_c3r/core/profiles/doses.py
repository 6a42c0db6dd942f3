"""Dose curves with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.errors import InputError

# How far outside of the doses the middle of a curve may lie, as a natural logarithm: tenfold.
_BEYOND = 2.3
_SLOPES = (0.1, 0.5, 1.0, 2.0, 4.0, 10.0)


@dataclass(frozen=True)
class DoseCurve:
    """A four-parameter log-logistic curve through the values of wells.

    Attributes
    ----------
    bottom, top
        Value far below and far above `ec50`, in the unit of the values.
    ec50
        Dose half-way, in the unit of the doses.
    slope
        Hill slope, positive.
    ec50_interval
        Interval of `ec50` at the confidence asked for; infinite where the doses do not bound it.
    p_value
        Of an F test of the curve against one mean for all doses.
    n_wells, n_doses
        What it was fitted to, doses of zero included.
    spread
        Covariance of bottom, top, logarithm of the EC50 and slope, times the square of Student's
        t at the confidence asked for, (4, 4); empty where the doses do not bound all four.
    """

    bottom: float
    top: float
    ec50: float
    slope: float
    ec50_interval: tuple[float, float]
    p_value: float
    n_wells: int
    n_doses: int
    spread: tuple[tuple[float, ...], ...] = ()

    def __call__(self, doses: ArrayLike) -> NDArray[np.float64]:
        """Values at doses, in the same shape; a dose of zero gives `bottom`."""
        with np.errstate(divide="ignore"):
            logs = np.log(np.asarray(doses, np.float64))
        share = _share(logs, float(np.log(self.ec50)), self.slope)
        return self.bottom + (self.top - self.bottom) * share

    def half_width(self, doses: ArrayLike) -> NDArray[np.float64]:
        """Half of the curve's interval at doses, by the delta method; NaN where it is not known."""
        with np.errstate(divide="ignore"):
            logs = np.log(np.asarray(doses, np.float64))
        if not self.spread:
            return np.full(logs.shape, np.nan)
        slopes = _slopes(logs, self.bottom, self.top, float(np.log(self.ec50)), self.slope)
        return np.sqrt(np.einsum("...i,ij,...j->...", slopes, np.array(self.spread), slopes))


def fit_dose_curve(doses: ArrayLike, values: ArrayLike, *, confidence: float = 0.95) -> DoseCurve:
    """Fit a dose curve to wells by least squares.

    Parameters
    ----------
    doses
        (wells,) of zero (controls) or more, in one unit.
    values
        (wells,) what was measured; wells without a value are left out.
    confidence
        Of the interval, between 0 and 1.

    Returns
    -------
    DoseCurve
        value = bottom + (top − bottom) / (1 + (ec50 / dose)^slope). The interval of the EC50 is
        that of its logarithm by Student's t with the covariance of the fit.

    Raises
    ------
    InputError
        Negative doses, fewer than four different ones, fewer than six wells, or values all alike.
    """
    from scipy.optimize import least_squares
    from scipy.stats import f as f_distribution
    from scipy.stats import t as t_distribution

    x, y = _checked(doses, values)
    with np.errstate(divide="ignore"):
        logs = np.log(x)
    finite = logs[np.isfinite(logs)]
    lower = [finite.min() - _BEYOND, _SLOPES[0]]
    upper = [finite.max() + _BEYOND, _SLOPES[-1]]
    # Bottom and top follow from the other two by a line, so that only those are searched for.
    search = least_squares(
        lambda shape: _residuals(logs, y, *shape), _start(logs, y), bounds=(lower, upper)
    )
    log_ec50, slope = map(float, search.x)
    bottom, top = _ends(logs, y, log_ec50, slope)
    rest = float((search.fun**2).sum())
    free = len(y) - 4
    total = float(((y - y.mean()) ** 2).sum())
    statistic = (total - rest) / 3 / max(rest / free, 1e-300)
    scale = rest / free * float(t_distribution.ppf((1 + confidence) / 2, free)) ** 2
    inverse = _inverse_information(logs, bottom, top, log_ec50, slope)
    spread = None if inverse is None else scale * inverse
    error = float("inf") if spread is None else float(np.sqrt(spread[2, 2]))
    with np.errstate(over="ignore"):
        interval = float(np.exp(log_ec50 - error)), float(np.exp(log_ec50 + error))
    return DoseCurve(
        bottom=float(bottom),
        top=float(top),
        ec50=float(np.exp(log_ec50)),
        slope=float(slope),
        ec50_interval=interval if np.isfinite(error) else (0.0, float("inf")),
        p_value=float(f_distribution.sf(statistic, 3, free)),
        n_wells=len(y),
        n_doses=len(np.unique(x)),
        spread=() if spread is None else tuple(map(tuple, spread.tolist())),
    )


def _share(logs: NDArray[np.float64], log_ec50: float, slope: float) -> NDArray[np.float64]:
    """How far from bottom to top, 0 to 1; nought without a dose, whose logarithm is -inf."""
    from scipy.special import expit

    return np.asarray(expit(slope * (logs - log_ec50)))


def _ends(
    logs: NDArray[np.float64], values: NDArray[np.float64], log_ec50: float, slope: float
) -> tuple[float, float]:
    share = _share(logs, log_ec50, slope)
    ends, *_ = np.linalg.lstsq(np.stack([1 - share, share], axis=1), values)
    return float(ends[0]), float(ends[1])


def _residuals(
    logs: NDArray[np.float64], values: NDArray[np.float64], log_ec50: float, slope: float
) -> NDArray[np.float64]:
    bottom, top = _ends(logs, values, log_ec50, slope)
    return values - bottom - (top - bottom) * _share(logs, log_ec50, slope)


def _start(logs: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
    """The best middle and slope of a grid."""
    finite = logs[np.isfinite(logs)]
    grid = [
        (float(middle), slope)
        for middle in np.linspace(finite.min(), finite.max(), 9)
        for slope in _SLOPES[1:-1]
    ]
    return min(grid, key=lambda shape: float((_residuals(logs, values, *shape) ** 2).sum()))


def _slopes(
    logs: NDArray[np.float64], bottom: float, top: float, log_ec50: float, slope: float
) -> NDArray[np.float64]:
    """Derivatives of the curve by bottom, top, log EC50 and slope, (..., 4)."""
    share = _share(logs, log_ec50, slope)
    steep = (top - bottom) * share * (1 - share)
    distance = np.where(np.isfinite(logs), logs - log_ec50, 0.0)
    return np.stack([1 - share, share, -slope * steep, steep * distance], axis=-1)


def _inverse_information(
    logs: NDArray[np.float64], bottom: float, top: float, log_ec50: float, slope: float
) -> NDArray[np.float64] | None:
    """Inverse of the Gauss–Newton matrix, (4, 4); None where it has none."""
    slopes = _slopes(logs, bottom, top, log_ec50, slope)
    information = slopes.T @ slopes
    if np.linalg.matrix_rank(information) < 4:
        return None
    return np.asarray(np.linalg.inv(information))


def _checked(doses: ArrayLike, values: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    x, y = np.asarray(doses, np.float64).ravel(), np.asarray(values, np.float64).ravel()
    if len(x) != len(y):
        raise InputError(f"{len(x)} doses for {len(y)} values: give one for each well")
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) and x.min() < 0:
        raise InputError(f"A dose of {x.min():g} is below zero")
    if len(np.unique(x[x > 0])) < 3 or len(np.unique(x)) < 4 or len(x) < 6:
        raise InputError(
            f"{len(x)} wells of {len(np.unique(x))} doses: a curve needs six wells of four doses"
        )
    if np.ptp(y) == 0:
        raise InputError("All values are alike, so there is no curve")
    return x, y

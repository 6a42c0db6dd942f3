"""Dose curves with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.errors import InputError

# How far outside of the doses the middle of a curve may lie, as a natural logarithm: tenfold.
_BEYOND = 2.3


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
    """

    bottom: float
    top: float
    ec50: float
    slope: float
    ec50_interval: tuple[float, float]
    p_value: float
    n_wells: int
    n_doses: int

    def __call__(self, doses: ArrayLike) -> NDArray[np.float64]:
        """Values at doses, in the same shape; a dose of zero gives `bottom`."""
        x = np.asarray(doses, np.float64)
        logs = np.log(np.where(x > 0, x, 1.0))
        curve = _logistic(logs, self.bottom, self.top, np.log(self.ec50), self.slope)
        return np.where(x > 0, curve, self.bottom)


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
    from scipy.optimize import curve_fit
    from scipy.stats import f as f_distribution
    from scipy.stats import t as t_distribution

    x, y = _checked(doses, values)
    dosed = x > 0
    logs = np.log(np.where(dosed, x, 1.0))
    lowest, highest = logs[dosed].min(), logs[dosed].max()

    def model(logs: NDArray[np.float64], *parameters: float) -> NDArray[np.float64]:
        # Without a dose there is the bottom, whatever the slope.
        return np.where(dosed, _logistic(logs, *parameters), parameters[0])

    lower = [-np.inf, -np.inf, lowest - _BEYOND, 0.1]
    upper = [np.inf, np.inf, highest + _BEYOND, 10.0]
    best = None
    for middle in np.linspace(lowest, highest, 5):
        for slope in (0.7, 1.5, 3.0):
            start = [y[x <= np.median(x)].mean(), y[x >= np.median(x)].mean(), middle, slope]
            try:
                found, covariance = curve_fit(model, logs, y, start, bounds=(lower, upper))
            except RuntimeError:  # not converged from here
                continue
            rest = float(((y - model(logs, *found)) ** 2).sum())
            if best is None or rest < best[0]:
                best = rest, found, covariance
    if best is None:
        raise InputError("No dose curve fits these values; look at the points themselves")
    rest, (bottom, top, log_ec50, slope), covariance = best
    free = len(y) - 4
    total = float(((y - y.mean()) ** 2).sum())
    statistic = (total - rest) / 3 / max(rest / free, 1e-300)
    error = float(np.sqrt(covariance[2, 2])) * float(t_distribution.ppf((1 + confidence) / 2, free))
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
    )


def _logistic(
    logs: NDArray[np.float64], bottom: float, top: float, log_ec50: float, slope: float
) -> NDArray[np.float64]:
    from scipy.special import expit

    return np.asarray(bottom + (top - bottom) * expit(slope * (logs - log_ec50)))


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

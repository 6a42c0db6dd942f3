"""Profiles at the scale that the network takes: relative to the controls of their plate."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError

_NORMAL: Final = 1.4826
_LEAST: Final = 1e-6
_FEWEST: Final = 2


def prepare(
    values: NDArray[np.float64],
    plates: Mapping[tuple[Any, ...], NDArray[np.intp]],
    is_control: NDArray[np.bool_] | None,
    clip_percent: float,
) -> NDArray[np.float32]:
    """Bring profiles to the scale of the controls of their plate.

    (x - median) / (1.4826 × median absolute deviation + 1e-6), median and deviation of the
    plate's controls, then cut off at two percentiles of all values of the plate together.

    Parameters
    ----------
    values
        ``(n, F)``; what is missing or infinite was not measured.
    plates
        Rows of each plate.
    is_control
        ``(n,)``; where None, all rows of a plate stand for its controls.
    clip_percent
        The lower percentile, and 100 less it the upper; 0 for no cut.

    Returns
    -------
    ndarray
        float32 ``(n, F)``, NaN where a feature was not measured, or does not vary among the
        controls of a plate and so has no scale there.

    Raises
    ------
    InputError
        A plate has fewer than two controls.
    """
    done = np.full(values.shape, np.nan, np.float32)
    for key, rows in plates.items():
        reference = rows if is_control is None else rows[is_control[rows]]
        if len(reference) < _FEWEST:
            what = "rows" if is_control is None else "controls"
            raise InputError(
                f"'{key[0]}' has {len(reference)} {what}, where {_FEWEST} are the least: choose "
                "other controls, or another column of plates"
            )
        done[rows] = _scaled(values[rows], values[reference], clip_percent)
    return done


def _scaled(
    values: NDArray[np.float64], reference: NDArray[np.float64], clip_percent: float
) -> NDArray[np.float64]:
    values = np.where(np.isfinite(values), values, np.nan)
    reference = np.where(np.isfinite(reference), reference, np.nan)
    with warnings.catch_warnings():
        # A feature that no control has is NaN, as it should be.
        warnings.simplefilter("ignore", RuntimeWarning)
        middle = np.nanmedian(reference, axis=0)
        spread = np.nanmedian(np.abs(reference - middle), axis=0)
    scale = np.where(spread > 0, _NORMAL * spread + _LEAST, np.nan)
    scaled = (values - middle) / scale
    finite = scaled[np.isfinite(scaled)]
    if clip_percent and finite.size:
        low, high = np.percentile(finite, [clip_percent, 100 - clip_percent])
        scaled = np.clip(scaled, low, high)
    return scaled

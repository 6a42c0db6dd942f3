"""How far each well is from the controls of its plate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import (
    Controls,
    as_profiles,
    control_rows,
    groups_of,
    with_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

COLUMN = "distance_to_controls"
"""Column of ``obs`` with the distances."""

PRIOR: Final = 4
"""Wells that the spread of all wells counts for, beside the controls of which each is known."""


def distance_to_controls(
    table: AnnData | pd.DataFrame, controls: Controls, *, per: str | None = "plate"
) -> AnnData:
    """Distance of each row to the middle of the controls, in units of the controls' own.

    Parameters
    ----------
    table
        Profiles of wells, normalised; any table that `as_profiles` takes.
    controls
        Column of ``obs`` and the value that controls have there.
    per
        Column that controls share with a row to be compared with it; None for any.

    Returns
    -------
    AnnData
        A copy with ``obs["distance_to_controls"]``: the Euclidean distance to the mean of the
        controls over the median distance of a control to the mean of the *other* controls, so
        that 1 is how far a control is by chance. Each feature is at the spread of those controls,
        drawn towards that of all wells by as much as four more wells would, as few controls tell
        it poorly.

    Raises
    ------
    InputError
        An unknown column, or fewer than three controls in a group.
    """
    profiles = as_profiles(table)
    chosen = control_rows(profiles, controls)
    values = np.asarray(profiles.X)
    distances = np.full(len(profiles), np.nan)
    for key, rows in groups_of(profiles, [per] if per else []).items():
        mine = chosen[rows]
        if mine.sum() < 3:
            where = f" on the {per} '{key[0]}'" if per else ""
            some = "1 control" if mine.sum() == 1 else f"{mine.sum()} controls"
            raise InputError(f"{some}{where}, where three are the least")
        distances[rows] = _relative(values[rows], mine)
    found = profiles.copy()
    found.obs[COLUMN] = distances
    return with_step(
        found, "distance_to_controls", controls=f"{controls[0]} = {controls[1]}", per=per or ""
    )


def _relative(values: NDArray[np.float64], mine: NDArray[np.bool_]) -> NDArray[np.float64]:
    places = np.flatnonzero(mine)
    overall = values.var(axis=0)
    squared = np.zeros(len(values))
    for place in places:
        others = values[places[places != place]]
        far = _squared(values, others, overall)
        # A control is compared with the others once, every other well with each such set in turn:
        # one that is like a control is then as far away as a control.
        squared += np.where(mine, 0.0, far / len(places))
        squared[place] = far[place]
    distances = np.sqrt(squared)
    usual = float(np.median(distances[mine]))
    if usual == 0:
        raise InputError("The controls are all alike, so there is no distance to compare with")
    return np.asarray(distances / usual)


def _squared(
    values: NDArray[np.float64], controls: NDArray[np.float64], overall: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distances of (wells, features) to the middle of controls, at their spread."""
    known = len(controls) - 1
    spread = (known * controls.var(axis=0, ddof=1) + PRIOR * overall) / (known + PRIOR)
    varies = spread > 1e-24 * np.abs(values).max(axis=0, initial=1e-300) ** 2
    away = values[:, varies] - controls[:, varies].mean(axis=0)
    return np.asarray((away**2 / spread[varies]).sum(axis=1))

"""Whether the wells of a group lie apart from the controls: an exact test on whole profiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import (
    Controls,
    adjusted,
    as_profiles,
    control_rows,
    finite_values,
    groups_of,
    plate_codes,
    require_columns,
)

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

DRAWS: Final = 9_999
"""Ways to deal out the labels that are looked at where there are more."""

_AT_ONCE: Final = 1_000
# Where so many draws lie as far out, the p-value is known well enough.
_ENOUGH: Final = 100
# Share by which two numbers may differ by rounding alone.
_ALIKE: Final = 1e-9


def differ_from_controls(
    table: AnnData | pd.DataFrame,
    group: str,
    controls: Controls,
    *,
    plate: str | None = "plate",
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Test for every group of wells whether its profile differs from that of the controls.

    Parameters
    ----------
    table
        Profiles of wells; any table that `as_profiles` takes.
    group
        Column of ``obs`` whose groups are compared, such as treatment and dose.
    controls
        Column of ``obs`` and the value that controls have there.
    plate
        Column of plates: a well is compared with the controls of its own plate, and labels are
        dealt out anew within plates. None for wells of one plate.
    draws
        Most ways to deal out the labels; all of them where there are fewer.
    seed
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        One row per group: ``group``, ``n_wells``, ``n_controls``, ``distance`` (between the mean
        profiles of the group and of the controls, where 1 is how far as many wells lie apart by
        chance), ``p_value``, ``least_p_value`` (the smallest that so many wells can give) and
        ``adjusted_p_value`` (Benjamini and Hochberg).

    Raises
    ------
    InputError
        Unknown columns, no controls, or missing values.

    Notes
    -----
    If a treatment does nothing, its wells and the controls of their plates could be exchanged:
    the p-value is the share of such exchanges that lie as far apart, whatever the distribution
    and the number of features (Fisher 1935; Phipson and Smyth 2010, doi:10.2202/1544-6115.1585).
    Every feature is brought to the same spread over the wells that are compared, whoever is a
    control, so that normalising to few controls makes no difference where there is none.
    """
    import pandas as pd

    profiles = as_profiles(table)
    require_columns(profiles, [group, *([plate] if plate else [])])
    is_control = control_rows(profiles, controls)
    values = finite_values(profiles)
    plates = plate_codes(profiles.obs, plate)
    rows = []
    for (name,), members in groups_of(profiles, [group]).items():
        mine = members[~is_control[members] & (plates[members] >= 0)]
        if len(mine):
            rows.append({"group": name, **_tested(values, plates, mine, is_control, draws, seed)})
    if not rows:
        raise InputError(f"No well with a '{group}' is anything but a control")
    return adjusted(pd.DataFrame(rows))


def _tested(
    values: NDArray[np.float64],
    plates: NDArray[np.intp],
    mine: NDArray[np.intp],
    is_control: NDArray[np.bool_],
    draws: int,
    seed: int,
) -> dict[str, float | int]:
    other = np.flatnonzero(is_control & np.isin(plates, plates[mine]))
    mine = mine[np.isin(plates[mine], plates[other])]
    rows = np.concatenate([mine, other])
    apart = how_far_apart(
        values[rows], np.arange(len(rows)) < len(mine), plates[rows], draws=draws, seed=seed
    )
    return {
        "n_wells": len(mine),
        "n_controls": len(other),
        "distance": apart.distance,
        "p_value": apart.p_value,
        "least_p_value": apart.least_p_value,
    }


@dataclass(frozen=True)
class Apart:
    """How far two sets of wells lie apart.

    Attributes
    ----------
    distance
        Between their mean profiles, where 1 is how far as many wells lie apart by chance.
    p_value, least_p_value
        Of an exchange of labels that gives as much, and the smallest that there could be; NaN
        where nothing varies or there are not two sets.
    """

    distance: float = np.nan
    p_value: float = np.nan
    least_p_value: float = np.nan


def how_far_apart(
    values: NDArray[np.float64],
    inside: NDArray[np.bool_],
    strata: NDArray[np.intp],
    *,
    scales: NDArray[np.intp] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Apart:
    """Compare the profiles of two sets of wells by dealing out their labels anew.

    Parameters
    ----------
    values
        (wells, features), finite.
    inside
        (wells,) which wells are of the first set.
    strata
        (wells,) codes of what only like is compared within, such as plates; a stratum with wells
        of one set says nothing.
    scales
        (wells,) codes of wells over which features are brought to one spread; as `strata` if None.
    draws, seed
        As for `differ_from_controls`.
    """
    both = [code for code in np.unique(strata) if 0 < inside[strata == code].mean() < 1]
    used = np.isin(strata, both)
    if not used.any():
        return Apart()
    treated, where = inside[used], strata[used]
    likeness = _likeness(values[used], where, where if scales is None else scales[used])
    if likeness is None:
        return Apart()
    observed = float(_apart(treated[None], where, likeness)[0])
    ways = prod(comb(int((where == c).sum()), int(treated[where == c].sum())) for c in both)
    if ways <= draws + 1:
        drawn = _apart(np.array(list(_all_labels(treated, where))), where, likeness)
        above, seen = int((drawn >= observed * (1 - _ALIKE)).sum()), ways
        chance = float(drawn.mean())
    else:
        above, seen, chance = _drawn(treated, where, likeness, observed, draws, seed)
    return Apart(
        distance=float(np.sqrt(observed / chance)) if chance else np.nan,
        p_value=above / seen,
        least_p_value=1 / min(ways, draws + 1),
    )


def _likeness(
    values: NDArray[np.float64], strata: NDArray[np.intp], scales: NDArray[np.intp]
) -> NDArray[np.float64] | None:
    """Products of all pairs of wells (n, n), features at one spread; None if nothing varies."""
    apart = values.copy()
    for code in np.unique(strata):
        apart[strata == code] -= values[strata == code].mean(axis=0)
    for code in np.unique(scales):
        # A plate at a time, since each may have been normalised to few controls of its own.
        here = scales == code
        spread = np.sqrt((apart[here] ** 2).mean(axis=0))
        varies = spread > _ALIKE * np.abs(values[here]).max(axis=0, initial=1e-300)
        apart[here] = np.where(varies, apart[here] / np.where(varies, spread, 1), 0)
    return np.asarray(apart @ apart.T) if apart.any() else None


def _apart(
    treated: NDArray[np.bool_], plates: NDArray[np.intp], likeness: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distance of group and controls for each way (ways, n) to deal out the labels."""
    weights = np.zeros(treated.shape)
    total = treated[0].sum()
    for code in np.unique(plates):
        here = plates == code
        inside = int(treated[0, here].sum())
        outside = int(here.sum()) - inside
        # Each well against the mean of the controls of its plate.
        weights[:, here] = np.where(treated[:, here], 1 / total, -inside / total / outside)
    return np.asarray(np.einsum("wn,wn->w", weights @ likeness, weights))


def _all_labels(
    treated: NDArray[np.bool_], plates: NDArray[np.intp]
) -> Iterator[NDArray[np.bool_]]:
    each = []
    for code in np.unique(plates):
        here = np.flatnonzero(plates == code)
        each.append(combinations(here.tolist(), int(treated[here].sum())))
    for chosen in product(*each):
        labels = np.zeros(len(treated), bool)
        labels[[row for part in chosen for row in part]] = True
        yield labels


def _drawn(
    treated: NDArray[np.bool_],
    plates: NDArray[np.intp],
    likeness: NDArray[np.float64],
    observed: float,
    draws: int,
    seed: int,
) -> tuple[int, int, float]:
    """How many ways lie as far apart, of how many, and how far ways lie apart on average."""
    rng = np.random.default_rng(seed)
    above, seen, total = 1, 1, observed
    while seen <= draws and above < _ENOUGH:
        count = min(_AT_ONCE, draws + 1 - seen)
        labels = np.zeros((count, len(treated)), bool)
        for code in np.unique(plates):
            here = np.flatnonzero(plates == code)
            dealt = np.broadcast_to(treated[here], (count, len(here)))
            labels[:, here] = rng.permuted(dealt, axis=1)
        distances = _apart(labels, plates, likeness)
        above += int((distances >= observed * (1 - _ALIKE)).sum())
        seen += count
        total += float(distances.sum())
    return above, seen, total / seen

"""Groups of wells against the controls: one value at a time, tested on wells and never on cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import (
    Controls,
    adjusted,
    control_rows,
    groups_of,
    plate_codes,
    require_columns,
)
from napari_c3r.core.table.titles import GATE

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

LEAST_WELLS: Final = 2
"""Wells on either side below which nothing is tested."""


def shares(cells: AnnData, column: str, by: Sequence[str] = ("plate", "well")) -> pd.DataFrame:
    """Share of each value of a column among the cells of each well.

    Parameters
    ----------
    cells
        A result with a row per cell.
    column
        Of ``obs``, such as ``"cluster"``; cells without a value count for none.
    by
        Columns that make a well together.

    Returns
    -------
    pandas.DataFrame
        One row per well with a column per value, 0 to 1, rows adding up to 1 where every cell has
        a value.
    """
    import pandas as pd

    require_columns(cells, [column, *by])
    found = cells.obs[column]
    names = categories_of(found)
    groups = groups_of(cells, list(by))
    codes = pd.Categorical(found, categories=names).codes
    rows = []
    for members in groups.values():
        known = codes[members][codes[members] >= 0]
        rows.append(np.bincount(known, minlength=len(names)) / len(members))
    index = pd.MultiIndex.from_tuples(list(groups), names=list(by))
    return pd.DataFrame(rows, index=index, columns=[str(name) for name in names])


def categories_of(column: pd.Series) -> list[Any]:
    """The values of a column that shares are of, in their order; those that no cell has too.

    Of a gate it is the cells in it: those that are not say nothing more.
    """
    import pandas as pd

    if str(column.name).startswith(GATE) and pd.api.types.is_bool_dtype(column.dtype):
        return [True]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    return sorted(column.dropna().unique(), key=str)


def compare_groups(
    wells: AnnData,
    values: pd.DataFrame | NDArray[np.float64] | Sequence[str],
    group: str,
    controls: Controls,
    *,
    plate: str | None = "plate",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Test every group of wells against the controls, for every value.

    Parameters
    ----------
    wells
        One row per well; what is known of it in ``obs``.
    values
        What to compare: names of columns of ``obs``, or numbers (wells, values) in the order of
        `wells`, as a frame or an array.
    group
        Column of ``obs`` whose groups are compared, such as treatment and dose.
    controls
        Column of ``obs`` and the value that controls have there.
    plate
        Column of plates: the controls' mean on a well's own plate is taken from the well first, so
        that differences between plates are neither taken for an effect nor hide one. None for
        wells of one plate.
    confidence
        Of the intervals, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row per group and value: ``group``, ``value``, ``n_wells``, ``n_controls``, ``mean``,
        ``control_mean``, ``difference`` with ``low`` and ``high``, ``effect_size`` (Hedges' g),
        ``p_value`` (t test on wells, two-sided: the larger of Student's and Welch's, as Welch's
        alone finds something in one of eight nulls of two wells against many) and
        ``adjusted_p_value`` (Benjamini and Hochberg over all rows that were tested). Groups of a
        single well are listed, not tested.

    Raises
    ------
    InputError
        Unknown columns, no controls, fewer than two control wells, or numbers of another length.
    """
    import pandas as pd

    require_columns(wells, [group])
    frame, is_control, codes, relative = _relative(wells, values, controls, plate)
    rows = []
    for (name,), members in groups_of(wells, [group]).items():
        mine = members[~is_control[members]]
        if not len(mine):
            continue
        for place, value in enumerate(frame.columns):
            side = _Side(relative[mine, place], codes[mine])
            other = _Side(relative[is_control, place], codes[is_control])
            rows.append(
                {
                    "group": name,
                    "value": str(value),
                    "mean": float(np.nanmean(frame.iloc[mine, place])),
                    "control_mean": float(np.nanmean(frame.loc[is_control, value])),
                    **_cautious_t(side, other, confidence),
                }
            )
    if not rows:
        raise InputError(f"All wells with a '{group}' are controls, so there is nothing to compare")
    return adjusted(pd.DataFrame(rows))


def compare_wells(
    wells: AnnData,
    values: pd.DataFrame | NDArray[np.float64] | Sequence[str],
    controls: Controls,
    *,
    plate: str | None = "plate",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Ask of every single well whether one more control well would lie as far off.

    Parameters
    ----------
    wells, values, controls, plate, confidence
        As for `compare_groups`.

    Returns
    -------
    pandas.DataFrame
        One row per well and value, controls left out, with the columns of `compare_groups`;
        ``group`` is the number of the well's row and ``n_wells`` 1. The test takes the well for
        one more control (Crawford and Howell 1998, The Clinical Neuropsychologist 12:482): t =
        difference / (s √(1 + 1/m)), s being the standard deviation of the controls on their
        plates and m their number on the well's own. It says how far one well lies, not how
        replicates of it would.

    Raises
    ------
    InputError
        As `compare_groups`.
    """
    import pandas as pd
    from scipy.stats import t as t_distribution

    frame, is_control, codes, relative = _relative(wells, values, controls, plate)
    parts = []
    for place, value in enumerate(frame.columns):
        side = _Side(relative[is_control, place], codes[is_control])
        free = len(side.values) - len(np.unique(side.plates))
        spread = np.sqrt((side.values**2).sum() / free) if free > 0 else np.nan
        rows = np.flatnonzero(~is_control)
        mine = np.array([(side.plates == code).sum() for code in codes[rows]], float)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.where(spread > 0, spread * np.sqrt(1 + 1 / mine), np.nan)
            difference = relative[rows, place]
            p_value = 2 * t_distribution.sf(np.abs(difference) / error, max(free, 1))
        half = t_distribution.ppf((1 + confidence) / 2, max(free, 1)) * error
        parts.append(
            pd.DataFrame(
                {
                    "group": rows,
                    "value": str(value),
                    "n_wells": 1,
                    "n_controls": len(side.values),
                    "mean": frame[value].to_numpy(float)[rows],
                    "control_mean": float(np.nanmean(frame.loc[is_control, value])),
                    "difference": difference,
                    "low": difference - half,
                    "high": difference + half,
                    "effect_size": difference / spread if spread > 0 else np.nan,
                    "p_value": p_value,
                }
            )
        )
    return adjusted(pd.concat(parts, ignore_index=True))


def _relative(
    wells: AnnData,
    values: pd.DataFrame | NDArray[np.float64] | Sequence[str],
    controls: Controls,
    plate: str | None,
) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[np.intp], NDArray[np.float64]]:
    """The values, which wells are controls, their plates, and values less the plate's controls."""
    require_columns(wells, [plate] if plate else [])
    frame = _as_frame(wells, values)
    is_control = control_rows(wells, controls)
    if is_control.sum() < LEAST_WELLS:
        raise InputError("A single control well says nothing of how wells differ by chance")
    codes = plate_codes(wells.obs, plate)
    return frame, is_control, codes, less_the_plate(frame.to_numpy(np.float64), codes, is_control)


def _as_frame(
    wells: AnnData, values: pd.DataFrame | NDArray[np.float64] | Sequence[str]
) -> pd.DataFrame:
    import pandas as pd

    if not isinstance(values, pd.DataFrame | np.ndarray):
        names = [values] if isinstance(values, str) else list(values)
        require_columns(wells, names)
        for name in names:
            if not pd.api.types.is_numeric_dtype(wells.obs[name]):
                raise InputError(f"The column '{name}' has no numbers, so it cannot be compared")
        return wells.obs[names].reset_index(drop=True)
    if len(values) != len(wells):
        raise InputError(f"{len(values)} rows of values for {len(wells)} wells: give one for each")
    return pd.DataFrame(values).reset_index(drop=True)


class _Side:
    """Wells of one side that have a value: the values and the plates' codes, both (wells,)."""

    def __init__(self, values: NDArray[np.float64], plates: NDArray[np.intp]) -> None:
        known = np.isfinite(values)
        self.values, self.plates = values[known], plates[known]


def less_the_plate(
    values: NDArray[np.float64], codes: NDArray[np.intp], is_control: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Values (wells, values) less the mean of the controls on the plate; NaN without any there."""
    relative = np.full_like(values, np.nan)
    for code in np.unique(codes[codes >= 0]):
        rows = codes == code
        mine = rows & is_control
        # Wells of a plate without controls have nothing to be compared with.
        if mine.any():
            relative[rows] = values[rows] - np.nanmean(values[mine], axis=0)
    return relative


def _cautious_t(group: _Side, controls: _Side, confidence: float) -> dict[str, float | int]:
    from scipy.stats import t as t_distribution

    n, m = len(group.values), len(controls.values)
    found: dict[str, float | int] = {"n_wells": n, "n_controls": m}
    nothing = float("nan")
    # Controls are relative to their own mean on each plate, so that they are zero on average.
    difference = float(group.values.mean()) if n else nothing
    untested = {"low": nothing, "high": nothing, "effect_size": nothing, "p_value": nothing}
    # With a mean taken away on every plate go as many degrees of freedom.
    free_controls = m - len(np.unique(controls.plates))
    if n < LEAST_WELLS or free_controls < 1:
        return {**found, "difference": difference, **untested}
    group_variance = float(group.values.var(ddof=1))
    control_variance = float((controls.values**2).sum()) / free_controls
    # The controls' mean of a plate is in the difference as often as the group is on that plate.
    here, counts = np.unique(group.plates, return_counts=True)
    on_plate = np.array([(controls.plates == code).sum() for code in here])
    a = group_variance / n
    b = control_variance * float(((counts / n) ** 2 / on_plate).sum())
    if a + b == 0:
        return {**found, "difference": difference, **untested}
    free = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / free_controls)
    free_both = n - 1 + free_controls
    pooled = ((n - 1) * group_variance + free_controls * control_variance) / free_both
    share = float(((counts / n) ** 2 / on_plate).sum())
    # Welch's own test takes two wells that happen to lie close for certain; Student's takes
    # wells that vary more than controls for less variable than they are. Each guards the other.
    ways = [(float(np.sqrt(a + b)), free), (float(np.sqrt(pooled * (1 / n + share))), free_both)]
    half = max(float(t_distribution.ppf((1 + confidence) / 2, f)) * error for error, f in ways)
    p_value = max(float(2 * t_distribution.sf(abs(difference) / error, f)) for error, f in ways)
    spread = float(np.sqrt(pooled))
    small = 1 - 3 / (4 * free_both - 1)
    return {
        **found,
        "difference": difference,
        "low": difference - half,
        "high": difference + half,
        "effect_size": small * difference / spread if spread else nothing,
        "p_value": p_value,
    }

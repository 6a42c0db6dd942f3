"""Wells from cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import as_profiles, groups_of, require_columns, with_step

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

TRIM: Final = 0.1
"""Share of the cells that a trimmed mean leaves out at either end."""


def _trimmed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.stats import trim_mean

    return np.asarray(trim_mean(values, TRIM, axis=0))


METHODS: Final[dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]] = {
    "mean": lambda values: np.mean(values, axis=0),
    "median": lambda values: np.median(values, axis=0),
    "trimmed": _trimmed,
}
"""How one profile is made of the rows of a group: (rows, features) -> (features,)."""

# Where a cell is says nothing of its well.
_OF_A_CELL: Final = frozenset({"image", "label", "index", "y_px", "x_px", "y_um", "x_um"})


def aggregate(
    table: AnnData | pd.DataFrame,
    by: Sequence[str] = ("plate", "well"),
    *,
    method: str = "mean",
    keep: NDArray[np.bool_] | None = None,
    leave_out_flagged: bool = False,
) -> AnnData:
    """Make one profile of all cells of a well.

    Parameters
    ----------
    table
        A result of `napari_c3r.embed`, or any table that `as_profiles` takes.
    by
        Columns of ``obs`` whose values make a group together.
    method
        ``"mean"``, ``"median"`` or ``"trimmed"`` (mean without the lowest and highest tenth of
        each feature).
    keep
        Cells to use, bool (cells,); the others are counted and left out.
    leave_out_flagged
        Leave out cells with a quality flag, or in a field that has one.

    Returns
    -------
    AnnData
        One row per group in the order of its first cell, float64. ``obs`` has the columns of
        `by`; every other column that has one value in each group; measures of cells, brought
        together in the same way; and ``n_cells``.

    Raises
    ------
    InputError
        An unknown column or method, flags of another length, no cell that belongs to a group, or
        no quality flags to leave cells out for.
    """
    import pandas as pd
    from anndata import AnnData

    if method not in METHODS:
        raise InputError(f"Unknown method '{method}'; use one of {', '.join(METHODS)}")
    cells = table if isinstance(table, AnnData) else as_profiles(table)
    by = [by] if isinstance(by, str) else list(by)
    require_columns(cells, by)
    if keep is not None and np.shape(keep) != (len(cells),):
        raise InputError(f"{len(keep)} flags for {len(cells)} cells: give one for each cell")
    if leave_out_flagged:
        from napari_c3r.core.cells.quality import flagged_rows

        clean = ~flagged_rows(cells.obs)
        keep = clean if keep is None else clean & np.asarray(keep, bool)
    used = cells if keep is None else cells[np.asarray(keep, bool)]
    groups = groups_of(used, by)
    if not groups:
        raise InputError(f"No cell has a value in {' and '.join(repr(name) for name in by)}")
    values = used.X
    # Well by well: a million cells as float64 would take gigabytes.
    profiles = np.stack(
        [METHODS[method](np.asarray(values[rows], np.float64)) for rows in groups.values()]
    )
    obs = _described(used.obs, by, groups, METHODS[method])
    obs.index = pd.Index([":".join(map(str, key)) for key in groups], dtype=object)
    wells = AnnData(X=profiles, obs=obs, var=cells.var.copy(), uns=dict(cells.uns))
    grouped = sum(map(len, groups.values()))
    notes = []
    if grouped < len(used):
        notes.append(f"{len(used) - grouped} of {len(used)} cells belong to no group")
    if len(used) < len(cells):
        notes.append(f"{len(cells) - len(used)} of {len(cells)} cells were left out")
    return with_step(wells, "aggregate", notes, by=by, method=method)


def _described(
    obs: pd.DataFrame,
    by: Sequence[str],
    groups: dict[tuple[Any, ...], NDArray[np.intp]],
    method: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, Any] = {
        name: [key[place] for key in groups] for place, name in enumerate(by)
    }
    for name in map(str, obs.columns):
        if name in columns or name == "n_cells":
            continue
        one = [_one_value(obs[name].iloc[rows]) for rows in groups.values()]
        if all(found for found, _ in one):
            columns[name] = [value for _, value in one]
        elif pd.api.types.is_numeric_dtype(obs[name]) and not _of_a_cell(name):
            measured = obs[name].to_numpy(np.float64)
            columns[name] = [_without_missing(measured[rows], method) for rows in groups.values()]
    counts = obs["n_cells"].to_numpy() if "n_cells" in obs else np.ones(len(obs), int)
    columns["n_cells"] = [int(counts[rows].sum()) for rows in groups.values()]
    return pd.DataFrame(columns)


def _of_a_cell(name: str) -> bool:
    return name in _OF_A_CELL or name.startswith("bbox")


def _one_value(column: pd.Series) -> tuple[bool, Any]:
    values = column.unique()
    return len(values) == 1, values[0]


def _without_missing(
    values: NDArray[np.float64], method: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> float:
    known = values[np.isfinite(values)]
    return float(method(known)) if len(known) else float("nan")

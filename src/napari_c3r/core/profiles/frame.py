"""Profile tables: ours, and those that other tools write, as one kind of AnnData and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError, MissingPackageError
from napari_c3r.core.table.result import KEY, is_vector_name

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

Controls = tuple[str, Any]
"""A column of ``obs``, and the value that controls have in it."""

PREFIX = "Metadata_"
"""What CellProfiler's and pycytominer's tables put before columns that are no features."""

COMPARTMENT = "Cells_"
"""What the tables of those tools put before features of whole cells."""

STEPS = "profile_steps"
"""Key under which a profile table lists what was done to it, in its provenance."""

TOLD = "told_to_fit"
"""Column of ``obs``: whether a fit was told a row's treatment, and made its replicates alike."""

# Identifiers and counts that tables of objects carry without the prefix.
_IDENTIFIERS = re.compile(
    r"(TableNumber|ImageNumber|ObjectNumber|Number_Object_Number|.*_(ObjectNumber|ImageNumber)|"
    r"(Image|Cells|Nuclei|Cytoplasm)_(ObjectNumber|Number_Object_Number)|n_cells)$"
)


def as_profiles(table: AnnData | pd.DataFrame) -> AnnData:
    """Take a table of any tool for a profile table.

    Parameters
    ----------
    table
        A result or profile table of this package, any other AnnData, or a data frame as
        CellProfiler, pycytominer, cp_measure or CytoTable give: one row per cell or well, text
        columns and those called ``Metadata_…`` saying what it is, other numbers being features.

    Returns
    -------
    AnnData
        ``X`` float64 (rows, features). The object itself if it already is one. Of a data frame,
        ``Metadata_Plate`` and ``Metadata_Well`` become ``plate`` and ``well`` of ``obs``; other
        columns keep their name without the prefix, as do vectors that `to_profile_frame` named.

    Raises
    ------
    InputError
        No numeric feature, or features called alike.
    """
    from anndata import AnnData

    if isinstance(table, AnnData):
        if np.asarray(table.X).dtype == np.float64:
            return table
        copy = table.copy()
        copy.X = np.asarray(table.X, np.float64)
        return copy
    return _from_frame(table)


def _from_frame(frame: pd.DataFrame) -> AnnData:
    import pandas as pd
    from anndata import AnnData

    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"The table has the column '{twice}' twice; give each a name of its own")
    frame = frame.set_axis(names, axis=1)
    features = [name for name in names if _is_feature(name, frame[name])]
    if not features:
        shown = ", ".join(f"'{name}'" for name in names[:5])
        raise InputError(f"The table has no column of numbers that is a feature, only {shown}")
    obs = frame.drop(columns=features).rename(columns=_plain_name)
    obs.index = pd.Index([str(row) for row in range(len(obs))], dtype=object)
    return AnnData(
        X=frame[features].to_numpy(np.float64),
        obs=obs,
        var=pd.DataFrame(index=pd.Index(list(map(_feature_name, features)), dtype=object)),
    )


def _feature_name(name: str) -> str:
    """A feature's name; a vector's without the compartment that it was given for others."""
    vector = name.removeprefix(COMPARTMENT)
    return vector if is_vector_name(vector) else name


def _is_feature(name: str, column: pd.Series) -> bool:
    import pandas as pd

    if name.startswith(PREFIX) or _IDENTIFIERS.match(name):
        return False
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return bool(numeric)


def _plain_name(name: str) -> str:
    plain = name.removeprefix(PREFIX)
    return plain.lower() if plain in ("Plate", "Well", "Site", "Batch") else plain


def to_profile_frame(table: AnnData) -> pd.DataFrame:
    """A profile table as pycytominer, copairs and CellProfiler Analyst read it.

    Parameters
    ----------
    table
        A result or profile table.

    Returns
    -------
    pandas.DataFrame
        What is known of each row as ``Metadata_…`` (``plate`` and ``well`` as
        ``Metadata_Plate`` and ``Metadata_Well``), then the features as float64; vectors as
        ``Cells_c3r_0000`` …, since pycytominer knows features by their compartment.
    """
    import pandas as pd

    renamed = {
        name: PREFIX + (name.capitalize() if name in ("plate", "well", "site", "batch") else name)
        for name in map(str, table.obs.columns)
        if not name.startswith(PREFIX)
    }
    obs = table.obs.rename(columns=renamed).reset_index(drop=True)
    names = [COMPARTMENT + n if is_vector_name(n) else n for n in map(str, table.var_names)]
    values = pd.DataFrame(np.asarray(table.X, np.float64), columns=names)
    return pd.concat([obs, values], axis=1)


def require_columns(table: AnnData, names: Sequence[str]) -> None:
    """Refuse columns that a table does not have.

    Raises
    ------
    InputError
        Naming the first that is missing, and those that there are.
    """
    for name in names:
        if name not in table.obs:
            shown = ", ".join(f"'{column}'" for column in table.obs.columns)
            raise InputError(f"The table has no column '{name}'; its columns are {shown}")


def control_rows(table: AnnData, controls: Controls) -> NDArray[np.bool_]:
    """Which rows are controls, bool (rows,).

    Parameters
    ----------
    table
        A result or profile table.
    controls
        Column and value, compared as text or as numbers: ``"0"`` is ``0.0``.

    Raises
    ------
    InputError
        No such column, or no row that has the value.
    """
    column, value = controls
    require_columns(table, [column])
    values = table.obs[column]
    found = values.isin(
        [one for one in values.dropna().unique() if same_value(one, value)]
    ).to_numpy()
    if not found.any():
        shown = ", ".join(f"'{one}'" for one in list(dict.fromkeys(values.astype(str)))[:8])
        raise InputError(f"No row has the value '{value}' in the column '{column}', only {shown}")
    return np.asarray(found, bool)


def finite_values(profiles: AnnData) -> NDArray[np.float64]:
    """The features of a profile table, (rows, features).

    Raises
    ------
    InputError
        Some are missing or infinite; a feature that has them is named.
    """
    values = np.asarray(profiles.X, np.float64)
    bad = ~np.isfinite(values).all(axis=0)
    if bad.any():
        raise InputError(
            f"{bad.sum()} features have missing values, such as '{profiles.var_names[bad][0]}': "
            "leave them out with select_features first"
        )
    return values


def same_value(one: Any, other: Any) -> bool:
    """Whether two values of a column are one, as text or as numbers: ``"0"`` is ``0.0``."""
    if str(one) == str(other):
        return True
    try:
        return float(one) == float(other)
    except (TypeError, ValueError):
        return False


def groups_of(table: AnnData, columns: Sequence[str]) -> dict[tuple[Any, ...], NDArray[np.intp]]:
    """Rows of each group, in the order of their first row; rows without a value are left out.

    Parameters
    ----------
    table
        A result or profile table.
    columns
        Of ``obs``; with none of them, all rows are one group.
    """
    require_columns(table, columns)
    if not columns:
        return {(): np.arange(len(table))}
    grouped = table.obs.groupby(list(columns), observed=True, sort=False, dropna=True)
    return {
        key if isinstance(key, tuple) else (key,): np.asarray(rows)
        for key, rows in grouped.indices.items()
    }


def with_step(table: AnnData, what: str, notes: Sequence[str] = (), **settings: Any) -> AnnData:
    """Say in a table's provenance what was done to it; changes and gives back the object."""
    provenance = dict(table.uns.get(KEY, {}))
    step = {"step": what, **settings, "notes": list(notes)}
    provenance[STEPS] = [*provenance.get(STEPS, []), step]
    table.uns[KEY] = provenance
    return table


def require_package(name: str, purpose: str) -> Any:
    """Import an optional package.

    Raises
    ------
    MissingPackageError
        It is not installed; `purpose` is what needs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingPackageError(name.split(".")[0], purpose) from error


def plate_codes(obs: pd.DataFrame, plate: str | None) -> NDArray[np.intp]:
    """A number for the plate of each row, (n,); -1 where it is missing, 0 without a column."""
    import pandas as pd

    if not plate:
        return np.zeros(len(obs), np.intp)
    return np.asarray(pd.factorize(obs[plate])[0], np.intp)


def adjusted(found: pd.DataFrame) -> pd.DataFrame:
    """With the column ``adjusted_p_value``: corrected for all tests (Benjamini and Hochberg)."""
    from scipy.stats import false_discovery_control

    found["adjusted_p_value"] = np.nan
    tested = found["p_value"].notna()
    if tested.any():
        found.loc[tested, "adjusted_p_value"] = false_discovery_control(found["p_value"][tested])
    return found

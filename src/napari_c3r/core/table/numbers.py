"""Every number that a table has of its cells: columns, coordinates, components, vectors."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.remembered import remembered
from napari_c3r.core.table.titles import INTENSITY, in_pixels_too, title

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

NUMBERS_OF: Final = re.compile(r"(?P<key>\w+)\[(?P<place>\d+)\]")
"""How a column of ``obsm`` is named: ``X_umap[0]`` is the first coordinate of the map."""

_COORDINATES: Final = {"X_umap": "UMAP", "X_pca": "PC", "X_tsne": "t-SNE"}
# Positions are columns of their own already.
_SAID_ELSEWHERE: Final = frozenset({"spatial"})
_MOST_COMPONENTS: Final = 100


def numbers_of(table: AnnData, name: str) -> NDArray[np.float64]:
    """A number for each cell.

    Parameters
    ----------
    table
        A result.
    name
        A column of numbers, a part of the vectors such as ``c3r_0012``, or a coordinate such as
        ``X_umap[0]`` or ``X_pca[3]``.

    Returns
    -------
    float64 (cells,), NaN where a cell has none.

    Raises
    ------
    InputError
        The table has no numbers of that name.
    """
    if name in table.obs:
        column = table.obs[name]
        if is_number(column):
            with np.errstate(over="ignore"):
                return np.asarray(column.to_numpy(np.float64, na_value=np.nan))
        raise InputError(f"'{name}' is a column of text, and an axis needs numbers: choose another")
    if name in table.var_names:
        return np.asarray(table.X[:, table.var_names.get_loc(name)], np.float64).ravel()
    found = NUMBERS_OF.fullmatch(name)
    if found and found["key"] in table.obsm:
        coordinates = np.asarray(table.obsm[found["key"]])
        if coordinates.ndim == 2 and int(found["place"]) < coordinates.shape[1]:
            return np.asarray(coordinates[:, int(found["place"])], np.float64)
    raise InputError(f"The table has no numbers '{name}': choose another column")


def number_title(table: AnnData, name: str) -> str:
    """What numbers are called, with their unit: ``Area (µm²)``, ``PC 1``, ``RNA vector 12``."""
    if name in table.obs:
        return title(name)
    if name in table.var_names:
        return _vector_title(table, table.var_names.get_loc(name))
    found = NUMBERS_OF.fullmatch(name)
    if found is None:
        return title(name)
    called = _COORDINATES.get(found["key"], title(found["key"]))
    return f"{called} {int(found['place']) + 1}"


def number_groups(
    table: AnnData, plate_map: Collection[str] = ()
) -> list[tuple[str, list[tuple[str, str]]]]:
    """All numbers of a table that cells can differ in, in groups with their titles.

    Parameters
    ----------
    table
        A result.
    plate_map
        The columns that say what was done.

    Returns
    -------
    list of (group, list of (name, title))
        Columns without any value and those that repeat others are left out.
    """
    obs = table.obs
    known = [
        str(name)
        for name in obs.columns
        if str(name) not in {"index", "label", *in_pixels_too(obs.columns)}
        and is_number(obs[name])
        and has_value(obs[name])
    ]
    stains = [name for name in known if name.startswith(INTENSITY)]
    done = [name for name in plate_map if name in known]
    rest = [name for name in known if name not in {*stains, *done}]
    coordinates = [
        f"{key}[{place}]"
        for key in table.obsm
        if str(key) not in _SAID_ELSEWHERE and np.ndim(table.obsm[key]) == 2
        for place in range(min(np.shape(table.obsm[key])[1], _MOST_COMPONENTS))
    ]
    named = [
        ("Measured", rest),
        ("Stains", stains),
        ("Plate map", done),
        ("Coordinates", coordinates),
    ]
    groups = [
        (group, [(name, number_title(table, name)) for name in names])
        for group, names in named
        if names
    ]
    vector = [(str(name), _vector_title(table, n)) for n, name in enumerate(table.var_names)]
    return [*groups, ("Parts of the vector", vector)] if vector else groups


def _vector_title(table: AnnData, place: int) -> str:
    channel = ""
    if "concept_channel" in table.var:
        channel = str(table.var["concept_channel"].iloc[place])
    return f"{channel} vector {place}".strip()


def is_number(column: pd.Series) -> bool:
    """Whether a column is of numbers, and not of true and false."""
    import pandas as pd

    kind = column.dtype
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


@remembered
def has_different_values(column: pd.Series) -> bool:
    """Whether a column holds more than one value; the first and the last mostly tell."""
    ends = column.iloc[[0, -1]] if len(column) else column
    return ends.nunique() > 1 or column.nunique() > 1


@remembered
def has_value(column: pd.Series) -> bool:
    """Whether anything is in a column; the first rows mostly tell."""
    return bool(column.iloc[:100].notna().any() or column.notna().any())

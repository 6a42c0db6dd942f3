"""Which well every cell is of, what is known of the wells, and by what they make groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import Where
from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.profiles.frame import same_value

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_MOST_GROUPS: Final = 60
_CHUNK: Final = 8192
# Measures of single cells; that all of a well should agree in one says nothing of the well.
_OF_CELLS: Final = ("bbox_", "intensity_", "crop_", "area_", "nucleus_area_")
_KEYS: Final = frozenset({"label", "index", "y_px", "x_px", "y_um", "x_um"})


@dataclass(frozen=True, eq=False)
class Wells:
    """The wells of a table of cells; where no wells are known, its images in their place.

    Attributes
    ----------
    codes
        Row of `table` of each cell, (cells,); -1 where a cell is of no well.
    table
        One row per well: the columns that name it, all columns that have one value in every
        well, and ``n_cells``.
    columns
        The columns that name a well.
    noun
        ``"well"``, or ``"image"`` where no wells are known.
    """

    codes: NDArray[np.intp]
    table: pd.DataFrame
    columns: tuple[str, ...]
    noun: str

    def __len__(self) -> int:
        return len(self.table)

    @property
    def plate(self) -> str | None:
        """Column of plates, None where there is none."""
        return "plate" if "plate" in self.columns else None

    def cells(self, where: Where, obs: pd.DataFrame) -> NDArray[np.bool_]:
        """The cells that a mark of a figure shows, bool (cells,).

        Raises
        ------
        InputError
            It names a column that the table does not have.
        """
        chosen = np.ones(len(self.codes), bool)
        if where.wells:
            chosen = np.isin(self.codes, np.array(where.wells))
        if where.value:
            if where.column not in obs:
                raise InputError(f"The table has no column '{where.column}' any more")
            column = obs[where.column]
            same = [one for one in column.dropna().unique() if str(one) == where.value]
            chosen &= column.isin(same).to_numpy()
        return chosen

    def name(self, row: int) -> str:
        """What a well is called: its plate goes before it where there are several."""
        return self._names[row]

    @cached_property
    def _names(self) -> list[str]:
        plate = self.plate
        several = plate is not None and self.table[plate].nunique() > 1
        names = self.columns if several else [n for n in self.columns if n != plate]
        parts = [self.table[name].astype(str) for name in names]
        return [" ".join(each) for each in zip(*parts, strict=True)]

    def mean(self, values: Any) -> NDArray[np.float64]:
        """Mean of the cells of each well, what is missing left out.

        Parameters
        ----------
        values
            (cells,) or (cells, values).

        Returns
        -------
        ndarray
            (wells,) or (wells, values); NaN where no cell has a value.
        """
        return mean_by(self.codes, values, len(self))


def mean_by(codes: NDArray[np.intp], values: Any, count: int) -> NDArray[np.float64]:
    """Mean of the rows of each code from 0 to `count`; rows with a negative code are left out."""
    from scipy.sparse import csr_array

    values = np.asarray(values)
    flat = values.reshape(len(values), -1)
    sums, counts = np.zeros((count, flat.shape[1])), np.zeros((count, flat.shape[1]))
    # A million vectors as float64 would take gigabytes.
    for start in range(0, len(flat), _CHUNK):
        part = np.asarray(flat[start : start + _CHUNK], np.float64)
        here = codes[start : start + _CHUNK]
        rows = np.flatnonzero(here >= 0)
        one = np.ones(len(rows))
        gather = csr_array((one, (here[rows], rows)), shape=(count, len(part)))
        known = np.isfinite(part)
        sums += gather @ np.where(known, part, 0.0)
        counts += gather @ known.astype(np.float64)
    return (sums / np.where(counts > 0, counts, np.nan)).reshape(count, *values.shape[1:])


def wells_of(cells: AnnData) -> Wells:
    """Find the wells of a table of cells.

    Parameters
    ----------
    cells
        A result with one row per cell; a table of wells is a table of single cells here.

    Raises
    ------
    InputError
        It has neither wells nor images.
    """
    import pandas as pd

    obs = cells.obs
    columns = _naming(obs)
    if not columns:
        raise InputError("The table has neither a column 'well' nor 'image' to compare by")
    codes = np.zeros(len(obs), np.intp)
    for name in columns:
        of_column, different = pd.factorize(obs[name])
        both = codes * (len(different) + 1) + of_column
        codes = np.where((codes < 0) | (of_column < 0), -1, both)
    codes = np.asarray(pd.factorize(pd.Series(codes).where(codes >= 0))[0], np.intp)
    used = np.flatnonzero(codes >= 0)
    first = np.full(int(codes.max()) + 1 if len(used) else 0, -1, np.intp)
    first[codes[used][::-1]] = used[::-1]
    described = {
        name: obs[name].iloc[first].to_numpy(object)
        for name in map(str, obs.columns)
        if name in columns or _is_one_value_each(obs[name], codes, first)
    }
    table = pd.DataFrame(described).infer_objects()
    counts = obs["n_cells"].to_numpy() if "n_cells" in obs else np.ones(len(obs))
    table["n_cells"] = np.bincount(codes[used], counts[used], len(first)).astype(int)
    return Wells(codes, table, columns, "well" if "well" in columns else "image")


def _naming(obs: pd.DataFrame) -> tuple[str, ...]:
    if "well" in obs and obs["well"].notna().any():
        has_plate = "plate" in obs and obs["plate"].notna().any()
        return ("plate", "well") if has_plate else ("well",)
    return ("image",) if "image" in obs else ()


def _is_one_value_each(column: pd.Series, codes: NDArray[np.intp], first: NDArray[np.intp]) -> bool:
    import pandas as pd

    name = str(column.name)
    if name in _KEYS or name.startswith(_OF_CELLS) or name == "n_cells":
        return False
    values, _ = pd.factorize(column)
    used = codes >= 0
    return bool((values[used] == values[first[codes[used]]]).all())


@dataclass(frozen=True)
class Grouping:
    """By what wells make groups.

    Attributes
    ----------
    columns
        Whose values make a group together.
    title
        What it is called.
    """

    columns: tuple[str, ...]
    title: str


def groupings(wells: Wells, design: Design) -> list[Grouping]:
    """All that wells can be grouped by: what was done to them first, then the wells themselves."""
    table = wells.table
    there = [n for n in (design.treatment, design.dose) if n is not None and n in table]
    found = [Grouping(tuple(there), " and ".join(there))] if len(there) == 2 else []
    found += [Grouping((name,), name) for name in there]
    found.append(Grouping(wells.columns, f"{wells.noun}s"))
    known = {name for grouping in found for name in grouping.columns} | {"n_cells"}
    for name in map(str, table.columns):
        if name not in known and 1 < table[name].nunique() <= min(_MOST_GROUPS, len(table) - 1):
            found.append(Grouping((name,), name))
    return found


def control_wells(wells: Wells, design: Design) -> NDArray[np.bool_]:
    """Which wells are negative controls, bool (wells,); none where it is not known."""
    if design.negative is None or design.negative[0] not in wells.table:
        return np.zeros(len(wells), bool)
    column, value = design.negative
    return np.array([same_value(one, value) for one in wells.table[column]], bool)

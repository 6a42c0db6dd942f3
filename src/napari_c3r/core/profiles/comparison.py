"""Groups of wells beside the controls: what is compared, what was tested, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import Where
from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.profiles.compare import compare_groups, compare_wells, less_the_plate, shares
from napari_c3r.core.profiles.distance import COLUMN as DISTANCE
from napari_c3r.core.profiles.distance import distance_to_controls
from napari_c3r.core.profiles.frame import plate_codes
from napari_c3r.core.profiles.wells import Grouping, Wells, control_wells

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

SHARES, FEATURE, TO_CONTROLS = "shares", "feature", "distance"
"""What of the wells can be compared."""

_GROUP, _CONTROL = "_group", "_control"


@dataclass(frozen=True)
class Quantity:
    """What is compared.

    Attributes
    ----------
    kind
        ``"shares"`` of the categories of a column, a ``"feature"`` or ``"distance"``.
    column
        Of ``obs``; of no meaning for the distance.
    title
        What it is called; the column's name by default.
    """

    kind: str
    column: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.title or self.column or "distance to the controls"


@dataclass(frozen=True, eq=False)
class Group:
    """Wells that had the same.

    Attributes
    ----------
    name
        What it is called.
    wells
        Rows of the wells' table.
    is_control
        Whether it is the negative controls.
    """

    name: str
    wells: NDArray[np.intp]
    is_control: bool = False

    def where(self, column: str = "", value: str = "") -> Where:
        """Its cells, or those of them that have a value in a column."""
        return Where(tuple(self.wells.tolist()), column, value)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Groups of wells and the values of each well.

    Attributes
    ----------
    quantity, grouping
        What was compared, and by what.
    wells
        The wells.
    groups
        The controls first, then the others in their order.
    values
        One row per well, a column for each value; the controls of each plate brought to one mean.
    tests
        As `compare_groups` or `compare_wells` gives it, ``group`` being the place in `groups`;
        empty where nothing was tested.
    untested
        Why nothing was tested, a sentence; empty where something was.
    """

    quantity: Quantity
    grouping: Grouping
    wells: Wells
    groups: tuple[Group, ...]
    values: pd.DataFrame
    tests: pd.DataFrame
    untested: str = ""

    @property
    def controls(self) -> Group | None:
        """The negative controls."""
        return next((group for group in self.groups if group.is_control), None)

    @property
    def is_of_single_wells(self) -> bool:
        """Whether every group is one well, so that single wells were tested."""
        return self.grouping.columns == self.wells.columns

    def test(self, group: int, value: str) -> dict[str, Any] | None:
        """What was found for a group, by its place, and a value."""
        return self._found.get((group, value))

    @cached_property
    def _found(self) -> dict[tuple[int, str], dict[str, Any]]:
        rows = self.tests.to_dict("records") if len(self.tests) else []
        return {
            (int(row["group"]), str(row["value"])): {str(k): v for k, v in row.items()}
            for row in rows
        }

    def as_table(self) -> pd.DataFrame:
        """Every well with its group and its values, then what was tested of its group."""
        import pandas as pd

        place = np.full(len(self.wells), -1, np.intp)
        for number, group in enumerate(self.groups):
            place[group.wells] = number
        named = [*self.wells.columns, *self.grouping.columns]
        columns = self.wells.table[list(dict.fromkeys([*named, "n_cells"]))]
        long = []
        for value in self.values.columns:
            part = columns.assign(
                group=[self.groups[n].name if n >= 0 else "" for n in place],
                compared=value,
                well_value=self.values[value].to_numpy(),
            ).assign(_place=place)
            long.append(part[part["_place"] >= 0])
        table = pd.concat(long, ignore_index=True)
        if len(self.tests):
            tests = self.tests.rename(columns={"group": "_place", "value": "compared"})
            table = table.merge(tests, "left", on=["_place", "compared"])
        return table.drop(columns="_place")


def values_of(cells: AnnData, wells: Wells, quantity: Quantity, design: Design) -> pd.DataFrame:
    """One row per well in the order of `wells`, a column for each value that is compared.

    Raises
    ------
    InputError
        An unknown column, one without numbers, or a distance without controls.
    """
    import pandas as pd

    if quantity.kind == SHARES:
        found = shares(
            _only_obs(cells, [quantity.column, *wells.columns]), quantity.column, wells.columns
        )
        keys = pd.MultiIndex.from_frame(wells.table[list(wells.columns)])
        return found.reindex(keys).reset_index(drop=True)
    if quantity.kind == FEATURE:
        if quantity.column not in cells.obs:
            raise InputError(f"The table has no column '{quantity.column}'")
        if not pd.api.types.is_numeric_dtype(cells.obs[quantity.column]):
            raise InputError(f"The column '{quantity.column}' has no numbers to compare")
        numbers = cells.obs[quantity.column].to_numpy(np.float64, na_value=np.nan)
        return pd.DataFrame({quantity.name: wells.mean(numbers)})
    if design.negative is None:
        raise InputError("A distance to the controls needs controls: say which wells are controls")
    profiles = _profiles(cells, wells)
    found = distance_to_controls(profiles, design.negative, per=wells.plate)
    return pd.DataFrame({quantity.name: found.obs[DISTANCE].to_numpy(float)})


def _only_obs(cells: AnnData, columns: Sequence[str]) -> AnnData:
    from anndata import AnnData

    return AnnData(np.zeros((len(cells), 0)), obs=cells.obs[list(dict.fromkeys(columns))])


def _profiles(cells: AnnData, wells: Wells) -> AnnData:
    """The mean vector of the cells of each well."""
    from anndata import AnnData

    table = wells.table.copy()
    table.index = table.index.astype(str)
    return AnnData(wells.mean(cells.X), obs=table)


def compare(
    cells: AnnData, wells: Wells, quantity: Quantity, grouping: Grouping, design: Design
) -> Comparison:
    """Compare groups of wells with the controls.

    Parameters
    ----------
    cells
        A result with one row per cell.
    wells
        Of those cells, from `wells_of`.
    quantity
        What to compare.
    grouping
        By what, one of `groupings`. By the wells themselves, single wells are tested.
    design
        Which wells are controls; none of them, and nothing is tested.

    Raises
    ------
    InputError
        As `values_of`.
    """
    import pandas as pd

    values = values_of(cells, wells, quantity, design)
    is_control = control_wells(wells, design)
    groups = groups_by(wells, grouping, is_control, design)
    codes = plate_codes(wells.table, wells.plate)
    nothing = pd.DataFrame()
    untested = _why_untested(is_control, groups, wells.noun)
    if untested:
        return Comparison(quantity, grouping, wells, groups, values, nothing, untested)
    single = grouping.columns == wells.columns
    tests = _tests(values, groups, is_control, codes, single)
    if not tests["p_value"].notna().any():
        untested = (
            f"No group has two {wells.noun}s, so nothing is tested; compare single {wells.noun}s"
        )
    if len(np.unique(codes)) > 1:
        numbers = values.to_numpy(np.float64)
        shift = np.nanmean(numbers[is_control], axis=0)
        relative = less_the_plate(numbers, codes, is_control) + shift
        values = pd.DataFrame(relative, columns=values.columns)
    return Comparison(quantity, grouping, wells, groups, values, tests, untested)


def _tests(
    values: pd.DataFrame,
    groups: Sequence[Group],
    is_control: NDArray[np.bool_],
    plates: NDArray[np.intp],
    single: bool,
) -> pd.DataFrame:
    import pandas as pd
    from anndata import AnnData

    place = np.full(len(values), -1, np.intp)
    for number, group in enumerate(groups):
        place[group.wells] = number
    used = place >= 0
    obs = pd.DataFrame({_GROUP: place, _CONTROL: is_control, "plate": plates})[used]
    obs.index = obs.index.astype(str)
    table = AnnData(np.zeros((int(used.sum()), 0)), obs=obs)
    numbers = values[used].reset_index(drop=True)
    if not single:
        return compare_groups(table, numbers, _GROUP, (_CONTROL, True))
    found = compare_wells(table, numbers, (_CONTROL, True))
    found["group"] = place[used][found["group"].to_numpy()]
    return found


def _why_untested(is_control: NDArray[np.bool_], groups: Sequence[Group], noun: str) -> str:
    if not is_control.any():
        return "Nothing is tested: it is not known which of them are controls"
    if is_control.sum() < 2:
        return (
            f"Nothing is tested: a single control {noun} does not say how {noun}s differ by chance"
        )
    if all(group.is_control for group in groups):
        return f"Nothing is tested: all {noun}s are controls"
    return ""


def groups_by(
    wells: Wells, grouping: Grouping, is_control: NDArray[np.bool_], design: Design
) -> tuple[Group, ...]:
    """Wells that had the same, in order; first the controls, which are in no other group."""
    table = wells.table
    found = []
    for key, rows in table.groupby(
        list(grouping.columns), observed=True, sort=False
    ).indices.items():
        mine = np.asarray(rows)[~is_control[rows]]
        if not len(mine):
            continue
        values = key if isinstance(key, tuple) else (key,)
        if grouping.columns == wells.columns:
            name = wells.name(int(mine[0]))
        else:
            name = " ".join(
                _said(n, v, design) for n, v in zip(grouping.columns, values, strict=True)
            )
        found.append((tuple(map(_order, values)), Group(name, mine)))
    ordered = [group for _, group in sorted(found, key=lambda pair: pair[0])]
    if not is_control.any():
        return tuple(ordered)
    return (Group("controls", np.flatnonzero(is_control), True), *ordered)


def _order(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then texts by their letters, the numbers in them by size."""
    import re

    try:
        return 0, float(value), ""
    except (TypeError, ValueError):
        padded = re.sub(r"\d+", lambda digits: digits[0].zfill(8), str(value))
        return 1, 0.0, padded


def _said(column: str, value: Any, design: Design) -> str:
    if column == design.dose:
        try:
            text = f"{float(value):g}"
        except (TypeError, ValueError):
            text = str(value)
        return f"{text} {design.dose_unit}" if design.dose_unit else f"dose {text}"
    return str(value)

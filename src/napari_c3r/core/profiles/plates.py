"""A value over the wells of a plate, and whether it follows the edge, the rows or the columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.wells import row_letters, well_name
from napari_c3r.core.profiles.sentences import LEVEL, p_words
from napari_c3r.core.profiles.wells import Wells

if TYPE_CHECKING:
    import pandas as pd

FORMATS: Final = ((2, 3), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
"""Rows and columns of the plates that there are."""

_WELL = re.compile(r"([A-Z]{1,2})0*(\d+)")
_DRAWS: Final = 2000
_LEAST: Final = 8


@dataclass(frozen=True)
class Pattern:
    """Whether wells of a kind of place differ from the others.

    Attributes
    ----------
    name
        ``"edge"``, ``"rows"`` or ``"columns"``.
    explained
        Share of the variance that the place explains, 0 to 1.
    p_value
        How often wells in other places, shuffled, show as much; corrected for the patterns asked.
    words
        What was found, a clause.
    """

    name: str
    explained: float
    p_value: float
    words: str


@dataclass(frozen=True, eq=False)
class PlateValues:
    """A value of each well of one plate.

    Attributes
    ----------
    plate
        Its name; empty where the table knows no plates.
    title
        What the value is.
    wells
        The wells of the whole table.
    rows
        Those on this plate, by their rows in the table of wells, (n,).
    at
        Row and column of each on the plate, from nought, (n, 2).
    values
        (n,) numbers; NaN where there is none.
    texts
        (n,) names in their place; empty strings where values are numbers.
    shape
        Rows and columns of the plate.
    patterns
        What was tested; empty where nothing could be.
    of
        The wells that were tested: ``"all wells"``, or ``"the control wells"``.
    is_control
        (n,) bool, which are controls.
    """

    plate: str
    title: str
    wells: Wells
    rows: NDArray[np.intp]
    at: NDArray[np.intp]
    values: NDArray[np.float64]
    texts: NDArray[np.object_]
    shape: tuple[int, int]
    patterns: tuple[Pattern, ...]
    of: str
    is_control: NDArray[np.bool_]

    @property
    def is_of_numbers(self) -> bool:
        """Whether wells have numbers and not names."""
        return not any(self.texts)

    @property
    def sentence(self) -> str:
        """Whether the plate shows a pattern, and which."""
        if not self.is_of_numbers:
            count = len(set(self.texts) - {""})
            return f"{self.title}: {count} different on {len(self.rows)} wells."
        if not self.patterns:
            return (
                f"{len(self.rows)} wells; a pattern of edge, rows or columns is not tested on "
                f"fewer than {_LEAST} of them, or where all are alike."
            )
        sure = [each for each in self.patterns if each.p_value < LEVEL]
        if not sure:
            least = min(self.patterns, key=lambda each: each.p_value)
            return (
                f"No pattern of edge, rows or columns is seen in {self.of} "
                f"(smallest adjusted p {p_words(least.p_value)}, {least.name})."
            )
        strong = sorted(sure, key=lambda each: -each.explained)
        told = "; ".join(f"{e.words} (adjusted p {p_words(e.p_value)})" for e in strong)
        caution = " What was laid out there may be why." if self.of == "all wells" else ""
        return f"{told[:1].upper()}{told[1:]}, in {self.of}.{caution}"


def plates_of(wells: Wells) -> list[str]:
    """Names of the plates; one empty name where the table knows wells and no plates."""
    if wells.noun != "well":
        return []
    return [""] if wells.plate is None else [str(one) for one in wells.table["plate"].unique()]


def plate_values(
    wells: Wells,
    values: Any,
    plate: str,
    title: str,
    controls: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> PlateValues:
    """Lay a value out as the plate is, and test it for patterns.

    Parameters
    ----------
    wells
        From `wells_of`.
    values
        (wells,) numbers or names.
    plate
        One of `plates_of`.
    title
        What the values are.
    controls
        Which wells are controls, bool (wells,). Where they lie at several places they alone are
        tested, as treatments make patterns of their own.
    seed
        Of the shuffles.

    Returns
    -------
    PlateValues
        Patterns are tested by shuffling the wells: the share of the variance that lies between
        edge and inside, between rows, and between columns, against 2,000 shuffles, Holm's
        correction over the three.

    Raises
    ------
    InputError
        No wells, or wells that have no place on a plate.
    """
    import pandas as pd

    if wells.noun != "well":
        raise InputError("No wells are known, so there is no plate to show")
    names = wells.table["well"].astype(str).to_numpy()
    here = np.ones(len(wells), bool)
    if wells.plate is not None:
        here = (wells.table["plate"].astype(str) == plate).to_numpy()
    places = {row: place for row in np.flatnonzero(here) if (place := place_of(names[row]))}
    if not places:
        raise InputError(
            f"The wells have no places on a plate, such as '{names[0]}'; they are to be like A01"
        )
    rows = np.array(list(places), np.intp)
    at = np.array(list(places.values()), np.intp)
    column = pd.Series(np.asarray(values))
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    numbers = np.full(len(rows), np.nan)
    texts = np.full(len(rows), "", object)
    if is_number:
        numbers = column.to_numpy(np.float64, na_value=np.nan)[rows]
    else:
        texts = column.iloc[rows].map(lambda one: "" if one != one else str(one)).to_numpy(object)
    is_control = np.zeros(len(rows), bool) if controls is None else controls[rows]
    tested, of = np.isfinite(numbers), "all wells"
    if _is_spread_out(at[tested & is_control]):
        tested, of = tested & is_control, "the control wells"
    shape = format_of(at)
    found = patterns(numbers[tested], at[tested], shape, seed)
    known = (wells, rows, at, numbers, texts, shape)
    return PlateValues(plate, title, *known, found, of, is_control)


def place_of(name: str) -> tuple[int, int] | None:
    """Row and column of a well on its plate, from nought; None of what is no name of a well."""
    found = _WELL.fullmatch(well_name(name.upper()))
    if found is None:
        return None
    letters = [ord(letter) - ord("A") for letter in found[1]]
    row = letters[0] if len(letters) == 1 else 26 * (letters[0] + 1) + letters[1]
    return row, int(found[2]) - 1


def format_of(at: NDArray[np.intp]) -> tuple[int, int]:
    """The smallest plate that has all these places."""
    height, width = (int(most) + 1 for most in at.max(axis=0))
    fits = [(h, w) for h, w in FORMATS if h >= height and w >= width]
    return fits[0] if fits else (height, width)


def _is_spread_out(at: NDArray[np.intp]) -> bool:
    """Whether places differ in row and in column, and are enough to be tested."""
    return len(at) >= _LEAST and all(len(np.unique(at[:, axis])) > 2 for axis in (0, 1))


def patterns(
    values: NDArray[np.float64], at: NDArray[np.intp], shape: tuple[int, int], seed: int = 0
) -> tuple[Pattern, ...]:
    """Test values (n,) at places (n, 2) of a plate for patterns of edge, rows and columns."""
    if len(values) < _LEAST or np.ptp(values) == 0:
        return ()
    edge = ((at == 0) | (at == np.array(shape) - 1)).any(axis=1).astype(np.intp)
    kinds = {"edge": edge, "rows": at[:, 0], "columns": at[:, 1]}
    # Without two places of a kind, or with one well at each, there is nothing to tell apart.
    kinds = {n: c for n, c in kinds.items() if 1 < len(np.unique(c)) < len(values)}
    rng = np.random.default_rng(seed)
    shuffled = np.stack([rng.permutation(values) for _ in range(_DRAWS)])
    found = []
    for name, codes in kinds.items():
        mine = float(_explained(values[None], codes)[0])
        # Rounding makes equal shares differ a little.
        beyond = int((_explained(shuffled, codes) >= mine - 1e-12).sum())
        found.append((name, mine, (beyond + 1) / (_DRAWS + 1), codes))
    order = sorted(found, key=lambda each: each[2])
    adjusted: dict[str, float] = {}
    least = 0.0
    for place, (name, _, p_value, _) in enumerate(order):
        least = max(least, min(1.0, p_value * (len(order) - place)))
        adjusted[name] = least
    return tuple(
        Pattern(name, share, adjusted[name], _words(name, share, values, codes))
        for name, share, _, codes in found
    )


def _explained(values: NDArray[np.float64], codes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of the variance between groups, of each row of values (draws, n)."""
    _, inverse = np.unique(codes, return_inverse=True)
    members = np.eye(int(inverse.max()) + 1)[inverse]
    centred = values - values.mean(axis=1, keepdims=True)
    between = ((centred @ members) ** 2 / members.sum(axis=0)).sum(axis=1)
    return np.asarray(between / (centred**2).sum(axis=1))


def _words(name: str, share: float, values: NDArray[np.float64], codes: NDArray[np.intp]) -> str:
    part = f"{100 * share:.0f} % of the variance"
    if name == "edge":
        edge, inside = values[codes == 1].mean(), values[codes == 0].mean()
        side = "higher" if edge > inside else "lower"
        return f"wells at the edge are {side} than those inside: {part}"
    means = {code: values[codes == code].mean() for code in np.unique(codes)}
    middle = values.mean()
    far = max(means, key=lambda code: abs(means[code] - middle))
    side = "high" if means[far] > middle else "low"
    called = f"row {row_letters(int(far) + 1)}" if name == "rows" else f"column {int(far) + 1}"
    return f"{name} differ, {called} is {side}: {part}"


def plate_table(plate: PlateValues) -> pd.DataFrame:
    """The numbers behind a heat map: one row per well."""
    table = plate.wells.table.iloc[plate.rows].reset_index(drop=True)
    named = table[[*plate.wells.columns, "n_cells"]].copy()
    named["value_of"] = plate.title
    named["value"] = plate.values if plate.is_of_numbers else plate.texts
    return named

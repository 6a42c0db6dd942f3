"""How the cells of a gate are chosen: by hand, drawn, between two values, in words, from others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.axes import Axis, Scale
from napari_c3r.core.figures.drawing import number_words
from napari_c3r.core.figures.point_index import PointIndex
from napari_c3r.core.gates.maps import map_id
from napari_c3r.core.table.numbers import NUMBERS_OF, number_title, numbers_of
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    from anndata import AnnData

Mask = NDArray[np.bool_]


class Operator(StrEnum):
    """What a combination takes of its gates."""

    AND = "and"
    """Cells that are in all of them."""
    OR = "or"
    """Cells that are in any of them."""
    NOT = "not"
    """Cells that are in none of them."""
    AND_NOT = "and not"
    """Cells of the first that are in none of the others."""


@dataclass(frozen=True)
class Rule:
    """One way to choose cells."""

    kind: ClassVar[str] = ""

    @property
    def of(self) -> tuple[str, ...]:
        """The names of the gates that it is made of."""
        return ()

    @property
    def numbers(self) -> tuple[str, ...] | None:
        """The numbers of a cell that it goes by; None where it may go by any column."""
        return ()

    def renamed(self, old: str, new: str) -> Rule:
        """The same, a gate that it is made of being called otherwise."""
        return self

    def follows(self, table: AnnData) -> bool:
        """Whether its cells can be found anew in a table; else they are those chosen once."""
        return True

    def mask(self, table: AnnData, gates: Mapping[str, Mask]) -> Mask:
        """The cells of a table that it chooses, bool (cells,).

        Parameters
        ----------
        table
            A result.
        gates
            The cells of other gates, by name.

        Raises
        ------
        InputError
            The table lacks what is asked for.
        """
        raise NotImplementedError

    def words(self, table: AnnData) -> str:
        """What it chooses, in words that go on a line of their own."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class Chosen(Rule):
    """Cells that a person chose, and no rule could find again.

    Attributes
    ----------
    how
        How they were chosen, in words.
    """

    kind: ClassVar[str] = "chosen"
    how: str = "chosen by hand"

    def follows(self, table: AnnData) -> bool:
        """See `Rule.follows`."""
        return False

    def mask(self, table: AnnData, gates: Mapping[str, Mask]) -> Mask:
        """See `Rule.mask`."""
        raise InputError(
            f"The cells of this gate were {self.how}, so there is no rule to find such cells by "
            "in another table; draw it on two columns, or give a threshold"
        )

    def words(self, table: AnnData) -> str:
        """See `Rule.words`."""
        return self.how[:1].upper() + self.how[1:]


@dataclass(frozen=True)
class DrawnAxis:
    """One axis of the plot in which a gate was drawn.

    Attributes
    ----------
    name
        As :func:`napari_c3r.core.table.numbers.numbers_of` takes it: a column, or ``X_umap[0]``.
    scale
        How values become places.
    linear_to
        Of a symlog axis: the size of a value up to which it is linear.
    """

    name: str
    scale: Scale = Scale.LINEAR
    linear_to: float = 1.0

    @property
    def is_column(self) -> bool:
        """Whether its values are the cell's own, and not coordinates on a map of many cells."""
        return NUMBERS_OF.fullmatch(self.name) is None

    def places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where values are, in some unit along the axis; NaN where it cannot show one."""
        return Axis("", self.scale, 1.0, 2.0, self.linear_to).places(values)


@dataclass(frozen=True)
class Polygon(Rule):
    """Cells inside what was drawn around them: a lasso or a rectangle.

    Attributes
    ----------
    x, y
        The axes.
    corners
        Values (x, y) of the corners, in the units of the axes; closed from last to first. What a
        line that crosses itself goes around is inside.
    of_map
        Of what was drawn on coordinates: which ones, as :func:`map_id` tells them apart.
    """

    kind: ClassVar[str] = "polygon"
    x: DrawnAxis
    y: DrawnAxis
    corners: tuple[tuple[float, float], ...]
    of_map: str = ""

    def __post_init__(self) -> None:
        # Files hold plain numbers, whatever kind of numbers these are.
        plain = tuple((float(x), float(y)) for x, y in self.corners)
        object.__setattr__(self, "corners", plain)

    @classmethod
    def rectangle(cls, x: str, y: str, low: Sequence[float], high: Sequence[float]) -> Polygon:
        """Between two opposite corners, each x and y, on linear axes."""
        (x0, y0), (x1, y1) = low, high
        corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        return cls(DrawnAxis(x), DrawnAxis(y), corners)

    @property
    def numbers(self) -> tuple[str, ...]:
        """See `Rule.numbers`."""
        return self.x.name, self.y.name

    def follows(self, table: AnnData) -> bool:
        """See `Rule.follows`."""
        # A map that is made again has its cells elsewhere.
        return self.x.is_column and self.y.is_column

    def mask(self, table: AnnData, gates: Mapping[str, Mask]) -> Mask:
        """See `Rule.mask`."""
        x = self.x.places(numbers_of(table, self.x.name))
        y = self.y.places(numbers_of(table, self.y.name))
        drawn = np.asarray(self.corners, np.float64).reshape(-1, 2)
        corners = np.column_stack([self.x.places(drawn[:, 0]), self.y.places(drawn[:, 1])])
        if len(corners) < 3 or not np.isfinite(corners).all():
            raise InputError(
                f"A gate with the corners {shortened(self.corners)} encloses nothing: give three "
                "or more, of numbers that its axes can show"
            )
        (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
        with np.errstate(invalid="ignore"):
            inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
        if _is_upright(corners):
            return inside
        near = np.flatnonzero(inside)
        inside = np.zeros(len(x), bool)
        inside[near] = PointIndex(np.column_stack([x[near], y[near]])).inside(corners)
        return inside

    def to_dict(self) -> dict[str, Any]:
        """See `Rule.to_dict`."""
        # Hundreds of corners need no copies, which `asdict` makes one by one.
        x, y = asdict(self.x), asdict(self.y)
        return {"kind": self.kind, "x": x, "y": y, "corners": self.corners, "of_map": self.of_map}

    def words(self, table: AnnData) -> str:
        """See `Rule.words`."""
        titles = (number_title(table, axis.name) for axis in (self.x, self.y))
        other = "" if self.fits(table) else " of another map"
        return f"Drawn in {' and '.join(titles)}{other}"

    def fits(self, table: AnnData) -> bool:
        """Whether its axes show in a table what they showed when it was drawn."""
        return self.follows(table) or self.of_map in ("", map_id(table, (self.x.name, self.y.name)))


@dataclass(frozen=True)
class Interval(Rule):
    """Cells with a number between two limits, which belong to it; those without one are not.

    Attributes
    ----------
    name
        Of the number: a column, a coordinate or a part of the vector.
    low, high
        The limits, in its unit; None for no limit on that side.
    """

    kind: ClassVar[str] = "interval"
    name: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            if (limit := getattr(self, name)) is not None:
                object.__setattr__(self, name, float(limit))

    @property
    def numbers(self) -> tuple[str, ...]:
        """See `Rule.numbers`."""
        return (self.name,)

    def follows(self, table: AnnData) -> bool:
        """See `Rule.follows`."""
        return NUMBERS_OF.fullmatch(self.name) is None

    def mask(self, table: AnnData, gates: Mapping[str, Mask]) -> Mask:
        """See `Rule.mask`."""
        values = numbers_of(table, self.name)
        inside = np.isfinite(values)
        with np.errstate(invalid="ignore"):
            if self.low is not None:
                inside &= values >= self.low
            if self.high is not None:
                inside &= values <= self.high
        return inside

    def words(self, table: AnnData) -> str:
        """See `Rule.words`."""
        title = number_title(table, self.name)
        if self.low is not None and self.high is not None:
            return f"{title} from {number_words(self.low)} to {number_words(self.high)}"
        if self.low is not None:
            return f"{title} ≥ {number_words(self.low)}"
        return f"{title} is known" if self.high is None else f"{title} ≤ {number_words(self.high)}"


@dataclass(frozen=True)
class Filter(Rule):
    """Cells of which an expression holds, as in the filter line of the table.

    Attributes
    ----------
    expression
        Such as ``area_um2 > 500 and well = B13``.
    """

    kind: ClassVar[str] = "filter"
    expression: str

    @property
    def numbers(self) -> None:
        """See `Rule.numbers`."""

    def mask(self, table: AnnData, gates: Mapping[str, Mask]) -> Mask:
        """See `Rule.mask`."""
        from napari_c3r.core.table.expressions import rows_where

        return np.asarray(rows_where(table.obs, self.expression), bool)

    def words(self, table: AnnData) -> str:
        """See `Rule.words`."""
        return self.expression


@dataclass(frozen=True)
class Combination(Rule):
    """Cells by the gates that they are in.

    Attributes
    ----------
    operator
        What is taken of the gates.
    names
        Of the gates, in their order.
    """

    kind: ClassVar[str] = "combination"
    operator: Operator
    names: tuple[str, ...]

    @property
    def of(self) -> tuple[str, ...]:
        """See `Rule.of`."""
        return self.names

    def renamed(self, old: str, new: str) -> Combination:
        """See `Rule.renamed`."""
        return replace(self, names=tuple(new if name == old else name for name in self.names))

    def mask(self, table: AnnData, gates: Mapping[str, Mask]) -> Mask:
        """See `Rule.mask`."""
        needed = 1 if self.operator is Operator.NOT else 2
        if len(self.names) < needed:
            raise InputError(
                f"'{self.operator}' of {len(self.names)} gates means nothing: give {needed} or more"
            )
        first, *others = (gates[name] for name in self.names)
        match self.operator:
            case Operator.AND:
                return reduce(np.logical_and, others, first)
            case Operator.OR:
                return reduce(np.logical_or, others, first)
            case Operator.NOT:
                return ~reduce(np.logical_or, others, first)
        return first & ~reduce(np.logical_or, others)

    def words(self, table: AnnData) -> str:
        """See `Rule.words`."""
        quoted = [f"“{name}”" for name in self.names]
        if self.operator is Operator.NOT:
            return f"Not {' or '.join(quoted)}"
        if self.operator is Operator.AND_NOT:
            return f"{quoted[0]} and not {' or '.join(quoted[1:])}"
        return f" {self.operator} ".join(quoted)


def _is_upright(corners: NDArray[np.float64]) -> bool:
    """Whether corners are those of a rectangle along the axes, one after the other."""
    sides = np.roll(corners, -1, axis=0) - corners
    return len(corners) == 4 and bool(((sides == 0).sum(axis=1) == 1).all())


_KINDS: dict[str, type[Rule]] = {
    each.kind: each for each in (Chosen, Polygon, Interval, Filter, Combination)
}


def rule_from_dict(content: Mapping[str, Any]) -> Rule:
    """Undo `Rule.to_dict`.

    Raises
    ------
    InputError
        It describes no rule that this version knows.
    """
    try:
        given = dict(content)
        kind = _KINDS[given.pop("kind")]
        if kind is Polygon:
            x, y = (
                DrawnAxis(str(axis["name"]), Scale(axis["scale"]), float(axis["linear_to"]))
                for axis in (given["x"], given["y"])
            )
            return Polygon(x, y, given["corners"], str(given["of_map"]))
        if kind is Interval:
            return Interval(str(given["name"]), given["low"], given["high"])
        if kind is Combination:
            return Combination(Operator(given["operator"]), tuple(map(str, given["names"])))
        return kind(**{name: str(value) for name, value in given.items()})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"A gate is made in a way that is not known: {shortened(content)}"
        ) from error

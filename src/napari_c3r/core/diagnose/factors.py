"""What a result might show instead of biology, read from the columns of its cells."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

MIN_ARRANGEMENTS = 20
"""A factor whose groups can be dealt out in fewer ways cannot be tested."""


_TOGETHER = 0.25


@dataclass(frozen=True, eq=False)
class Factor:
    """One possible explanation of where cells lie.

    Attributes
    ----------
    name
        In plain words: ``"plate"``, ``"cell size"``.
    design
        (n, q), columns of mean 0 over the cells: one for each group, or a value's normal
        scores and their square.
    units
        (n,) number of the smallest group in which the factor is the same for all cells: a
        well for a plate, a field for a well, the cell itself for a size. Chance is dealt out
        by whole units, since the cells of one are alike for reasons of their own.
    unit_name
        What a unit is.
    values
        (n,) for a direction in words, or None for groups.
    """

    name: str
    design: NDArray[np.float64]
    units: NDArray[np.intp]
    unit_name: str = "cell"
    values: NDArray[np.float64] | None = None


def go_together(one: Factor, other: Factor) -> bool:
    """Whether one of two factors tells most of a cell's value of the other.

    A quarter of the variance of one, adjusted for the number of groups or terms, explained by the
    other: a correlation of 0.5.
    """
    return max(_told_by(one.design, other.design), _told_by(other.design, one.design)) >= _TOGETHER


def _told_by(target: NDArray[np.float64], design: NDArray[np.float64]) -> float:
    """Adjusted share of the variance of (n, p) that a linear fit of (n, q) explains."""
    slopes, _, rank, _ = np.linalg.lstsq(design, target, rcond=None)
    free = len(target) - 1 - rank
    left, total = ((target - design @ slopes) ** 2).sum(), (target**2).sum()
    return 0.0 if free <= 0 or total == 0 else float(1 - left / total * (len(target) - 1) / free)


def factors_of(obs: pd.DataFrame) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """Find the factors that a table of cells allows to test.

    Parameters
    ----------
    obs
        One row per cell, columns as `napari_c3r.embed` gives them; ``focus_<channel>``,
        ``height_px`` and ``width_px`` where known.

    Returns
    -------
    factors, notes
        Plate, well, field, cell size, nucleus size, intensity, focus and border position, as
        far as they vary; and a sentence for every group that cannot be tested.
    """
    notes: list[str] = []
    found = [*_groups(obs, notes)]
    for name, columns in (
        ("cell size", ["area_px"]),
        ("nucleus size", ["nucleus_area_px"]),
        ("intensity", [c for c in obs if str(c).startswith("intensity_mean_")]),
        ("focus", [c for c in obs if str(c).startswith("focus_")]),
    ):
        found.append(_values(name, obs.reindex(columns=columns)))
    found.append(_values("border position", _border(obs)))
    return tuple(factor for factor in found if factor is not None), tuple(notes)


def _groups(obs: pd.DataFrame, notes: list[str]) -> list[Factor | None]:
    levels = _levels(obs)
    found: list[Factor | None] = []
    for number, (name, codes) in enumerate(levels):
        if codes.max() == 0:
            continue
        finer = levels[number + 1 :]
        # Down to the first level that divides this one.
        unit_name, units = next(
            ((n, c) for n, c in finer if c.max() > codes.max()), ("cell", np.arange(len(obs)))
        )
        if any(np.array_equal(c, codes) for _, c in finer):
            # One field in each well: what is said of the field holds for the well.
            continue
        if unit_name != "cell" and _arrangements(codes, units) < MIN_ARRANGEMENTS:
            notes.append(
                f"{codes.max() + 1} {name}s of {units.max() + 1} {unit_name}s are too few to tell "
                f"a difference between {name}s from one between {unit_name}s"
            )
            continue
        same = [n for n, c in levels[:number] if np.array_equal(c, codes)]
        shown = f"{' and '.join([*same, name])}" if same else name
        found.append(Factor(shown, _one_hot(codes), units, unit_name))
    return found


def _levels(obs: pd.DataFrame) -> list[tuple[str, NDArray[np.intp]]]:
    """Plate, well and field as group numbers, each nested in the one before."""
    import pandas as pd

    found: list[tuple[str, NDArray[np.intp]]] = []
    key = pd.Series("", index=obs.index)
    for name, column in (("plate", "plate"), ("well", "well"), ("field", "image")):
        if column in obs and obs[column].notna().all():
            key = key + "\0" + obs[column].astype(str)
            found.append((name, np.asarray(pd.factorize(key)[0], np.intp)))
    return found


def _arrangements(codes: NDArray[np.intp], units: NDArray[np.intp]) -> float:
    """In how many ways the units can be dealt out to groups of these sizes."""
    first = np.unique(units, return_index=True)[1]
    sizes = np.bincount(codes[first])
    ways = lgamma(sizes.sum() + 1) - sum(lgamma(size + 1) for size in sizes)
    # Groups of one size can change names without any change.
    ways -= sum(lgamma(count + 1) for count in np.bincount(sizes)[1:])
    return float(np.exp(min(ways, log(1e9))))


def _one_hot(codes: NDArray[np.intp]) -> NDArray[np.float64]:
    design = np.eye(int(codes.max()) + 1)[codes]
    return np.asarray(design - design.mean(axis=0))


def _values(name: str, table: pd.DataFrame) -> Factor | None:
    """Normal scores of every column that varies, and their squares."""
    import pandas as pd

    numbers = table.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    usable = [c for c in numbers.T if np.isfinite(c).all() and np.ptp(c) > 0]
    if not usable:
        return None
    scores = np.column_stack([_normal_scores(column) for column in usable])
    design = np.column_stack([scores, scores**2])
    centred = design - design.mean(axis=0)
    return Factor(name, centred, np.arange(len(table)), values=scores.mean(axis=1))


def _normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    import pandas as pd
    from scipy.special import ndtri

    ranks = pd.Series(values).rank().to_numpy()
    return np.asarray(ndtri((ranks - 0.5) / len(values)), np.float64)


def _border(obs: pd.DataFrame) -> pd.DataFrame:
    """Distance of each cell's box from the nearest edge of its image."""
    import pandas as pd

    sides: list[Any] = []
    if {"bbox_y0_px", "bbox_x0_px", "touches_border"} <= set(obs.columns):
        sides = [obs["bbox_y0_px"], obs["bbox_x0_px"]]
        if {"height_px", "width_px"} <= set(obs.columns):
            sides += [
                obs["height_px"] - obs["bbox_y1_px"],
                obs["width_px"] - obs["bbox_x1_px"],
            ]
        else:
            # Without the image's size, only that a cell touches the edge is known.
            return pd.DataFrame({"border": -obs["touches_border"].astype(float)})
    return pd.DataFrame({"border": np.min(sides, axis=0)}) if sides else pd.DataFrame()

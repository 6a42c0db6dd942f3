"""What marks some cells against the rest: features, and parts of the vector, by how far they moved.

Effects are found inside of wells, each well giving one, so that wells that differ make none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import number_words
from napari_c3r.core.profiles.wells import Wells, mean_by
from napari_c3r.core.table.titles import INTENSITY, in_pixels_too, title

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

LEAST_CELLS: Final = 3
"""Cells on either side below which a well gives no effect."""

BINS: Final = 30
"""Of the distributions, between the 1st and the 99th percentile of all cells."""

VECTOR: Final = "vector"
_NO_FEATURE = re.compile(
    r"(label|index|n_cells|plate|well|site|t|z|slice|[yx]_(px|um)|bbox_.*|crop_.*|umap_.*)"
)
_SHAPES = re.compile(
    r"area|perimeter|eccentric|solid|round|circular|axis|extent|aspect|form|diameter|size|orient",
    re.IGNORECASE,
)
_TEXTURES = re.compile(r"texture|haralick|granular|contrast|entropy|correlation", re.IGNORECASE)
_BRIGHT = re.compile(r"intensit|mean_|_mean", re.IGNORECASE)
_CHUNK: Final = 8192


@dataclass(frozen=True, eq=False)
class Mark:
    """One feature, or the part of the vector of one concept channel.

    Attributes
    ----------
    name
        Column of ``obs``, or the concept channel.
    kind
        ``"intensity"``, ``"shape"``, ``"texture"``, ``"other"`` or ``"vector"``.
    effect
        Difference of the chosen cells from the rest, in standard deviations of cells: the mean
        over wells. Of a part of the vector it is along the direction in which the *other* wells'
        chosen cells differ, so that nought is no difference.
    low, high
        Its 95 % interval over wells, or over cells where `n_wells` is nought.
    n_wells
        Wells that have both kinds of cells; nought where fewer than two have.
    chosen_mean, rest_mean
        Means over cells, in the column's unit; NaN of a part of the vector.
    edges, chosen, rest
        Distributions: edges of the bins, (bins + 1,), and the share of cells in each, (bins,).
    """

    name: str
    kind: str
    effect: float
    low: float
    high: float
    n_wells: int
    chosen_mean: float
    rest_mean: float
    edges: NDArray[np.float64]
    chosen: NDArray[np.float64]
    rest: NDArray[np.float64]

    @property
    def title(self) -> str:
        """What it is called."""
        if self.kind != VECTOR:
            return title(self.name)
        return f"vector, part of {self.name}" if self.name else "vector"


@dataclass(frozen=True, eq=False)
class Marks:
    """All that marks some cells, the strongest first.

    Attributes
    ----------
    what
        What the cells are called, such as ``"Cluster 3"``.
    marks
        By the size of their effect.
    n_chosen, n_rest
        Cells.
    noun
        ``"well"`` or ``"image"``: what gives one effect each.
    """

    what: str
    marks: tuple[Mark, ...]
    n_chosen: int
    n_rest: int
    noun: str

    @property
    def sentence(self) -> str:
        """What marks the cells most, with its interval."""
        sure = [each for each in self.marks if each.low > 0 or each.high < 0]
        features = [each for each in sure if each.kind != VECTOR]
        parts = [each for each in sure if each.kind == VECTOR]
        if not sure:
            return f"Nothing marks {self.what} against the rest beyond chance."
        told = []
        if features:
            listed = " and ".join(_said(each) for each in features[:2])
            told.append(f"{self.what} has {listed} than the rest")
        if parts:
            most = parts[0]
            named = f"the part of {most.name}" if most.name else "the vector as a whole"
            moved = f"{named} moved most ({number_words(most.effect)} s.d.)"
            told.append(
                f"of the vector, {moved}" if told else f"Of the vector of {self.what}, {moved}"
            )
        return f"{'; '.join(told)} ({self._basis})."

    @property
    def _basis(self) -> str:
        wells = max(each.n_wells for each in self.marks)
        if wells:
            return f"95 % intervals over {wells} {self.noun}s"
        return f"intervals over cells: fewer than two {self.noun}s have both kinds of cells"

    @property
    def caption(self) -> str:
        """How the figure is to be read."""
        parts = [
            f"{self.n_chosen} cells against {self.n_rest}. Dots: difference in standard deviations "
            "of cells, the mean of what each well shows inside of itself"
            if max(each.n_wells for each in self.marks)
            else f"{self.n_chosen} cells against {self.n_rest}. Dots: difference in standard "
            "deviations of cells"
        ]
        parts.append(f"lines: {self._basis}")
        text = "; ".join(parts) + ". Areas: distributions, the rest in grey."
        if any(each.kind == VECTOR for each in self.marks):
            text += (
                " Clusters and a lasso are made of the vectors, which therefore differ; their "
                "parts are to be compared with each other."
            )
        return text


def _said(mark: Mark) -> str:
    more = "more" if mark.effect > 0 else "less"
    low, high = number_words(mark.low), number_words(mark.high)
    name = mark.title.partition(" (")[0]
    # An abbreviation keeps its capitals.
    name = name[:1].lower() + name[1:] if name[1:2].islower() else name
    return f"{more} {name} ({number_words(mark.effect)} s.d., {low} to {high})"


def marks_of(cells: AnnData, chosen: NDArray[np.bool_], wells: Wells, what: str) -> Marks:
    """Rank what marks some cells against all others.

    Parameters
    ----------
    cells
        A result with one row per cell.
    chosen
        The cells, bool (cells,).
    wells
        Of the cells.
    what
        What the chosen cells are called, at the beginning of a sentence.

    Raises
    ------
    InputError
        No cells are chosen, or all.
    """
    chosen = np.asarray(chosen, bool)
    if not 0 < chosen.sum() < len(chosen):
        some = "No" if not chosen.any() else "All"
        raise InputError(f"{some} cells are chosen: to say what marks some, choose some, not all")
    found = []
    for name in features_of(cells.obs, wells):
        values = cells.obs[name].to_numpy(np.float64, na_value=np.nan)
        mark = _of_feature(name, values, chosen, wells)
        if mark is not None:
            found.append(mark)
    for name, columns in vector_parts(cells).items():
        mark = _of_vector(name, cells.X[:, columns], chosen, wells)
        if mark is not None:
            found.append(mark)
    if not found:
        raise InputError("The table has neither features nor vectors that differ between cells")
    found.sort(key=lambda each: -abs(each.effect))
    return Marks(what, tuple(found), int(chosen.sum()), int((~chosen).sum()), wells.noun)


def features_of(obs: pd.DataFrame, wells: Wells) -> list[str]:
    """The columns that are measured on cells: numbers, but not where or which a cell is."""
    import pandas as pd

    twice = in_pixels_too(obs.columns)
    return [
        name
        for name in map(str, obs.columns)
        if name not in twice
        and name not in wells.table
        and not _NO_FEATURE.fullmatch(name)
        and pd.api.types.is_numeric_dtype(obs[name])
        and not pd.api.types.is_bool_dtype(obs[name])
    ]


def kind_of(name: str) -> str:
    """What kind of feature a column is, by its name."""
    if _TEXTURES.search(name):
        return "texture"
    if name.startswith(INTENSITY) or (_BRIGHT.search(name) and not _SHAPES.search(name)):
        return "intensity"
    return "shape" if _SHAPES.search(name) else "other"


def vector_parts(cells: AnnData) -> dict[str, NDArray[np.intp]]:
    """Columns of the vector by concept channel; all as one where the table does not tell."""
    if not cells.n_vars:
        return {}
    if "concept_channel" not in cells.var:
        return {"": np.arange(cells.n_vars)}
    channels = cells.var["concept_channel"].astype(str).to_numpy()
    return {name: np.flatnonzero(channels == name) for name in dict.fromkeys(channels)}


def _of_feature(
    name: str, values: NDArray[np.float64], chosen: NDArray[np.bool_], wells: Wells
) -> Mark | None:
    known = np.isfinite(values)
    mine, rest = values[known & chosen], values[known & ~chosen]
    spread = _spread(values, chosen, wells)
    if not spread > 0 or not len(mine) or not len(rest):
        return None
    pairs = _pairs(chosen & known, ~chosen & known, wells)
    means = _side_means(values[:, None], chosen, wells)[:, pairs, 0]
    effects = (means[1] - means[0]) / spread
    found = _over_wells(effects)
    if found is None:
        found = _over_cells((mine.mean() - rest.mean()) / spread, len(mine), len(rest))
    kind = kind_of(name)
    return Mark(name, kind, *found, float(mine.mean()), float(rest.mean()), *_shares(mine, rest))


def _of_vector(name: str, vectors: Any, chosen: NDArray[np.bool_], wells: Wells) -> Mark | None:
    pairs = _pairs(chosen, ~chosen, wells)
    moved = _side_means(vectors, chosen, wells)
    moved = moved[1, pairs] - moved[0, pairs]
    if len(moved) > 1:
        others = (moved.sum(axis=0) - moved) / (len(moved) - 1)
        steps = (moved * _unit(others)).sum(axis=1)
        along = _project(vectors, _unit(moved.mean(axis=0)))
    else:
        steps, along = np.zeros(0), _crossed(vectors, chosen)
    mine, rest = along[chosen], along[~chosen]
    spread = _spread(along, chosen, wells)
    if not spread > 0:
        return None
    # Two wells are in each other's direction: where nothing moved, that doubles the variance.
    found = _over_wells(steps / spread, np.sqrt(2.0))
    if found is None:
        found = _over_cells((mine.mean() - rest.mean()) / spread, len(mine), len(rest))
    nothing = float("nan")
    return Mark(name, VECTOR, *found, nothing, nothing, *_shares(mine, rest))


def _crossed(vectors: Any, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Every cell along the direction that the cells of the other half give."""
    half = np.random.default_rng(0).random(len(chosen)) < 0.5
    along = np.zeros(len(chosen))
    for here in (half, ~half):
        codes = np.where(here, -1, chosen.astype(np.intp))
        means = np.nan_to_num(mean_by(codes, vectors, 2))
        along[here] = _project(vectors[here], _unit(means[1] - means[0]))
    return along


def _project(vectors: Any, direction: NDArray[np.float64]) -> NDArray[np.float64]:
    parts = [
        np.asarray(vectors[start : start + _CHUNK], np.float64) @ direction
        for start in range(0, len(vectors), _CHUNK)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def _pairs(mine: NDArray[np.bool_], rest: NDArray[np.bool_], wells: Wells) -> NDArray[np.intp]:
    """Wells with cells enough on both sides."""
    counts = [
        np.bincount(wells.codes[side & (wells.codes >= 0)], minlength=len(wells))
        for side in (mine, rest)
    ]
    return np.flatnonzero(np.minimum(*counts) >= LEAST_CELLS)


def _side_means(values: Any, chosen: NDArray[np.bool_], wells: Wells) -> NDArray[np.float64]:
    """Means of the rest and of the chosen cells of each well, (2, wells, values)."""
    count = len(wells)
    codes = np.where(wells.codes < 0, -1, wells.codes + count * chosen)
    return mean_by(codes, values, 2 * count).reshape(2, count, -1)


def _spread(values: NDArray[np.float64], chosen: NDArray[np.bool_], wells: Wells) -> float:
    """Standard deviation of the cells of one side inside of a well."""
    known = np.isfinite(values)
    # Cells of no well are as if of one.
    codes = 2 * (wells.codes[known] + 1) + chosen[known]
    numbers = np.bincount(codes)
    sums = np.bincount(codes, values[known])
    apart = values[known] - (sums / np.maximum(numbers, 1))[codes]
    free = int(known.sum()) - int((numbers > 0).sum())
    return float(np.sqrt((apart**2).sum() / free)) if free > 0 else 0.0


def _over_wells(
    effects: NDArray[np.float64], wider: float = 1.0
) -> tuple[float, float, float, int] | None:
    from scipy.stats import t as t_distribution

    count = len(effects)
    if count < 2:
        return None
    error = wider * effects.std(ddof=1) / np.sqrt(count)
    half = t_distribution.ppf(0.975, count - 1) * error
    mean = float(effects.mean())
    return mean, mean - float(half), mean + float(half), count


def _over_cells(effect: float, n: int, m: int) -> tuple[float, float, float, int]:
    """Interval of a standardised difference of cells (Hedges and Olkin 1985, chapter 5)."""
    half = 1.96 * float(np.sqrt(1 / n + 1 / m + effect**2 / (2 * (n + m))))
    return float(effect), float(effect) - half, float(effect) + half, 0


def _shares(
    mine: NDArray[np.float64], rest: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    low, high = np.percentile(np.concatenate([mine, rest]), [1, 99])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    found = [
        np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0] / len(side)
        for side in (mine, rest)
    ]
    return edges, found[0], found[1]


def marks_table(found: Marks) -> pd.DataFrame:
    """The numbers behind the figure: one row per feature or part of the vector."""
    import pandas as pd

    names = ("name", "kind", "effect", "low", "high", "n_wells", "chosen_mean", "rest_mean")
    return pd.DataFrame([{name: getattr(mark, name) for name in names} for mark in found.marks])

"""How much of a map or a cluster is plate, well, field, size, intensity, focus or border."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.confounds_result import MAP, ConfoundResult, Confounds
from napari_c3r.core.diagnose.factors import Factor, factors_of, go_together
from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce import NOISE
from napari_c3r.core.reduce.components import principal_components

if TYPE_CHECKING:
    import pandas as pd

PERMUTATIONS = 199
MORE_PERMUTATIONS = 1800
"""Added where the first ones leave it open whether a factor explains anything."""

FOLDS = 5
N_COMPONENTS = 20
"""Principal components that stand for the map."""

LEVEL = 0.05
MIN_SHARE = {MAP: 0.02, "cluster": 0.1}
"""Share explained below which nothing is said, however certain it is."""

MIN_CELLS = 20
_MIN_IN_CLUSTER, _MOST_IN_CLUSTER = 5, 0.9
# So few draws say nothing of how thin the tail is beyond this.
_MIN_P = 1e-4
# Draws computed together, for speed.
_AT_ONCE = 40
# Cells of shrinkage towards the mean: a group of few cells is trusted little.
_RIDGE = 1.0


def confounds(
    vectors: NDArray[np.float32],
    obs: pd.DataFrame,
    *,
    clusters: Sequence[str] | None = None,
    seed: int = 0,
) -> Confounds:
    """Test every factor that the cells' table knows; see `confound_steps`."""
    steps = confound_steps(vectors, obs, clusters=clusters, seed=seed)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def confound_steps(
    vectors: NDArray[np.float32],
    obs: pd.DataFrame,
    *,
    clusters: Sequence[str] | None = None,
    seed: int = 0,
) -> Generator[str, None, Confounds]:
    """Test every factor that the cells' table knows, yielding after each.

    The first principal components of the vectors, and membership in each cluster, are
    predicted from one factor at a time by ridge regression. The share of variance explained
    is that of cells left out, whole wells or fields at a time where the factor is the same
    for all cells of one. The null deals the factor out anew over such units. Cells can be
    dealt out in countless ways, and a p value is the share of draws in which the map or any
    cluster stands out as far (Westfall and Young 1993); wells cannot, and there the tail of a
    Pearson III distribution with the same three moments stands in for draws that do not exist
    (Winkler et al. 2016), times the number of scopes. All p values are then multiplied by the
    number of factors.

    Parameters
    ----------
    vectors
        (n, D) finite.
    obs
        One row per cell; see :func:`napari_c3r.core.diagnose.factors.factors_of`.
    clusters
        Name of each cell's cluster, or None for the map alone. Noise, and clusters of fewer
        than five cells or of nearly all, are not tested, and a note names them.
    seed
        Of folds and permutations.

    Yields
    ------
    str
        The factor just tested. The generator's value is a `Confounds`.

    Raises
    ------
    InputError
        Fewer than 20 cells, or tables that do not fit.
    """
    n = len(vectors)
    if n < MIN_CELLS:
        raise InputError(
            f"There are {n} cells, too few to say what explains them; give at least {MIN_CELLS}"
        )
    if len(obs) != n or (clusters is not None and len(clusters) != n):
        raise InputError(f"{n} vectors and {len(obs)} cells do not fit; give one row per cell")
    factors, notes = factors_of(obs)
    notes += _left_out(clusters)
    components = principal_components(vectors, N_COMPONENTS).astype(np.float64)
    scopes, targets, columns = _targets(components, clusters)
    results = []
    for factor in factors:
        observed, null = _explained(factor, targets, columns, np.random.default_rng(seed))
        chance = np.percentile(null, 95, axis=0)
        # Adjusted for the scopes, now for the factors as well.
        p_values = np.minimum(1, len(factors) * _p_values(observed, null, factor))
        results += [
            _result(scope, factor, float(share), float(high), float(p), targets[:, part])
            for scope, share, high, p, part in zip(
                scopes, observed, chance, p_values, columns, strict=True
            )
        ]
        yield factor.name
    order = {scope: rank for rank, scope in enumerate(scopes)}
    results.sort(key=lambda each: order[each.scope])
    together = frozenset(
        frozenset({one.name, other.name})
        for one, other in combinations(factors, 2)
        if go_together(one, other)
    )
    return Confounds(tuple(results), notes, together)


def _is_tested(name: str, inside: NDArray[np.bool_]) -> bool:
    return name != NOISE and _MIN_IN_CLUSTER <= inside.sum() <= len(inside) * _MOST_IN_CLUSTER


def _left_out(clusters: Sequence[str] | None) -> tuple[str, ...]:
    """Say which clusters are not tested, and why."""
    import pandas as pd

    counts = pd.Series(list(clusters or ()), dtype=str).value_counts(sort=False)
    total = counts.sum()
    few = [f"{n} ({c} cells)" for n, c in counts.items() if n != NOISE and c < _MIN_IN_CLUSTER]
    most = [
        f"{n} ({c} of {total})"
        for n, c in counts.items()
        if c > total * _MOST_IN_CLUSTER and n != NOISE
    ]
    notes = []
    if few:
        notes.append(f"Left out, with fewer than {_MIN_IN_CLUSTER} cells: {_clusters(few)}")
    if most:
        notes.append(f"Left out, as it holds nearly all cells: {_clusters(most)}")
    if NOISE in counts:
        notes.append(f"Left out, as they are in no cluster: {counts[NOISE]} cells")
    return tuple(notes)


def _clusters(named: list[str]) -> str:
    return f"cluster{'s' if len(named) > 1 else ''} {', '.join(named)}"


def _targets(
    components: NDArray[np.float64], clusters: Sequence[str] | None
) -> tuple[list[str], NDArray[np.float64], list[slice]]:
    """What is to be explained: names, columns of all, and which columns are whose."""
    scopes, parts = [MAP], [components]
    if clusters is not None:
        names = np.asarray(clusters, dtype=str)
        for name in dict.fromkeys(sorted(names, key=lambda text: (len(text), text))):
            inside = names == name
            if _is_tested(str(name), inside):
                scopes.append(str(name))
                parts.append(inside[:, None].astype(np.float64))
    ends = np.cumsum([part.shape[1] for part in parts])
    starts = [0, *ends[:-1]]
    return (
        scopes,
        np.concatenate(parts, axis=1),
        [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)],
    )


def _explained(
    factor: Factor,
    targets: NDArray[np.float64],
    columns: list[slice],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share explained of every scope, as observed (scopes,) and by chance (draws, scopes)."""
    n_units = int(factor.units.max()) + 1
    folds = rng.permutation(np.arange(n_units) % min(FOLDS, n_units))[factor.units]
    first = np.unique(factor.units, return_index=True)[1]
    of_unit = factor.design[first]
    observed = _shares(factor.design[None], targets, columns, folds)[0]

    def drawn(count: int) -> NDArray[np.float64]:
        parts = []
        for start in range(0, count, _AT_ONCE):
            orders = [rng.permutation(n_units) for _ in range(min(_AT_ONCE, count - start))]
            dealt = of_unit[np.array(orders)[:, factor.units]]
            parts.append(_shares(dealt, targets, columns, folds))
        return np.concatenate(parts)

    null = drawn(PERMUTATIONS)
    if factor.unit_name == "cell" and ((null >= observed).mean(axis=0) < LEVEL).any():
        null = np.concatenate([null, drawn(MORE_PERMUTATIONS)])
    return observed, null


def _shares(
    designs: NDArray[np.float64],
    targets: NDArray[np.float64],
    columns: list[slice],
    folds: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Cross-validated share of variance of every scope that each design explains.

    Parameters
    ----------
    designs
        (draws, n, q).
    targets, columns
        (n, T), and which columns are whose.
    folds
        (n,) fold in which each cell is left out.

    Returns
    -------
    ndarray
        (draws, scopes).
    """
    left, total = np.zeros((len(designs), targets.shape[1])), np.zeros(targets.shape[1])
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        mean_x, mean_y = designs[:, ~out].mean(axis=1, keepdims=True), targets[~out].mean(axis=0)
        x, y = designs[:, ~out] - mean_x, targets[~out] - mean_y
        gram = x.transpose(0, 2, 1) @ x + _RIDGE * np.eye(x.shape[2])
        slopes = np.linalg.solve(gram, x.transpose(0, 2, 1) @ y)
        apart = targets[out] - mean_y
        left += ((apart - (designs[:, out] - mean_x) @ slopes) ** 2).sum(axis=1)
        total += (apart**2).sum(axis=0)
    shares = np.zeros((len(designs), len(columns)))
    for scope, part in enumerate(columns):
        if total[part].sum() > 0:
            shares[:, scope] = 1 - left[:, part].sum(axis=1) / total[part].sum()
    return shares


def _p_values(
    observed: NDArray[np.float64], null: NDArray[np.float64], factor: Factor
) -> NDArray[np.float64]:
    """Probability of such shares (scopes,) by chance, adjusted for the number of scopes."""
    spread = null.std(axis=0, ddof=1)
    spread[spread < 1e-12] = np.inf
    distance = (observed - null.mean(axis=0)) / spread
    if factor.unit_name == "cell":
        # Against the greatest of all scopes in each draw (Westfall and Young 1993).
        greatest = ((null - null.mean(axis=0)) / spread).max(axis=1)
        above = (greatest[:, None] >= distance).sum(axis=0)
        return np.asarray((1 + above) / (1 + len(null)))
    from scipy.stats import pearson3, skew

    tails = [pearson3.sf(d, skew(n)) for d, n in zip(distance, null.T, strict=True)]
    tails = [1.0 if np.isinf(s) else t for t, s in zip(tails, spread, strict=True)]
    return np.clip(len(observed) * np.maximum(tails, _MIN_P), 0, 1)


def _result(
    scope: str,
    factor: Factor,
    explained: float,
    chance: float,
    p: float,
    target: NDArray[np.float64],
) -> ConfoundResult:
    least = MIN_SHARE["map" if scope == MAP else "cluster"]
    loud = p < LEVEL and explained >= max(least, chance)
    leaning = _leaning(factor, target) if loud and scope != MAP else ""
    return ConfoundResult(scope, factor.name, explained, chance, p, loud, leaning)


def _leaning(factor: Factor, target: NDArray[np.float64]) -> str:
    """To which side the cells of a cluster lie, for a factor with one value per cell."""
    if factor.values is None or factor.design.shape[1] > 2:
        return ""
    inside = target[:, 0] > 0.5
    difference = factor.values[inside].mean() - factor.values[~inside].mean()
    # Half a standard deviation; less is no side.
    return "" if abs(difference) < 0.5 else f"{'high' if difference > 0 else 'low'} values"

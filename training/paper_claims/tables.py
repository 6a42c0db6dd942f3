"""What came out: accuracies of the variants, and the differences that the claims are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.evaluate.metrics import mean_over_groups
from training.paper_claims.embed import FLIPPED, RIGHT, WITHOUT
from training.paper_claims.probes import CLASSIFIERS, MODES, REFITTED, Outcomes
from training.paper_claims.variants import VARIANTS

ONE_LESS: Final = "one context channel less"
"""Mean over the context channels that are left out."""

Runs = Mapping[tuple[str, int], Outcomes]
"""What came out by variant and seed."""


@dataclass(frozen=True)
class Difference:
    """Two accuracies, or two such differences, of which the second is subtracted.

    Attributes
    ----------
    name
        In the table.
    terms
        Weight, variant and assignment.
    """

    name: str
    terms: tuple[tuple[int, str, str], ...]


def _between(first: str, second: str) -> Difference:
    name = f"{VARIANTS[first].name} − {VARIANTS[second].name}"
    return Difference(name, ((1, first, RIGHT), (-1, second, RIGHT)))


def _within(variant: str, assignment: str) -> Difference:
    name = f"{VARIANTS[variant].name}: {assignment} − {RIGHT}"
    return Difference(name, ((1, variant, assignment), (-1, variant, RIGHT)))


_OF_ROLES: Final = [key for key, variant in VARIANTS.items() if variant.roles]

DIFFERENCES: Final = (
    _between("mcd", "cce"),
    _between("mcd", "stems"),
    _between("cce", "stems"),
    _between("mcd", "base-sc"),
    _between("mcd", "untrained"),
    *(_within(variant, FLIPPED) for variant in _OF_ROLES),
    *(_within(variant, ONE_LESS) for variant in VARIANTS),
    Difference(
        f"what {ONE_LESS} costs: CCE+MCD − CCE",
        ((1, "mcd", ONE_LESS), (-1, "mcd", RIGHT), (-1, "cce", ONE_LESS), (1, "cce", RIGHT)),
    ),
)


@dataclass(frozen=True)
class Held:
    """The held-out cells.

    Attributes
    ----------
    ids, labels
        ``(n,)``.
    """

    ids: NDArray[np.str_]
    labels: NDArray[np.str_]

    def accuracy(self, right: NDArray[np.floating]) -> float:
        """Balanced accuracy, or the difference of two, from what holds for each cell."""
        return float(pd.Series(right).groupby(self.labels).mean().mean())


def accuracies(runs: Runs, held: Held) -> pd.DataFrame:
    """Balanced accuracy of every run: one row each, with variant, seed, assignment and mode."""
    rows = []
    for (variant, seed), outcomes in runs.items():
        for assignment in [*dict.fromkeys(name for name, _, _ in outcomes), ONE_LESS]:
            for mode in MODES:
                scores = {
                    name: held.accuracy(_right(outcomes, assignment, mode, name))
                    for name in CLASSIFIERS
                }
                rows.append(
                    {"variant": variant, "seed": seed, "assignment": assignment, "mode": mode}
                    | scores
                )
    return pd.DataFrame(rows)


def differences(runs: Runs, held: Held) -> pd.DataFrame:
    """All of `DIFFERENCES` that the runs allow, paired by seed.

    Returns
    -------
    DataFrame
        ``difference``, ``mode``, ``classifier``; ``mean``, ``spread`` (standard deviation over
        seeds, NaN for a single one) and ``seeds``; ``low`` and ``high``, the 95 % interval over the
        held-out ids, which all seeds share.
    """
    rows = []
    for difference in DIFFERENCES:
        variants = {variant for _, variant, _ in difference.terms}
        seeds = sorted(
            seed for _, seed in runs if all((variant, seed) in runs for variant in variants)
        )
        across = len(variants) > 1 and all(what == RIGHT for _, _, what in difference.terms)
        for mode in () if not seeds else (REFITTED,) if across else MODES:
            for name in CLASSIFIERS:
                of_cells = np.array(
                    [
                        sum(
                            weight * _right(runs[variant, seed], assignment, mode, name)
                            for weight, variant, assignment in difference.terms
                        )
                        for seed in dict.fromkeys(seeds)
                    ]
                )
                row = {"difference": difference.name, "mode": mode, "classifier": name}
                rows.append({**row, **_summary(of_cells, held)})
    return pd.DataFrame(rows)


def _summary(of_cells: NDArray[np.floating], held: Held) -> dict[str, float]:
    by_seed = pd.Series([held.accuracy(row) for row in of_cells])
    estimate = mean_over_groups(of_cells.mean(axis=0), held.ids, held.labels)
    return {
        "mean": by_seed.mean(),
        "spread": by_seed.std(),
        "seeds": len(by_seed),
        "low": estimate.low,
        "high": estimate.high,
    }


def _right(outcomes: Outcomes, assignment: str, mode: str, classifier: str) -> NDArray[np.float64]:
    """Per held-out cell, 1 where it was put into the right class, or the mean over channels."""
    names = {name for name, _, _ in outcomes}
    wanted = [n for n in names if n.startswith(WITHOUT)] if assignment == ONE_LESS else [assignment]
    return np.mean([outcomes[name, mode, classifier] for name in wanted], axis=0)


def to_markdown(scores: pd.DataFrame, compared: pd.DataFrame, chance: float) -> str:
    """Both tables for reading, numbers as mean ± standard deviation over seeds."""
    text = [f"Balanced accuracy on held-out ids; chance is {chance:.3f}.\n"]
    for mode in MODES:
        chosen = scores[scores["mode"] == mode]
        assignments = list(dict.fromkeys(chosen["assignment"]))
        heading = [f"{what}, {name}" for what in assignments for name in CLASSIFIERS]
        lines = []
        for variant in [key for key in VARIANTS if key in set(chosen["variant"])]:
            cells = chosen[chosen["variant"] == variant].groupby("assignment")
            means, spreads = cells[list(CLASSIFIERS)].mean(), cells[list(CLASSIFIERS)].std()
            numbers = [
                _number(means.loc[what, name], spreads.loc[what, name])
                for what in assignments
                for name in CLASSIFIERS
            ]
            lines.append([VARIANTS[variant].name, *numbers])
        which = (
            "fitted under the same roles" if mode == REFITTED else "fitted under the right roles"
        )
        text += [f"Classifiers {which}:\n", _table(["variant", *heading], lines)]
    lines = [
        [
            row["difference"],
            row["mode"],
            row["classifier"],
            _number(row["mean"], row["spread"], "+"),
            f"{row['low']:+.3f} to {row['high']:+.3f}",
        ]
        for _, row in compared.iterrows()
    ]
    heading = ["difference", "classifier fitted", "classifier", "mean ± SD", "95 % over ids"]
    return "\n".join([*text, "Differences, paired by seed:\n", _table(heading, lines)])


def _table(heading: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [heading, ["---"] * len(heading), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _number(mean: float, spread: float, sign: str = "") -> str:
    return f"{mean:{sign}.3f}" + ("" if np.isnan(spread) else f" ± {spread:.3f}")

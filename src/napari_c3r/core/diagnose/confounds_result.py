"""What else explains the map: what was found, and how it is told, each cluster once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


MAP = "map"
"""Scope of what is said of all cells, not of a cluster."""


@dataclass(frozen=True)
class ConfoundResult:
    """What one factor explains of the whole map, or of who is in a cluster.

    Attributes
    ----------
    scope
        ``"map"``, or the cluster's name.
    factor
        In plain words.
    explained
        Cross-validated share of the variance, at most 1; below 0 where the factor predicts
        cells that were left out worse than their mean does.
    by_chance
        The 95th percentile of that share when the factor is dealt out at random.
    p
        Probability of such a share by chance, adjusted for everything that was tested.
    stands_out
        Whether it is both certain and large enough to be spoken of.
    leaning
        To which side the cells of a cluster lie: ``"high values"``, ``"low values"`` or ``""``.
    """

    scope: str
    factor: str
    explained: float
    by_chance: float
    p: float
    stands_out: bool
    leaning: str = ""

    @property
    def sentence(self) -> str:
        """What it explains, in plain words and without a conclusion."""
        share, chance = f"{max(self.explained, 0):.0%}", f"{max(self.by_chance, 0):.0%}"
        where = "the differences between cells"
        if self.scope != MAP:
            where = f"who is in cluster {self.scope}"
        out = "" if self.stands_out else ", which does not stand out"
        leaning = f", {self.leaning}" if self.leaning else ""
        told = f"{_capital(self.factor)} explains {share} of {where}{leaning}{out}"
        return f"{told} (chance: up to {chance})"


@dataclass(frozen=True)
class Confounds:
    """Everything that was tested, and what could not be.

    Attributes
    ----------
    results
        Of the map first, then of each cluster.
    notes
        Sentences, on clusters and factors that were left out among others.
    together
        Pairs of factors that go together in these cells, so that one cannot be told from the other.
    """

    results: tuple[ConfoundResult, ...]
    notes: tuple[str, ...]
    together: frozenset[frozenset[str]] = frozenset()

    @property
    def table(self) -> pd.DataFrame:
        """One row per result."""
        import pandas as pd

        columns = ["scope", "factor", "explained", "by_chance", "p", "stands_out", "sentence"]
        rows = [{name: getattr(each, name) for name in columns} for each in self.results]
        return pd.DataFrame(rows, columns=columns)

    @property
    def standing_out(self) -> list[ConfoundResult]:
        """What is beyond chance and large enough to be spoken of, the largest share first."""
        return sorted((r for r in self.results if r.stands_out), key=lambda r: -r.explained)

    @property
    def sentences(self) -> list[str]:
        """A sentence for the map and one for each cluster of which something stands out.

        The largest share comes first. Where nothing stands out, one sentence says so.
        """
        loud = self.standing_out
        if loud:
            scopes = dict.fromkeys(each.scope for each in loud)
            return [self._told([each for each in loud if each.scope == s]) for s in scopes]
        if not self.results:
            return ["Nothing that could explain the map varies between these cells"]
        tested = ", ".join(dict.fromkeys(each.factor for each in self.results))
        return [f"None of {tested} explains the map or a cluster beyond chance"]

    def _told(self, loud: list[ConfoundResult]) -> str:
        """Tell of one scope, what goes together in one breath; `loud` has the largest first."""
        groups = self._grouped(loud)
        first, where = loud[0], "the differences between cells"
        if first.scope != MAP:
            where = f"who is in cluster {first.scope}"
        if len(groups[0]) == 1:
            leaning = f", {first.leaning}" if first.leaning else ""
            text = f"{_capital(first.factor)} explains {first.explained:.0%} of {where}{leaning}"
        else:
            text = f"{_capital(_with_shares(groups[0]))}, which go together, explain {where}"
        if groups[1:]:
            text += f", and apart from that {'; '.join(map(_with_shares, groups[1:]))}"
        what = "the map" if first.scope == MAP else "it"
        lead = first.factor if len(groups[0]) == 1 else "these"
        chance = max(0.0, *(each.by_chance for each in loud))
        return f"{text} (chance: up to {chance:.0%}): read {what} as {lead} before anything else"

    def _grouped(self, loud: list[ConfoundResult]) -> list[list[ConfoundResult]]:
        """Put results whose factors go together, over however many others, into one group."""
        groups: list[list[ConfoundResult]] = []
        for each in loud:
            near = [
                group
                for group in groups
                if any(frozenset({each.factor, other.factor}) in self.together for other in group)
            ]
            merged = sorted([each, *(one for g in near for one in g)], key=lambda r: -r.explained)
            groups = [group for group in groups if group not in near] + [merged]
        return sorted(groups, key=lambda group: -group[0].explained)


def _with_shares(group: list[ConfoundResult]) -> str:
    parts = [
        f"{each.factor} ({each.explained:.0%}{f', {each.leaning}' if each.leaning else ''})"
        for each in group
    ]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

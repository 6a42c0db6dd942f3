"""Shares of players in what they do together: which coalitions to try, and how to weigh them."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_EXACT: Final = 6
"""Players up to which every coalition is tried."""

_ORDERS: Final = 16
"""Orders in which more players join, half of them the reverse of the others."""


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Sets of players that are tried, and what each says about every player.

    Attributes
    ----------
    members
        Who is in, (sets, players); the first is nobody, the last is everybody.
    weights
        (players, sets): a player's Shapley value is its row times what the sets reach.
    """

    members: NDArray[np.bool_]
    weights: NDArray[np.float64]


def coalitions(players: int, seed: int = 0) -> Coalitions:
    """Which sets of players to try for their Shapley values (Shapley 1953).

    Up to `MOST_EXACT` players all sets, whose values are exact. With more, the sets that arise as
    players join one by one in sixteen orders, each order beside its reverse (Mitchell et al. 2022),
    whose values are estimates. Either way they add up to what everybody reaches beyond nobody.

    Parameters
    ----------
    players
        How many, at least 1.
    seed
        Of the orders.
    """
    if players <= MOST_EXACT:
        numbers = np.arange(2**players)
        members = (numbers[:, None] >> np.arange(players) & 1).astype(bool)
        sizes = members.sum(axis=1)
        of_size = [factorial(s) * factorial(players - s - 1) for s in range(players)]
        joined = np.array([0, *of_size]) / factorial(players)
        not_yet = np.array([*of_size, 0]) / factorial(players)
        weights = np.where(members, joined[sizes, None], -not_yet[sizes, None]).T
        return Coalitions(members, weights)
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(players) for _ in range(_ORDERS // 2)]
    return _joining([order for each in drawn for order in (each, each[::-1])], players)


def _joining(orders: list[NDArray[np.intp]], players: int) -> Coalitions:
    """The sets that arise in some orders, each once."""
    nobody, everybody = (0,) * players, (1,) * players
    place = {nobody: 0}
    steps: list[tuple[int, int, int]] = []
    for order in orders:
        present = list(nobody)
        before = 0
        for player in order.tolist():
            present[player] = 1
            after = place.setdefault(tuple(present), len(place))
            steps.append((player, before, after))
            before = after
    last = place.pop(everybody)
    members = np.array([*place, everybody], bool)
    # Everybody comes last, and those behind their place come one earlier.
    number = {was: now for now, was in enumerate(place.values())} | {last: len(place)}
    weights = np.zeros((players, len(members)))
    for player, before, after in steps:
        weights[player, number[after]] += 1 / len(orders)
        weights[player, number[before]] -= 1 / len(orders)
    return Coalitions(members, weights)

"""How many cells are looked at, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_c3r.core.explain.options import WhyOptions
    from napari_c3r.core.explain.swaps import Game

K: Final = 10
"""Neighbours that a cell has, as in the diagnostics."""

MIN_CELLS: Final = 12
"""In a smaller table, nobody is a neighbour more than another."""

USUAL_PARTNERS: Final = 2
"""Cells for whose channels those of a reference cell are exchanged."""

MOST_NAMED: Final = 2
"""Channels of which maps are made, where not of every channel."""

N_BANDS: Final = 5
"""Parts of a cell, from its middle to its edge."""

FINER: Final = 2
"""Places, of those side by side, about which others are covered that overlap with them."""


def count_places(options: WhyOptions) -> int:
    """Places of one map, at most, and as many pixels at random."""
    every = ((options.places - 1) * options.overlap + 1) ** 2
    around = (2 * options.overlap - 1) ** 2 - 1
    return min(every, options.places**2 + FINER * around) + options.draws


def count_exchanges(game: Game, partners: int) -> int:
    """Crops of one cell that is exchanged with some, those cells among them."""
    return 1 + partners * (1 + game.n_crops)


def count_crops(n_channels: int, game: Game, options: WhyOptions, *, knows_usual: bool) -> int:
    """About how many crops asking one cell embeds, at most.

    Parameters
    ----------
    n_channels
        Channels that take part.
    game
        What is exchanged.
    options
        What is covered.
    knows_usual
        Whether reference cells were asked before.
    """
    maps = 1 + (n_channels if options.maps == "every" else min(MOST_NAMED, n_channels))
    usual = 0 if knows_usual else options.others * count_exchanges(game, USUAL_PARTNERS)
    return count_exchanges(game, options.partners) + usual + maps * count_places(options)


def count_group(game: Game, options: WhyOptions, *, knows_usual: bool) -> int:
    """About how many crops asking a group of cells embeds, at most.

    Parameters
    ----------
    game, options, knows_usual
        As for `count_crops`.
    """
    each = count_exchanges(game, USUAL_PARTNERS)
    usual = 0 if knows_usual else options.others * each
    bands = options.cells * (1 + 2 * N_BANDS) + options.others * (1 + N_BANDS)
    return options.cells * each + usual + MOST_NAMED * bands

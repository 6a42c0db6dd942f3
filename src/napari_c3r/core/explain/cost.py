"""How many cells are looked at, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_c3r.core.explain.options import WhyOptions

K: Final = 10
"""Neighbours that are looked at, as in the diagnostics."""

MIN_CELLS: Final = 12
"""In a smaller table, nobody is a neighbour more than another."""


def count_crops(n_channels: int, options: WhyOptions) -> int:
    """About how many crops asking one cell embeds, at most.

    Parameters
    ----------
    n_channels
        Channels that take part.
    options
        What is covered.
    """
    each = ((options.places - 1) * options.overlap + 1) ** 2 + options.draws
    return each * (n_channels + 1) + options.draws + n_channels * (1 + K + options.others)

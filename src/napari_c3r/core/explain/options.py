"""How one cell is asked why its vector is where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_c3r.core.options import Checked, option

Fill = Literal["blur", "background"]


@dataclass(frozen=True)
class WhyOptions(Checked):
    """What is covered, with what, and how often at random.

    Parameters
    ----------
    places
        Patches along each side of the crop; each is covered by itself.
    overlap
        Steps in which a patch is moved by its own side: 1 lays them side by side, 2 overlaps them
        by half, for about four times as many places.
    fill
        What takes the place of covered pixels. ``"blur"``: the channel blurred by the side of a
        patch, which keeps the brightness around and takes the structure. ``"background"``: the
        channel's own background in the crop, its 1st percentile.
    draws
        Patches of the same size covered at random, for each map, and times that the crop is turned
        and shifted, for the channels.
    others
        Cells, beside the nearest, from which a channel is taken as well.
    seed
        Of all draws.
    """

    places: int = option(5, "Places", "Patches along each side of the crop", minimum=2, maximum=32)
    overlap: int = option(
        2, "Steps", "Steps in which a patch moves by its own side", minimum=1, maximum=4
    )
    fill: Fill = option(
        "blur",
        "Covered with",
        "What takes the place of the pixels that are covered",
        choices=("blur", "background"),
    )
    draws: int = option(
        24, "Random places", "Places covered at random to compare with", minimum=8, maximum=999
    )
    others: int = option(
        30, "Other cells", "Cells from which a channel is taken as well", minimum=10, maximum=999
    )
    seed: int = option(0, "Seed", "Of all random draws", minimum=0, maximum=2**31 - 1)

"""How a cell is asked why its vector is where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_c3r.core.options import Checked, option

Fill = Literal["blur", "background"]
Maps = Literal["named", "every"]


@dataclass(frozen=True)
class WhyOptions(Checked):
    """What is exchanged and covered, with what, and how often at random.

    Parameters
    ----------
    partners
        Reference cells for whose channels the cell's are exchanged.
    others
        Reference cells of which the same is asked, to compare with.
    cells
        Cells of a group that are asked, where a group is asked.
    places
        Patches along each side of the crop; each is covered by itself.
    overlap
        Steps in which a patch is moved by its own side: 1 lays them side by side, 2 overlaps them
        by half where those side by side do most.
    fill
        What takes the place of covered pixels. ``"blur"``: the channel blurred by the side of a
        patch, which keeps the brightness around and takes the structure. ``"background"``: the
        channel's own background in the crop, its 1st percentile.
    draws
        Patches of the same size covered at random, for each map.
    maps
        ``"named"``: of the channels that are named, at most two, and of all at once; ``"every"``:
        of every channel.
    seed
        Of all draws.
    """

    partners: int = option(
        4,
        "Partners",
        "Reference cells for whose channels a cell's are exchanged",
        minimum=1,
        maximum=32,
    )
    others: int = option(
        8, "Reference cells", "Reference cells of which the same is asked", minimum=4, maximum=99
    )
    cells: int = option(12, "Cells", "Cells of a group that are asked", minimum=4, maximum=99)
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
    maps: Maps = option(
        "named",
        "Maps",
        "Of the channels that are named and of all at once, or of every channel",
        choices=("named", "every"),
    )
    seed: int = option(0, "Seed", "Of all random draws", minimum=0, maximum=2**31 - 1)

"""What holds a cell where it is, said in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_c3r.core.explain.effects import ByChannel, ChannelEffect
    from napari_c3r.core.explain.result import PlaceMap, WhyHere

# In radii of the cell: nearer to its middle than this, a place is in the middle.
_MIDDLE: Final = 0.33
ALL: Final = "all channels"
"""What the map is called for which every channel is covered at once."""

_SIDES: Final = (
    "right",
    "lower right",
    "lower side",
    "lower left",
    "left",
    "upper left",
    "upper side",
    "upper right",
)


def sentence(found: WhyHere) -> str:
    """Which channel sets the cell apart from the reference cells, how far, and where in it."""
    named = found.named
    if not named:
        most = found.ranked[0]
        return (
            f"No channel sets this cell apart from {found.compared} more than it does among those: "
            f"at most {most.channel}, {ways(most)}{_where_of_all(found)}"
        )
    first = named[0]
    who = first.channel if found.is_clear else f"{in_doubt(found)},"
    said = f"{who} sets this cell apart from {found.compared}: {all_ways(named)}"
    names = [each.channel for each in found.maps]
    if first.channel not in names:
        return said
    return f"{said}; {where(found, found.maps[names.index(first.channel)])}"


def caption(found: WhyHere) -> str:
    """How it was found out."""
    boxes = found.maps[0].covers[:, 0] if found.maps else np.zeros((0, 3), np.intp)
    wide = f"{boxes[0, 2] * found.scale:.0f} px" if len(boxes) else "one patch"
    fill = "blurred" if found.settings.get("fill") == "blur" else "set to the background"
    return (
        f"Compared with {found.compared}. Channels: exchanged for those of {len(found.partners)} "
        "of these cells, in every order; each bar is its share of the way from them (Shapley), in "
        f"their standard deviations; grey: the same among {found.n_usual} of them. Places: patches "
        f"{wide} wide, {fill}; outlined where one moves the vector farther than as many pixels "
        "scattered at random do (adjusted p ≤ 0.05). It says what the encoder looks at, not what "
        "made the cell look so."
    )


def in_doubt(found: ByChannel) -> str:
    """The first channel named, and which other one it could as well be."""
    first = found.named[0]
    other = next(each for each in found.ranked if each is not first)
    return f"{first.channel}, or perhaps {other.channel}"


def all_ways(named: Sequence[ChannelEffect]) -> str:
    """How far the first of some channels brings a cell, and how far the others do."""
    others = ", ".join(f"{each.channel} ({sd(each.way)})" for each in named[1:])
    return ways(named[0]) + (f", then {others}" if others else "")


def ways(each: ChannelEffect) -> str:
    """How far a channel brings a cell, beside what it does in reference cells."""
    among = f"{sd(each.usual_low)} to {sd(each.usual_high)} among them"
    return f"{sd(each.way)} s.d. ({among})"


def sd(value: float) -> str:
    """Standard deviations, to a tenth."""
    return f"{round(value, 1) + 0:.1f}".replace("-", "−")


def _where_of_all(found: WhyHere) -> str:
    all_at_once = next((each for each in found.maps if each.channel == ALL), None)
    if all_at_once is None or not all_at_once.above.any():
        return ""
    return f"; over all channels, {where(found, all_at_once)}"


def where(found: WhyHere, places: PlaceMap) -> str:
    """Where the places lie that do more than random ones, in words."""
    above = places.above
    if not above.any():
        return "no place in it does more than as many pixels anywhere"
    boxes, weights = places.covers[above, 0], places.moved[above]
    y, x, side = boxes.T
    centre = np.average(np.stack([y + side / 2, x + side / 2], axis=1), axis=0, weights=weights)
    part, mask = _part(found, boxes, weights)
    return f"mostly {_side(centre, mask, found.side)} {part}"


def _part(
    found: WhyHere, boxes: NDArray[np.intp], weights: NDArray[np.float64]
) -> tuple[str, NDArray[np.bool_] | None]:
    """The part of the cell that most of the weight lies on, in words and as a mask."""
    cell, nucleus = found.cell, found.nucleus
    if cell is None:
        return "of the crop", None
    if nucleus is not None and _share(nucleus, boxes, weights) > 0.5 * _share(cell, boxes, weights):
        return "of the nucleus", nucleus
    if _share(cell, boxes, weights) > 0:
        return "of the cell", cell
    return "of the crop, beside the cell", None


def _share(mask: NDArray[np.bool_], boxes: NDArray[np.intp], weights: NDArray[np.float64]) -> float:
    inside = [mask[y : y + side, x : x + side].mean() for y, x, side in boxes.tolist()]
    return float(np.average(inside, weights=weights))


def _side(centre: NDArray[np.float64], mask: NDArray[np.bool_] | None, side: int) -> str:
    """Which side of a part a place is on, or its middle."""
    middle, radius = np.array([side / 2, side / 2]), side / 2
    if mask is not None and mask.any():
        middle = np.argwhere(mask).mean(axis=0) + 0.5
        radius = float(np.sqrt(mask.sum() / np.pi))
    down, right = (centre - middle) / radius
    if np.hypot(down, right) < _MIDDLE:
        return "the middle"
    eighth = round(float(np.arctan2(down, right)) / (np.pi / 4)) % 8
    return f"the {_SIDES[eighth]}"

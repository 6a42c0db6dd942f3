"""What holds a cell where it is, said in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_c3r.core.explain.result import ChannelEffect, PlaceMap, WhyHere

# In radii of the cell: nearer to its middle than this, a place is in the middle.
_MIDDLE: Final = 0.33
EMPTY: Final = "left empty"
"""How a channel was taken away: its background alone is left, as the encoder needs the channel."""

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
    """Which channel holds the cell, by how many neighbours, and where in it."""
    chance = f"chance {found.turned.mean():.1f}"
    holding = found.holding
    if not holding:
        most = found.ranked[0]
        return (
            f"No channel alone holds this cell here: {_without(most)} "
            f"{_changed(most, found.k)} ({chance}){_where_of_all(found)}"
        )
    first, rest = holding[0], holding[1:]
    empty = "with it empty" if first.how == EMPTY else "without it"
    said = f"{first.channel} holds this cell here: {empty} {_changed(first, found.k)} ({chance})"
    if rest:
        listed = ", ".join(f"{each.channel} ({each.neighbours:.0f})" for each in rest)
        said += f", then {listed}"
    names = [each.channel for each in found.maps]
    if first.channel not in names:
        return said
    return f"{said}; {where(found, found.maps[names.index(first.channel)])}"


def caption(found: WhyHere) -> str:
    """How it was found out."""
    boxes = found.maps[0].covers[:, 0] if found.maps else np.zeros((0, 3), np.intp)
    wide = f"{boxes[0, 2] * found.scale:.0f} px" if len(boxes) else "one patch"
    others = found.settings.get("others", 0)
    fill = "blurred" if found.settings.get("fill") == "blur" else "set to the background"
    return (
        f"Channels: taken from this cell, its {found.k} nearest and {others} others alike; "
        "chance and grey band: what turning and shifting its crop changes. Places: patches "
        f"{wide} wide, {fill}; outlined where one moves the vector farther than as many pixels "
        "scattered at random do (adjusted p ≤ 0.05). It says what the encoder looks at, not what "
        "made the cell look so."
    )


def _without(each: ChannelEffect) -> str:
    return f"with {each.channel} empty" if each.how == EMPTY else f"without {each.channel}"


def _changed(each: ChannelEffect, k: int) -> str:
    count = round(each.neighbours)
    return f"{count} of its {k} neighbours {'changes' if count == 1 else 'change'}"


def _where_of_all(found: WhyHere) -> str:
    if not found.maps or not found.maps[0].above.any():
        return ""
    return f"; over all channels, {where(found, found.maps[0])}"


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

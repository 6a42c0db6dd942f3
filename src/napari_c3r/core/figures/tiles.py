"""One cell as a picture: which channels it shows, its outline, and its neighbours dimmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.composites import Appearance, compose

COMPOSITE: Final = "composite"
"""All visible channels in one picture."""

EACH: Final = "each"
"""Every channel in a picture of its own, side by side."""

DIMMED: Final = 0.35
"""Share of the brightness that is left of what is not the cell."""

_OUTLINE: Final = 255


@dataclass(frozen=True)
class TileStyle:
    """How the picture of a cell is drawn.

    Attributes
    ----------
    show
        `COMPOSITE`, `EACH`, or the name of one channel.
    outlined
        Whether a line is drawn round the cell.
    dimmed
        Whether all but the cell is darker.
    """

    show: str = COMPOSITE
    outlined: bool = True
    dimmed: bool = False


def panels(
    names: Sequence[str], looks: Mapping[str, Appearance], show: str
) -> tuple[tuple[Appearance, ...], ...]:
    """The looks of all channels in each of the pictures that stand side by side.

    Parameters
    ----------
    names
        Of the channels, in their order.
    looks
        Of each, by name.
    show
        As `TileStyle.show`; a channel that there is not means `COMPOSITE`.
    """
    alone = {name: _alone(names, looks, name) for name in names}
    if show == EACH:
        return tuple(alone.values())
    return (alone[show],) if show in alone else (tuple(looks[name] for name in names),)


def _alone(
    names: Sequence[str], looks: Mapping[str, Appearance], shown: str
) -> tuple[Appearance, ...]:
    look = replace(looks[shown], visible=True, opacity=1.0)
    return tuple(look if name == shown else replace(looks[name], visible=False) for name in names)


def shown_channels(
    names: Sequence[str], looks: Mapping[str, Appearance], show: str
) -> tuple[str, ...]:
    """The channels that are in the pictures, in their order."""
    if show == EACH:
        return tuple(names)
    if show in names:
        return (show,)
    return tuple(name for name in names if looks[name].shown)


def draw_tile(
    crop: NDArray[np.float32],
    mask: NDArray[np.bool_] | None,
    pictures: Sequence[Sequence[Appearance]],
    style: TileStyle,
    side_px: int,
) -> NDArray[np.uint8]:
    """Draw a cell.

    Parameters
    ----------
    crop
        (C, size, size), in the image's own intensity units.
    mask
        (any, any) bool over the same square, the cell's own pixels; None draws no outline.
    pictures
        From `panels`.
    style
        What else is drawn.
    side_px
        Side of each picture.

    Returns
    -------
    ndarray
        (side, pictures × side, 3) uint8.
    """
    drawn = [_enlarged(compose(crop, looks), side_px) for looks in pictures]
    if mask is not None:
        own = enlarged_mask(mask, side_px)
        line = outline_of(own, max(1, round(side_px / 96)))
        for picture in drawn:
            if style.dimmed:
                picture[~own] = np.round(picture[~own] * DIMMED).astype(np.uint8)
            if style.outlined:
                picture[line] = _OUTLINE
    return np.concatenate(drawn, axis=1)


def enlarged_mask(mask: NDArray[np.bool_], side_px: int) -> NDArray[np.bool_]:
    """A mask at another size, (side, side), by the nearest of its pixels."""
    at = ((np.arange(side_px) + 0.5) * len(mask) / side_px).astype(np.intp)
    return mask[np.ix_(at, at)]


def outline_of(mask: NDArray[np.bool_], width_px: int = 1) -> NDArray[np.bool_]:
    """The pixels just outside a mask (Y, X): the cell's own stay in sight."""
    from scipy.ndimage import binary_dilation

    grown = binary_dilation(mask, np.ones((3, 3), bool), iterations=width_px)
    edge: NDArray[np.bool_] = grown & ~mask
    return edge


def _enlarged(picture: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    from PIL import Image as Pixels

    if picture.shape[0] == side_px:
        return picture
    how = Pixels.Resampling.BILINEAR
    return np.array(Pixels.fromarray(picture).resize((side_px, side_px), how))

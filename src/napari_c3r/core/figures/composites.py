"""Several channels as one colour picture, in which every channel keeps its hue.

Channels add as light does: their colours are added linearly, not as the numbers that a screen is
given. Where the sum leaves what a screen can show, red, green and blue are brought back together,
by the extended operator of Reinhard et al. (2002, eq. 4), so that the hue of the sum stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

CONTRAST_PERCENTILES = (1.0, 99.8)
"""Of a channel's pixels: what is drawn black, and what brightest."""

# Of a screen: brightness is the number's power of so much.
_DISPLAY_GAMMA = 2.2
_STEPS = 256


@dataclass(frozen=True, eq=False)
class Appearance:
    """How a channel is shown.

    Attributes
    ----------
    limits
        Intensities drawn darkest and brightest; None: percentiles of each crop, 1 and 99.8.
    colours
        Red, green and blue from darkest to brightest, (steps, 3) in 0–1.
    gamma
        Exponent of the brightness, 0–1, before it is coloured.
    opacity
        Share that is added to the picture; 0 leaves the channel out.
    visible
        Whether it is part of a composite.
    """

    limits: tuple[float, float] | None
    colours: NDArray[np.float32]
    gamma: float = 1.0
    opacity: float = 1.0
    visible: bool = True

    @classmethod
    def of_colour(cls, colour: str, *, visible: bool = True) -> Appearance:
        """From black to one colour, ``"#rrggbb"``, with the contrast of each crop."""
        ends = np.frombuffer(bytes(3) + bytes.fromhex(colour.removeprefix("#")), np.uint8)
        return cls(None, (ends.reshape(2, 3) / 255).astype(np.float32), visible=visible)

    @property
    def shown(self) -> bool:
        """Whether anything of it is in a composite."""
        return self.visible and self.opacity > 0

    @property
    def colour(self) -> str:
        """The colour of its brightest pixels, ``"#rrggbb"``."""
        from matplotlib.colors import to_hex

        return to_hex(np.clip(self.colours[-1], 0, 1))

    def paint(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """Colour one plane (Y, X), giving (Y, X, 3) in 0–1."""
        plane = np.nan_to_num(plane, nan=0.0)
        low, high = self.limits or np.percentile(plane, CONTRAST_PERCENTILES)
        bright = np.clip((plane - low) / max(high - low, 1e-12), 0, 1)
        if self.gamma != 1:
            bright **= self.gamma
        return np.take(self._table, np.round(bright * (_STEPS - 1)).astype(np.intp), axis=0)

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        """The colours at every brightness that a screen can show, (steps, 3)."""
        at = np.linspace(0, len(self.colours) - 1, _STEPS)
        known = np.arange(len(self.colours))
        bands = [np.interp(at, known, self.colours[:, band]) for band in range(3)]
        return np.stack(bands, axis=1).astype(np.float32)


def compose(crop: NDArray[np.float32], appearances: Sequence[Appearance]) -> NDArray[np.uint8]:
    """Lay the channels of a crop over each other, each in its colour.

    Parameters
    ----------
    crop
        (C, Y, X), in the image's own intensity units.
    appearances
        One for each channel; those not shown are left out.

    Returns
    -------
    ndarray
        (Y, X, 3) uint8. No primary is at its highest but where the hue of the sum wants it, and
        the sum of all channels at their brightest is just not too bright.
    """
    shown = [(plane, each) for plane, each in zip(crop, appearances, strict=True) if each.shown]
    light = np.zeros((*crop.shape[1:], 3), np.float32)
    for plane, each in shown:
        light += (each.opacity * each.paint(plane)) ** _DISPLAY_GAMMA
    brightest = sum(((each.opacity * each.colours) ** _DISPLAY_GAMMA).max(0) for _, each in shown)
    most = float(np.max(brightest, initial=0)) ** (1 / _DISPLAY_GAMMA)
    picture = _within((light ** (1 / _DISPLAY_GAMMA)).astype(np.float32), most)
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)


def _within(picture: NDArray[np.float32], most: float) -> NDArray[np.float32]:
    """Bring colours (Y, X, 3) of up to `most` into 0–1, the primaries of each by one factor."""
    if most <= 1:
        return picture
    high = picture.max(axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = picture * ((1 + high / most**2) / (1 + high))
    return scaled


def viewer_gain(colours: Sequence[str]) -> float:
    """By how much to weaken channels that a viewer adds up, each with its primaries clipped.

    Parameters
    ----------
    colours
        Of the visible channels, ``"#rrggbb"``.

    Returns
    -------
    float
        Above 0, at most 1: the highest primary of the sum to the power of −3/4. Its inverse would
        leave no pixel clipped and most of them dim; of five stains in real fields, this leaves
        less than 5 % of the bright pixels clipped, where a plain sum clips a third.
    """
    from matplotlib.colors import to_rgb

    most = np.sum([to_rgb(colour) for colour in colours], axis=0).max() if colours else 1.0
    return float(max(most, 1.0) ** -0.75)

"""Several channels as one colour picture: of a crop as the viewer shows it, or of a whole field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import stains
from napari_c3r.core.images import Image

_CROP_PERCENTILES = (1.0, 99.8)
# Most of a field is background, which is to be black.
_FIELD_PERCENTILES = (30.0, 99.9)
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
    """

    limits: tuple[float, float] | None
    colours: NDArray[np.float32]
    gamma: float = 1.0
    opacity: float = 1.0

    @classmethod
    def of_colour(cls, colour: str) -> Appearance:
        """From black to one colour, ``"#rrggbb"``, with the contrast of each crop."""
        from matplotlib.colors import to_rgb

        ends = np.array([(0.0, 0.0, 0.0), to_rgb(colour)], np.float32)
        return cls(None, ends)

    def paint(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """Colour one plane (Y, X), giving (Y, X, 3) in 0–1."""
        plane = np.nan_to_num(plane, nan=0.0)
        low, high = self.limits or np.percentile(plane, _CROP_PERCENTILES)
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
    """Add the channels of a crop up as the viewer does.

    Parameters
    ----------
    crop
        (C, Y, X), in the image's own intensity units.
    appearances
        One for each channel.

    Returns
    -------
    ndarray
        (Y, X, 3) uint8.
    """
    picture = np.zeros((*crop.shape[1:], 3), np.float32)
    for plane, appearance in zip(crop, appearances, strict=True):
        if appearance.opacity > 0:
            picture += appearance.opacity * appearance.paint(plane)
    return (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)


def composite(image: Image, colours: dict[str, str] | None = None) -> NDArray[np.float32]:
    """Lay the channels over each other in their stains' colours.

    Colours are screened, not added, so that five bright stains do not all end in white.

    Parameters
    ----------
    image
        The image, (C, Y, X); read as a whole.
    colours
        Hex colour by channel name; by default as in the viewer.

    Returns
    -------
    ndarray
        (Y, X, 3) float32 in 0–1, each channel stretched between low and high percentiles.
    """
    from matplotlib.colors import to_rgb

    colours = colours or stains.channel_colours(image.channel_names)
    darkness = np.ones((*image.shape[1:], 3), np.float32)
    for name in image.channel_names:
        plane = image.read_plane(name).astype(np.float32)
        low, high = np.percentile(plane, _FIELD_PERCENTILES)
        bright = np.clip((plane - low) / max(high - low, 1e-6), 0, 1)
        darkness *= 1 - bright[..., None] * np.array(to_rgb(colours[name]), np.float32)
    return 1 - darkness

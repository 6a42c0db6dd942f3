"""Colours of data on the ground that they are drawn on: the same hue, as light as it needs.

Clusters, gates and values have one colour each, by which they are kept, named and exchanged. It is
drawn lighter on a dark ground, such as napari's dark theme, and darker on a light one, such as
napari's light theme or a page, so that each stands out with a contrast of 3 or more (WCAG 2.2,
1.4.11). Over an image colours are drawn as they are: what lies below them has no one lightness.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colours import CATEGORICAL, GREY, OWN, SEQUENTIAL, rgb, sequential

CONTRAST: Final = 3.0
"""Of luminances, each with 0.05 of stray light: the least of what has to be seen."""

_ON_DARK: Final = (
    "#36a2ff",
    "#f18b00",
    "#08c856",
    "#eb24a3",
    "#18cfff",
    "#e7273b",
    "#dbf41b",
    "#aa32fb",
    "#dd64cc",
    "#39844e",
    "#c53dd8",
    "#7afbde",
    "#e1d229",
    "#bd5f60",
    "#5a8aff",
    "#d76f00",
    "#f6a1ef",
    "#f856a6",
    "#eb969d",
    "#d51cb7",
    "#ff40fe",
    "#cd94d4",
    "#03f276",
    "#6c6bc6",
    "#28d665",
    "#7d56fb",
    "#e62135",
    "#c985ff",
    "#ff64b5",
    "#d12b9f",
    "#f69fb4",
    "#b2fb25",
    "#ec00d3",
    "#fe690d",
    "#2b78d4",
    "#01d7fc",
)
_ON_LIGHT: Final = (
    "#1257ec",
    "#6d3c02",
    "#04663d",
    "#cc0666",
    "#2c8aca",
    "#ff0009",
    "#867d33",
    "#5311b6",
    "#c1389d",
    "#5d8f5d",
    "#700998",
    "#035144",
    "#746f37",
    "#750c1f",
    "#6d44ad",
    "#8f4510",
    "#9239cf",
    "#ad208c",
    "#f22e87",
    "#820375",
    "#4e2d57",
    "#d649c0",
    "#257562",
    "#190ceb",
    "#1a9a04",
    "#530efe",
    "#79020f",
    "#9460fb",
    "#b5005e",
    "#9c119f",
    "#ff1676",
    "#3c772b",
    "#c914bc",
    "#9c0900",
    "#0024c9",
    "#0072c1",
)
# Those of the palettes, chosen to stay apart for every kind of vision, as the palettes were.
_CHOSEN: Final = {
    own: chosen for own, *chosen in zip((*CATEGORICAL, *OWN), _ON_DARK, _ON_LIGHT, strict=True)
}

_OF_VALUES: Final = tuple("#" + bytes(step).hex() for step in sequential(256))
OF_DATA: Final = frozenset((*_CHOSEN, *SEQUENTIAL, *_OF_VALUES))
"""All colours of the palettes, and those of values."""

# Lightness (CIE L*) of the darkest and the lightest colour, by themselves and on the two grounds.
_OWN_RANGE: Final = (33.0, 90.0)
_DARK_RANGE: Final = (49.2, 92.0)
_LIGHT_RANGE: Final = (26.0, 55.2)
# napari's are at 16 and 93; on grounds that are nearer to the middle, colours are moved further.
_GROUNDS: Final = (18.0, 91.0)
_MIDDLE: Final = 50.0
_STRAY: Final = 0.05
# Of the exponent of light: a darker colour of the same light looks duller.
_VIVID: Final = 0.6
_WEIGHTS: Final = np.array([0.2126, 0.7152, 0.0722])


@lru_cache(maxsize=4096)
def on_ground(colour: str, ground: str) -> str:
    """A colour of data as it is drawn on a ground, all ``"#rrggbb"``.

    Grey, which means that nothing is known, stays, as it stands out from either ground; so does a
    colour of somebody's own that does.
    """
    if colour == GREY:
        return colour
    behind = float(_linear(ground) @ _WEIGHTS)
    lightness = _lightness(behind)
    is_dark = lightness < _MIDDLE
    if colour in _CHOSEN and not _GROUNDS[0] < lightness < _GROUNDS[1]:
        return _CHOSEN[colour][0 if is_dark else 1]
    light = _linear(colour)
    has = float(light @ _WEIGHTS)
    brighter, darker = max(behind, has) + _STRAY, min(behind, has) + _STRAY
    if colour not in OF_DATA and brighter >= CONTRAST * darker:
        return colour
    low, high = _DARK_RANGE if is_dark else _LIGHT_RANGE
    if is_dark:
        low = max(low, _lightness(min(CONTRAST * (behind + _STRAY) - _STRAY, 1.0)))
        high = max(low, high)
    else:
        high = min(high, _lightness(max((behind + _STRAY) / CONTRAST - _STRAY, 0.0)))
        low = min(low, high)
    first, last = _OWN_RANGE
    share = np.clip((_lightness(has) - first) / (last - first), 0, 1)
    return _hex(_lit(light, _luminance(low + float(share) * (high - low))))


@lru_cache(maxsize=256)
def palette_on(palette: tuple[str, ...], ground: str) -> tuple[str, ...]:
    """Colours of data as they are drawn on a ground, all ``"#rrggbb"``."""
    return tuple(on_ground(colour, ground) for colour in palette)


def _lit(light: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
    """The same hue with another luminance, more saturated where it is darker than before."""
    has = float(light @ _WEIGHTS)
    if has <= 0:
        return np.full(3, wanted)
    share = wanted / has
    tint = light * share - wanted
    # As far from grey as there are colours.
    room = min(wanted / max(-float(tint.min()), 1e-9), (1 - wanted) / max(float(tint.max()), 1e-9))
    return wanted + min(max(share**-_VIVID, 1.0), room) * tint


def _linear(colour: str) -> NDArray[np.float64]:
    """Light of an sRGB colour, 0 to 1."""
    share = rgb(colour) / 255
    linear: NDArray[np.float64] = np.where(
        share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4
    )
    return linear


def _hex(light: NDArray[np.float64]) -> str:
    light = np.clip(light, 0, 1)
    share = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return "#" + np.round(share * 255).astype(np.uint8).tobytes().hex()


def _lightness(luminance: float) -> float:
    """CIE L*, 0 to 100, of a luminance from 0 to 1."""
    return float(116 * np.cbrt(luminance) - 16 if luminance > 216 / 24389 else 903.3 * luminance)


def _luminance(lightness: float) -> float:
    return float(((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3)

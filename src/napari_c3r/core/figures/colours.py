"""The colours of clusters and values, of one hue in map, image, montage and report.

These are what is kept and what lies over an image; `grounds` says how each is drawn on a dark or
a light ground. The categories were chosen to stay apart in OKLab (Ottosson, 2020) for normal vision
and for protan, deutan and tritan vision as simulated by Machado et al. (2009), eq. 3, severity 1;
the first eight are the farthest apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.reduce.cluster_names import COLUMN as CLUSTERS
from napari_c3r.core.reduce.cluster_names import NOISE, number_of

CATEGORICAL: tuple[str, ...] = (
    "#5285b8",
    "#c28500",
    "#66ad85",
    "#e83aa6",
    "#62c4f0",
    "#a8321e",
    "#c3b21c",
    "#7a4fc4",
    "#ff85b8",
    "#adcc8f",
    "#ad70ff",
    "#33705c",
    "#8f7033",
    "#ff7066",
    "#a399ff",
    "#e0330a",
    "#cc85d6",
    "#b8298f",
    "#f5adc2",
    "#c25cd6",
    "#991f99",
    "#703d70",
    "#0a5c47",
    "#5233c2",
)
"""Colours of the categories 0, 1, 2, …; they repeat after the last."""

OWN: tuple[str, ...] = (
    "#80e040",
    "#7010f0",
    "#e03010",
    "#b090e0",
    "#705060",
    "#b010a0",
    "#e0c0c0",
    "#508040",
    "#d050f0",
    "#e08060",
    "#106090",
    "#90b0c0",
)
"""Colours of names that a person gave, none of them near one of the first ten clusters'.

Each is the farthest from the ones before, in the same measure."""

_OF_PLACES = ("cluster", "image", "plate", "well", "site")
GREY = "#808080"
"""Noise (category −1), a missing value, and a point without a colour."""

SEQUENTIAL: tuple[str, ...] = (
    "#6639a8",
    "#3b5bc5",
    "#067ab6",
    "#0790a9",
    "#0ca4a0",
    "#06b98d",
    "#5cc864",
    "#a9cc3c",
    "#e5cc1c",
)
"""Stops of the map for continuous values, low to high, rising evenly in lightness."""

_STEPS = 256


def rgb(colour: str) -> NDArray[np.uint8]:
    """Red, green and blue, uint8 (3,), of a colour written ``"#rrggbb"``."""
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8)


def packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """0xRRGGBB of colours (N, 3); one number each is chosen among in a third of the time."""
    red, green, blue = colours.astype(np.uint32).T
    numbers: NDArray[np.uint32] = red << 16 | green << 8 | blue
    return numbers


def mixed(ground: str, colour: str, share: float) -> str:
    """`share` (0 to 1) of a colour on the rest of a ground, all ``"#rrggbb"``."""
    mix = rgb(ground) * (1 - share) + rgb(colour) * share
    return "#" + np.round(mix).astype(np.uint8).tobytes().hex()


def category_colours(codes: ArrayLike, palette: Sequence[str] = CATEGORICAL) -> NDArray[np.uint8]:
    """Colour of each category code.

    Parameters
    ----------
    codes
        Integers of shape (N,); a negative code is noise and grey.
    palette
        Colours of the categories 0, 1, 2, …; they repeat after the last.

    Returns
    -------
    uint8 (N, 3), red, green and blue.
    """
    return with_grey(palette)[category_shades(codes, len(palette))]


def with_grey(palette: Sequence[str]) -> NDArray[np.uint8]:
    """Colours of a palette and, last, grey, uint8 (M + 1, 3)."""
    return _table((*palette, GREY))


def category_shades(codes: ArrayLike, shades: int) -> NDArray[np.integer]:
    """Which of so many colours each category code has; below 0, and so the last one, is grey."""
    codes = np.asarray(codes)
    if not codes.size or (codes.min() >= -1 and codes.max() < shades):
        return codes
    return np.where(codes < 0, -1, codes % shades)


def named_colours(column: str, names: Sequence[str]) -> dict[str, str]:
    """Colour of each category of a column, ``"#rrggbb"`` by name, the same in every figure.

    Parameters
    ----------
    column
        Clusters and places have colours of their own; what a person named has others.
    names
        All categories of the column, in their order; noise is grey. Of clusters it is the number
        in the name that tells, whichever others there are.
    """
    palette = CATEGORICAL if column in _OF_PLACES else OWN
    others = [name for name in names if name != NOISE]
    known = {name: number_of(str(name)) for name in others} if column == CLUSTERS else {}
    colours = {}
    for place, name in enumerate(others):
        number = known.get(name)
        colours[name] = palette[(place if number is None else number) % len(palette)]
    return {**colours, NOISE: GREY} if NOISE in names else colours


def value_colours(
    values: ArrayLike,
    limits: tuple[float, float] | None = None,
    palette: Sequence[str] = SEQUENTIAL,
) -> NDArray[np.uint8]:
    """Colour of each value on the sequential map.

    Parameters
    ----------
    values
        Numbers of shape (N,), any unit. What is not finite is grey.
    limits
        Values at the two ends of the map; values beyond take the colour of the end.
        None: the smallest and the largest finite value.
    palette
        Stops of the map, low to high.

    Returns
    -------
    uint8 (N, 3), red, green and blue.
    """
    values = np.asarray(values, dtype=np.float32)
    if limits is None:
        limits = finite_limits(values)
    return value_table(palette)[value_shades(values, limits)]


def value_table(palette: Sequence[str] = SEQUENTIAL) -> NDArray[np.uint8]:
    """Colours of values, low to high, and, last, grey, uint8 (M + 1, 3)."""
    return np.vstack([sequential(_STEPS, palette), rgb(GREY)])


def value_shades(
    values: NDArray[np.float32], limits: tuple[float, float]
) -> NDArray[np.unsignedinteger]:
    """Which colour of `value_table` each value has."""
    low, high = limits
    scale = (_STEPS - 1) / (high - low) if high > low else 0.0
    finite = np.isfinite(values)
    steps = np.where(finite, values, np.float32(low))
    steps -= np.float32(low)
    steps *= np.float32(scale)
    np.clip(steps, 0, _STEPS - 1, out=steps)
    np.copyto(steps, _STEPS, where=~finite)
    return steps.astype(np.uint16)


def finite_limits(values: NDArray[np.floating]) -> tuple[float, float]:
    """Smallest and largest finite value, (0, 0) where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def sequential(steps: int, palette: Sequence[str] = SEQUENTIAL) -> NDArray[np.uint8]:
    """Sample a map of values, given by its stops, as uint8 (steps, 3), low to high."""
    stops = _table(palette)
    at = np.linspace(0, len(stops) - 1, steps)
    bands = [np.interp(at, np.arange(len(stops)), stops[:, band]) for band in range(3)]
    return np.round(np.stack(bands, axis=1)).astype(np.uint8)


def _table(colours: Sequence[str]) -> NDArray[np.uint8]:
    return np.stack([rgb(colour) for colour in colours])

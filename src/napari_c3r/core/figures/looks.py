"""How the channels of an image look at first: colours, contrast, and which are displayed.

Viewer, thumbnails, montages, the card under the mouse and reports begin with this look, and what
the user changes in the viewer takes its place in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import Role, stains, suggest_nucleus
from napari_c3r.core.channels.stains import Stain
from napari_c3r.core.channels.suggestions import suggest_roles, tell_a_structure
from napari_c3r.core.figures.composites import CONTRAST_PERCENTILES, Appearance, compose

if TYPE_CHECKING:
    from napari_c3r.core.images import Image

GAIN = "gain"
"""Key, in a layer's metadata, of the share of its opacity that balances it with other layers."""

_WINDOW = 256
_WINDOWS = 3


def visible_first(names: Sequence[str], concept: Sequence[str] = ()) -> tuple[str, ...]:
    """Which channels are displayed at first: the nucleus, and what is read out.

    Parameters
    ----------
    names
        Of the image's channels.
    concept
        Those that are read out; by default those that their names suggest.

    Returns
    -------
    tuple
        Two names in the image's order, or one of an image that has no more. Of channels whose
        names say nothing, the first two; transmitted light only where there is nothing else.
    """
    names = tuple(names)
    found = stains.identify_all(names)
    stained = [name for name in names if found[name] is not Stain.TRANSMITTED] or list(names)
    if not tell_a_structure(names) and not concept:
        return tuple(stained[:2])
    roles = suggest_roles(names)
    context = [name for name in stained if roles[name].role is Role.CONTEXT]
    nucleus = suggest_nucleus(stained) or next(iter(context), stained[0])
    wanted = concept or [name for name in stained if roles[name].role is Role.CONCEPT]
    others = (name for name in (*wanted, *stained) if name != nucleus and name in stained)
    shown = (nucleus, *list(others)[:1])
    return tuple(name for name in names if name in shown)


def channel_looks(names: Sequence[str], concept: Sequence[str] = ()) -> dict[str, Appearance]:
    """How each channel looks at first, with the contrast of whatever is drawn.

    Parameters
    ----------
    names, concept
        As for `visible_first`.
    """
    colours, shown = stains.channel_colours(names), visible_first(names, concept)
    return {name: Appearance.of_colour(colours[name], visible=name in shown) for name in names}


def with_limits(
    looks: Mapping[str, Appearance], limits: Mapping[str, tuple[float, float]]
) -> dict[str, Appearance]:
    """Looks whose contrast is fixed wherever it was left to what is drawn."""
    return {
        name: replace(look, limits=limits[name]) if look.limits is None and name in limits else look
        for name, look in looks.items()
    }


def image_limits(image: Image, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """The limits of contrast of some channels of an image, which is read in windows."""
    return {name: contrast_limits(image.channel(name)) for name in names}


def draw_image(image: Image, looks: Mapping[str, Appearance]) -> NDArray[np.uint8]:
    """A whole image in one picture, (Y, X, 3); only the channels shown are read.

    Parameters
    ----------
    image
        The image, (C, Y, X).
    looks
        Of some or all of its channels, by name.
    """
    shown = [name for name in image.channel_names if name in looks and looks[name].shown]
    if not shown:
        return np.zeros((*image.shape[1:], 3), np.uint8)
    fixed = with_limits({name: looks[name] for name in shown}, image_limits(image, shown))
    planes = np.stack([image.read_plane(name).astype(np.float32) for name in shown])
    return compose(planes, [fixed[name] for name in shown])


def contrast_limits(plane: Any) -> tuple[float, float]:
    """Estimate the limits of contrast from windows spread over a lazy plane.

    Parameters
    ----------
    plane
        Pixels ``(Y, X)``. A small plane is read whole, of a large one nine windows of 256².

    Returns
    -------
    low, high
        The 1st and 99.8th percentile, apart by at least one.
    """
    from dask.base import compute

    rows, columns = (_window_slices(length) for length in plane.shape)
    windows = [plane[row, column].ravel() for row in rows for column in columns]
    return _limits(np.concatenate(compute(*windows)))


def shared_limits(
    crops: Sequence[NDArray[np.float32]], names: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """One contrast for each channel over all crops, (C, Y, X) each, so that they compare."""
    flat = [crop.reshape(len(crop), -1) for crop in crops]
    return {
        name: _limits(np.concatenate([crop[c] for crop in flat])) for c, name in enumerate(names)
    }


def _limits(values: NDArray[Any]) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, CONTRAST_PERCENTILES))
    if high > low:
        return low, high
    return low, max(float(values.max()), low + 1.0)


def _window_slices(length: int) -> list[slice]:
    if length <= _WINDOW * _WINDOWS:
        return [slice(None)]
    starts = np.linspace(0, length - _WINDOW, _WINDOWS).astype(int)
    return [slice(int(start), int(start) + _WINDOW) for start in starts]

"""The layouts of file names: add one with :func:`register_layout`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.layouts.conventions import CONVENTIONS
from napari_c3r.core.images.layouts.hpa import HPA, HPA_CELL
from napari_c3r.core.images.layouts.imagexpress import IMAGEXPRESS
from napari_c3r.core.images.layouts.instruments import CELLOMICS, CYTATION, OPERA_PHENIX
from napari_c3r.core.images.layouts.layout import Layout, NameParts, StainNames, pattern_layout
from napari_c3r.core.images.layouts.stain_words import STAIN_WORDS, group_by_stain

__all__ = [
    "BUILT_IN",
    "STAIN_WORDS",
    "Layout",
    "NameParts",
    "StainNames",
    "group_by_stain",
    "pattern_layout",
    "read_name",
    "register_layout",
    "stains_of",
]

BUILT_IN: tuple[Layout, ...] = (
    OPERA_PHENIX,
    IMAGEXPRESS,
    CYTATION,
    HPA,
    HPA_CELL,
    CELLOMICS,
    *CONVENTIONS,
)
"""The layouts of the package itself, the most particular first."""

# Tried in this order; the first that fits a name is taken.
_layouts: list[Layout] = list(BUILT_IN)


def register_layout(new: Layout) -> None:
    """Add a layout. From then on it is tried on every file name, before those known already.

    Parameters
    ----------
    new
        The layout; its name must be free.

    Raises
    ------
    InputError
        Another layout has the name.
    """
    if new.name in {STAIN_WORDS, "pattern", *(each.name for each in _layouts)}:
        raise InputError(f"There is a layout '{new.name}' already; choose another name")
    _layouts.insert(0, new)


def read_name(stem: str) -> NameParts:
    """Read a file name without its suffix by the first layout that it fits."""
    for layout in _layouts:
        parts = layout.read(stem)
        if parts is not None:
            return parts
    return NameParts(image=stem)


def stains_of(layout: str, file: Path, channels: Collection[str]) -> StainNames | None:
    """Which stain each channel of an image is, None where its layout does not say.

    Parameters
    ----------
    layout
        Name of the layout.
    file
        The image's first file.
    channels
        Its channels, in lower case.
    """
    known = next((each for each in _layouts if each.name == layout), None)
    return None if known is None or known.stains is None else known.stains(file, channels)

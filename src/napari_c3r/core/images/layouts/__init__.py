"""The layouts of file names: add one with :func:`register_layout`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.layouts import instruments, micromanager
from napari_c3r.core.images.layouts.axes import AXES, read_axes
from napari_c3r.core.images.layouts.conventions import CONVENTIONS, IMAGEJ_SPLIT, WELL_ALONE
from napari_c3r.core.images.layouts.harmony import OPERA_PHENIX
from napari_c3r.core.images.layouts.hpa import HPA, HPA_CELL
from napari_c3r.core.images.layouts.imagexpress import IMAGEXPRESS
from napari_c3r.core.images.layouts.layout import (
    Guess,
    Layout,
    NameParts,
    StainNames,
    pattern_layout,
)
from napari_c3r.core.images.layouts.stain_words import (
    STAIN_WORDS,
    are_conditions,
    group_by_stain,
    words_of,
)
from napari_c3r.core.images.wells import wells_at_the_end

__all__ = [
    "AXES",
    "BUILT_IN",
    "STAIN_WORDS",
    "Guess",
    "Layout",
    "NameParts",
    "StainNames",
    "group_by_stain",
    "pattern_layout",
    "read_folder",
    "read_name",
    "read_names",
    "register_layout",
    "stains_of",
]

BUILT_IN: tuple[Layout, ...] = (
    OPERA_PHENIX,
    instruments.CELLVOYAGER,
    IMAGEXPRESS,
    instruments.METAMORPH,
    instruments.CYTATION,
    HPA,
    HPA_CELL,
    instruments.EVOS,
    instruments.CELLOMICS,
    instruments.INCELL,
    instruments.SCANR,
    instruments.SCANR_NUMBERED,
    instruments.INCUCYTE,
    instruments.INCUCYTE_ARCHIVE,
    instruments.NIS_JOBS,
    instruments.LEICA_MATRIX,
    micromanager.MICROMANAGER,
    micromanager.MICROMANAGER_1_4,
    micromanager.MICROMANAGER_LOOSE,
    micromanager.MICROMANAGER_STACK,
    *CONVENTIONS,
    Layout(AXES, read_axes),
    IMAGEJ_SPLIT,
    WELL_ALONE,
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


def read_name(stem: str, folder: Path | None = None) -> NameParts:
    """Read a file name without its suffix by the first layout that it fits.

    Parameters
    ----------
    stem
        The name.
    folder
        Where the file lies, for layouts that only some folders have; None where that is unknown.
    """
    return _read(stem, _layouts_of(folder))


def read_names(stems: Iterable[str], folder: Path) -> dict[str, NameParts]:
    """Read the names of files of one kind in one folder, each in the light of the others.

    A stain or a well is recognised by the words in which names differ that agree in all others.

    Parameters
    ----------
    stems
        The names without suffix.
    folder
        Where the files lie.
    """
    layouts = _layouts_of(folder)
    found = {stem: _read(stem, layouts) for stem in stems}
    unnamed = dict.fromkeys(part.image for part in found.values() if part.channel is None)
    stains = group_by_stain(unnamed)
    shared = {part.image: _read(part.image, layouts) for part in stains.values()}
    for stem, part in found.items():
        if part.channel is None and (stain := stains.get(part.image)):
            found[stem] = _with_stain(part, stain, shared[stain.image])
        elif part.layout == AXES and part.well is None:
            if part.image not in shared:
                shared[part.image] = _read(part.image, layouts)
            found[stem] = _placed(part, shared[part.image])
    return _with_wells(found)


def read_folder(name: str) -> NameParts | None:
    """What the name of a folder in which a microscope puts some files says; None for others."""
    found = (each.read_folder(name) for each in _layouts if each.folders)
    return next((parts for parts in found if parts is not None), None)


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


def _layouts_of(folder: Path | None) -> list[Layout]:
    return [each for each in _layouts if folder is None or each.belongs(folder)]


def _read(stem: str, layouts: list[Layout]) -> NameParts:
    for layout in layouts:
        parts = layout.read(stem)
        if parts is not None:
            return parts
    return NameParts(image=stem)


def _with_stain(part: NameParts, stain: NameParts, shared: NameParts) -> NameParts:
    """A name with its stain, and what all the files of the image say of plate, well and site."""
    z, t = (part.z, part.t) if shared.z is None and shared.t is None else (shared.z, shared.t)
    named = replace(part, image=stain.image, layout=stain.layout, channel=stain.channel)
    return _placed(replace(named, guess=stain.guess, z=z, t=t), shared)


def _placed(part: NameParts, shared: NameParts) -> NameParts:
    """A name with plate, well and site as the name that the files share says them, if it does."""
    if not (shared.well or shared.site):
        return part
    site = shared.site or part.site
    return replace(part, plate=shared.plate, well=shared.well or part.well, site=site)


def _with_wells(found: dict[str, NameParts]) -> dict[str, NameParts]:
    """Names that end in a well as only the others show; ``c02`` beside ``b02`` is no channel."""
    ends = {
        stem: stem if part.guess is Guess.CHANNELS else part.image
        for stem, part in found.items()
        if part.well is None and part.layout in ("", AXES, STAIN_WORDS)
    }
    wells = wells_at_the_end(dict.fromkeys(ends.values()))
    for stem, end in ends.items():
        part = found[stem]
        if end in wells:
            plate, well = wells[end]
            if part.guess is Guess.CHANNELS:
                part = NameParts(stem, WELL_ALONE.name)
            found[stem] = replace(
                part, layout=part.layout or WELL_ALONE.name, plate=plate, well=well
            )
        elif part.guess is Guess.CHANNELS and are_conditions(words_of(part.image)):
            found[stem] = NameParts(stem)
    return found

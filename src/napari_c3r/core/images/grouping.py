"""Which files make one image, from their names and folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats import open_file
from napari_c3r.core.images.image_files import ImageFiles, PlaneFile
from napari_c3r.core.images.layouts import (
    AXES,
    STAIN_WORDS,
    Guess,
    NameParts,
    StainNames,
    pattern_layout,
    read_folder,
    read_names,
    stains_of,
)
from napari_c3r.core.images.names import Candidate, stem, suffix, unique_names
from napari_c3r.core.text import readable

# So many sets of files that may be channels are looked into, one by one; of more, one of each kind.
_MAX_LOOKS = 64
_MAX_NAMED = 6


@dataclass(frozen=True)
class _Named:
    """A file and what its name and folders say."""

    path: Path
    stem: str
    parts: NameParts


def group_files(files: Sequence[Path], pattern: str | None) -> list[ImageFiles]:
    """Put the files of one image together, by folder and name.

    Parameters
    ----------
    files
        In natural order.
    pattern
        A user's regular expression, as for :func:`napari_c3r.find_images`.

    Returns
    -------
    list of ImageFiles
        Their names are short, and may be the same.

    Raises
    ------
    InputError
        The pattern fits no name, or two files are the same plane of an image.
    """
    groups: dict[tuple[object, ...], list[_Named]] = defaultdict(list)
    for file in _read_all(files, pattern):
        groups[_key(file)].append(file)
    look = _Look()
    named = _StainNames()
    return [image for members in groups.values() for image in _images(members, look, named)]


def with_unique_names(images: Sequence[ImageFiles]) -> tuple[ImageFiles, ...]:
    """The images, called by names of which no two are the same."""
    candidates = [
        Candidate(image.name, image_folder(path), suffix(path))
        for image in images
        for path in (image.files[0].path,)
    ]
    names = unique_names(candidates)
    return tuple(replace(image, name=name) for image, name in zip(images, names, strict=True))


def image_folder(file: Path) -> Path:
    """Find the folder of an image's files, above the folders of Z steps and time points."""
    folder = file.parent
    while _is_step(folder.name):
        folder = folder.parent
    return folder


@lru_cache(maxsize=1 << 12)
def _is_step(name: str) -> bool:
    parts = read_folder(name)
    return parts is not None and (parts.z is not None or parts.t is not None)


def _read_all(files: Sequence[Path], pattern: str | None) -> Iterator[_Named]:
    stems = [stem(file) for file in files]
    if pattern is not None:
        yield from _read_by(pattern, files, stems)
        return
    kinds: dict[tuple[Path, str], list[str]] = defaultdict(list)
    for file, name in zip(files, stems, strict=True):
        kinds[_kind(file)].append(name)
    read = {kind: read_names(names, kind[0]) for kind, names in kinds.items()}
    for file, name in zip(files, stems, strict=True):
        yield _Named(file, name, read[_kind(file)][name])


def _read_by(pattern: str, files: Sequence[Path], stems: Sequence[str]) -> list[_Named]:
    layout = pattern_layout(pattern)
    tried = [(file, name, layout.read(name)) for file, name in zip(files, stems, strict=True)]
    fitting = [_Named(file, name, parts) for file, name, parts in tried if parts is not None]
    if files and not fitting:
        raise InputError(
            f"The pattern {pattern!r} fits none of {len(files)} names, such as "
            f"{stems[0]!r}: change the pattern."
        )
    return fitting


def _kind(file: Path) -> tuple[Path, str]:
    """Folder and suffix, which the channels of one image share."""
    return file.parent, file.suffix.lower()


def _key(file: _Named) -> tuple[object, ...]:
    """What the files of one image have in common, and those of no other."""
    parts, folder = file.parts, image_folder(file.path)
    alone = parts.channel is None and parts.z is None and parts.t is None
    if not parts.layout or (alone and folder == file.path.parent):
        return (file.path,)
    guessed = parts.guess is not None or parts.layout == STAIN_WORDS
    kind = file.path.suffix.lower() if guessed else ""
    return folder, parts.layout, parts.image, parts.channel is None, kind


class _Look:
    """Looks into files whose names may say that they are channels, as few as are needed."""

    def __init__(self) -> None:
        self._answers: dict[object, bool] = {}
        self._looks = 0

    def holds_channels(self, members: Sequence[_Named]) -> bool:
        """Whether the files hold several channels each, so that they are images of their own."""
        first = members[0]
        channels = frozenset(file.parts.channel for file in members)
        kind = (*_kind(first.path), first.parts.layout, channels)
        many = first.parts.guess is None or self._looks >= _MAX_LOOKS
        if many and kind in self._answers:
            return self._answers[kind]
        self._looks += 1
        self._answers[kind] = _holds_channels(first.path)
        return self._answers[kind]


def _holds_channels(path: Path) -> bool:
    try:
        stack = open_file(path, one_channel=True)
    except (InputError, OSError):
        return False  # said when its turn comes
    return bool(stack.data.shape[1] > 1) and not stack.colour


def _images(members: list[_Named], look: _Look, named: _StainNames) -> Iterable[ImageFiles]:
    first = members[0].parts
    counted = first.layout == AXES and (first.channel is None or first.guess is not None)
    alone = len(members) == 1 and counted
    if alone or (first.channel is not None and look.holds_channels(members)):
        return [_own(file) for file in members]
    planes = [_plane(file) for file in members]
    twice = _twice(planes)
    if twice is not None and first.guess is not None:
        return [_own(file) for file in members]
    if twice is not None:
        raise _occurs_twice(first.image, *twice)
    return [_image(members, planes, named)]


def _own(file: _Named) -> ImageFiles:
    """A file that is an image of its own, whatever its name may say of channels."""
    parts = file.parts
    return ImageFiles(file.stem, (PlaneFile(file.path),), parts.plate, parts.well, parts.site)


def _image(members: list[_Named], planes: list[PlaneFile], named: _StainNames) -> ImageFiles:
    first = members[0]
    parts = first.parts
    folder = image_folder(first.path)
    around = read_folder(folder.name) or NameParts("")
    # Only names that have no word in common leave none: cells.tif and nuclei.tif.
    name = parts.image or readable(folder.resolve().name) or "image"
    doubts = _doubts(name, parts.guess, planes)
    planes, notes = named.rename(planes, first.path, parts.layout)
    return ImageFiles(
        name,
        tuple(planes),
        parts.plate or around.plate,
        parts.well or around.well,
        parts.site or around.site,
        (*notes, *_uneven(name, planes)),
        doubts,
    )


def _plane(file: _Named) -> PlaneFile:
    """Describe a file, with Z and time from its folders or else from its name."""
    z: int | None = file.parts.z or 0
    t = file.parts.t or 0
    for folder in (file.path.parent, file.path.parent.parent):
        step = read_folder(folder.name)
        if step is not None and step.z is not None:
            # MetaXpress keeps its own projection as step 0 and counts slices from 1.
            z = step.z or None
        if step is not None and step.t is not None:
            t = step.t
    return PlaneFile(file.path, file.parts.channel, z, t)


def _twice(planes: Sequence[PlaneFile]) -> tuple[PlaneFile, PlaneFile] | None:
    """Two files that are the same plane."""
    seen: dict[tuple[object, ...], PlaneFile] = {}
    for plane in planes:
        key = (plane.channel, plane.z, plane.t)
        if key in seen:
            return seen[key], plane
        seen[key] = plane
    return None


def _occurs_twice(image: str, first: PlaneFile, second: PlaneFile) -> InputError:
    if first.channel is None:
        what = f"The plane at Z {first.z} and time {first.t}"
    else:
        what = f"The channel name {first.channel!r}"
    return InputError(
        f"{what} occurs twice in image {image!r}: in {readable(first.path.name)} and "
        f"{readable(second.path.name)}. Remove one, or give a pattern that tells them apart."
    )


def _uneven(image: str, planes: Sequence[PlaneFile]) -> tuple[str, ...]:
    """A note where a channel lacks slices that another one has."""
    slices: dict[str, set[int]] = defaultdict(set)
    for plane in planes:
        if plane.z is not None:
            slices[plane.channel or ""].add(plane.z)
    if len({frozenset(each) for each in slices.values()}) < 2:
        return ()
    counts = ", ".join(f"{channel} {len(each)}" for channel, each in slices.items())
    return (f"The channels of {image!r} have unequal slices: {counts}.",)


def _doubts(image: str, guess: Guess | None, planes: Sequence[PlaneFile]) -> tuple[str, ...]:
    """What the names of an image's files may mean otherwise, in a sentence."""
    if guess is Guess.FIELDS:
        return (
            f"The files of {image!r} are taken as a field of its own by the first number in "
            "their names. If it counts times, put metadata.txt beside them or give a pattern.",
        )
    if guess is None or len(planes) < 2:
        return ()
    times = guess is Guess.TIMES
    values = [f"t{plane.t}" if times else str(plane.channel) for plane in planes]
    told = list(dict.fromkeys(values))
    shown = ", ".join(told[:_MAX_NAMED]) + (", …" if len(told) > _MAX_NAMED else "")
    what = "time points" if times else "channels"
    return (
        f"By their file names alone, {shown} are taken as {what} of one image {image!r}. If they "
        "are images of their own, open them apart or give a pattern for the names.",
    )


class _StainNames:
    """Names channels by stain where the layout says which it is, asking once for each folder."""

    def __init__(self) -> None:
        self._known: dict[object, StainNames | None] = {}

    def rename(
        self, planes: list[PlaneFile], file: Path, layout: str
    ) -> tuple[list[PlaneFile], tuple[str, ...]]:
        """The planes with their stains, and a note of what was renamed."""
        channels = {(plane.channel or "").lower() for plane in planes}
        key = (layout, file.parent, frozenset(channels))
        if key not in self._known:
            self._known[key] = stains_of(layout, file, channels)
        stains = self._known[key]
        if stains is None or not channels <= set(stains.names):
            return planes, ()
        if stains.in_order:
            order = list(stains.names)
            planes = sorted(planes, key=lambda plane: order.index((plane.channel or "").lower()))
        if len(set(stains.names.values())) < len(stains.names):
            return planes, ()
        named = [replace(p, channel=stains.names[(p.channel or "").lower()]) for p in planes]
        used = ", ".join(f"{old} is {new}" for old, new in stains.names.items() if old in channels)
        return named, (f"Channels are named by {stains.origin}: {used}.",)

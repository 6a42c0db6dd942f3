"""List the images in files, folders and plates, without opening a pixel."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reading
from napari_c3r.core.images.formats import format_of, known_suffixes, unknown_format
from napari_c3r.core.images.formats.zarr import is_zarr, plate_fields
from napari_c3r.core.images.layouts import (
    STAIN_WORDS,
    NameParts,
    group_by_stain,
    pattern_layout,
    read_name,
    stains_of,
)
from napari_c3r.core.images.layouts.imagexpress import image_folder, is_step_folder, steps_of
from napari_c3r.core.paths import require_there, shown

PathInput = str | PathLike[str]

_THUMBNAIL = re.compile(r"_thumb|^thumb", re.IGNORECASE)
_LABELS = re.compile(r"(?:^|[_\-. ])(?:labels?|masks?|outlines?)$", re.IGNORECASE)


@dataclass(frozen=True)
class PlaneFile:
    """One file of an image.

    Parameters
    ----------
    path
        The file, or an OME-Zarr folder.
    channel
        The channel in its name, or None when the file itself says.
    z, t
        Numbers in its name; ``z`` is None for a projection that the microscope made.
    """

    path: Path
    channel: str | None = None
    z: int | None = 0
    t: int = 0


@dataclass(frozen=True)
class ImageFiles:
    """One image as its files: what a folder holds can be listed without opening them.

    Parameters
    ----------
    name
        The image's identifier, different for every image of one listing.
    files
        Its files, channels in natural order.
    plate, well, site
        From the names, None when unknown.
    notes
        Sentences for the user.
    """

    name: str
    files: tuple[PlaneFile, ...]
    plate: str | None = None
    well: str | None = None
    site: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files of the image."""
        return tuple(file.path for file in self.files)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Channels that the file names tell, () when the files hold them."""
        return tuple(dict.fromkeys(f.channel for f in self.files if f.channel is not None))


def find_images(
    path_or_paths: PathInput | Sequence[PathInput], *, pattern: str | None = None
) -> tuple[ImageFiles, ...]:
    """List the images in a file, a folder, a plate, or several of them.

    Files whose names differ only in channel, Z or time make one image. Of a folder only the
    files directly in it count, except where the layout itself nests (ImageXpress's
    ``TimePoint_1/ZStep_2``, OME-Zarr); masks, labels, outlines and thumbnails are left out.

    Parameters
    ----------
    path_or_paths
        A file, a folder, or a list of these.
    pattern
        A regular expression for names without suffix, with groups among ``plate``, ``well``,
        ``site``, ``channel``, ``z`` and ``t``. Files that it does not fit are left out.

    Returns
    -------
    tuple of ImageFiles
        In natural order of their names.

    Raises
    ------
    InputError
        If a path is missing, of unknown format, or holds no image.
    """
    if isinstance(path_or_paths, str | PathLike):
        path_or_paths = [path_or_paths]
    paths = [Path(path) for path in path_or_paths]
    if not paths:
        raise InputError("No path was given: give a file, a folder or a list of them.")
    files: list[Path] = []
    images: list[ImageFiles] = []
    for path in paths:
        with reading(shown(path)):
            for member in _members(path):
                if is_zarr(member):
                    images.extend(_zarr_images(member))
                else:
                    files.append(member)
    images.extend(_group(list(dict.fromkeys(files)), pattern))
    return _with_unique_names(images)


def stem(path: Path) -> str:
    """Give a file's name without suffix, ``.ome.tif`` and ``.ome.zarr`` included."""
    return re.sub(r"\.ome$", "", path.stem, flags=re.IGNORECASE)


def is_extra(stem: str) -> bool:
    """Whether a name is that of a thumbnail, a mask, labels or outlines next to the images."""
    return bool(_THUMBNAIL.search(stem) or _LABELS.search(stem))


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key under which ``ch2`` comes before ``ch10``."""
    parts = re.split(r"(\d+)", text)
    return tuple((1, int(p), "") if p.isdigit() else (0, 0, p.lower()) for p in parts)


def _members(path: Path) -> list[Path]:
    """List the image files of a path: itself, or those in it if it is a folder."""
    require_there(path)
    if is_zarr(path):
        return [path]
    if path.is_file():
        if format_of(path) is None:
            raise unknown_format(path)
        return [path]
    found = sorted(_in_folder(path), key=lambda member: natural_key(str(member)))
    if not found:
        inside = sorted(child.name for child in path.iterdir() if child.is_dir())
        hint = f" Its subfolders {inside[:5]} are not searched: give one of them." if inside else ""
        known = ", ".join(known_suffixes())
        raise InputError(f"The folder {str(path)!r} holds no image of {known} or .zarr.{hint}")
    return found


def _in_folder(folder: Path) -> Iterable[Path]:
    for child in folder.iterdir():
        if child.name.startswith("."):
            continue
        if child.is_dir():
            if is_zarr(child):
                yield child
            elif is_step_folder(child):
                yield from _in_folder(child)
        elif format_of(child) and not is_extra(stem(child)):
            yield child


def _zarr_images(path: Path) -> list[ImageFiles]:
    name = stem(path)
    try:
        fields = plate_fields(path)
    except InputError:
        # An image that cannot be read, said when its turn comes: others may lie beside it.
        fields = ()
    if not fields:
        return [ImageFiles(name, (PlaneFile(path),))]
    return [
        ImageFiles(f"{name}_{well}_{site}", (PlaneFile(field),), plate=name, well=well, site=site)
        for well, site, field in fields
    ]


def _group(files: list[Path], pattern: str | None) -> list[ImageFiles]:
    """Put the files of one image together, by folder and name."""
    parts = _parse(files, pattern)
    groups: dict[tuple[object, ...], list[tuple[Path, NameParts]]] = defaultdict(list)
    for file, part in parts:
        known = (image_folder(file), part.layout, part.image, part.channel is None)
        key: tuple[object, ...] = known if part.layout else (file,)
        groups[key].append((file, part))
    return [_image(members) for members in groups.values()]


def _parse(files: list[Path], pattern: str | None) -> list[tuple[Path, NameParts]]:
    if pattern is not None:
        layout = pattern_layout(pattern)
        tried = [(file, layout.read(stem(file))) for file in files]
        fitting = [(file, part) for file, part in tried if part is not None]
        if files and not fitting:
            raise InputError(
                f"The pattern {pattern!r} fits none of {len(files)} names, such as "
                f"{stem(files[0])!r}: change the pattern."
            )
        return fitting
    parts = [(file, read_name(stem(file))) for file in files]
    unknown: dict[tuple[Path, str], list[str]] = defaultdict(list)
    for file, part in parts:
        if not part.layout:
            unknown[_kind(file)].append(stem(file))
    stains = {where: group_by_stain(stems) for where, stems in unknown.items()}
    return [
        (file, part if part.layout else stains[_kind(file)].get(stem(file), part))
        for file, part in parts
    ]


def _kind(file: Path) -> tuple[Path, str]:
    """Folder and suffix, which the channels of one image share."""
    return file.parent, file.suffix.lower()


def _image(members: list[tuple[Path, NameParts]]) -> ImageFiles:
    first = members[0][1]
    planes = [_plane(file, part) for file, part in members]
    _check_no_twice(first.image, planes)
    planes, notes = _rename_stains(planes, members[0][0], first.layout)
    others = [stem(file) for file, _ in members[1:]]
    if first.layout == STAIN_WORDS and not any(first.image in other for other in others):
        first = replace(first, image=image_folder(members[0][0]).name)
    return ImageFiles(first.image, tuple(planes), first.plate, first.well, first.site, notes)


def _plane(file: Path, part: NameParts) -> PlaneFile:
    """Describe a file, with Z and time from its folders or else from its name."""
    z, t = steps_of(file, part.z or 0, part.t or 0)
    return PlaneFile(file, part.channel, z, t)


def _check_no_twice(image: str, planes: list[PlaneFile]) -> None:
    seen: dict[tuple[object, ...], Path] = {}
    for plane in planes:
        key = (plane.channel, plane.z, plane.t)
        if key in seen:
            raise InputError(
                f"The channel name {plane.channel!r} occurs twice in image {image!r}: in "
                f"{seen[key].name} and {plane.path.name}. Remove one of them."
            )
        seen[key] = plane.path


def _rename_stains(
    planes: list[PlaneFile], file: Path, layout: str
) -> tuple[list[PlaneFile], tuple[str, ...]]:
    """Name channels by stain where the layout says which it is."""
    channels = {(plane.channel or "").lower() for plane in planes}
    stains = stains_of(layout, file, channels)
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


def _with_unique_names(images: list[ImageFiles]) -> tuple[ImageFiles, ...]:
    """Put the folder before names that several folders share, and sort."""
    for depth in range(1, 4):
        counts: dict[str, int] = defaultdict(int)
        for image in images:
            counts[image.name] += 1
        if all(count == 1 for count in counts.values()):
            break
        images = [_qualified(image, depth) if counts[image.name] > 1 else image for image in images]
    return tuple(sorted(images, key=lambda image: natural_key(image.name)))


def _qualified(image: ImageFiles, depth: int) -> ImageFiles:
    folders = image_folder(image.files[0].path).resolve().parts
    prefix = folders[-depth] if depth <= len(folders) else ""
    return replace(image, name=f"{prefix}/{image.name}")

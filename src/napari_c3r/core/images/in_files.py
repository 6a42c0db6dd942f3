"""Files that hold several images, and images that lie in several files, by their headers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats import FileContents, format_of
from napari_c3r.core.images.image_files import ImageFiles, PlaneFile
from napari_c3r.core.images.names import stem


def take_sets(files: Sequence[Path]) -> tuple[list[ImageFiles], list[Path]]:
    """Take out the files that are one image by what they tell of each other.

    Parameters
    ----------
    files
        Image files, in natural order.

    Returns
    -------
    images, others
        One image for each set, however many of its files are there, and the files of none.
    """
    images: list[ImageFiles] = []
    others: list[Path] = []
    taken: set[Path] = set()
    for file in files:
        if file in taken:
            continue
        members = _contents(file).members if _says_ome(file) else ()
        if file not in members:
            # A file that was renamed knows itself; what it is a part of does not.
            members = (file, *members) if members else ()
        if not members:
            others.append(file)
            continue
        taken.update(members)
        rest = tuple(member for member in members if member != file and member.is_file())
        images.append(ImageFiles(_common_name(members), (PlaneFile(file),), companions=rest))
    return images, others


def scenes_of(image: ImageFiles) -> Iterable[ImageFiles]:
    """The scenes of an image's file, each a field of its own; the image itself if it has one."""
    alone = len(image.files) == 1 and image.files[0].channel is None and image.scene is None
    scenes = _contents(image.files[0].path).scenes if alone else ()
    if len(scenes) < 2:
        number = scenes[0][0] if scenes else None
        yield image if not number else replace(image, scene=number)
        return
    names = Counter(name for _, name in scenes)
    for number, name in scenes:
        named = name if name and names[name] == 1 else f"scene {number}"
        yield replace(image, name=f"{image.name}_{named}", scene=number)


def only_scene(images: Sequence[ImageFiles], scene: int | None) -> tuple[ImageFiles, ...]:
    """The images without other scenes than one; all of them for None.

    Raises
    ------
    InputError
        No file has the scene.
    """
    if scene is None:
        return tuple(images)
    kept = tuple(image for image in images if image.scene in (None, scene))
    if not kept:
        there = sorted({image.scene for image in images if image.scene is not None})
        raise InputError(f"There is no scene {scene}: choose {there[0]} to {there[-1]}")
    return kept


def _says_ome(file: Path) -> bool:
    return ".ome." in file.name.lower()


def _contents(file: Path) -> FileContents:
    known = format_of(file)
    return FileContents() if known is None else known.contents(file)


def _common_name(members: Sequence[Path]) -> str:
    """What the names of a set's files begin with, or the first one's name."""
    stems = [stem(member) for member in members]
    length = 0
    while len({name[: length + 1] for name in stems}) == 1 and length < min(map(len, stems)):
        length += 1
    return stems[0][:length].rstrip("_-. ") or stems[0]

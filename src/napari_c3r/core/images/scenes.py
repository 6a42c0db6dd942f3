"""Files of several images, and images of several files, as the files' own metadata tell of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os.path import commonprefix
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats import Scene, fields_of_view, scenes_of
from napari_c3r.core.images.image_files import ImageFiles, PlaneFile
from napari_c3r.core.images.layouts import NameParts, pattern_layout, read_names
from napari_c3r.core.images.names import is_ome, stem
from napari_c3r.core.images.stack import check_index
from napari_c3r.core.text import readable

# Of more plain TIFF files in one folder, some are looked into, and the others only if these hold
# more than one image.
_MAX_LOOKS = 64
_SAMPLED = 8
_MAX_LABEL = 80
_SEPARATORS = "_-. "
_LAST_WORD = re.compile(r"[_\-. ][^_\-. ]*$")

Scenes = tuple[Scene, ...]
_ONE: Scenes = (Scene(),)


def look_into(files: Sequence[Path]) -> dict[Path, Scenes]:
    """The scenes of the files that hold several, or of which another file holds a part.

    Parameters
    ----------
    files
        In natural order. Those that a file before tells of need no look.
    """
    kinds: dict[tuple[Path, str, bool], list[Path]] = defaultdict(list)
    for file in files:
        kinds[file.parent, file.suffix.lower(), is_ome(file)].append(file)
    found: dict[Path, Scenes] = {}
    for (_, suffix, ome), members in kinds.items():
        if suffix.startswith(".tif") and not ome and len(members) > _MAX_LOOKS:
            sample = members[:: -(-len(members) // _SAMPLED)]
            members = members if _look(sample) else []
        found |= _look(members)
    return found


def _look(files: Sequence[Path]) -> dict[Path, Scenes]:
    found: dict[Path, Scenes] = {}
    told: set[Path] = set()
    for file in files:
        if file in told:
            continue
        scenes = scenes_of(file)
        told.update(each for scene in scenes for each in scene.files)
        if scenes != _ONE and (len(scenes) > 1 or scenes[0].files):
            found[file] = scenes
    return found


def sets_of_files(
    files: Sequence[Path],
    looked: Mapping[Path, Scenes],
    pattern: str | None,
    scene: int | None,
) -> tuple[list[ImageFiles], list[Path]]:
    """The images whose planes lie in several files, and the files that are no part of one.

    Parameters
    ----------
    files
        All files of the listing, in natural order.
    looked
        From `look_into`.
    pattern, scene
        As for :func:`napari_c3r.find_images`.

    Returns
    -------
    images, rest
        The images have short names, which may be the same.
    """
    groups = _linked({file: _files_of(scenes) for file, scenes in looked.items()})
    taken = {file for group in groups for file in group}
    images: list[ImageFiles] = []
    for group in groups:
        mains = [file for file in looked if file in group and _files_of(looked[file])]
        main = min(mains, key=lambda file: _unfit(file, _files_of(looked[file])))
        images += _images(main, looked[main], pattern, scene)
    return images, [file for file in files if file not in taken]


def split_scenes(
    images: Sequence[ImageFiles], looked: Mapping[Path, Scenes], scene: int | None
) -> list[ImageFiles]:
    """The images with one for each scene in place of a file that holds several.

    Parameters
    ----------
    images
        Of files that are no part of a set.
    looked
        From `look_into`.
    scene
        As for :func:`napari_c3r.find_images`.
    """
    split: list[ImageFiles] = []
    for image in images:
        scenes = looked.get(image.files[0].path, _ONE)
        if len(scenes) == 1:
            split.append(image)
            continue
        chosen = _chosen(scenes, scene)
        labels = _labels(scenes) if len(fields_of_view(scenes)) > 1 else {}
        places = read_names(labels.values(), image.files[0].path.parent)
        for each in chosen:
            label = labels.get(each.index, "")
            notes = _extra_note(image.files[0].path, scenes) if each is chosen[0] else ()
            told = places.get(label, NameParts(""))
            split.append(
                replace(
                    image,
                    name=f"{image.name}_{label}" if label else image.name,
                    well=image.well or told.well,
                    site=image.site or told.site,
                    notes=(*image.notes, *notes),
                    scene=each.index,
                )
            )
    return split


def require_scene(
    images: Sequence[ImageFiles], looked: Mapping[Path, Scenes], scene: int | None
) -> None:
    """Refuse a scene that none of several files has.

    What lacks it among files that have it is said when its turn comes.

    Raises
    ------
    InputError
        No file has it.
    """
    if scene is None or not images:
        return
    counts = [len(looked.get(image.files[0].path, _ONE)) for image in images]
    if images[counts.index(max(counts))].scene is not None:
        file = images[counts.index(max(counts))].files[0].path
        check_index(scene, max(counts), "scene", readable(file.name))


def only_scene(images: Sequence[ImageFiles], scene: int | None) -> tuple[ImageFiles, ...]:
    """The images that are a scene of their files, and those of files that hold one; None for all.

    Raises
    ------
    InputError
        There is no such image.
    """
    kept = [image for image in images if scene is None or image.scene in (None, scene)]
    if not kept:
        there = sorted({image.scene for image in images if image.scene is not None})
        raise InputError(f"There is no scene {scene}: choose one of {', '.join(map(str, there))}.")
    return tuple(kept)


def _linked(links: Mapping[Path, Sequence[Path]]) -> list[set[Path]]:
    """Files that tell of one another, or of the same ones, together."""
    groups: list[set[Path]] = []
    for file, told in links.items():
        if not told:
            continue
        group = {file, *told}
        for other in [each for each in groups if each & group]:
            group |= other
            groups.remove(other)
        groups.append(group)
    return groups


def _files_of(scenes: Scenes) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(file for scene in scenes for file in scene.files))


def _unfit(file: Path, told: Sequence[Path]) -> tuple[int, bool]:
    """How many files a description misses, and whether it is that of a copy."""
    return sum(not _is_there(each) for each in told), file not in told


def _images(main: Path, scenes: Scenes, pattern: str | None, scene: int | None) -> list[ImageFiles]:
    """The images of a set of files of which one describes all."""
    chosen = _chosen(scenes, scene)
    bases = {each.index: _base(each.files or (main,)) for each in scenes}
    if len(scenes) > 1 and len(set(bases.values())) < len(scenes):
        base, labels = _base(_files_of(scenes)), _labels(scenes)
        bases = {each.index: f"{base}_{labels[each.index]}" for each in scenes}
    places = read_names([each.name for each in scenes if len(scenes) > 1], main.parent)
    found = []
    for each in chosen:
        files = each.files or (main,)
        parts = _parts(files, pattern)
        if parts is None:
            continue
        told = places.get(each.name, NameParts(""))
        others = [file for file in files if file != main and _is_there(file)]
        found.append(
            ImageFiles(
                bases[each.index],
                (PlaneFile(main),),
                parts.plate,
                parts.well or told.well,
                parts.site or told.site,
                _extra_note(main, scenes) if each is chosen[0] else (),
                scene=each.index if len(scenes) > 1 else None,
                companions=tuple(others),
            )
        )
    return found


def _chosen(scenes: Scenes, scene: int | None) -> Scenes:
    """The scenes that are fields, or the one that is wanted, be it there or not."""
    if scene is None:
        return fields_of_view(scenes)
    return tuple(each for each in scenes if each.index == scene) or (Scene(scene),)


def _labels(scenes: Scenes) -> dict[int, str]:
    """What the scenes of one file are called: by their names where these tell them apart."""
    names = {each.index: each.name[:_MAX_LABEL].strip() for each in scenes}
    if len({name.casefold() for name in names.values() if name}) == len(names):
        return names
    return {index: f"scene {index}" for index in names}


def _extra_note(file: Path, scenes: Scenes) -> tuple[str, ...]:
    """A note on what of a file is no field of view."""
    kept = {each.index for each in fields_of_view(scenes)}
    out = [each for each in scenes if each.index not in kept]
    if not out:
        return ()
    told = ", ".join(f"'{each.name}'" if each.name else str(each.index) for each in out)
    return (
        f"{readable(file.name)} holds thumbnails, labels or overviews that are left out: {told}. "
        f"Scene {out[0].index} reads the first of them.",
    )


def _base(files: Sequence[Path]) -> str:
    """What the files of an image have in common in their names."""
    texts = [file for file in files if file.suffix.lower() == ".ome"]
    stems = list(dict.fromkeys(stem(file) for file in texts or files))
    if len(stems) == 1:
        return stems[0]
    images = {part.image for part in read_names(stems, files[0].parent).values()}
    if len(images) == 1 and (image := images.pop()):
        return image
    shared = commonprefix(stems)  # noqa: RUF071  (names are no paths)
    if shared not in stems and shared[-1:] not in _SEPARATORS:
        shared = _LAST_WORD.sub("", shared)
    folder = readable(files[0].parent.resolve().name)
    return shared.rstrip(_SEPARATORS) or folder or "image"


def _parts(files: Sequence[Path], pattern: str | None) -> NameParts | None:
    """What the names of an image's files say of its place; None where a pattern fits none."""
    stems = [stem(file) for file in files]
    if pattern is None:
        return read_names(stems, files[0].parent)[stems[0]]
    read = (pattern_layout(pattern).read(each) for each in stems)
    return next((parts for parts in read if parts is not None), None)


def _is_there(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:
        return False  # no name that a file can have

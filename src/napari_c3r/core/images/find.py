"""List the images in files, folders and plates, without opening a pixel."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reading
from napari_c3r.core.images.formats import format_of, known_suffixes, unknown_format
from napari_c3r.core.images.formats.zarr import is_zarr, plate_fields
from napari_c3r.core.images.grouping import group_files, with_unique_names
from napari_c3r.core.images.image_files import ImageFiles, PlaneFile
from napari_c3r.core.images.layouts import read_folder
from napari_c3r.core.images.manifest import is_manifest, read_manifest
from napari_c3r.core.images.names import is_extra, stem
from napari_c3r.core.images.scenes import look_into, require_scene, sets_of_files, split_scenes
from napari_c3r.core.paths import require_there, shown
from napari_c3r.core.text import natural_key, readable

PathInput = str | PathLike[str]


def find_images(
    path_or_paths: PathInput | Sequence[PathInput],
    *,
    pattern: str | None = None,
    scene: int | None = None,
) -> tuple[ImageFiles, ...]:
    """List the images in a file, a folder, a plate, or several of them.

    Files whose names differ only in channel, Z or time make one image; where these files hold
    several channels each, they are images of their own. What files say of themselves comes
    first: an OME-TIFF of several files is one image, whichever of them are given, and every scene
    of a file is an image of its own, with the scene in its name. Of a folder only the files
    directly in it count, except where the layout itself nests (ImageXpress's
    ``TimePoint_1/ZStep_2``, Micro-Manager's ``Pos0``, OME-Zarr); masks, labels, outlines and
    thumbnails are left out.

    Parameters
    ----------
    path_or_paths
        A file, a folder, a manifest (:func:`napari_c3r.core.images.manifest.read_manifest`), or a
        list of these.
    pattern
        A regular expression for names without suffix, with groups among ``plate``, ``well``
        (or ``row`` and ``column``), ``site``, ``channel``, ``z`` and ``t``, and ``ignore`` for
        what differs and means nothing. Files that it does not fit are left out.
    scene
        Index of the only scene to list of files that hold several; None lists all but thumbnails
        and their like.

    Returns
    -------
    tuple of ImageFiles
        In natural order of their names, of which no two are the same. Bytes of a file's name
        that are no UTF-8, and control characters, are backslash escapes in them.

    Raises
    ------
    InputError
        If a path is missing, of unknown format, or holds no image, or no file has the scene that
        is wanted. A file that lacks it among others is refused when it is read.
    """
    if isinstance(path_or_paths, str | PathLike):
        path_or_paths = [path_or_paths]
    paths = [Path(path) for path in path_or_paths]
    if not paths:
        raise InputError("No path was given: give a file, a folder or a list of them.")
    files: list[Path] = []
    images: list[ImageFiles] = []
    listed = [image for path in paths if is_manifest(path) for image in read_manifest(path)]
    searched = [path for path in paths if not is_manifest(path)]
    for member in _each_once(member for path in searched for member in _read_members(path)):
        if is_zarr(member):
            images.extend(_zarr_images(member))
        else:
            files.append(member)
    looked = look_into([*files, *(image.files[0].path for image in images)])
    sets, rest = sets_of_files(files, looked, pattern, scene)
    images = [*split_scenes([*images, *group_files(rest, pattern)], looked, scene), *sets, *listed]
    require_scene(images, looked, scene)
    return tuple(sorted(with_unique_names(images), key=lambda image: natural_key(image.name)))


def is_nested_plate(folder: Path) -> bool:
    """Whether some of a folder's images lie in folders that a microscope made in it."""
    return any(read_folder(child.name) and child.is_dir() for child in folder.iterdir())


def _each_once(members: Iterator[Path]) -> Iterator[Path]:
    """The files without those that were given twice, by whatever way."""
    real: dict[Path, Path] = {}
    seen = set()
    for member in members:
        folder = member.parent
        if folder not in real:
            real[folder] = _real(folder)
        key = (real[folder], member.name)
        if key not in seen:
            seen.add(key)
            yield member


def _real(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):
        return folder.absolute()


def _read_members(path: Path) -> list[Path]:
    with reading(shown(path)):
        return _members(path)


def _members(path: Path) -> list[Path]:
    """List the image files of a path: itself, or those in it if it is a folder."""
    require_there(path)
    if is_zarr(path):
        return [path]
    if path.is_file():
        if format_of(path) is None:
            raise unknown_format(path)
        return [path]
    try:
        found = list(_in_folder(path, set()))
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"The folder '{shown(path)}' cannot be listed ({reason}): check that you may read it."
        ) from error
    if not found:
        raise _holds_no_image(path)
    return sorted(found, key=lambda member: natural_key(str(member)))


def _holds_no_image(folder: Path) -> InputError:
    inside = sorted(readable(child.name) for child in folder.iterdir() if child.is_dir())
    hint = f" Its subfolders {inside[:5]} are not searched: give one of them." if inside else ""
    known = ", ".join(known_suffixes())
    return InputError(
        f"The folder '{readable(str(folder))}' holds no image of {known} or .zarr.{hint}"
    )


def _in_folder(folder: Path, visited: set[tuple[int, int]]) -> Iterator[Path]:
    """Image files of a folder and of those a microscope made in it, each real folder once."""
    about = folder.stat()
    if (about.st_dev, about.st_ino) in visited:
        return
    visited.add((about.st_dev, about.st_ino))
    with os.scandir(folder) as entries:
        shown = (entry for entry in entries if not entry.name.startswith("."))
        # Folders themselves before links to them, which may be called otherwise.
        children = sorted(shown, key=lambda entry: (entry.is_symlink(), entry.name))
    for child in children:
        path = folder / child.name
        if _is_folder(child):
            if is_zarr(path):
                yield path
            elif read_folder(child.name):
                yield from _in_folder(path, visited)
        elif format_of(path) and _is_image_file(child) and not is_extra(stem(path)):
            yield path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads round in a circle


def _is_image_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to one that is gone, which is said when it is read."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:
        return False


def _zarr_images(path: Path) -> list[ImageFiles]:
    name = stem(path)
    try:
        with reading(path.name):
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

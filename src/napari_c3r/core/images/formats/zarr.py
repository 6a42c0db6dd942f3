"""OME-Zarr images and plates, versions 0.4 and 0.5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats.format import Scene, is_extra_name
from napari_c3r.core.images.formats.zarr_array import open_pixels
from napari_c3r.core.images.formats.zarr_metadata import (
    ATTRIBUTES_V2,
    GROUP_V2,
    NODE_V3,
    Axis,
    ImageMetadata,
    guess_axes,
    ome_attributes,
    parse_image,
    parse_sites,
    parse_wells,
)
from napari_c3r.core.images.stack import Stack, arrange, check_index, name_axes, stated_names
from napari_c3r.core.images.units import (
    even_times,
    square_pixel,
    to_micrometres,
    to_seconds,
)
from napari_c3r.core.text import readable, whole_number

_MARKERS = (ATTRIBUTES_V2, GROUP_V2, NODE_V3)


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr group, from the files directly in it."""
    return path.is_dir() and any((path / marker).is_file() for marker in _MARKERS)


def in_container(path: Path) -> str:
    """The name of a file or folder, with those above it up to the .zarr that it lies in."""
    for above in path.parents:
        if above.suffix.lower() == ".zarr":
            return f"{above.name}/{path.relative_to(above).as_posix()}"
    return path.name or str(path)


def open_zarr(path: Path, scene: int = 0) -> Stack:
    """Open one OME-Zarr image at full resolution; its chunks are read when requested.

    Parameters
    ----------
    path
        The image's folder: the container, or one field inside a plate.
    scene
        Index of the image, for containers of several series.

    Raises
    ------
    InputError
        If the folder has no image metadata, no such scene, lacks its arrays, or a part of its
        metadata that is required is broken.
    """
    path = _scene_path(path, scene)
    where = in_container(path)
    attributes = ome_attributes(path, where)
    if parse_wells(attributes, where) is not None:
        raise InputError(f"{where} is a plate: list its images with find_images, or give one.")
    image = parse_image(attributes, where)
    data = open_pixels(path / image.array, where)
    axes, notes = _axes(image, data.shape, where)
    data = arrange(data, "".join(axis.letter for axis in axes), where)
    size, said = _pixel_size(image, axes, where)
    names = stated_names(image.channel_names, data.shape[1])
    return Stack(
        data,
        names,
        size,
        notes=notes + said,
        times_s=even_times(_step(image, axes, "T"), data.shape[0]) if data.shape[0] > 1 else (),
        z_step_um=_step(image, axes, "Z"),
    )


def plate_fields(path: Path) -> tuple[tuple[str, str, Path], ...]:
    """Well, site and folder of every field of a plate, in the plate's order; () for an image.

    No array is opened.

    Raises
    ------
    InputError
        The metadata of the plate or of a well cannot be read.
    """
    wells = parse_wells(ome_attributes(path, in_container(path)), in_container(path))
    found = []
    for row, column in wells or ():
        well = path / row / column
        found += [(f"{row}{column.zfill(2)}", site, well / site) for site in _sites(well)]
    return tuple(found)


def _sites(well: Path) -> Iterator[str]:
    """Names of a well's images, from its metadata or else from its folders."""
    if not well.is_dir():
        return
    listed = parse_sites(ome_attributes(well, in_container(well)), in_container(well))
    if listed is not None:
        yield from listed
        return
    folders = [f for f in well.iterdir() if "multiscales" in ome_attributes(f, in_container(f))]
    yield from sorted((folder.name for folder in folders), key=lambda name: (len(name), name))


def zarr_scenes(path: Path) -> tuple[Scene, ...]:
    """The images of a container of several series, with their names; else one without a name."""
    found = []
    for index, folder in enumerate(_series(path)):
        stated = ome_attributes(folder, in_container(folder)).get("multiscales")
        first = stated[0] if isinstance(stated, list) and stated else None
        name = str(first.get("name") or "") if isinstance(first, Mapping) else ""
        found.append(Scene(index, readable(" ".join(name.split())), is_extra=is_extra_name(name)))
    return tuple(found)


def _scene_path(path: Path, scene: int) -> Path:
    scenes = _series(path)
    check_index(scene, len(scenes), "scene", in_container(path))
    return scenes[scene]


def _series(path: Path) -> list[Path]:
    """The folders of a container's images, or the image's own."""
    if "bioformats2raw.layout" not in ome_attributes(path, in_container(path)):
        return [path]
    numbered = {number: p for p in path.iterdir() if (number := whole_number(p.name)) is not None}
    return [numbered[number] for number in sorted(numbered)]


def _axes(
    image: ImageMetadata, shape: tuple[int, ...], where: str
) -> tuple[tuple[Axis, ...], tuple[str, ...]]:
    """The axes that are stated, or a guess and a note that it is one."""
    if image.axes is None:
        if not 2 <= len(shape) <= 5:
            raise InputError(
                f"{where} does not say what its {len(shape)} axes are: convert it anew, with "
                "'axes' in its metadata."
            )
        guess = guess_axes(shape, len(image.channel_names))
        letters, _ = name_axes(guess, shape, where, one_channel=False)
        told = ", ".join(f"{name} ({n})" for name, n in zip(letters, shape, strict=True))
        note = f"{where} does not say what its axes are: taken as {told}."
        return tuple(map(Axis, letters)), (note,)
    if len(image.axes) != len(shape):
        raise InputError(
            f"{where} names {len(image.axes)} axes for an array of {len(shape)}: convert it anew."
        )
    return image.axes, ()


def _pixel_size(
    image: ImageMetadata, axes: tuple[Axis, ...], where: str
) -> tuple[float | None, tuple[str, ...]]:
    sizes = {
        axis.letter: to_micrometres(image.scale(position, len(axes)), axis.unit)
        for position, axis in enumerate(axes)
    }
    return square_pixel(sizes.get("X"), sizes.get("Y"), where)


def _step(image: ImageMetadata, axes: tuple[Axis, ...], letter: str) -> float | None:
    """From one plane to the next, in seconds along T and in micrometres along Z; None if unsaid."""
    convert = to_seconds if letter == "T" else to_micrometres
    for position, axis in enumerate(axes):
        if axis.letter == letter:
            return convert(image.scale(position, len(axes)), axis.unit)
    return None

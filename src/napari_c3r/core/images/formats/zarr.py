"""OME-Zarr images and plates, versions 0.4 and 0.5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.image import check_real
from napari_c3r.core.images.stack import Stack, arrange, check_index, stated_names
from napari_c3r.core.images.units import square_pixel, to_micrometres
from napari_c3r.core.text import whole_number

if TYPE_CHECKING:
    import zarr

_MARKERS = (".zattrs", ".zgroup", "zarr.json")


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr group, from the files directly in it."""
    return path.is_dir() and any((path / marker).is_file() for marker in _MARKERS)


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
        If the folder has no image metadata, no such scene, or lacks its arrays.
    """
    path = _scene_path(path, scene)
    attributes = _attributes(path)
    images = attributes.get("multiscales")
    if not images:
        raise InputError(
            f"{path.name} holds no OME-Zarr image metadata ('multiscales'): give an image's folder."
        )
    image = images[0]
    level = image["datasets"][0]
    array = _array(path, str(level["path"]))
    check_real(array.dtype, path.name)
    axes = _axes(image, array.ndim)
    letters = "".join(str(axis["name"]).upper() for axis in axes)
    data = arrange(da.from_zarr(array), letters, path.name)
    size, notes = _pixel_size(image, level, axes, path.name)
    return Stack(data, _channel_names(attributes, data.shape[1]), size, notes=notes)


def plate_fields(path: Path) -> tuple[tuple[str, str, Path], ...]:
    """Well, site and folder of every field of a plate, in the plate's order; () for an image.

    No array is opened.
    """
    plate = _attributes(path).get("plate")
    if plate is None:
        return ()
    found = []
    for entry in plate.get("wells", ()):
        row, _, column = str(entry["path"]).partition("/")
        well = path / row / column
        for site in _sites(well):
            found.append((f"{row}{column.zfill(2)}", site, well / site))
    return tuple(found)


def _sites(well: Path) -> Iterator[str]:
    """Names of a well's images, from its metadata or else from its folders."""
    listed = _attributes(well).get("well", {}).get("images") if well.is_dir() else ()
    if listed is not None:
        yield from (str(image["path"]) for image in listed)
        return
    folders = [folder for folder in well.iterdir() if "multiscales" in _attributes(folder)]
    yield from sorted((folder.name for folder in folders), key=lambda name: (len(name), name))


def _scene_path(path: Path, scene: int) -> Path:
    attributes = _attributes(path)
    several = "bioformats2raw.layout" in attributes
    if several:
        numbered = {
            number: p for p in path.iterdir() if (number := whole_number(p.name)) is not None
        }
        scenes = [numbered[number] for number in sorted(numbered)]
    else:
        scenes = [path]
    check_index(scene, len(scenes), "scene", path.name)
    return scenes[scene]


def _attributes(path: Path) -> Mapping[str, Any]:
    """Read the group's OME attributes; empty when the folder is no group."""
    if not is_zarr(path):
        return {}
    import zarr

    try:
        attributes = dict(zarr.open_group(path, mode="r").attrs)
    except (ValueError, KeyError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as Zarr ({error}).") from error
    nested = attributes.get("ome")
    return nested if isinstance(nested, Mapping) else attributes


def _array(path: Path, name: str) -> zarr.Array[Any]:
    import zarr

    try:
        return zarr.open_array(path / name, mode="r")
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise InputError(
            f"{path.name} lacks its array {name!r}, which its metadata names: copy it again."
        ) from error


def _axes(image: Mapping[str, Any], ndim: int) -> list[Mapping[str, Any]]:
    """Axes as mappings; versions before 0.4 give letters, or nothing for TCZYX."""
    axes = image.get("axes") or list("tczyx"[-ndim:])
    return [axis if isinstance(axis, Mapping) else {"name": axis} for axis in axes]


def _channel_names(attributes: Mapping[str, Any], n_channels: int) -> tuple[str, ...]:
    channels = attributes.get("omero", {}).get("channels", ())
    return stated_names((channel.get("label") for channel in channels), n_channels)


def _pixel_size(
    image: Mapping[str, Any], level: Mapping[str, Any], axes: list[Mapping[str, Any]], where: str
) -> tuple[float | None, tuple[str, ...]]:
    scales = [
        transform["scale"]
        for holder in (image, level)
        for transform in holder.get("coordinateTransformations", ())
        if transform.get("type") == "scale"
    ]
    if not scales:
        return None, ()
    sizes: dict[str, float | None] = {}
    for position, axis in enumerate(axes):
        length = 1.0
        for scale in scales:
            length *= scale[position]
        sizes[str(axis["name"]).lower()] = to_micrometres(length, axis.get("unit"))
    return square_pixel(sizes.get("x"), sizes.get("y"), where)

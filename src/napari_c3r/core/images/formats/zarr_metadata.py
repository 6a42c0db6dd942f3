"""What the metadata of an OME-Zarr say, checked once: strange optional parts count as absent."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from napari_c3r.core.errors import InputError
from napari_c3r.core.memory import size

ATTRIBUTES_V2, GROUP_V2, ARRAY_V2, NODE_V3 = ".zattrs", ".zgroup", ".zarray", "zarr.json"

_MAX_JSON_BYTES = 1 << 26
_LETTERS = "TCZYX"
_BY_TYPE = {"time": "T", "channel": "C"}
_OTHER_AXIS = "?"


@dataclass(frozen=True)
class Axis:
    """One axis of an image.

    Parameters
    ----------
    letter
        Among ``TCZYX``, or ``"?"`` for an axis of another kind.
    unit
        Of its lengths, None when it is not said.
    """

    letter: str
    unit: str | None = None


@dataclass(frozen=True)
class ImageMetadata:
    """What one image's group says.

    Parameters
    ----------
    array
        Where its full resolution lies, relative to the group.
    axes
        In the array's order; None when they are not said.
    scales
        Factors of all axes to the unit, to be multiplied; their number may be any.
    channel_names
        As stated, None for a channel without a name.
    """

    array: str
    axes: tuple[Axis, ...] | None
    scales: tuple[tuple[float, ...], ...]
    channel_names: tuple[str | None, ...]

    def scale(self, position: int, n_axes: int) -> float | None:
        """Length of a pixel along an axis in its unit, None when it is not said."""
        fitting = [scale for scale in self.scales if len(scale) == n_axes]
        return math.prod(scale[position] for scale in fitting) if fitting else None


def read_json(path: Path, where: str) -> dict[str, Any]:
    """Read a JSON object; {} when there is no such file.

    Raises
    ------
    InputError
        It is too large, no JSON, or no object.
    """
    if not path.is_file():
        return {}
    if path.stat().st_size > _MAX_JSON_BYTES:
        raise InputError(
            f"{where} has metadata of {size(path.stat().st_size)} in {path.name}: it is damaged."
        )
    try:
        values = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where} cannot be read as Zarr: {path.name} holds no valid JSON ({error}). Copy it "
            "again."
        ) from error
    if not isinstance(values, dict):
        raise InputError(f"{where} cannot be read as Zarr: {path.name} holds no JSON object.")
    return values


def ome_attributes(path: Path, where: str) -> Mapping[str, Any]:
    """The OME attributes of a group of either version of Zarr; {} when the folder has none.

    Raises
    ------
    InputError
        The metadata cannot be read.
    """
    node = path / NODE_V3
    if node.is_file():
        attributes = read_json(node, where).get("attributes")
    else:
        attributes = read_json(path / ATTRIBUTES_V2, where)
    attributes = attributes if isinstance(attributes, Mapping) else {}
    nested = attributes.get("ome")
    return nested if isinstance(nested, Mapping) else attributes


def parse_image(attributes: Mapping[str, Any], where: str) -> ImageMetadata:
    """Check the attributes of an image's group.

    Parameters
    ----------
    attributes
        From :func:`ome_attributes`.
    where
        The image, for messages.

    Raises
    ------
    InputError
        A part that is required is absent or is not what it must be.
    """
    images = attributes.get("multiscales")
    if images is None:
        raise InputError(
            f"{where} holds no OME-Zarr image metadata ('multiscales'): give an image's folder."
        )
    if not (isinstance(images, list) and images and isinstance(images[0], Mapping)):
        raise _broken(where, "'multiscales' is no list of images", images)
    image = images[0]
    levels = image.get("datasets")
    if not (isinstance(levels, list) and levels and isinstance(levels[0], Mapping)):
        raise _broken(where, "'datasets' is no list of arrays", levels)
    array = _path(levels[0])
    if array is None:
        raise _broken(where, "the first of 'datasets' names no array under it", levels[0])
    return ImageMetadata(
        array,
        _axes(image.get("axes")),
        tuple(_scales(image)) + tuple(_scales(levels[0])),
        _channel_names(attributes.get("omero")),
    )


def parse_wells(attributes: Mapping[str, Any], where: str) -> tuple[tuple[str, str], ...] | None:
    """Row and column of every well of a plate; None for a group that is no plate.

    Raises
    ------
    InputError
        The list of wells is absent or is not what it must be.
    """
    plate = attributes.get("plate")
    if plate is None:
        return None
    wells = plate.get("wells") if isinstance(plate, Mapping) else None
    if not isinstance(wells, list):
        raise _broken(where, "'plate' has no list of 'wells'", plate)
    return tuple(_well(entry, where) for entry in wells)


def parse_sites(attributes: Mapping[str, Any], where: str) -> tuple[str, ...] | None:
    """Folders of the images of a well; None when its metadata do not list them.

    Raises
    ------
    InputError
        The list is not what it must be.
    """
    well = attributes.get("well")
    listed = well.get("images") if isinstance(well, Mapping) else None
    if listed is None:
        return None
    if not isinstance(listed, list):
        raise _broken(where, "'images' of a well is no list", listed)
    paths = tuple(path for entry in listed if (path := _path(entry)) is not None)
    if len(paths) < len(listed):
        raise _broken(where, "an image of a well has no 'path' under it", listed)
    return paths


def _well(entry: Any, where: str) -> tuple[str, str]:
    parts = PurePosixPath(_path(entry) or "").parts
    if len(parts) != 2:
        raise _broken(where, "a well of the plate has no 'path' of row and column", entry)
    return parts[0], parts[1]


def _path(entry: Any) -> str | None:
    """The path that an entry names; None where there is none, or it leads out of its folder."""
    path = entry.get("path") if isinstance(entry, Mapping) else None
    # Some writers give numbers.
    path = str(path) if type(path) is int else path
    if not isinstance(path, str) or "\0" in path or "\\" in path or path.startswith("/"):
        return None
    parts = PurePosixPath(path).parts
    return path if parts and ".." not in parts else None


def _axes(stated: Any) -> tuple[Axis, ...] | None:
    """Axes as mappings, or as letters before version 0.4."""
    if not isinstance(stated, list) or not stated:
        return None
    axes = [_axis(entry) for entry in stated]
    return None if None in axes else tuple(axis for axis in axes if axis is not None)


def _axis(entry: Any) -> Axis | None:
    given = entry if isinstance(entry, Mapping) else {"name": entry}
    name, kind, unit = given.get("name"), given.get("type"), given.get("unit")
    if not isinstance(name, str) or not name:
        return None
    letter = name.upper() if name.upper() in tuple(_LETTERS) else ""
    letter = letter or _BY_TYPE.get(kind if isinstance(kind, str) else "", _OTHER_AXIS)
    return Axis(letter, unit if isinstance(unit, str) else None)


def _scales(holder: Mapping[str, Any]) -> Iterable[tuple[float, ...]]:
    transforms = holder.get("coordinateTransformations")
    for transform in transforms if isinstance(transforms, list) else ():
        if isinstance(transform, Mapping) and transform.get("type") == "scale":
            scale = transform.get("scale")
            if isinstance(scale, list) and scale and all(map(_is_length, scale)):
                yield tuple(map(float, scale))


def _is_length(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # An integer of more digits than a float has is no length either.
    return bool(0 < value < 1e300)


def _channel_names(omero: Any) -> tuple[str | None, ...]:
    channels = omero.get("channels") if isinstance(omero, Mapping) else None
    return tuple(map(_label, channels)) if isinstance(channels, list) else ()


def _label(channel: Any) -> str | None:
    label = channel.get("label") if isinstance(channel, Mapping) else None
    if isinstance(label, int) and not isinstance(label, bool):
        return str(label)
    return label if isinstance(label, str) else None


def _broken(where: str, what: str, seen: Any) -> InputError:
    told = re.sub(r"\s+", " ", repr(seen))
    told = told if len(told) <= 60 else f"{told[:60]}…"
    return InputError(
        f"{where} has broken OME-Zarr metadata: {what} ({told}). Copy it again or convert it anew."
    )


def guess_axes(shape: Sequence[int], n_named: int) -> str:
    """Letters for axes that are not said; ``I`` and ``Q`` where nothing tells.

    Parameters
    ----------
    shape
        Of the array.
    n_named
        How many channels have a name.
    """
    n_axes = len(shape)
    if n_axes in (2, 5):
        return _LETTERS[-n_axes:]
    letters = list("IQ"[: n_axes - 2] + "YX")
    for position in range(n_axes - 2):
        if n_named and shape[position] == n_named:
            letters[position] = "C"
            break
    return "".join(letters)

"""Which layers of a viewer make up one image, whoever opened them and in whichever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.result import KEY
from napari_c3r.core.text import natural_key
from napari_c3r.widgets.viewer.stacks import channel_axis, pixels

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image as ImageLayer

    from napari_c3r.core.images import ImageFiles

Origin = tuple[str, str]
_ALONE: Origin = ("", "")
_MAX_TOLD = 4


def image_layers(viewer: ViewerModel) -> list[ImageLayer]:
    """Layers that make up the image: the selected ones if several are, else those of one image.

    Without a selection of several, these are the visible image layers that are of the same image
    as the topmost one, by the names of their files or by what read them. Hidden channels of an
    image that our reader opened belong to it too: to leave one out is a role. Layers of which
    nothing says of which image they are go together, if they are of one size; below them, an
    image of more channels is preferred.
    """
    every = all_image_layers(viewer)
    selected = [layer for layer in every if layer in viewer.layers.selection]
    if len(selected) > 1:
        return in_order(selected)
    visible = [layer for layer in every if layer.visible]
    if not visible:
        return []
    top = visible[-1]
    visible = _with_hidden_channels(every, visible)
    if top.rgb:
        return [top]
    groups: dict[Origin, list[ImageLayer]] = {}
    for layer, origin in zip(visible, _origins(visible), strict=True):
        if not layer.rgb and (origin != _ALONE or size_of(layer) == size_of(top)):
            groups.setdefault(origin, []).append(layer)
    group = next(group for group in groups.values() if top in group)
    if group is groups.get(_ALONE):
        # What was made of an image, such as a filtered channel, lies on it but is not it.
        below = [each for each in groups.values() if size_of(each[0]) == size_of(top)]
        group = max(reversed(below), key=len)
    return in_order(group)


def _with_hidden_channels(
    every: Sequence[ImageLayer], visible: Sequence[ImageLayer]
) -> list[ImageLayer]:
    """The visible layers, and those of the same images that our reader made but hid at first."""
    shown = {_read_from(layer) for layer in visible if layer.metadata.get(KEY, {}).get("image")}
    return [
        layer
        for layer in every
        if layer in visible
        or (layer.metadata.get(KEY, {}).get("image") and _read_from(layer) in shown)
    ]


def all_image_layers(viewer: ViewerModel) -> list[ImageLayer]:
    """The image layers of a viewer, the topmost last."""
    from napari.layers import Image as ImageLayer

    return [layer for layer in viewer.layers if isinstance(layer, ImageLayer)]


def image_of_size(viewer: ViewerModel, size: tuple[int, ...]) -> ImageLayer | None:
    """The first image layer of a height and width, preferably a visible one."""
    found = [layer for layer in all_image_layers(viewer) if size_of(layer) == tuple(size)]
    return next((layer for layer in found if layer.visible), next(iter(found), None))


def size_of(layer: ImageLayer) -> tuple[int, int]:
    """Height and width in pixels."""
    height, width = pixels(layer).shape[-3:-1] if layer.rgb else pixels(layer).shape[-2:]
    return int(height), int(width)


def _origins(layers: Sequence[ImageLayer]) -> list[Origin]:
    """Of which image each layer is, as far as files or their reader say; else ``_ALONE``."""
    files = _files_of(layers)
    read = Counter(_read_from(layer) for layer in layers)
    origins: list[Origin] = []
    for layer in layers:
        path, known = layer.source.path, files.get(_path_of(layer))
        if known is not None and known.channel_names:
            origins.append(("named", f"{known.files[0].path.parent}/{known.name}"))
        elif path and not layer.rgb and channel_axis(layer, (), alone=True) is not None:
            origins.append(("channels", str(path)))
        elif read[_read_from(layer)] > 1 and (path or _read_from(layer)[1]):
            origins.append(("read", "/".join(_read_from(layer))))
        else:
            origins.append(_ALONE)
    return origins


def _read_from(layer: ImageLayer) -> tuple[str, str]:
    """The file and the name of the image that a reader made a layer of."""
    known = layer.metadata.get(KEY, {})
    opened = known.get("opened") or (layer.source.path or "",)
    return str(opened[0]), str(known.get("image") or "")


def _path_of(layer: ImageLayer) -> str:
    """The one file with a layer's pixels, empty where there is none or are several."""
    listed = layer.metadata.get(KEY, {}).get("source")
    path = layer.source.path
    if path is None or (listed and len(listed) > 1 and str(path) not in listed):
        return ""
    return str(path)


def _files_of(layers: Sequence[ImageLayer]) -> dict[str, ImageFiles]:
    """What the names of the layers' files say of their images, by path."""
    paths = [path for path in dict.fromkeys(_path_of(layer) for layer in layers) if path]
    paths = sorted((path for path in paths if Path(path).is_file()), key=natural_key)
    if not paths:
        return {}
    from napari_c3r.core.images import find_images

    try:
        images = find_images(paths)
    except InputError:
        return {}
    return {str(file.path): image for image in images for file in image.files}


@dataclass(frozen=True)
class Naming:
    """What layers that make up an image are called.

    Attributes
    ----------
    channels
        A name for each layer.
    image
        The image's name; empty where their files do not tell.
    """

    channels: tuple[str, ...]
    image: str = ""


def in_order(layers: Sequence[ImageLayer]) -> list[ImageLayer]:
    """Layers in the order of the channels in their files' names, and then all others."""
    order = list(_named(layers)[1])
    last = len(order)

    def place(layer: ImageLayer) -> int:
        path = _path_of(layer)
        return order.index(path) if path in order else last

    return sorted(layers, key=place)


def naming(layers: Sequence[ImageLayer]) -> Naming:
    """What to call the channels of layers, and their image.

    A layer that the user gave a name has it. Else a channel is called as its reader or the name
    of its file says, or as the file where several would be called alike.

    Raises
    ------
    InputError
        Several layers are slices or times of one channel.
    """
    image, planes = _named(layers)
    names = []
    for layer in layers:
        read = layer.metadata.get(KEY, {}).get("channel") or layer.name
        by_file = planes.get(_path_of(layer), "")
        names.append(by_file if by_file and not _is_renamed(layer) else read)
    if planes and len(set(planes.values())) < len(planes):
        twice = next(name for name, count in Counter(planes.values()).items() if count > 1)
        raise InputError(
            f"Several layers are of the channel '{twice}', by the names of their files: slices or "
            "times of it; drop the files on this dock, which puts them together"
        )
    counts = Counter(names)
    stems = [Path(layer.source.path).stem if layer.source.path else "" for layer in layers]
    if len(set(stems)) == len(stems):
        names = [s if s and counts[n] > 1 else n for n, s in zip(names, stems, strict=True)]
    return Naming(tuple(names), image or min(stems))


def _named(layers: Sequence[ImageLayer]) -> tuple[str, dict[str, str]]:
    """An image that several of the layers' files are of by their names, and its channel by path.

    Nothing where there is none, or where there are two.
    """
    files = _files_of(layers)
    images = {id(image): image for image in files.values() if len(image.files) > 1}
    if len(images) != 1:
        return "", {}
    image = next(iter(images.values()))
    return image.name, {str(file.path): file.channel or "" for file in image.files}


def _is_renamed(layer: ImageLayer) -> bool:
    """Whether a layer bears a name that its file did not give it."""
    given = {Path(layer.source.path).stem, layer.metadata.get(KEY, {}).get("channel")}
    # napari numbers those that would be called alike.
    return layer.name.rsplit(" [", 1)[0] not in given and layer.name not in given


def opened_paths(layers: Sequence[ImageLayer]) -> tuple[str, ...]:
    """What was opened to get layers, if it was one thing or their files make one image."""
    opened = {tuple(layer.metadata.get(KEY, {}).get("opened", ())) for layer in layers}
    same = opened.pop() if len(opened) == 1 else ()
    named = tuple(_named(layers)[1])
    return same or (named if len(named) == len(layers) else ())


def outside_in_words(layers: Sequence[ImageLayer], size: tuple[int, ...]) -> str:
    """Which layers are no part of an image of a height and width, and why likely not."""
    told = [f"{layer.name}{_oddness(layer, size)}" for layer in layers[:_MAX_TOLD]]
    more = f" and {len(layers) - _MAX_TOLD} more" if len(layers) > _MAX_TOLD else ""
    return f"Not part of the image: {', '.join(told)}{more}"


def _oddness(layer: ImageLayer, size: tuple[int, ...]) -> str:
    if layer.rgb:
        return " (a colour picture)"
    height, width = size_of(layer)
    if (height, width) != tuple(size):
        return f" ({width} × {height} px)"
    return "" if layer.visible else " (hidden)"

"""Read one image from its files, lazily."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.find import PathInput, find_images
from napari_c3r.core.images.formats import open_file
from napari_c3r.core.images.image import Image, at_time
from napari_c3r.core.images.image_files import ImageFiles, PlaneFile
from napari_c3r.core.images.layouts.hpa import HPA_STAINS
from napari_c3r.core.images.names import stem
from napari_c3r.core.images.projection import ZChoice, by_channel, by_file_names, project, spell_z
from napari_c3r.core.images.stack import COLOURS, Stack, check_index, unique_names
from napari_c3r.core.images.units import SQUARE_TOLERANCE, times_since_first
from napari_c3r.core.text import readable

if TYPE_CHECKING:
    import dask.array as da

_NAMED = 3


def read_image(
    path_or_paths: PathInput | Sequence[PathInput] | ImageFiles,
    *,
    scene: int | None = None,
    t: int = 0,
    z: ZChoice = "max",
    swap: str = "",
    names: Mapping[str, str] | None = None,
    pixel_size_um: float | None = None,
    pattern: str | None = None,
) -> Image:
    """Read one image; its pixels stay in the files until they are requested.

    Parameters
    ----------
    path_or_paths
        A file, a folder that holds exactly one image, the files of one image, or an entry of
        `find_images`, which says itself which scene it is.
    scene
        Index of the scene, for files that hold several; None for that of an entry of
        `find_images`, and else the first, which a note says.
    t
        Index of the time point.
    z
        What becomes of the Z slices: ``"max"``, ``"mean"`` (float32), ``"focus"`` (the
        sharpest slice of each channel; reads every slice once), or the index of a slice. For
        single channels otherwise: ``{"ER": "focus", "DNA": 3}`` or ``"max,ER=focus,DNA=3"``, by
        the names of the files or those given by `names`.
    swap
        Two axes that the files have the wrong way round, as letters among T, C and Z: ``"CZ"``
        for channels that were saved as Z slices.
    names
        New channel names by the names that the files give.
    pixel_size_um
        In place of what the files say, in micrometres; None takes what they say.
    pattern
        As for `find_images`.

    Returns
    -------
    Image
        With lazy ``data`` ``(C, Y, X)``. Channels without a name are called ``ch1``, ``ch2`` …,
        those of one name ``DAPI``, ``DAPI (2)`` …; what had to be decided is in ``notes``. Of a
        time series, ``position`` says the time point, and from the second on so does the name:
        ``"movie t=3"``; ``time_s`` has its time where the files say it. ``position`` also says
        the slice where one was chosen for all channels.

    Raises
    ------
    InputError
        If there is no image or more than one, the channel files differ in shape, the scene, time
        point or slice does not exist, or a file cannot be read.
    """
    every, others = by_channel(by_file_names(z, names or {}))
    if isinstance(path_or_paths, ImageFiles):
        files = path_or_paths
    else:
        files = _only_image(path_or_paths, pattern, scene)
    scene = _scene_of(files, scene)
    channels = _open_all(files, scene, t, swap)
    image = replace(
        _assemble(files, channels, every, others),
        read_as=f"read_image(scene={scene!r}, t={t}, z={spell_z(every, others)!r})",
        z_step_um=channels[0].stack.z_step_um,
        n_slices=max(_n_slices(each) for each in channels),
    )
    if len({file.t for file in files.files}) > 1 or channels[0].stack.data.shape[0] > 1:
        # A label names another cell at another time, so each time is an image of its own.
        image = replace(
            image,
            name=at_time(files.name, t),
            position=(("t", t),),
            time_s=_time_s(files, channels[0], scene, t),
        )
    if isinstance(every, int) and not others and image.n_slices > 1:
        image = replace(image, position=(*image.position, ("z", every)))
    image = image.rename(names) if names else image
    return image if pixel_size_um is None else replace(image, pixel_size_um=pixel_size_um)


@dataclass(frozen=True, eq=False)
class _Channel:
    """One channel at one time: slices ``(Z, Y, X)`` in order, and the microscope's projection."""

    name: str
    slices: da.Array | None
    projection: da.Array | None
    stack: Stack
    file: PlaneFile
    numbers: tuple[int, ...] = ()
    """Of the slices, where each is a file that has its number in its name."""

    @property
    def planes(self) -> da.Array:
        """Every plane that there is, ``(Z, Y, X)``."""
        import dask.array as da

        return da.concatenate([p for p in (self.projection, self.slices) if p is not None])


def _scene_of(files: ImageFiles, wanted: int | None) -> int:
    """The scene to read of an image's files."""
    if files.scene is None:
        return wanted or 0
    if wanted is not None and wanted != files.scene:
        raise InputError(
            f"Image {files.name!r} is scene {files.scene} of its file, and scene {wanted} is "
            "wanted: take the entry of that scene, or give the file's path."
        )
    return files.scene


def _only_image(
    paths: PathInput | Sequence[PathInput], pattern: str | None, scene: int | None
) -> ImageFiles:
    images = find_images(paths, pattern=pattern, scene=scene)
    if len(images) == 1:
        return images[0]
    if len({image.files for image in images}) == 1:
        return _first_scene(images)
    listed = not isinstance(paths, str) and isinstance(paths, Sequence)
    if listed and all(len(i.files) == 1 and i.files[0].channel is None for i in images):
        return _one_per_channel(images)
    shown = ", ".join(image.name for image in images[:3])
    raise InputError(
        f"There are {len(images)} images here ({shown}{', …' if len(images) > 3 else ''}): "
        "list them with find_images and read one of them."
    )


def _first_scene(images: Sequence[ImageFiles]) -> ImageFiles:
    first = min(images, key=lambda image: image.scene or 0)
    names = ", ".join(image.name for image in images[:_NAMED])
    more = ", …" if len(images) > _NAMED else ""
    note = (
        f"{readable(first.files[0].path.name)} holds {len(images)} scenes ({names}{more}); "
        f"{first.name} is read. Choose another with scene, or list all with find_images."
    )
    return replace(first, notes=(*first.notes, note))


def _one_per_channel(images: Sequence[ImageFiles]) -> ImageFiles:
    """Files that were given as one image although their names do not say so."""
    paths = [image.files[0].path for image in images]
    planes = tuple(PlaneFile(path, stem(path)) for path in paths)
    note = "The file names follow no known convention: each file is taken as one channel."
    return ImageFiles(readable(paths[0].parent.name) or "image", planes, notes=(note,))


def _open_all(files: ImageFiles, scene: int, t: int, swap: str) -> list[_Channel]:
    """Open the files of one time point, channel by channel."""
    times = sorted({file.t for file in files.files})
    if len(times) > 1:
        check_index(t, len(times), "time point", f"Image {files.name!r}")
        chosen = [file for file in files.files if file.t == times[t]]
        lacking = {file.channel for file in files.files} - {file.channel for file in chosen}
        if lacking:
            raise InputError(
                f"Image {files.name!r} lacks channel {lacking.pop()!r} at time point {t}: choose "
                "another time point or copy its files again."
            )
        t = 0
    else:
        chosen = list(files.files)
    alone = len(files.channel_names) <= 1
    opened = [
        (file, open_file(file.path, scene, one_channel=not alone).swapped(swap)) for file in chosen
    ]
    for file, stack in opened:
        check_index(t, stack.data.shape[0], "time point", file.path.name)
        _check_shape(stack, file, *opened[0])
    channels: list[_Channel] = []
    for name in dict.fromkeys(file.channel for file in chosen):
        group = [(file, stack) for file, stack in opened if file.channel == name]
        channels.extend(_channels_of(group, t, alone))
    return channels


def _time_s(files: ImageFiles, channel: _Channel, scene: int, t: int) -> float | None:
    """Seconds after the first time point, None where the files do not say it."""
    named = sorted({file.t for file in files.files})
    stack = channel.stack
    if len(named) == 1:
        return stack.times_s[t] if t < len(stack.times_s) else None
    if stack.taken_s is None:
        return None
    firsts = [f for f in files.files if f.t == named[0] and f.channel == channel.file.channel]
    first = next((f for f in firsts if f.z == channel.file.z), None)
    if first is None:
        return None
    before = open_file(first.path, scene, one_channel=True).taken_s
    found = times_since_first([before, stack.taken_s]) if t else (0.0,)
    return found[-1] if found else None


def _n_slices(channel: _Channel) -> int:
    return 1 if channel.slices is None else len(channel.slices)


def _channels_of(opened: list[tuple[PlaneFile, Stack]], t: int, alone: bool) -> list[_Channel]:
    """Channels of files that differ only in Z."""
    import dask.array as da

    file, first = opened[0]
    parts = [(f, _pixels(stack, f, t, alone)) for f, stack in opened]
    for other, planes in parts:
        if planes.shape[0] != parts[0][1].shape[0]:
            raise InputError(
                f"{file.path.name} holds {parts[0][1].shape[0]} channels and {other.path.name} "
                f"{planes.shape[0]}, which are slices of one image by their names: copy them "
                "again, or read them by themselves."
            )
    in_order = [part for part in sorted(parts, key=_z_of) if part[0].z is not None]
    slices = [planes for _, planes in in_order]
    numbers = [f.z or 0 for f, planes in in_order if planes.shape[1] == 1]
    projections = [planes for f, planes in parts if f.z is None]
    names = _names(first, file, parts[0][1].shape[0])
    return [
        _Channel(
            name,
            da.concatenate([planes[index] for planes in slices]) if slices else None,
            da.concatenate([planes[index] for planes in projections]) if projections else None,
            first,
            file,
            tuple(numbers) if len(numbers) == len(slices) else (),
        )
        for index, name in enumerate(names)
    ]


def _pixels(stack: Stack, file: PlaneFile, t: int, alone: bool) -> da.Array:
    """Pixels ``(C, Z, Y, X)`` of a file; one channel if it is one among several files."""
    pixels = stack.data[t]
    if stack.colour and _is_one_stain(file, alone):
        return pixels.max(axis=0, keepdims=True)
    if not alone and pixels.shape[0] != 1:
        raise InputError(
            f"{file.path.name} holds {pixels.shape[0]} channels where its name says it is the one "
            f"channel {file.channel!r} of an image: read the file by itself."
        )
    return pixels


def _z_of(part: tuple[PlaneFile, da.Array]) -> int:
    return part[0].z or 0


def _is_one_stain(file: PlaneFile, alone: bool) -> bool:
    """Whether a colour picture shows one stain, as the Human Protein Atlas stores them."""
    return not alone or (file.channel or "").lower() in HPA_STAINS


def _names(stack: Stack, file: PlaneFile, n_channels: int) -> tuple[str, ...]:
    if n_channels == 1 and file.channel is not None:
        return (file.channel,)
    if len(stack.channel_names) == n_channels:
        return stack.channel_names
    if stack.colour and n_channels == len(COLOURS):
        return COLOURS
    return tuple(f"ch{number}" for number in range(1, n_channels + 1))


def _assemble(
    files: ImageFiles,
    channels: list[_Channel],
    z: str | int,
    others: Mapping[str, str | int],
) -> Image:
    import dask.array as da

    planes, notes = [], list(files.notes)
    stated = tuple(channel.name for channel in channels)
    names = unique_names(stated)
    unknown = [name for name in others if name not in names]
    if unknown:
        raise InputError(
            f"Image {files.name!r} has no channel {unknown[0]!r} to choose Z slices of; its "
            f"channels are {', '.join(names)}."
        )
    numbers = sorted({number for channel in channels for number in channel.numbers})
    for name, channel in zip(names, channels, strict=True):
        plane, said = _plane(channel, _slice_of(channel, others.get(name, z), numbers))
        planes.append(plane)
        notes += [*channel.stack.notes, *_colour_note(channel, channels), *said]
    notes += files.doubts
    sizes = [c.stack.pixel_size_um for c in channels if c.stack.pixel_size_um is not None]
    if sizes and max(sizes) > min(sizes) * (1 + SQUARE_TOLERANCE):
        notes.append(f"Channel files state pixels of {min(sizes):.4g} to {max(sizes):.4g} µm.")
    if names != stated:
        twice = next(name for name in stated if stated.count(name) > 1)
        notes.append(
            f"Several channels are called '{twice}' in the file; they are called "
            f"{', '.join(names)} here."
        )
    return Image(
        da.stack(planes),
        names,
        sizes[0] if sizes else None,
        tuple(dict.fromkeys(files.paths)),
        files.name,
        files.plate,
        files.well,
        files.site,
        tuple(dict.fromkeys(readable(note) for note in notes)),
    )


def _slice_of(channel: _Channel, z: str | int, numbers: Sequence[int]) -> str | int:
    """The place of a slice among those of a channel, which may lack some that others have."""
    if isinstance(z, str) or not channel.numbers or not 0 <= z < len(numbers):
        return z
    if numbers[z] not in channel.numbers:
        raise InputError(
            f"Channel {channel.name!r} lacks the slice {numbers[z]} that others have: copy its "
            f"files again, such as those beside {channel.file.path.name}, or choose another z."
        )
    return channel.numbers.index(numbers[z])


def _plane(channel: _Channel, z: str | int) -> tuple[da.Array, tuple[str, ...]]:
    where = f"Channel {channel.name!r} of {channel.file.path.name}"
    if z == "max":
        return project(channel.planes, z, where)
    if channel.slices is not None:
        return project(channel.slices, z, where)
    note = f"{where} has no Z slices, only the microscope's own projection: it is used."
    return channel.planes[0], (note,)


def _colour_note(channel: _Channel, channels: list[_Channel]) -> tuple[str, ...]:
    if not channel.stack.colour:
        return ()
    name = channel.file.path.name
    if sum(other.file == channel.file for other in channels) > 1:
        return (f"{name} is a colour picture: its red, green and blue are taken as channels.",)
    return (f"{name} shows one stain in colour: the brightest of red, green and blue is taken.",)


def _check_shape(stack: Stack, file: PlaneFile, first_file: PlaneFile, first: Stack) -> None:
    shape, expected = stack.data.shape[-2:], first.data.shape[-2:]
    if shape != expected:
        raise InputError(
            f"The files of one image differ in shape: {first_file.path.name} is "
            f"{expected[0]} × {expected[1]} and {file.path.name} is {shape[0]} × {shape[1]} pixels "
            "(height × width). Give files of one field."
        )

"""What can be known of files, folders and plates before a pixel is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.find import ImageFiles, PathInput, find_images
from napari_c3r.core.images.formats import open_file
from napari_c3r.core.images.image import Image
from napari_c3r.core.images.options import ReadOptions
from napari_c3r.core.images.read import read_image
from napari_c3r.core.images.sources import FieldSource
from napari_c3r.core.images.stack import MAX_UNNAMED_CHANNELS


@dataclass(frozen=True)
class ScanResult:
    """What was understood of some paths, before a pixel is read.

    Attributes
    ----------
    images
        The fields that belong together, in natural order.
    channel_names
        Of the first field, as its files give them.
    shape
        Height and width of the first field, in pixels.
    pixel_size_um
        What the first field's files say, None when they say nothing.
    n_slices, n_times
        Z slices and time points of the first field.
    swap
        The axes taken the other way round, as for :func:`napari_c3r.read_image`.
    doubts
        Sentences on what may have been misread.
    notes
        Sentences on what was decided.
    """

    images: tuple[ImageFiles, ...]
    channel_names: tuple[str, ...]
    shape: tuple[int, int]
    pixel_size_um: float | None
    n_slices: int
    n_times: int
    swap: str = ""
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def wells(self) -> tuple[str, ...]:
        """Wells of the fields, each once."""
        return tuple(dict.fromkeys(i.well for i in self.images if i.well is not None))

    @property
    def plates(self) -> tuple[str, ...]:
        """Plates of the fields, each once."""
        return tuple(dict.fromkeys(i.plate for i in self.images if i.plate is not None))

    def sources(self, reading: ReadOptions) -> tuple[FieldSource, ...]:
        """Every field, to be read in one way."""
        return tuple(FieldSource(files, reading) for files in self.images)


def scan(
    path_or_paths: PathInput | Sequence[PathInput], *, pattern: str | None = None, swap: str = ""
) -> ScanResult:
    """Find the fields in files, folders or plates, and look into one's headers.

    It is the first one that can be read; a note names those before it. Fields whose names tell
    other channels than most do are left out, and a note says so.

    Parameters
    ----------
    path_or_paths, pattern
        As for :func:`napari_c3r.find_images`.
    swap
        As for :func:`napari_c3r.read_image`.

    Raises
    ------
    InputError
        There is no image, or none of them can be read.
    """
    images, notes = _alike(find_images(path_or_paths, pattern=pattern))
    first, image, damaged = _first_readable(images, swap)
    stack = open_file(first.files[0].path, one_channel=len(first.channel_names) > 1).swapped(swap)
    slices = stack.data.shape[2] * _count(file.z for file in first.files)
    times = stack.data.shape[0] * _count(file.t for file in first.files)
    found = ScanResult(
        images,
        image.channel_names,
        image.shape[1:],
        image.pixel_size_um,
        slices,
        times,
        swap,
        notes=(*notes, *damaged, *image.notes),
    )
    return replace(found, doubts=tuple(_doubts(found)))


def _first_readable(
    images: Sequence[ImageFiles], swap: str
) -> tuple[ImageFiles, Image, tuple[str, ...]]:
    """The first image that can be opened, and a note on each of those before it."""
    problems: list[InputError] = []
    for files in images:
        try:
            image = read_image(files, swap=swap)
        except InputError as error:
            problems.append(error)
            continue
        return files, image, tuple(f"One of the images is damaged: {each}" for each in problems)
    raise problems[0]


def _count(values: Iterable[int | None]) -> int:
    return max(1, len({value for value in values if value is not None}))


def _alike(images: Sequence[ImageFiles]) -> tuple[tuple[ImageFiles, ...], tuple[str, ...]]:
    """The fields with the channels that most fields have."""
    kinds = Counter(frozenset(image.channel_names) for image in images)
    usual = max(kinds, key=lambda kind: (kinds[kind], len(kind)))
    kept = tuple(image for image in images if frozenset(image.channel_names) == usual)
    odd = [image.name for image in images if frozenset(image.channel_names) != usual]
    if not odd:
        return kept, ()
    named = ", ".join(odd[:3]) + (" …" if len(odd) > 3 else "")
    return kept, (
        f"{len(odd)} of {len(images)} fields have other channels than most and are left out: "
        f"{named}. Open them by themselves.",
    )


def _doubts(found: ScanResult) -> Iterable[str]:
    """What looks like a channel axis taken for another one, or the reverse."""
    channels, slices, times = len(found.channel_names), found.n_slices, found.n_times
    if channels == 1 and 1 < slices <= MAX_UNNAMED_CHANNELS:
        yield f"One channel with {slices} Z slices: if the slices are channels, say so under Axes."
    elif channels == 1 and 1 < times <= MAX_UNNAMED_CHANNELS:
        yield f"One channel at {times} times: if the times are channels, say so under Axes."
    elif channels > MAX_UNNAMED_CHANNELS and slices == 1:
        yield f"{channels} channels in one file: if they are Z slices, say so under Axes."
    if channels == 1 and slices == 1 and times == 1:
        yield "Only one channel: a role for it is found, but two or more say more about a cell."

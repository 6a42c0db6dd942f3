"""What can be known of files, folders and plates before a pixel is read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.find import PathInput, find_images
from napari_c3r.core.images.formats import open_file
from napari_c3r.core.images.image import Image
from napari_c3r.core.images.image_files import ImageFiles
from napari_c3r.core.images.options import ReadOptions
from napari_c3r.core.images.read import read_image
from napari_c3r.core.images.scenes import only_scene
from napari_c3r.core.images.sources import FieldSource
from napari_c3r.core.images.stack import MAX_UNNAMED_CHANNELS, Stack
from napari_c3r.core.images.times import at_each_time

_HEADERS_LOOKED_AT = 8
_MAX_AREA_RATIO = 2.0


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
    times_s
        Seconds of its time points after the first, () where one file does not say them all.
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
    times_s: tuple[float, ...] = ()

    @property
    def wells(self) -> tuple[str, ...]:
        """Wells of the fields, each once."""
        return tuple(dict.fromkeys(i.well for i in self.images if i.well is not None))

    @property
    def plates(self) -> tuple[str, ...]:
        """Plates of the fields, each once."""
        return tuple(dict.fromkeys(i.plate for i in self.images if i.plate is not None))

    def sources(self, reading: ReadOptions) -> tuple[FieldSource, ...]:
        """Every field, to be read in one way; each time point as one where all are wanted."""
        images = only_scene(self.images, reading.scene)
        return tuple(at_each_time(FieldSource(files, reading) for files in images))


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
    stack = _open_first(first).swapped(swap)
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
        times_s=stack.times_s,
        notes=(*notes, *damaged, *(note for note in image.notes if note not in first.doubts)),
    )
    return replace(found, doubts=(*doubts_of(images), *_doubts(found)))


def doubts_of(images: Sequence[ImageFiles]) -> tuple[str, ...]:
    """What may have been misread of a listing, by the names and some of the headers.

    Parameters
    ----------
    images
        From :func:`napari_c3r.find_images`.

    Returns
    -------
    tuple of str
        Sentences: what names were guessed to mean, fields that lack a channel or have one more
        than most, images that do not look like those of one experiment.
    """
    odd = tuple(_odd_ones(images))
    told = (f"{_counted(odd, len(images))} than most: {_named(odd)}.",) if odd else ()
    left_out = set(odd)
    alike = [image for image in images if image.name not in left_out]
    return (*_guesses(images), *told, *_unlike(alike))


def _guesses(images: Sequence[ImageFiles]) -> Iterable[str]:
    """The doubts that images have by their names, those of the same kind once."""
    kinds: dict[object, list[str]] = defaultdict(list)
    for image in images:
        for doubt in image.doubts:
            kinds[image.channel_names, len(image.files)].append(doubt)
    for first, *others in kinds.values():
        more = f" The same goes for {len(others)} more images." if others else ""
        yield first + more


def _unlike(images: Sequence[ImageFiles]) -> Iterable[str]:
    """Whether some of the images differ so much that they may not belong together."""
    step = max(1, -(-len(images) // _HEADERS_LOOKED_AT))
    looked = [about for image in images[::step] if (about := _header(image)) is not None]
    for first, other in ((looked[0], each) for each in looked[1:]):
        if first.unlike(other):
            yield (
                f"The images differ: {first.words}, but {other.words}. If they are not of one "
                "experiment, open them apart."
            )
            return


@dataclass(frozen=True)
class _Header:
    """What the first file of an image says."""

    name: str
    channels: int
    height: int
    width: int

    @property
    def words(self) -> str:
        counted = "1 channel" if self.channels == 1 else f"{self.channels} channels"
        return f"{self.name!r} has {counted} of {self.width} × {self.height} px"

    def unlike(self, other: _Header) -> bool:
        sizes = sorted((self.height * self.width, other.height * other.width))
        return self.channels != other.channels or sizes[1] > _MAX_AREA_RATIO * sizes[0]


def _header(image: ImageFiles) -> _Header | None:
    named = len(image.channel_names)
    try:
        stack = _open_first(image)
    except (InputError, OSError):
        return None  # said when its turn comes
    channels, height, width = (int(stack.data.shape[axis]) for axis in (1, 3, 4))
    return _Header(image.name, named if named > 1 else channels, height, width)


def _open_first(image: ImageFiles) -> Stack:
    """Open the first file of an image."""
    one_channel = len(image.channel_names) > 1
    return open_file(image.files[0].path, image.scene or 0, one_channel=one_channel)


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
    odd = tuple(_odd_ones(images))
    if not odd:
        return tuple(images), ()
    left_out = set(odd)
    kept = tuple(image for image in images if image.name not in left_out)
    return kept, (
        f"{_counted(odd, len(images))} than most and are left out: {_named(odd)}. Open them by "
        "themselves.",
    )


def _odd_ones(images: Sequence[ImageFiles]) -> Iterable[str]:
    """Names of the images whose file names tell other channels than those of most."""
    kinds = Counter(frozenset(image.channel_names) for image in images)
    usual = max(kinds, key=lambda kind: (kinds[kind], len(kind)))
    return (image.name for image in images if frozenset(image.channel_names) != usual)


def _counted(odd: Sequence[str], total: int) -> str:
    return f"{len(odd)} of {total} fields have other channels"


def _named(odd: Sequence[str]) -> str:
    return ", ".join(odd[:3]) + (" …" if len(odd) > 3 else "")


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

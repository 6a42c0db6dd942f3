"""Fields of view and label images as their files, and how to read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, TypedDict

from numpy.typing import NDArray

from napari_c3r.core.images.image import Image, at_time
from napari_c3r.core.images.image_files import ImageFiles
from napari_c3r.core.images.label_file import label_slices, read_labels
from napari_c3r.core.images.options import ReadOptions
from napari_c3r.core.images.projection import by_channel


@dataclass(frozen=True)
class FieldSource:
    """One field of view as its files and how to read them.

    Parameters
    ----------
    files
        From :func:`napari_c3r.find_images`.
    reading
        How they are read.
    all_named
        Refuse a new name for a channel that the files lack, which may be a slip of the keyboard.
    """

    files: ImageFiles
    reading: ReadOptions = field(default_factory=ReadOptions)
    all_named: bool = False

    @property
    def name(self) -> str:
        """The image's identifier."""
        return at_time(self.files.name, self.reading.t)

    @property
    def located(self) -> ImageFiles:
        """Its files, under the image's identifier, with where on a plate it is."""
        return replace(self.files, name=self.name)

    def read(self) -> Image:
        """Read the image; its pixels stay in the files.

        Raises
        ------
        InputError
            As for :func:`napari_c3r.read_image`.
        """
        return self.reading.read(self.files, all_named=self.all_named)


class FieldImages(Mapping[str, Image]):
    """The images of many fields by name, each opened when it is asked for.

    To tell which there are opens none. Threads may ask at the same time.

    Parameters
    ----------
    sources
        The fields.
    """

    def __init__(self, sources: Iterable[FieldSource]) -> None:
        self._sources = {source.name: source for source in sources}
        self._opened: dict[str, Image] = {}
        self._lock = Lock()

    @property
    def sources(self) -> Mapping[str, FieldSource]:
        """The fields by name."""
        return self._sources

    @property
    def opened(self) -> tuple[Image, ...]:
        """Those that were asked for so far."""
        return tuple(self._opened.values())

    def __getitem__(self, name: str) -> Image:
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._sources[name].read()
            return self._opened[name]

    def __contains__(self, name: object) -> bool:
        return name in self._sources

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def opened_images(images: Mapping[str, Image]) -> tuple[Image, ...]:
    """Of images by name, those that are open; asking for the others would open them."""
    return images.opened if isinstance(images, FieldImages) else tuple(images.values())


class _Planes(TypedDict):
    scene: int | None
    t: int | None
    z: str | int | None
    times: int | None


@dataclass(frozen=True)
class LabelSource:
    """A label image as its file.

    Parameters
    ----------
    path
        The file.
    channel
        Which of several label images in it, by its name.
    number_cells
        Give every connected piece of one value a number of its own.
    scene
        Which scene of a file that holds several.
    t, z
        Which time point and slice of a file that holds several, as for
        :func:`napari_c3r.read_labels`.
    times
        How many time points their image has, where each needs labels of its own.
    """

    path: str
    channel: str | None = None
    number_cells: bool = False
    scene: int | None = None
    t: int | None = None
    z: str | int | None = None
    times: int | None = None

    def at(self, reading: ReadOptions, times: int | None = None) -> LabelSource:
        """The labels of an image that is read in one way.

        Of labels in three dimensions it is the slice that all its channels are of, or else their
        projection.

        Parameters
        ----------
        reading
            How the image is read.
        times
            How many time points it has, where each is a field of its own.
        """
        every, others = by_channel(reading.z)
        z = every if isinstance(every, int) and not others else "project"
        return replace(self, t=reading.t, z=z, times=times)

    @property
    def slices(self) -> int:
        """How many slices are projected to one label image, by the header alone.

        Raises
        ------
        InputError
            The file's planes are not those of the image; as for :func:`napari_c3r.read_labels`.
        """
        return label_slices(self.path, self.channel, **self._planes)

    def read(self) -> NDArray[Any]:
        """Read the labels, (Y, X), as :func:`napari_c3r.read_labels` does."""
        return read_labels(self.path, self.channel, number_cells=self.number_cells, **self._planes)

    @property
    def _planes(self) -> _Planes:
        return {"scene": self.scene, "t": self.t, "z": self.z, "times": self.times}

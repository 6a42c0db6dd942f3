"""Which fields of view there are, and which of them is displayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.session.changes import Cause, Change, Part

if TYPE_CHECKING:
    from napari_c3r.core.images import FieldSource, Image, ImageFiles


@dataclass(frozen=True)
class Slice:
    """The slice of a stack of layers that an image was taken from.

    Attributes
    ----------
    position
        Axis and index of what was sliced: ``(("t", 3),)``.
    start, step, length
        For every axis before height and width, in the viewer's world: where the slice begins,
        how far its planes are apart, and how many there are: one, or all the channels.
    """

    position: tuple[tuple[str, int], ...]
    start: tuple[float, ...]
    step: tuple[float, ...]
    length: tuple[int, ...]

    def holds(self, point: Sequence[float]) -> bool:
        """Whether a point of the world, (…, y, x), lies in it.

        A world of fewer axes has lost the stack, and nothing is left to tell slices apart by.
        """
        before = tuple(point)[:-2][-len(self.start) :]
        if len(before) < len(self.start):
            return True
        return all(
            0 <= round((at - start) / step) < length
            for at, start, step, length in zip(
                before, self.start, self.step, self.length, strict=True
            )
        )

    @property
    def words(self) -> str:
        """Its place, as in ``t = 3, z = 0``."""
        return ", ".join(f"{axis} = {index}" for axis, index in self.position)


def times_left_out(place: Slice) -> str:
    """What to do for the other times of a stack of layers; empty where it has no time."""
    if "t" not in dict(place.position):
        return ""
    return (
        ". Only this time is embedded; for all of them, save the layers as files and open these "
        "here with Time, All"
    )


class Fields:
    """The fields of view, and the image of the displayed one.

    Attributes
    ----------
    image
        Of the displayed field; None before one is opened.
    sources, index
        The fields that can be displayed, and which of them is; empty where the image came from
        layers whose files are not known.
    doubts
        Sentences on what may have been misread, which nobody has looked at yet.
    slices
        Where in the viewer images are that were taken from a stack, by name.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self) -> None:
        self.image: Image | None = None
        self.sources: tuple[FieldSource, ...] = ()
        self.index = 0
        self.doubts: tuple[str, ...] = ()
        self.slices: dict[str, Slice] = {}

    @property
    def source(self) -> FieldSource | None:
        """Files of the displayed image, None where they are not known."""
        return self.sources[self.index] if self.sources else None

    @property
    def frames(self) -> dict[int, str]:
        """The fields that are time points of the displayed one's files, by their time."""
        if self.source is None:
            return {}
        of = [source for source in self.sources if source.files == self.source.files]
        return {source.reading.t: source.name for source in of}

    def show_files_of(self, image: Image | None) -> bool:
        """Whether the displayed image is of the same name and files as another one."""
        if self.image is None or image is None:
            return False
        return (self.image.name, self.image.source) == (image.name, image.source)

    @property
    def located(self) -> tuple[Image | ImageFiles, ...]:
        """What says of every field where on a plate it is; of the image where it is no file's."""
        if self.sources:
            return tuple(source.located for source in self.sources)
        return () if self.image is None else (self.image,)

    def open(
        self, image: Image | None, sources: Sequence[FieldSource] = (), index: int = 0
    ) -> None:
        """Work on other fields, of which one is displayed."""
        self.image, self.sources, self.index = image, tuple(sources), index
        self.doubts = ()
        self.changed.emit(Change(Part.IMAGE))

    def show(self, index: int, image: Image) -> None:
        """Display another of the fields.

        Raises
        ------
        InputError
            The field's channels are not those of the others.
        """
        if self.image is not None and set(image.channel_names) != set(self.image.channel_names):
            raise InputError(
                f"'{image.name}' has the channels {', '.join(image.channel_names)}, not those of "
                f"the other fields; open it by itself"
            )
        self.index, self.image = index, image
        self.changed.emit(Change(Part.IMAGE, Cause.FIELD_SHOWN))

    def adopt(
        self,
        sources: Sequence[FieldSource],
        index: int,
        doubts: Sequence[str] = (),
        pixel_size_um: float | None = None,
    ) -> None:
        """Take note of which field the displayed image is, and what its files say of it.

        Parameters
        ----------
        sources, index
            The fields, and which of them it is.
        doubts
            What may have been misread.
        pixel_size_um
            Taken where the layers, as of some readers, have none.
        """
        self.sources, self.index, self.doubts = tuple(sources), index, tuple(doubts)
        if pixel_size_um is not None and self.image is not None and not self.image.pixel_size_um:
            note = f"The pixel size, {pixel_size_um:.4g} µm, is from the files"
            notes = (*self.image.notes, note)
            self.image = replace(self.image, pixel_size_um=pixel_size_um, notes=notes)
        self.changed.emit(Change(Part.IMAGE, Cause.FIELDS_FOUND))

    def dismiss_doubts(self) -> None:
        """The user has looked, and it is as it was understood."""
        self.doubts = ()
        self.changed.emit(Change(Part.IMAGE, Cause.FIELDS_FOUND))

    def rename_channel(self, old: str, new: str) -> None:
        """Call a channel by another name, in every field.

        Raises
        ------
        InputError
            The new name is empty or taken.
        """
        if self.image is None:
            return
        if new in self.image.channel_names:
            raise InputError(f"There is already a channel '{new}'; choose another name")
        self.image = self.image.rename({old: new})
        self.sources = tuple(
            replace(source, reading=source.reading.renamed(old, new)) for source in self.sources
        )
        self.changed.emit(Change(Part.IMAGE))

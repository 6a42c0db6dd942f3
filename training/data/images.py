"""Images of any format the plugin reads, with labels or segmented, as fields to cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role, suggest_cell, suggest_nucleus
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image, ImageFiles, read_image, read_labels
from napari_c3r.core.segment import segment_cells
from training.data.cutting import Field
from training.data.metadata import Metadata

_LABEL_ENDINGS = ("", "_labels", "_label", "_masks", "_mask", "_cellmask", "_cell_labels")
_LABEL_SUFFIXES = (".tif", ".tiff", ".png")


@dataclass(frozen=True)
class FieldReadOptions:
    """How images are read and their cells found.

    Parameters
    ----------
    names
        New channel names by the names that the files give.
    pixel_size_um
        In place of what the files say; None leaves it, 0 takes it as unknown.
    plate
        In place of what the names say; empty leaves it.
    z
        As for `napari_c3r.read_image`.
    labels, labels_channel
        Folder of label images, named as the images are, and which label image where a file holds
        several; None segments.
    nucleus, cell
        Channels to segment on; empty chooses by name.
    nucleus_diameter_um
        None finds it from the image.
    method
        As for `napari_c3r.segment_cells`.
    metadata
        A table of wells.
    about
        What holds for all cells, by column.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    pixel_size_um: float | None = None
    plate: str = ""
    z: str | int = "max"
    labels: Path | None = None
    labels_channel: str = ""
    nucleus: str = ""
    cell: str = ""
    nucleus_diameter_um: float | None = None
    method: str = "classical"
    metadata: Metadata | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def read(self, files: ImageFiles) -> Image:
        """Read an image, its channels renamed, its pixel size and plate set."""
        image = read_image(files, z=self.z)
        image = replace(image, plate=self.plate or image.plate)
        image = image.rename(self.names)
        if self.pixel_size_um is not None:
            image = replace(image, pixel_size_um=self.pixel_size_um or None)
        return image

    def about_of(self, image: Image) -> dict[str, Any]:
        """What is known of all cells of an image, by column."""
        return {**self.about, **(self.metadata.of(image) if self.metadata else {})}

    def cells(self, image: Image, files: ImageFiles) -> NDArray[Any]:
        """Label image of the cells: read, or found in the image."""
        if self.labels is not None:
            return read_labels(_label_file(self.labels, files), self.labels_channel or None)
        nucleus = self.nucleus or suggest_nucleus(image.channel_names)
        if nucleus is None:
            raise InputError(
                f"No channel of '{image.name}' is named like a nucleus; name one to segment on"
            )
        cell = self.cell or suggest_cell(image.channel_names)
        return segment_cells(
            image,
            nucleus,
            None if cell == nucleus else cell,
            method=self.method,
            nucleus_diameter_um=self.nucleus_diameter_um,
        )[1]


def choose_roles(
    names: Sequence[str], context: Sequence[str], concept: Sequence[str]
) -> ChannelAssignment:
    """Roles as named, or as suggested from the names of the channels where none is.

    Raises
    ------
    InputError
        A channel is not there, or one of the groups is empty.
    """
    if not (context or concept):
        return ChannelAssignment.suggest(names).require_usable()
    roles = dict.fromkeys(context, Role.CONTEXT)
    for name in concept:
        roles[name] = Role.BOTH if name in roles else Role.CONCEPT
    return ChannelAssignment(roles).for_channels(names).require_usable()


def read_fields(
    found: Sequence[ImageFiles], reading: FieldReadOptions, say: Callable[[str], None]
) -> Iterator[Field]:
    """Read images one by one and find their cells.

    Parameters
    ----------
    found
        From `napari_c3r.find_images`.
    reading
        How.
    say
        Receives a line about every image done, and about those left out for want of cells.

    Yields
    ------
    Field
        Every image with cells.
    """
    for number, files in enumerate(found, 1):
        image = reading.read(files)
        about = reading.about_of(image)
        where = f"{number}/{len(found)} {image.name}"
        try:
            cells = reading.cells(image, files)
        except InputError as error:
            if reading.labels is not None:
                raise
            say(f"{where}: left out. {error}")
            continue
        say(f"{where}: {cells.max()} cells")
        yield Field(image, cells, about)


def _label_file(folder: Path, files: ImageFiles) -> Path:
    stems = [files.name, *(path.name.split(".")[0] for path in files.paths)]
    for stem in stems:
        for name in (
            stem + ending + suffix for ending in _LABEL_ENDINGS for suffix in _LABEL_SUFFIXES
        ):
            if (folder / name).is_file():
                return folder / name
    raise InputError(
        f"'{folder}' has no label image for '{files.name}'; name it {stems[0]}_labels.tif"
    )

"""The real available images as crop sets: only those whose README says that they may be trained on.

`training.data.shared_sets` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.cut import BACKGROUND_PERCENTILE
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image, ImageFiles, find_images
from training.data.cropset import CropSetWriter
from training.data.cutting import DEFAULT_CROP, Field, resample_square, write_fields
from training.data.images import FieldReadOptions, read_fields

Say = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """Some images of a folder that are read in one way.

    Parameters
    ----------
    reading
        How; labels are given relative to the folder.
    wanted
        Which images of the folder; all by default.
    id_of
        The treatment of an image, given the folder too; nothing known by default.
    """

    reading: FieldReadOptions
    wanted: Callable[[ImageFiles], bool] = lambda files: True
    id_of: Callable[[Image, Path], str] = lambda image, folder: ""


@dataclass(frozen=True)
class FieldSet:
    """A crop set that is cut out of fields of view.

    Parameters
    ----------
    row
        Its row of the README, which is its folder's name.
    roles
        Of the channels, by their new names.
    parts
        The images.
    """

    row: str
    roles: Mapping[str, str]
    parts: tuple[Part, ...]

    def write(self, data: Path, out: Path, spec: CropSpec, licence: str, say: Say) -> Path:
        """Write the crop set."""
        roles = ChannelAssignment(self.roles)
        return write_fields(out, self._fields(data, say), roles, spec, licence=licence)

    def _fields(self, data: Path, say: Say) -> Iterator[Field]:
        folder = data / "fields" / self.row
        for part in self.parts:
            labels = part.reading.labels
            reading = replace(part.reading, labels=labels and folder / labels)
            found = [files for files in find_images(str(folder)) if part.wanted(files)]
            for each in read_fields(found, reading, say):
                about = {"source": self.row, "id": part.id_of(each.image, folder), **each.about}
                yield Field(each.image, each.cells, about)


@dataclass(frozen=True)
class CutSet:
    """A crop set of cells that were cut out by others.

    Parameters
    ----------
    row
        Its row of the README.
    roles
        Of the channels.
    read
        Crops, each (C, H, W) uint8, and their rows, given the folder of crops.
    field_um
        Side of the field that a crop covers, None where it is not known.
    masks
        Where the cell of each crop is, (n, H, W), given the folder of crops; None if not known.
    """

    row: str
    roles: Mapping[str, str]
    read: Callable[[Path], tuple[Sequence[NDArray[Any]], pd.DataFrame]]
    field_um: float | None = None
    masks: Callable[[Path], NDArray[np.bool_]] | None = None

    def write(self, data: Path, out: Path, spec: CropSpec, licence: str, say: Say) -> Path:
        """Write the crop set; crops cover the field that they cover."""
        found, table = self.read(data / "crops")
        if spec.neighbours == "mask" and self.masks is None:
            say(f"{self.row}: cells were cut out before; their neighbours stay as they are")
        elif spec.neighbours == "mask" and self.masks is not None:
            found = [_alone(*both) for both in zip(found, self.masks(data / "crops"), strict=True)]
        size = spec.size_px or DEFAULT_CROP.size_px or 0
        crops = np.stack([np.rint(resample_square(crop, size)).astype(np.uint8) for crop in found])
        say(f"{self.row}: {len(crops)} cells")
        with CropSetWriter(
            out,
            channel_names=tuple(self.roles),
            assignment=ChannelAssignment(self.roles),
            field_um=self.field_um,
            licence=licence,
        ) as writer:
            writer.add(crops, table.assign(source=self.row))
        return out


def _alone(crop: NDArray[Any], cell: NDArray[np.bool_]) -> NDArray[Any]:
    """Put the background, a low percentile of each channel, in place of all but the cell."""
    background = np.percentile(crop, BACKGROUND_PERCENTILE, axis=(1, 2), keepdims=True)
    return np.where(cell, crop, np.rint(background).astype(crop.dtype))


@dataclass(frozen=True)
class Terms:
    """What the README says of images.

    Attributes
    ----------
    licence
        As written there.
    train
        Whether weights that are shipped may be trained on them.
    """

    licence: str
    train: bool


def write_shared(
    data: Path,
    out: Path,
    sets: Mapping[str, FieldSet | CutSet],
    spec: CropSpec = DEFAULT_CROP,
    say: Say = lambda text: None,
) -> list[Path]:
    """Write crop sets of real images, each ``out/<name>``.

    Parameters
    ----------
    data
        The folder of all real images, with ``README.md``.
    out
        Where the sets go; sets that stand there are kept.
    sets
        By name.
    spec
        How cells are cut out.
    say
        Receives the progress.

    Returns
    -------
    list of Path
        The sets' folders.

    Raises
    ------
    InputError
        The README does not say ``train: yes`` of all of them; then nothing is written.
    """
    terms = read_terms(data / "README.md")
    for name, each in sets.items():
        if each.row not in terms or not terms[each.row].train:
            raise InputError(
                f"'{data / 'README.md'}' does not say that '{each.row}' may be trained on; "
                f"leave '{name}' out"
            )
    folders = []
    for name, each in sets.items():
        folders.append(out / name)
        if folders[-1].exists():
            say(f"{name}: kept")
        else:
            each.write(data, folders[-1], spec, terms[each.row].licence, say)
    return folders


def read_terms(readme: Path) -> dict[str, Terms]:
    """Read licences and permissions from the tables of a README.

    Parameters
    ----------
    readme
        Markdown with tables whose header has ``folder`` or ``file``, ``licence`` and ``train``.

    Returns
    -------
    dict
        By folder, or by file without suffix; one of several rows that may not be trained on
        holds for all of them.

    Raises
    ------
    InputError
        There is no such file or no such table in it.
    """
    if not readme.is_file():
        raise InputError(f"No file '{readme}'; give the folder that holds the README of the images")
    terms: dict[str, Terms] = {}
    header: list[str] = []
    for line in readme.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            header = []
        elif not header:
            header = [cell.lower() for cell in cells]
        elif header[-1] == "train" and len(cells) == len(header) and set(cells[0]) - set("-: "):
            name = cells[0].split("/")[0].split(" ")[0].split(".")[0]
            licence = cells[-2].split(";")[0]
            allowed = cells[-1] == "yes" and (name not in terms or terms[name].train)
            terms[name] = Terms(licence, allowed)
    if not terms:
        raise InputError(f"'{readme}' has no table with a column 'train' at its end")
    return terms

"""The pieces of a session: what has changed, the cells of an image, and a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from napari_c3r.core.channels import ChannelAssignment

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.cells.labels import ArrayLike
    from napari_c3r.core.images import Image


class Part(StrEnum):
    """What of a session has changed."""

    IMAGE = "image"
    ROLES = "roles"
    CELLS = "cells"
    RESULT = "result"
    MAP = "map"
    SELECTION = "selection"
    CURRENT = "current"
    ANNOTATION = "annotation"


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


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of an image, as a label image.

    Attributes
    ----------
    labels
        (Y, X) integers, 0 is background.
    count
        How many cells there are.
    image_name
        The image they were made on.
    origin
        In words, where they come from.
    nuclei
        (Y, X), a nucleus having its cell's label; None where not known.
    at_border
        How many of them touch the image's border; None where not counted.
    found_by
        How they were segmented, as keywords of :func:`napari_c3r.segment_cells`; None for
        labels that came from elsewhere or were edited.
    """

    labels: ArrayLike
    count: int
    image_name: str
    origin: str
    nuclei: ArrayLike | None = None
    at_border: int | None = None
    found_by: Mapping[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class EmbeddingResult:
    """A result and what it was made from, by which its age is judged.

    Attributes
    ----------
    table
        The rows shown: those that no filter hides.
    image_name, cells
        The field on show, which need not be the only one in the table.
    assignment, encoder
        What all of it was made with.
    seconds
        How long it took.
    finished
        Whether every cell that was wanted is in it.
    images
        The embedded images by name, for pictures of their cells.
    everything
        All rows, hidden ones included; None when that is ``table``.
    labels_by_image
        The cells that were embedded, by the name of their image.
    preview
        Whether it holds a sample of the cells on purpose.
    encoder_source
        Where the encoder came from: ``"bundled"`` or a model folder.
    """

    table: AnnData
    image_name: str
    cells: Cells
    assignment: ChannelAssignment
    encoder: str
    seconds: float
    finished: bool
    images: Mapping[str, Image] = field(default_factory=dict)
    unfiltered: AnnData | None = None
    labels_by_image: Mapping[str, Cells] = field(default_factory=dict)
    preview: bool = False
    encoder_source: str = "bundled"

    def __post_init__(self) -> None:
        if not self.labels_by_image:
            object.__setattr__(self, "labels_by_image", {self.image_name: self.cells})

    @property
    def all_rows(self) -> AnnData:
        """Every row, hidden or not."""
        return self.table if self.unfiltered is None else self.unfiltered

    @property
    def hidden_count(self) -> int:
        """Rows that filters hide."""
        return len(self.all_rows) - len(self.table)

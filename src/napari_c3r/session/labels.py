"""The label images of all fields, in one place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_c3r.session.changes import Cause, Change, Part

if TYPE_CHECKING:
    from napari_c3r.core.cells.labels import ArrayLike
    from napari_c3r.core.embed.edits import Edits

_next_id = count(1).__next__


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of an image, as a label image that never changes.

    Attributes
    ----------
    labels
        (Y, X) integers, 0 is background.
    count
        How many cells there are.
    image_name
        The image they were made on.
    origin
        As text, where they come from.
    nuclei
        (Y, X), a nucleus having its cell's label; None where not known.
    at_border
        How many of them touch the image's border; None where not counted.
    found_by
        How they were segmented, as keywords of :func:`napari_c3r.segment_cells`; None for
        labels that came from elsewhere or were edited.
    note
        A sentence on what may not be meant, such as a mask that counts as one cell.
    read_as
        As which planes of its files their image was read, as for `Image`; empty where not known.
    id
        Tells these cells from all others, those of the same image that they replaced included.
    """

    labels: ArrayLike
    count: int
    image_name: str
    origin: str
    nuclei: ArrayLike | None = None
    at_border: int | None = None
    found_by: Mapping[str, Any] | None = None
    note: str = ""
    read_as: str = ""
    id: int = field(default_factory=_next_id, init=False)


def ids_by_image(cells: Iterable[Cells]) -> dict[str, int]:
    """The ids of some cells by the name of their image."""
    return {each.image_name: each.id for each in cells}


class LabelStore:
    """The cells of every field, and those that were embedded as long as a result needs them.

    Attributes
    ----------
    current
        The cells of the displayed field. They may be of an image displayed before, until
        others take their place: what a user made is not thrown away.
    edited, edits
        Whether the user drew in their layer since they were taken, and which cells that
        concerns; None where that is not known.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self) -> None:
        self.current: Cells | None = None
        self.edited = False
        self.edits: Edits | None = None
        self._by_image: dict[str, Cells] = {}
        self._embedded: dict[int, Cells] = {}

    @property
    def by_image(self) -> Mapping[str, Cells]:
        """The cells of every field that has some, by the name of its image."""
        return MappingProxyType(self._by_image)

    def put(self, cells: Cells) -> None:
        """Keep the cells of a field that is not displayed."""
        self._by_image[cells.image_name] = cells

    def set_current(self, cells: Cells | None, cause: Cause = Cause.USER) -> None:
        """Take other cells for the displayed field."""
        self.current = cells
        if cells is not None:
            self.put(cells)
        self._take_as_drawn(cause)

    def show(self, image_name: str) -> None:
        """Turn to the cells of another field, or to none where it has none."""
        self.current = self._by_image.get(image_name)
        self._take_as_drawn(Cause.FIELD_SHOWN)

    def open(self, image_name: str | None) -> None:
        """Begin with other fields; the displayed cells stay until others are taken."""
        cells = self.current
        fits = cells is not None and cells.image_name == image_name
        self._by_image = {cells.image_name: cells} if cells is not None and fits else {}

    def _take_as_drawn(self, cause: Cause) -> None:
        self.edited, self.edits = False, None
        self.changed.emit(Change(Part.CELLS, cause))

    def note_edits(self, edits: Edits | None = None) -> None:
        """Take note that the user drew in the label image after it was taken.

        Parameters
        ----------
        edits
            Which cells differ; None where that is not known.
        """
        if self.current is None:
            return
        edited = edits is None or edits.count > 0
        now = edited, edits if edited else None
        if now != (self.edited, self.edits):
            self.edited, self.edits = now
            self.changed.emit(Change(Part.CELLS))

    def keep_embedded(self, cells: Iterable[Cells]) -> None:
        """Keep cells that a result was made of, also once others take their place."""
        self._embedded |= {each.id: each for each in cells}

    def embedded(self, cells_id: int) -> Cells:
        """Cells that a result was made of."""
        return self._embedded[cells_id]

    def find(self, cells_id: int | None) -> Cells | None:
        """Cells by their id: of the fields, or embedded ones; None where there are none."""
        known = (self.current, *self._by_image.values(), *self._embedded.values())
        return next((each for each in known if each is not None and each.id == cells_id), None)

    def label_images(self, ids: Mapping[str, int]) -> dict[str, ArrayLike]:
        """Label images by the name of their image, of those cells that are still known."""
        known = (*self._embedded.values(), *self._by_image.values(), self.current)
        by_id = {each.id: each for each in known if each is not None}
        return {image: by_id[each].labels for image, each in ids.items() if each in by_id}

    def release_embedded(self, needed: Collection[int]) -> None:
        """Forget embedded cells that no result refers to any more."""
        self._embedded = {key: self._embedded[key] for key in self._embedded if key in needed}

"""What one viewer is working on: image, roles, cells, result and selection. No widgets.

Every view listens to :attr:`Session.changed` and renders the part named in it. What a user
chose is never thrown away; what no longer fits a later choice is called out of date by
:meth:`Session.cells_outdated` and :meth:`Session.result_outdated`, in one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.images import Image
    from napari_c3r.core.labels import ArrayLike


class Part(StrEnum):
    """What of a session has changed."""

    IMAGE = "image"
    ROLES = "roles"
    CELLS = "cells"
    RESULT = "result"
    MAP = "map"
    SELECTION = "selection"
    CURRENT = "current"


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
    """

    labels: ArrayLike
    count: int
    image_name: str
    origin: str
    nuclei: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Embedded:
    """A result and what it was made from, by which its age is judged."""

    table: AnnData
    image_name: str
    cells: Cells
    assignment: ChannelAssignment
    encoder: str
    seconds: float
    finished: bool


@dataclass
class Session:
    """The state behind the docks of one viewer.

    Attributes
    ----------
    changed
        Emitted with the :class:`Part` that is other than before.
    """

    image: Image | None = None
    assignment: ChannelAssignment | None = None
    cells: Cells | None = None
    embedded: Embedded | None = None
    encoder: str = "bundled"
    labels_edited: bool = False
    selection: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    current: int | None = None

    changed = Signal(Part)

    def __post_init__(self) -> None:
        self._remembered: dict[frozenset[str], ChannelAssignment] = {}

    def set_image(self, image: Image | None) -> None:
        """Work on another image; roles chosen before for the same channels come back."""
        self.image = image
        self.assignment = None
        if image is not None:
            names = image.channel_names
            known = self._remembered.get(frozenset(names))
            self.assignment = (
                known.for_channels(names) if known else ChannelAssignment.suggest(names)
            )
        self.changed.emit(Part.IMAGE)
        self.changed.emit(Part.ROLES)

    def set_assignment(self, assignment: ChannelAssignment) -> None:
        """Give the channels other roles."""
        if assignment != self.assignment:
            self.assignment = assignment
            self._remembered[frozenset(assignment.names)] = assignment
            self.changed.emit(Part.ROLES)

    def rename_channel(self, old: str, new: str) -> None:
        """Call a channel by another name; its role stays.

        Raises
        ------
        InputError
            The new name is empty or taken.
        """
        if self.image is None or self.assignment is None or old == new:
            return
        if new in self.image.channel_names:
            raise InputError(f"There is already a channel '{new}'; choose another name")
        self.image = self.image.rename({old: new})
        roles = {(new if name == old else name): r for name, r in self.assignment.roles.items()}
        self.assignment = ChannelAssignment(roles, self.assignment.reasons)
        self.changed.emit(Part.IMAGE)
        self.changed.emit(Part.ROLES)

    def set_cells(self, cells: Cells | None) -> None:
        """Take other cells."""
        self.cells = cells
        self.labels_edited = False
        self.changed.emit(Part.CELLS)

    def note_edited_labels(self) -> None:
        """The user drew in the label image after it was taken."""
        if self.cells is not None and not self.labels_edited:
            self.labels_edited = True
            self.changed.emit(Part.CELLS)

    def set_embedded(self, embedded: Embedded) -> None:
        """Take a new result; a selection of the old one means nothing in it."""
        self.embedded = embedded
        self.selection = np.zeros(len(embedded.table), bool)
        self.current = None
        self.changed.emit(Part.RESULT)
        self.changed.emit(Part.MAP)
        self.changed.emit(Part.SELECTION)

    def set_mapped(self, table: AnnData) -> None:
        """Take the same cells with a map and clusters; the selection stays."""
        if self.embedded is None:
            raise InputError("There are no vectors to map; embed the cells first")
        self.embedded = replace(self.embedded, table=table)
        self.changed.emit(Part.MAP)

    def select(self, mask: NDArray[np.bool_]) -> None:
        """Select rows of the result."""
        if not np.array_equal(mask, self.selection):
            self.selection = mask
            self.changed.emit(Part.SELECTION)

    def set_current(self, row: int | None) -> None:
        """Point at one row of the result, or at none."""
        if row != self.current:
            self.current = row
            self.changed.emit(Part.CURRENT)

    @property
    def has_map(self) -> bool:
        """Whether the result has its map."""
        return self.embedded is not None and "X_umap" in self.embedded.table.obsm

    def row_of(self, label: int) -> int | None:
        """The row of a label of the shown image, None when it is not in the result."""
        if self.embedded is None:
            return None
        obs = self.embedded.table.obs
        here = (obs["label"] == label) & (obs["image"] == self.embedded.image_name)
        rows = np.flatnonzero(here)
        return int(rows[0]) if len(rows) else None

    def cells_outdated(self) -> str | None:
        """Why the cells no longer fit what was chosen since, or None."""
        if self.cells is None or self.image is None:
            return None
        if self.cells.image_name != self.image.name:
            return f"out of date: made on '{self.cells.image_name}'"
        return None

    def result_outdated(self) -> str | None:
        """Why the result no longer fits what was chosen since, or None."""
        done = self.embedded
        if done is None or self.image is None or self.assignment is None:
            return None
        if done.image_name != self.image.name:
            return f"out of date: made on '{done.image_name}'"
        if done.cells is not self.cells:
            return "out of date: the cells changed"
        if self.labels_edited:
            return "out of date: the labels were edited"
        if done.encoder != self.encoder:
            return "out of date: the encoder changed"
        return _roles_difference(done.assignment, self.assignment)


def _roles_difference(before: ChannelAssignment, now: ChannelAssignment) -> str | None:
    if before == now:
        return None
    changed = [name for name, role in now.roles.items() if before.roles.get(name) != role]
    if len(changed) == 1:
        return f"out of date: the role of {changed[0]} changed"
    return f"out of date: {len(changed)} channels changed"


_SESSIONS: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session_of(viewer: Any) -> Session:
    """The session of a viewer, made on first use and gone with the viewer."""
    # napari hands plugins a proxy; all proxies of one viewer share its session.
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _SESSIONS:
        _SESSIONS[viewer] = Session()
    return _SESSIONS[viewer]

"""What one viewer is working on: fields, roles, cells, result and selection. No widgets.

Every view listens to :attr:`Session.changed` and renders the part named in it. What a user
chose is never thrown away; what no longer fits a later choice is called out of date by
:meth:`Session.cells_outdated` and :meth:`Session.result_outdated`, in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.channels.history import ChannelHistory
from napari_c3r.core.errors import InputError
from napari_c3r.core.table.annotate import annotate, carry_over
from napari_c3r.session.outdated import edits_sentence, roles_sentence
from napari_c3r.session.state import Cells, EmbeddingResult, Part

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.cells.filters import CellFilter
    from napari_c3r.core.embed.edits import Edits
    from napari_c3r.core.images import FieldSource, Image
    from napari_c3r.session.state import Slice

__all__ = ["Cells", "EmbeddingResult", "Part", "Session", "session_of"]


@dataclass
class Session:
    """The state behind the docks of one viewer.

    Attributes
    ----------
    image, cells
        Of the field on show.
    fields, field_index
        The fields that can be shown, and which of them is; empty where the image came from
        layers whose files are not known.
    cells_of
        Cells by the name of their image, for all fields.
    slices
        Where in the viewer images are that were taken from a stack, by name.
    embedded
        The result shown; ``previous_result`` is the one that a preview took the place of.
    edits
        What the user drew in the labels since they were embedded.
    filter
        What is hidden; None hides nothing.
    changed
        Emitted with the :class:`Part` that is other than before.
    """

    image: Image | None = None
    assignment: ChannelAssignment | None = None
    cells: Cells | None = None
    embedded: EmbeddingResult | None = None
    previous_result: EmbeddingResult | None = None
    encoder: str = "bundled"
    labels_edited: bool = False
    edits: Edits | None = None
    filter: CellFilter | None = None
    fields: tuple[FieldSource, ...] = ()
    field_index: int = 0
    cells_of: dict[str, Cells] = field(default_factory=dict)
    slices: dict[str, Slice] = field(default_factory=dict)
    selection: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    current: int | None = None
    history: ChannelHistory = field(default_factory=ChannelHistory)

    changed = Signal(Part)

    def __post_init__(self) -> None:
        self._original_names: dict[str, str] = {}
        self.turning = False
        """Whether what changes does so only because of another field, or of hidden cells."""

    def set_image(self, image: Image | None, given: Mapping[str, str] | None = None) -> None:
        """Work on another image; roles chosen before for the same channels come back.

        Parameters
        ----------
        image
            The image.
        given
            Its channels' names by what the files call them; by default they are the same.
        """
        self.fields, self.field_index, self.cells_of = (), 0, {}
        self._take_image(image, given)

    def set_fields(
        self,
        fields: Sequence[FieldSource],
        index: int,
        image: Image,
        given: Mapping[str, str] | None = None,
    ) -> None:
        """Work on several fields, of which one is shown."""
        self.fields, self.field_index, self.cells_of = tuple(fields), index, {}
        self._take_image(image, given)

    def _take_image(self, image: Image | None, given: Mapping[str, str] | None) -> None:
        self.image = image
        self.assignment = None
        self.current = None
        if image is not None:
            names = image.channel_names
            self._original_names = dict(given or {name: name for name in names})
            self.assignment = self.history.roles_for(self._original_names)
            self.assignment = self.assignment or ChannelAssignment.suggest(names)
        self._face_image()
        self.changed.emit(Part.IMAGE)
        self.changed.emit(Part.ROLES)
        if self.embedded is not None:
            self.changed.emit(Part.SELECTION)
            self.changed.emit(Part.CURRENT)

    def _face_image(self) -> None:
        """Show that part of the result which was made on the image on show, be it none."""
        if self.embedded is not None:
            self.embedded = self._facing(self.embedded)

    def _facing(self, embedded: EmbeddingResult) -> EmbeddingResult:
        if self.image is None:
            return embedded
        cells = embedded.labels_by_image.get(self.image.name) or _no_cells(self.image)
        return replace(embedded, image_name=self.image.name, cells=cells)

    def show_field(self, index: int, image: Image) -> None:
        """Turn to another of the fields; roles, result and selection stay.

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
        self.field_index, self.image = index, image
        self.cells = self.cells_of.get(image.name)
        self.labels_edited, self.edits = False, None
        self._face_image()
        self.current = None
        self.turning = True
        try:
            for part in (Part.IMAGE, Part.CELLS, Part.SELECTION, Part.CURRENT):
                self.changed.emit(part)
        finally:
            self.turning = False

    def adopt_fields(self, fields: Sequence[FieldSource], index: int) -> None:
        """Take note of which field the image on show is; nothing else changes."""
        self.fields, self.field_index = tuple(fields), index
        self.turning = True
        try:
            self.changed.emit(Part.IMAGE)
        finally:
            self.turning = False

    @property
    def source(self) -> FieldSource | None:
        """Files of the image on show, None where they are not known."""
        return self.fields[self.field_index] if self.fields else None

    @property
    def original_names(self) -> Mapping[str, str]:
        """Name of every channel by what its files call it."""
        return self._original_names

    def set_assignment(self, assignment: ChannelAssignment) -> None:
        """Give the channels other roles."""
        same = assignment == self.assignment
        if not same or self.assignment is None or assignment.reasons != self.assignment.reasons:
            self.assignment = assignment
            self.history.remember(self._original_names, assignment)
            self.changed.emit(Part.ROLES)

    def rename_channel(self, old: str, new: str) -> None:
        """Call a channel by another name, in every field; its role stays.

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
        self.fields = tuple(replace(f, reading=f.reading.renamed(old, new)) for f in self.fields)
        self._original_names = {
            o: (new if name == old else name) for o, name in self._original_names.items()
        }
        roles = {(new if name == old else name): r for name, r in self.assignment.roles.items()}
        self.assignment = ChannelAssignment(roles, self.assignment.reasons)
        self.history.remember(self._original_names, self.assignment)
        self.changed.emit(Part.IMAGE)
        self.changed.emit(Part.ROLES)

    def set_cells(self, cells: Cells | None) -> None:
        """Take other cells."""
        self.cells = cells
        if cells is not None:
            self.cells_of[cells.image_name] = cells
        self.labels_edited, self.edits = False, None
        self.changed.emit(Part.CELLS)

    def note_edited_labels(self, edits: Edits | None = None) -> None:
        """The user drew in the label image after it was taken.

        Parameters
        ----------
        edits
            Which cells differ from those embedded; None where that is not known.
        """
        if self.cells is None:
            return
        edited = edits is None or edits.count > 0
        now = edited, edits if edited else None
        if now != (self.labels_edited, self.edits):
            self.labels_edited, self.edits = now
            self.changed.emit(Part.CELLS)

    def set_embedded(self, embedded: EmbeddingResult) -> None:
        """Take a new result; a selection of the old one means nothing in it."""
        if embedded.preview and self.embedded is not None and not self.embedded.preview:
            self.previous_result = self.embedded
        elif not embedded.preview:
            self.previous_result = None
        self.embedded = self._filtered(self._facing(embedded))
        self._forget_selection()

    def discard_preview(self) -> None:
        """Leave the preview and return to the result that it took the place of."""
        if self.previous_result is not None:
            self.set_embedded(replace(self.previous_result, preview=False))

    def set_filter(self, chosen: CellFilter) -> None:
        """Hide other cells; none is deleted, and those selected stay so while shown."""
        if chosen == self.filter:
            return
        self.filter = chosen
        if self.embedded is None:
            self.turning = True
            self.changed.emit(Part.CELLS)
            self.turning = False
            return
        names = self.embedded.table.obs_names[self.selection]
        self.embedded = self._filtered(self.embedded)
        self.turning = True
        try:
            self._forget_selection()
            self.select(self.embedded.table.obs_names.isin(names))
            self.changed.emit(Part.CELLS)
        finally:
            self.turning = False

    @property
    def can_update(self) -> bool:
        """Whether the cells edited by hand can be embedded alone, all else being as it was."""
        done = self.embedded
        if self.edits is None or done is None or self.image is None or not done.finished:
            return False
        same = done.assignment == self.assignment and done.encoder == self.encoder
        return same and not done.preview and done.labels_by_image.get(self.image.name) is self.cells

    def _filtered(self, embedded: EmbeddingResult) -> EmbeddingResult:
        from napari_c3r.core.cells.filters import shown_part

        if self.filter is None or not self.filter.active:
            if embedded.unfiltered is None:
                return embedded
            hidden = np.zeros(len(embedded.all_rows), bool)
        else:
            hidden = self.filter.hidden(embedded.all_rows.obs)
        unfiltered = embedded.all_rows
        return replace(embedded, table=shown_part(unfiltered, hidden), unfiltered=unfiltered)

    def _forget_selection(self) -> None:
        assert self.embedded is not None
        self.selection = np.zeros(len(self.embedded.table), bool)
        self.current = None
        for part in (Part.RESULT, Part.MAP, Part.SELECTION):
            self.changed.emit(part)

    def set_mapped(self, table: AnnData) -> None:
        """Take the same cells with a map and clusters; selection and names stay."""
        from napari_c3r.core.cells.filters import keep_with_hidden

        done = self.embedded
        if done is None:
            raise InputError("There are no vectors to map; embed the cells first")
        # Names may have been given while the map was made on a copy.
        carry_over(done.table, table)
        unfiltered = done.unfiltered
        if unfiltered is not None:
            unfiltered = keep_with_hidden(unfiltered, table)
            carry_over(done.all_rows, unfiltered)
        self.embedded = replace(done, table=table, unfiltered=unfiltered)
        self.changed.emit(Part.MAP)

    def annotate(self, chosen: NDArray[np.bool_], name: str) -> None:
        """Give rows of the result a name, or take theirs away with an empty one."""
        done = self.embedded
        if done is None:
            raise InputError("There are no cells to name; embed them first")
        annotate(done.table, chosen, name)
        if done.unfiltered is not None:
            named = done.table.obs_names[chosen]
            annotate(done.unfiltered, done.unfiltered.obs_names.isin(named), name)
        self.changed.emit(Part.ANNOTATION)

    def add_column(self, values: pd.Series) -> None:
        """Keep a number for each cell, by the names of the result's rows; NaN for the others."""
        done = self.embedded
        if done is None:
            raise InputError("There are no cells to tell of; embed them first")
        for table in {id(t): t for t in (done.table, done.all_rows)}.values():
            table.obs[values.name] = values.reindex(table.obs_names)
        self.changed.emit(Part.ANNOTATION)

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
        if self.image.name not in done.labels_by_image:
            if any(source.name in done.labels_by_image for source in self.fields):
                return "this field is not in it yet"
            return f"out of date: made on '{next(iter(done.labels_by_image))}'"
        if self.cells is not None and done.labels_by_image[self.image.name] is not self.cells:
            return "out of date: the cells changed"
        if self.labels_edited:
            return edits_sentence(self.edits)
        if done.encoder != self.encoder:
            return "out of date: the encoder changed"
        return roles_sentence(done.assignment, self.assignment)


def _no_cells(image: Image) -> Cells:
    # Takes no memory: every pixel is the same zero.
    nothing = np.broadcast_to(np.zeros((), np.int32), image.shape[1:])
    return Cells(nothing, 0, image.name, "not embedded")


_SESSIONS: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session_of(viewer: Any) -> Session:
    """The session of a viewer, made on first use and gone with the viewer."""
    # napari hands plugins a proxy; all proxies of one viewer share its session.
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _SESSIONS:
        _SESSIONS[viewer] = Session()
    return _SESSIONS[viewer]

"""What one viewer is working on: fields, roles, label images, result and selection. No widgets.

Every view listens to :attr:`Session.changed` and renders the part named in it. What a user
chose is never thrown away; what no longer fits a later choice is called out of date by
:meth:`Session.cells_outdated` and :meth:`Session.result_outdated`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from psygnal import Signal

from napari_c3r.core.encoder.cache import EncoderCache
from napari_c3r.session import outdated
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.fields import Fields
from napari_c3r.session.labels import Cells, LabelStore
from napari_c3r.session.outdated import OutdatedReason
from napari_c3r.session.result import EmbeddingResult, Result
from napari_c3r.session.roles import Roles
from napari_c3r.session.selection import Selection

if TYPE_CHECKING:
    from napari_c3r.core.cells.filters import CellFilter
    from napari_c3r.core.images import FieldSource, Image


class Session:
    """The state behind the docks of one viewer, and what concerns several parts of it at once.

    Attributes
    ----------
    fields, roles, labels, result, selection
        The parts; each says what changed in it, and the session passes it on.
    encoder
        Name of the encoder that is chosen.
    encoders
        The encoders that are loaded.
    changed
        With a :class:`Change`: what is other than before, and why. When it is emitted, all
        parts agree with each other.
    """

    changed = Signal(Change)

    def __init__(self) -> None:
        self.fields, self.roles, self.labels = Fields(), Roles(), LabelStore()
        self.result, self.selection = Result(), Selection()
        self.encoder = "bundled"
        self.encoders = EncoderCache()
        self._no_cells: Cells | None = None
        for part in (self.fields, self.roles, self.labels, self.result, self.selection):
            part.changed.connect(self._pass_on)

    def _pass_on(self, change: Change) -> None:
        self.changed.emit(change)

    def set_image(self, image: Image | None, given: Mapping[str, str] | None = None) -> None:
        """Work on another image; roles chosen before for the same channels come back.

        Parameters
        ----------
        image
            The image.
        given
            Its channels' names by what the files call them; by default they are the same.
        """
        self._open(image, given)

    def set_fields(
        self,
        fields: Sequence[FieldSource],
        index: int,
        image: Image,
        given: Mapping[str, str] | None = None,
    ) -> None:
        """Work on several fields, of which one is displayed."""
        self._open(image, given, fields, index)

    def _open(
        self,
        image: Image | None,
        given: Mapping[str, str] | None,
        fields: Sequence[FieldSource] = (),
        index: int = 0,
    ) -> None:
        with self.changed.paused():
            self.labels.open(image.name if image is not None else None)
            self.fields.open(image, fields, index)
            self.roles.open(image.channel_names if image is not None else None, given)
            self.result.show_image(image.name if image is not None else None)
            if self.result.current is not None:
                self.selection.show_again()
            else:
                self.selection.current = None

    def show_field(self, index: int, image: Image) -> None:
        """Turn to another of the fields; roles, result and selection stay.

        Raises
        ------
        InputError
            The field's channels are not those of the others.
        """
        with self.changed.paused():
            self.fields.show(index, image)
            self.result.show_image(image.name)
            self.labels.show(image.name)
            self.selection.show_again(Cause.FIELD_SHOWN)

    def rename_channel(self, old: str, new: str) -> None:
        """Call a channel by another name, in every field; its role stays.

        Raises
        ------
        InputError
            The new name is empty or taken.
        """
        if self.roles.assignment is None or old == new:
            return
        with self.changed.paused():
            self.fields.rename_channel(old, new)
            self.roles.rename_channel(old, new)

    def set_result(
        self, result: EmbeddingResult, cells: Iterable[Cells] = (), cause: Cause = Cause.USER
    ) -> None:
        """Take a new result; a selection of the old one means nothing in it.

        Parameters
        ----------
        result
            The result.
        cells
            The cells it was made of; those that the fields have now need not be given.
        cause
            Why it is taken.
        """
        wanted = set(result.cells_ids.values())
        known = (*self.labels.by_image.values(), self.labels.current, *cells)
        self.labels.keep_embedded(each for each in known if each is not None and each.id in wanted)
        with self.changed.paused():
            self.result.set_current(result, cause)
            image = self.fields.image
            self.result.show_image(image.name if image is not None else None)
            self._select_nothing(cause)
            self.labels.release_embedded(self.result.cells_ids)

    def _select_nothing(self, cause: Cause) -> None:
        assert self.result.current is not None
        self.selection.reset(len(self.result.current.table), cause)

    def discard_preview(self) -> None:
        """Leave the preview and return to the result that it took the place of."""
        if self.result.previous is not None:
            self.set_result(replace(self.result.previous, preview=False))

    def set_filter(self, chosen: CellFilter) -> None:
        """Hide other cells; none is deleted, and those selected stay so while shown."""
        if chosen == self.result.filter:
            return
        before = self.result.current
        names = before.table.obs_names[self.selection.mask] if before is not None else None
        with self.changed.paused():
            self.result.hide(chosen)
            if before is not None:
                self._select_nothing(Cause.FILTER)
        if self.result.current is not None and names is not None:
            shown = self.result.current.table.obs_names
            self.selection.select(np.asarray(shown.isin(names)), Cause.FILTER)
        self.changed.emit(Change(Part.CELLS, Cause.FILTER))

    def embedded_cells(self) -> Cells:
        """The cells of the displayed image as they were embedded; none where they were not."""
        result, name = self.result.current, self.result.image_name
        assert result is not None
        if name in result.cells_ids:
            return self.labels.embedded(result.cells_ids[name])
        image, known = self.fields.image, self._no_cells
        assert image is not None
        shape = image.shape[1:]
        if known is None or (known.image_name, known.labels.shape) != (name, shape):
            # Takes no memory: every pixel is the same zero.
            nothing = np.broadcast_to(np.zeros((), np.int32), shape)
            known = self._no_cells = Cells(nothing, 0, name, "not embedded")
        return known

    @property
    def can_update(self) -> bool:
        """Whether the cells edited by hand can be embedded alone, all else being as it was."""
        result, image, cells = self.result.current, self.fields.image, self.labels.current
        if self.labels.edits is None or cells is None or image is None:
            return False
        if result is None or result.preview or not result.finished:
            return False
        same = result.assignment == self.roles.assignment and result.encoder == self.encoder
        return same and result.cells_ids.get(image.name) == cells.id

    def cells_outdated(self) -> OutdatedReason | None:
        """Why the cells no longer fit what was chosen since, or None."""
        return outdated.cells_outdated(self)

    def result_outdated(self) -> OutdatedReason | None:
        """Why the result no longer fits what was chosen since, or None."""
        return outdated.result_outdated(self)


_SESSIONS: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session_of(viewer: Any) -> Session:
    """The session of a viewer, made on first use and gone with the viewer."""
    # napari hands plugins a proxy; all proxies of one viewer share its session.
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _SESSIONS:
        _SESSIONS[viewer] = Session()
    return _SESSIONS[viewer]

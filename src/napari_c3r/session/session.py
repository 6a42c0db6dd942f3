"""What one viewer is working on: fields, roles, label images, result and selection. No widgets.

Every view listens to :attr:`Session.changed` and renders the part named in it. What a user
chose is never thrown away; what no longer fits a later choice is called out of date by
:meth:`Session.cells_outdated` and :meth:`Session.result_outdated`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.encoder.cache import EncoderCache
from napari_c3r.session import outdated
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.clusters import Clusters
from napari_c3r.session.diagnoses import Diagnoses
from napari_c3r.session.fields import Fields
from napari_c3r.session.gates import Gates
from napari_c3r.session.history import Command, History
from napari_c3r.session.joined import JoinedTables
from napari_c3r.session.kept import Keeping
from napari_c3r.session.kept_parts import keep_parts
from napari_c3r.session.labels import Cells, LabelStore
from napari_c3r.session.montage_view import MontageView
from napari_c3r.session.outdated import OutdatedReason
from napari_c3r.session.plate_maps import PlateMaps
from napari_c3r.session.reading import same_files
from napari_c3r.session.renaming import rename_channel
from napari_c3r.session.result import EmbeddingResult, Result
from napari_c3r.session.roles import Roles
from napari_c3r.session.selected_cells import still_selected
from napari_c3r.session.selection import Selection
from napari_c3r.session.settings import Settings
from napari_c3r.session.suggestions import Suggestions
from napari_c3r.session.table_view import TableView
from napari_c3r.session.view import View
from napari_c3r.session.why_answers import WhyAnswers
from napari_c3r.session.words import counted_cells

if TYPE_CHECKING:
    from napari_c3r.core.cells.filters import CellFilter
    from napari_c3r.core.cells.quality import QualityOptions
    from napari_c3r.core.images import FieldSource, Image
    from napari_c3r.core.metadata import Design, PlateMap


@dataclass(frozen=True, eq=False)
class _Shown:
    """A result with what belongs to it, so that it can be brought back."""

    result: EmbeddingResult
    previous: EmbeddingResult | None
    cells: tuple[Cells, ...]
    selected: NDArray[np.bool_]


class Session:
    """The state behind the docks of one viewer, and what concerns several parts of it at once.

    Attributes
    ----------
    fields, plate_maps, roles, labels, result, selection, view, gates, montage
        The parts; each says what changed in it, and the session passes it on.
    table_view, joined, suggestions, diagnoses, why_answers
        How the table is looked at, tables of the user's own, names for cells that have none, what
        the diagnostics found, and what single cells said.
    keeping
        What a saved session holds of further parts.
    clusters
        Those of the result, and what is done to them.
    history, settings
        What was done, to be undone and done again; what was set, as far as it is a part of it.
    encoder, encoders
        Name of the encoder that is chosen, and those that are loaded.
    as_drawn
        Gives the displayed cells as the user drew them last, where someone shows them.
    changed
        With a :class:`Change`: what is other than before, and why. When it is emitted, all
        parts agree with each other.
    """

    changed = Signal(Change)

    def __init__(self) -> None:
        self.history = History()
        self.fields, self.roles, self.labels = Fields(), Roles(self.history), LabelStore()
        self.plate_maps, self.settings = PlateMaps(), Settings(self.history)
        self.result = Result(self.labels, self.history)
        self.joined = JoinedTables(self.result, self.history)
        self.suggestions = Suggestions(self.result, self.history, lambda: self.gates)
        self.selection = Selection(self.history)
        self.why_answers = WhyAnswers(self.result)
        self.clusters = Clusters(self.result, self.history)
        self.view, self.montage = View(self.history), MontageView(self.history)
        self.gates = Gates(self.result, self.labels, self.history, self.view)
        self.diagnoses = Diagnoses(self.result, self.history)
        self.keeping, self.table_view = Keeping(), TableView(self.history)
        keep_parts(self)
        self.encoder, self.encoders = "bundled", EncoderCache()
        self.as_drawn: Callable[[], Cells | None] | None = None
        self._no_cells: Cells | None = None
        for part in (
            *(self.fields, self.plate_maps, self.roles, self.labels, self.result, self.selection),
            *(self.view, self.gates, self.montage, self.diagnoses, self.why_answers),
        ):
            part.changed.connect(self._pass_on)

    def _pass_on(self, change: Change) -> None:
        # Every view asks the same of the columns.
        with self.result.memory.entered():
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
        again = self.fields.show_files_of(image)
        read_again = same_files(self.fields.sources, fields)
        with self.changed.paused():
            self.labels.open(image.name if image is not None else None)
            self.fields.open(image, fields, index)
            if not again:
                if not read_again:
                    self.history.begin_fields()
                self.plate_maps.open()
                self.keeping.forget()
                self.joined.forget()
                self.result.begin_fields()
                self.table_view.begin_fields()
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
        rename_channel(self, old, new)

    def set_result(
        self,
        result: EmbeddingResult,
        cells: Iterable[Cells] = (),
        cause: Cause = Cause.USER,
        sentence: str = "",
    ) -> None:
        """Take a new result; cells that were named or selected in the old one still are.

        Parameters
        ----------
        result
            The result.
        cells
            The cells it was made of; those that the fields have now need not be given.
        cause
            Why it is taken.
        sentence
            What was done, for the history; by default that so many cells were embedded.
        """
        before = self._shown()
        known = (*self.labels.by_image.values(), self.labels.current, *cells)
        wanted = set(result.cells_ids.values())
        made_of = tuple({c.id: c for c in known if c is not None and c.id in wanted}.values())
        now, table = self.result.current, self.result.filtered(result).table
        selected = still_selected(self.labels, now, self.selection.mask, table, made_of)
        self._show(_Shown(result, None, made_of, selected), cause)
        if cause is not Cause.USER:
            self.history.clear()
        elif before is not None and (after := self._shown()) is not None:
            self.history.record(
                Command(
                    sentence or f"embed {counted_cells(len(result.all_rows))}",
                    lambda: self._bring_back(before),
                    lambda: self._bring_back(after),
                    n_bytes=before.result.n_bytes,
                )
            )

    def _shown(self) -> _Shown | None:
        result = self.result.current
        if result is None:
            return None
        found = (self.labels.find(each) for each in result.cells_ids.values())
        cells = tuple(each for each in found if each is not None)
        return _Shown(result, self.result.previous, cells, self.selection.mask)

    def _bring_back(self, shown: _Shown) -> None:
        self._show(shown, Cause.UNDONE)
        self.result.previous = shown.previous
        self.labels.release_embedded(self.result.cells_ids)
        self.changed.emit(Change(Part.CELLS, Cause.UNDONE))

    def _show(self, shown: _Shown, cause: Cause) -> None:
        self.labels.keep_embedded(shown.cells)
        with self.changed.paused():
            self.result.set_current(shown.result, cause)
            image = self.fields.image
            self.result.show_image(image.name if image is not None else None)
            assert self.result.current is not None
            fits = len(shown.selected) == len(self.result.current.table)
            none = np.zeros(len(self.result.current.table), bool)
            self.selection.reset(shown.selected if fits else none, cause)
            if cause is not Cause.UNDONE:
                self.labels.release_embedded(self.result.cells_ids)

    def discard_preview(self) -> None:
        """Leave the preview and return to the result that it took the place of."""
        if self.result.previous is not None:
            whole = replace(self.result.previous, preview=False)
            self.set_result(whole, sentence="go back to all cells")

    def set_plate_map(self, plate_map: PlateMap | None, sentence: str) -> None:
        """Use another plate map, or none, for the fields and in the result.

        Parameters
        ----------
        plate_map
            Fitted to the fields.
        sentence
            What was done, for the history.
        """
        use, before = partial(self.use_plate_map, cause=Cause.UNDONE), self.plate_maps.current
        self.use_plate_map(plate_map)
        self.history.record_choice(sentence, use, before, plate_map, of_fields=True)

    def use_plate_map(self, plate_map: PlateMap | None, cause: Cause = Cause.USER) -> None:
        """Use a plate map without a step to undo, as one that was found."""
        self.plate_maps.set_current(plate_map, cause)
        self.result.join(plate_map, cause)

    def set_design(self, design: Design) -> None:
        """Say what the columns of the plate map mean."""
        now = self.plate_maps.current
        if now is not None and design != now.design:
            self.set_plate_map(now.meaning(design), "change what the plate map's columns mean")

    def set_quality(self, options: QualityOptions) -> None:
        """Flag cells from other scores on; what is hidden for its flags follows."""
        before = self.result.quality
        if options == before:
            return

        def flag(chosen: QualityOptions, cause: Cause) -> None:
            self.result.flag(chosen, cause)
            if self.result.filter is not None and self.result.filter.flagged:
                self._hide(self.result.filter, None)

        flag(options, Cause.USER)
        words, undone = "change what cells are flagged for", Cause.UNDONE
        self.history.record(
            Command(words, lambda: flag(before, undone), lambda: flag(options, undone))
        )

    def set_filter(self, chosen: CellFilter) -> None:
        """Hide other cells; none is deleted, and those selected stay so while shown."""
        before, selected = self.result.filter, self.selection.mask
        if chosen == before:
            return
        self._hide(chosen, None)
        words = f"hide {chosen.words()}" if chosen.active else "hide no cells"
        self.history.record(
            Command(words, lambda: self._hide(before, selected), lambda: self._hide(chosen, None))
        )

    def _hide(self, chosen: CellFilter | None, selected: NDArray[np.bool_] | None) -> None:
        before = self.result.current
        names = before.table.obs_names[self.selection.mask] if before is not None else None
        with self.changed.paused():
            self.result.hide(chosen)
            if self.result.current is not None and names is not None:
                shown = self.result.current.table.obs_names
                still = np.asarray(shown.isin(names)) if selected is None else selected
                self.selection.reset(still, Cause.FILTER)
        self.changed.emit(Change(Part.CELLS, Cause.FILTER))

    def replace_cells(self, cells: Cells, before: Cells | None, sentence: str) -> None:
        """Take other cells for the displayed field; those before can be brought back.

        Parameters
        ----------
        cells
            The new ones.
        before
            The ones that they take the place of, as they were drawn last; None for none.
        sentence
            What was done, for the history.
        """
        self.labels.set_current(cells)
        if before is None or before.image_name != cells.image_name:
            return
        kept = [before]

        def swap() -> None:
            # What was drawn since shall come back too.
            kept[0] = self.put_cells(kept[0]) or kept[0]

        n_bytes = int(getattr(before.labels, "nbytes", 0))
        self.history.record(Command(sentence, swap, swap, n_bytes))

    def put_cells(self, cells: Cells) -> Cells | None:
        """Take cells for their image; returns those that were its cells until now."""
        image, name = self.fields.image, cells.image_name
        if image is None or image.name != name:
            before = self.labels.by_image.get(name)
            self.labels.put(cells)
            return before
        before = self.as_drawn() if self.as_drawn is not None else self.labels.current
        self.labels.set_current(cells, Cause.UNDONE)
        return before

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
        return outdated.cells_outdated(self.fields, self.labels)

    def result_outdated(self) -> OutdatedReason | None:
        """Why the result no longer fits what was chosen since, or None."""
        return outdated.result_outdated(
            self.result.current, self.fields, self.labels, self.roles.assignment, self.encoder
        )

"""The result that is displayed: its rows, what hides some, its map and names."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.cells.quality import (
    QualityOptions,
    carry_flags,
    flag_cells,
    options_of,
    quality_scores,
)
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.table.annotate import (
    ACCEPTED,
    COLUMN,
    annotate,
    carry_over,
    name_column,
    renamed_rows,
)
from napari_c3r.core.table.remembered import Memory
from napari_c3r.core.table.result import rows_by_image
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command, History
from napari_c3r.session.names import CellNames
from napari_c3r.session.words import naming_in_words

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.cells.filters import CellFilter
    from napari_c3r.core.images import Image
    from napari_c3r.core.metadata import PlateMap
    from napari_c3r.core.table.annotate import GivenNames
    from napari_c3r.session.labels import LabelStore

_next_id = count(1).__next__
_NAMES = frozenset({COLUMN, ACCEPTED})


@dataclass(frozen=True, eq=False)
class EmbeddingResult:
    """A result and what it was made from, by which its age is judged.

    Attributes
    ----------
    table
        The rows shown: those that no filter hides.
    cells_ids
        Which cells were embedded: their ids in the session's store, by the name of their image.
    assignment, encoder
        What all of it was made with.
    seconds
        How long it took.
    finished
        Whether every cell that was wanted is in it.
    images
        The embedded images by name, for pictures of their cells.
    unfiltered
        All rows, hidden ones included; None when that is ``table``.
    preview
        Whether it holds a sample of the cells on purpose.
    encoder_source
        Where the encoder came from: ``"bundled"`` or a model folder.
    options, crop
        How the encoder ran, and how the cells were cut out.
    id
        Tells what was embedded at one time from all else; maps and filters leave it as it is.
    """

    table: AnnData
    cells_ids: Mapping[str, int]
    assignment: ChannelAssignment
    encoder: str
    seconds: float
    finished: bool
    images: Mapping[str, Image] = field(default_factory=dict)
    unfiltered: AnnData | None = None
    preview: bool = False
    encoder_source: str = "bundled"
    options: RunOptions = field(default_factory=RunOptions)
    crop: CropSpec = field(default_factory=CropSpec)
    id: int = field(default_factory=_next_id)

    def updated(self, table: AnnData, cells_ids: Mapping[str, int]) -> EmbeddingResult:
        """Another result: some cells embedded anew, all else as it was."""
        return replace(self, table=table, unfiltered=None, cells_ids=cells_ids, id=_next_id())

    @property
    def all_rows(self) -> AnnData:
        """Every row, hidden or not."""
        return self.table if self.unfiltered is None else self.unfiltered

    @property
    def tables(self) -> tuple[AnnData, ...]:
        """The rows shown and all rows, once where they are the same."""
        return (self.table,) if self.all_rows is self.table else (self.table, self.all_rows)

    @property
    def n_bytes(self) -> int:
        """Memory that its vectors take."""
        return int(self.all_rows.X.nbytes)

    @property
    def hidden_count(self) -> int:
        """Rows that filters hide."""
        return len(self.all_rows) - len(self.table)


class Result:
    """The displayed result.

    Parameters
    ----------
    labels
        Has the cells that results are made of.
    history
        Takes note of what the user does to the result.

    Attributes
    ----------
    current
        The result; None before cells are embedded.
    previous
        The one that a preview took the place of.
    image_name
        The image whose cells of the result are displayed; it need not have any in it.
    filter
        What is hidden; None hides nothing.
    names
        What the user called cells, also those that the result does not hold.
    plate_map
        What was done to the wells, which every result says; None leaves results as they are.
    quality
        From which scores on cells are flagged.
    memory
        What is known of the columns as they are now.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self, labels: LabelStore, history: History) -> None:
        self._labels, self._history = labels, history
        self.names = CellNames()
        # In their order, which their colours go by.
        self._names_used: list[str] = []
        self.current: EmbeddingResult | None = None
        self.previous: EmbeddingResult | None = None
        self.image_name = ""
        self.filter: CellFilter | None = None
        self.plate_map: PlateMap | None = None
        self.quality = QualityOptions()
        self._scores: tuple[AnnData | None, pd.DataFrame] | None = None
        self._of_these_fields = 0
        self.memory = Memory()
        self.changed.connect(lambda change: self.memory.forget(change.columns))

    @property
    def cells_ids(self) -> set[int]:
        """The ids of all cells that the result, or the one before it, was made of."""
        known = (self.current, self.previous)
        return {each for result in known if result for each in result.cells_ids.values()}

    def set_current(self, result: EmbeddingResult, cause: Cause = Cause.USER) -> None:
        """Take a new result; a preview keeps the one that it takes the place of."""
        if result.preview and self.current is not None and not self.current.preview:
            self.previous = self.current
        elif not result.preview:
            self.previous = None
        if cause is Cause.RESTORED:
            self.quality = options_of(result.all_rows) or QualityOptions()
        self._place_names(result)
        self._describe(result)
        self._put(self.filtered(result), cause)

    def show_image(self, name: str | None) -> None:
        """Display the part that was made on an image; None displays what was before."""
        if name is not None:
            self.image_name = name
        elif self.current is not None and self.image_name not in self.current.cells_ids:
            self.image_name = next(iter(self.current.cells_ids))

    def hide(self, chosen: CellFilter | None) -> None:
        """Hide other cells; none is deleted."""
        self.filter = chosen
        if self.current is not None:
            self._put(self.filtered(self.current), Cause.FILTER)

    def _put(self, result: EmbeddingResult, cause: Cause) -> None:
        self.current = result
        self.changed.emit(Change(Part.RESULT, cause))
        self.changed.emit(Change(Part.MAP, cause))

    def filtered(self, result: EmbeddingResult) -> EmbeddingResult:
        """A result without the rows that are hidden at present."""
        from napari_c3r.core.cells.filters import shown_part

        if self.filter is None or not self.filter.active:
            if result.unfiltered is None:
                return result
            hidden = np.zeros(len(result.all_rows), bool)
        else:
            hidden = self.filter.hidden(result.all_rows.obs)
        unfiltered = result.all_rows
        return replace(result, table=shown_part(unfiltered, hidden), unfiltered=unfiltered)

    @property
    def has_map(self) -> bool:
        """Whether the result has its map."""
        return self.current is not None and "X_umap" in self.current.table.obsm

    def set_mapped(self, table: AnnData) -> None:
        """Take the same cells with a map and clusters; names stay."""
        from napari_c3r.core.cells.filters import keep_with_hidden

        result = self.current
        if result is None:
            raise InputError("There are no vectors to map; embed the cells first")
        # Names may have been given while the map was made on a copy.
        carry_over(result.table, table)
        unfiltered = result.unfiltered
        if unfiltered is not None:
            unfiltered = keep_with_hidden(unfiltered, table)
            carry_over(result.all_rows, unfiltered)
        column = name_column(table if unfiltered is None else unfiltered)
        had_map, mapped = self.has_map, replace(result, table=table, unfiltered=unfiltered)
        self._describe(mapped)
        self._remember(mapped, column.notna().to_numpy(), column)
        self._put_mapped(mapped, Cause.USER)
        if had_map:
            self._history.record(
                Command(
                    "make another map",
                    lambda: self._put_mapped(result, Cause.UNDONE),
                    lambda: self._put_mapped(mapped, Cause.UNDONE),
                    n_bytes=result.n_bytes,
                )
            )

    def _put_mapped(self, result: EmbeddingResult, cause: Cause) -> None:
        self.current = result
        self.changed.emit(Change(Part.MAP, cause))

    def annotate(
        self, chosen: NDArray[np.bool_], name: GivenNames, *, accepted: bool = False
    ) -> None:
        """Give rows a name, or each the one suggested, or take theirs away with an empty one."""
        result = self.current
        if result is None:
            raise InputError("There are no cells to name; embed them first")
        words = naming_in_words(result.table.obs, chosen, name)
        before = name_column(result.all_rows)
        annotate(result.table, chosen, name, accepted=accepted)
        named = chosen
        if result.unfiltered is not None:
            named = result.unfiltered.obs_names.isin(result.table.obs_names[chosen])
            annotate(result.unfiltered, named, name, accepted=accepted)
        after = name_column(result.all_rows)
        self._remember(result, named, after)
        self.changed.emit(Change(Part.ANNOTATION, columns=_NAMES))
        self._history.record_choice(words, self._put_names, before, after)

    def _put_names(self, column: pd.Series) -> None:
        """Give all rows the names that they had before."""
        result = self.current
        assert result is not None
        self._remember(result, renamed_rows(column, name_column(result.all_rows)), column)
        self._write_names(result, column)
        self.changed.emit(Change(Part.ANNOTATION, Cause.UNDONE, _NAMES))

    def _remember(
        self, result: EmbeddingResult, rows: NDArray[np.bool_], column: pd.Series
    ) -> None:
        """Take note of the names of some of all rows."""
        self._names_used = list(dict.fromkeys([*self._names_used, *column.cat.categories]))
        obs, codes = result.all_rows.obs, column.cat.codes.to_numpy()
        labels, names = obs["label"].to_numpy(), np.array([*column.cat.categories, None], object)
        with self.memory.entered():
            for image, here in rows_by_image(obs, np.flatnonzero(rows)):
                cells = self._labels.find(result.cells_ids.get(image))
                if cells is not None:
                    self.names.set(cells, labels[here], names[codes[here]])

    def _place_names(self, result: EmbeddingResult) -> None:
        """Give the rows of a new result the names that their cells have."""
        import pandas as pd

        obs, column = result.all_rows.obs, name_column(result.all_rows)
        images = obs["image"].astype(str).to_numpy()
        if column.notna().any():
            fresh = ~np.isin(images, self.names.images) & column.notna().to_numpy()
            self._remember(result, fresh, column)
        if not self.names.images:
            return
        labels = obs["label"].to_numpy()
        places = column.astype(object).to_numpy(copy=True)
        for image, here in rows_by_image(obs, np.flatnonzero(np.isin(images, self.names.images))):
            cells = self._labels.find(result.cells_ids.get(image))
            if cells is not None:
                placed = self.names.place(cells)
                places[here] = [placed.get(label) for label in labels[here]]
        named = pd.Series(places, index=obs.index)
        self._write_names(result, named.astype(pd.CategoricalDtype(self._names_used)))

    def _write_names(self, result: EmbeddingResult, column: pd.Series) -> None:
        for table in result.tables:
            if len(column.cat.categories):
                table.obs[COLUMN] = column.reindex(table.obs_names)
            elif COLUMN in table.obs:
                del table.obs[COLUMN]

    def begin_fields(self) -> None:
        """Other fields were opened; results made until now say nothing of their wells."""
        self.plate_map, self._of_these_fields = None, _next_id()

    def join(self, plate_map: PlateMap | None, cause: Cause = Cause.USER) -> None:
        """Say in all rows what was done to their wells; None takes away what was said."""
        from napari_c3r.core.metadata.join import forget

        self.plate_map = plate_map
        result = self.current
        if result is None or result.id < self._of_these_fields:
            return
        if plate_map is None:
            for table in result.tables:
                forget(table)
        self._add_plate_map(result)
        self.changed.emit(Change(Part.ANNOTATION, cause))

    def flag(self, options: QualityOptions, cause: Cause = Cause.USER) -> None:
        """Flag cells from other scores on."""
        self.quality = options
        if self.current is not None:
            self._flag(self.current)
            self.changed.emit(Change(Part.ANNOTATION, cause))

    def scores(self) -> pd.DataFrame:
        """How far each cell, hidden or not, is on the way to each flag."""
        assert self.current is not None
        return self._scores_of(self.current.all_rows)

    def _scores_of(self, table: AnnData) -> pd.DataFrame:
        if self._scores is None or self._scores[0] is not table:
            self._scores = table, quality_scores(table)
        return self._scores[1]

    def _flag(self, result: EmbeddingResult) -> None:
        every = result.all_rows
        flag_cells(every, self.quality, self._scores_of(every))
        if result.table is not every:
            carry_flags(every, result.table)

    def _describe(self, result: EmbeddingResult) -> None:
        """Say of the cells of a result what was done to their wells, and how good they are."""
        every = result.all_rows
        if "touches_border" in every.obs and options_of(every) != self.quality:
            self._flag(result)
        self._add_plate_map(result)

    def _add_plate_map(self, result: EmbeddingResult) -> None:
        """Add the plate map to a result of these fields."""
        if self.plate_map is None or result.id < self._of_these_fields:
            return
        for table in result.tables:
            # Of the fields that were embedded, it may know none.
            with suppress(InputError):
                self.plate_map.add_to(table)

    def add_column(self, values: pd.Series) -> None:
        """Keep a number for each cell, by the names of rows; NaN for the others."""
        result = self.current
        if result is None:
            raise InputError("There are no cells to tell of; embed them first")
        for table in result.tables:
            table.obs[values.name] = values.reindex(table.obs_names)
        self.changed.emit(Change(Part.ANNOTATION, columns=frozenset({str(values.name)})))

    def row_of(self, label: int) -> int | None:
        """The row of a label of the displayed image, None when it is not in the result."""
        if self.current is None:
            return None
        obs = self.current.table.obs
        rows = np.flatnonzero((obs["label"] == label) & (obs["image"] == self.image_name))
        return int(rows[0]) if len(rows) else None

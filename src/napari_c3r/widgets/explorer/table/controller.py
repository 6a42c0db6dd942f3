"""Ties the table to the session: which rows and columns it lists, and what is taken up in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QPoint, Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import Filter, free_name
from napari_c3r.core.metadata.join import plate_map_columns
from napari_c3r.core.table.expressions import ExpressionError, TableRows
from napari_c3r.widgets.common.columns import table_columns
from napari_c3r.widgets.common.key_actions import KeyAction
from napari_c3r.widgets.common.rows_model import Sorting
from napari_c3r.widgets.common.table_view import MAX_COPIED, after_click
from napari_c3r.widgets.explorer.table.joining import TableJoining
from napari_c3r.widgets.explorer.table.page import ADD, KEEP, REMOVE, TablePage

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.session import Change, Session


@dataclass(frozen=True, eq=False)
class _Found:
    """What a filter gave: its rows, or what is wrong with it."""

    mask: NDArray[np.bool_] | None
    line: str
    error: ExpressionError | None = None


class TableController(QObject):
    """The table of one explorer.

    Parameters
    ----------
    session
        Has the cells and what is selected.
    page
        What is shown.
    colour_by
        Colours map and image by a column.

    Signals
    -------
    pointed
        The row of the result taken up.
    said
        A line for the user.
    """

    pointed = Signal(int)
    said = Signal(str)

    def __init__(self, session: Session, page: TablePage, colour_by: Callable[[str], None]) -> None:
        super().__init__(page)
        self._session, self._page, self._table = session, page, page.table
        self._colour_by = colour_by
        self.view = session.table_view
        self.joining = TableJoining(session, page.join)
        self._rows: TableRows | None = None
        self._shown: AnnData | None = None
        self._fits: NDArray[np.bool_] | None = None
        self._of_table = False
        # Which columns were put in which order; a million rows are not looked at for a filter.
        self._arranged: tuple[object, object] = (), {}
        self.view.changed.connect(self._on_view)
        self._connect()
        page.filter.setText(self.view.look.filter)

    def _connect(self) -> None:
        page, table, columns = self._page, self._table, self._page.columns
        page.filter.complete = self.completions
        page.filter.paused.connect(lambda: self._apply(calm=True))
        page.filter.finished.connect(lambda: self._apply(calm=False))
        page.select_wanted.connect(self._select)
        page.gate_button.clicked.connect(self._gate)
        table.pointed.connect(self.pointed)
        table.chosen.connect(self._on_chosen)
        table.sorting_chosen.connect(self.view.sort)
        table.menu_wanted.connect(self._open_menu)
        columns.shown.connect(self.view.show)
        columns.pinned.connect(self.view.pin)
        columns.add_wanted.connect(self.joining.choose)
        self.joining.said.connect(self.said)
        columns.usual_wanted.connect(self.view.show_usual)

    def actions(self) -> list[KeyAction]:
        """What the table does by keys."""
        return [
            KeyAction(("/",), "Filter the rows of the table", self._go_to_filter),
            KeyAction(("Ctrl+C",), "Copy the rows of the table, to paste in a sheet", self.copy),
        ]

    def show_table(self, table: AnnData) -> None:
        """Show a result, or what is now said of its cells."""
        self._shown, self._rows, self._fits = table, TableRows(table.obs), None
        self._table.sort_by(self.view.look.sorting)
        self._fill()
        if not self._apply(calm=False):
            self.show_rows()

    def completions(self, text: str) -> tuple[int, list[str]]:
        """How a filter could go on."""
        return self._rows.completions(text) if self._rows is not None else (0, [])

    def show_rows(self) -> None:
        """List the rows that fit, else those selected, else all; and the one pointed at."""
        selection, current = self._session.selection.mask, self._session.selection.current
        if self._shown is None or len(self._shown) != len(selection):
            # A new result is on its way here.
            return
        if not self._of_table:
            if self._fits is not None and len(self._fits) == len(selection):
                listed = self._fits
            else:
                listed = selection.copy() if selection.any() else np.ones(len(selection), bool)
                if current is not None:
                    listed[current] = True
            scope = self._session.gates.scope()
            if scope is not None and len(scope) == len(listed):
                # Of the cells that a gate opened alone.
                listed = listed & scope
            self._table.show_rows(np.flatnonzero(listed))
        self._table.rows.set_selected(selection)
        if not (self._of_table and selection.any()):
            self._table.show_current(current)

    def copy(self) -> None:
        """Copy rows as text for a spreadsheet."""
        count = self._table.copy()
        if count > MAX_COPIED:
            self.said.emit(
                f"{count:,} rows are too many to copy ({MAX_COPIED:,} at most); export them"
            )
        elif count:
            self.said.emit(f"Copied {count:,} {'row' if count == 1 else 'rows'}")

    def release(self) -> None:
        """Disconnect from the session."""
        self.joining.release()
        self.view.changed.disconnect(self._on_view, missing_ok=True)

    def _fill(self) -> None:
        if self._shown is None:
            return
        obs = self._shown.obs
        usual = table_columns(obs, plate_map_columns(self._shown))
        every = [*usual, *(name for name in map(str, obs.columns) if name not in usual)]
        look = self.view.look
        self._arranged = look.pinned, look.shown
        columns, pinned = look.columns(usual, every)
        self._table.set_frame(obs, columns, pinned)
        self._page.columns.fill(every, columns, columns[:pinned])

    def _on_view(self, _: Change) -> None:
        look = self.view.look
        with self._session.result.memory.entered():
            self._table.sort_by(look.sorting)
        if (look.pinned, look.shown) != self._arranged:
            self._fill()
            self.show_rows()
        if self._page.filter.text().strip() != look.filter:
            self._page.filter.setText(look.filter)
            self._apply(calm=False)

    def _apply(self, calm: bool) -> bool:
        """List what the filter says, if it can be read.

        While one types, what is unfinished is not wrong yet.
        """
        text = self._page.filter.text().strip()
        found = self._found(text)
        error = found.error
        if error is None:
            self._fits = found.mask
            self.view.set_filter(text)
            self.show_rows()
            nothing = found.mask is not None and not found.mask.any()
            reason = "No row fits, so that there is none to select" if nothing else ""
            self._page.show_found(found.line, reason=reason)
        elif not calm or error.end < len(text):
            self._page.show_found(found.line, True, "The filter cannot be read")
        return error is None

    def _found(self, text: str) -> _Found:
        if not text or self._rows is None:
            return _Found(None, "")
        try:
            found = self._rows.where(text)
        except ExpressionError as error:
            return _Found(None, str(error), error)
        count, total = int(found.mask.sum()), len(found.mask)
        line = f"{count:,} of {total:,} rows"
        return _Found(found.mask, " · ".join([line, *found.notes]))

    def _select(self, way: str) -> None:
        if self._page.filter.text().strip() != self.view.look.filter:
            self._apply(calm=False)
        before, fits = self._session.selection.mask, self._fits
        if fits is None or len(fits) != len(before):
            return
        joined = {ADD: before | fits, REMOVE: before & ~fits, KEEP: before & fits}
        self._session.selection.select(joined.get(way, fits).copy())

    def _gate(self) -> None:
        gates, expression = self._session.gates, self.view.look.filter
        try:
            name = free_name(expression, [gate.name for gate in gates.all])
            gates.add(name, Filter(expression), within=gates.opened)
        except InputError as error:
            self.said.emit(str(error))
        else:
            self.said.emit(f"Gate “{name}” holds {int(gates.mask(name).sum()):,} cells")

    def _on_chosen(self, rows: NDArray[np.intp]) -> None:
        mask = np.zeros(len(self._session.selection.mask), bool)
        mask[rows] = True
        # The table keeps its rows: those not chosen would vanish from under the mouse.
        self._of_table = True
        try:
            self._session.selection.select(mask)
        finally:
            self._of_table = False

    def _open_menu(self, name: str, where: QPoint) -> None:
        matches = self._session.joined.matches.items()
        joined = next((table for table, match in matches if name in match.columns), "")
        menu = self._page.menu_of(name, name in self.view.look.pinned, joined)
        menu.remove_wanted.connect(lambda: self._session.joined.remove(joined))
        menu.sort_wanted.connect(lambda up: self._sort(((name, up),)))
        menu.then_wanted.connect(
            lambda: self._sort(after_click(self.view.look.sorting, name, within=True))
        )
        menu.pin_wanted.connect(partial(self.view.pin, name))
        menu.hide_wanted.connect(lambda: self.view.show([name], False))
        menu.fit_wanted.connect(lambda: self._table.fit_column(name))
        menu.colour_wanted.connect(lambda: self._colour_by(name))
        menu.columns_wanted.connect(
            lambda: self._page.columns.open_below(self._page.columns_button)
        )
        menu.open_at(where)

    def _sort(self, sorting: Sorting) -> None:
        self.view.sort(sorting)

    def _go_to_filter(self) -> None:
        self._page.filter.setFocus()
        self._page.filter.selectAll()

"""Reads a table of the user's own, shows what it fits, and joins it to the cells."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.result import KEY
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.explorer.table.join_panel import JoinPanel

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.joined import JoinedColumns
    from napari_c3r.session import Session

_SUFFIXES = "*.csv *.tsv *.txt *.xlsx *.parquet *.gz *.zip"
_READ, _MATCH = "read a table", "match a table"

Way = tuple[str, ...] | None


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells as they are when a job begins."""

    obs: pd.DataFrame
    uns: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Read:
    """A table as its file has it, and by what it could be matched."""

    path: Path
    frame: pd.DataFrame
    ways: list[tuple[str, ...]]
    facts: dict[str, Any]


class TableJoining(QObject):
    """From a file to further columns.

    Parameters
    ----------
    session
        Has the cells.
    panel
        Shows what fits.

    Signals
    -------
    said
        A line for the user.
    """

    said = Signal(str)

    def __init__(self, session: Session, panel: JoinPanel) -> None:
        super().__init__(panel)
        self._session, self._panel = session, panel
        self._jobs = Jobs(self)
        self._read: _Read | None = None
        self._plan: JoinedColumns | None = None
        self._jobs.failed.connect(self._on_failed)
        panel.way_chosen.connect(self._match)
        panel.chosen.connect(self._on_columns)
        panel.accepted.connect(self._accept)
        panel.cancelled.connect(self.cancel)

    @property
    def busy(self) -> bool:
        """Whether a table is being read or matched."""
        return self._jobs.running is not None

    def choose(self) -> None:
        """Let the user choose a file."""
        path, _ = QFileDialog.getOpenFileName(
            self._panel, "Add the columns of a table", "", f"Tables ({_SUFFIXES});;All files (*)"
        )
        if path:
            self.open(path)

    def open(self, path: str | Path) -> None:
        """Read a file and show what it fits."""
        path, cells = Path(path), self._cells()
        if cells is None:
            return
        self._read = self._plan = None
        self._panel.begin(path.name)

        def body(_: threading.Event) -> Generator[str, None, _Read]:
            from napari_c3r.core.joined import read_cell_table, ways_to_join
            from napari_c3r.core.joined.join import facts_of_file

            yield "reading"
            frame = read_cell_table(path)
            return _Read(path, frame, ways_to_join(cells, frame), facts_of_file(path))

        self._jobs.start(_READ, body, self._on_read)

    def cancel(self) -> None:
        """Leave the cells as they are."""
        self._jobs.discard()
        self._read = self._plan = None
        self._panel.end()

    def release(self) -> None:
        """Forget what is being read."""
        self._jobs.discard()

    def _cells(self) -> _Cells | None:
        result = self._session.result.current
        if result is None:
            return None
        every = result.all_rows
        # Columns that are added meanwhile are not in it.
        return _Cells(every.obs.copy(deep=False), {KEY: every.uns.get(KEY, {})})

    def _on_read(self, read: _Read) -> None:
        self._read = read
        self._panel.offer(read.ways, None)
        self._match(None)

    def _match(self, way: Way) -> None:
        read, cells = self._read, self._cells()
        if read is None or cells is None:
            return
        self._plan = None
        self._panel.wait(f"Matching {counted(len(read.frame), 'row')} of {read.path.name}…")

        def body(_: threading.Event) -> Generator[str, None, JoinedColumns]:
            from napari_c3r.core.joined import plan_join

            yield "matching"
            plan = plan_join(cells, read.frame, way, name=read.path.name)
            return replace(plan, facts={**plan.facts, **read.facts})

        self._jobs.start(_MATCH, body, self._on_matched)

    def _on_matched(self, plan: JoinedColumns) -> None:
        self._plan = plan
        self._panel.list_columns(plan.theirs)
        self._on_columns(self._panel.ticked)

    def _on_columns(self, ticked: list[str]) -> None:
        """Say what would be added of the columns that are ticked."""
        if self._plan is None:
            return
        match = self._plan.match
        reason = "" if ticked else "No column is ticked; tick those to add"
        self._panel.show_match(match.name, match.words, len(ticked), reason)

    def _on_failed(self, job: str, line: str) -> None:
        if job == _READ:
            self._panel.end()
            self.said.emit(line)
        elif self._read is not None:
            self._panel.show_match(self._read.path.name, line, 0, line)

    def _accept(self) -> None:
        plan = self._plan
        if plan is None:
            return
        try:
            plan = plan.only(self._panel.ticked)
            self._session.joined.join(plan, self._read.path if self._read is not None else None)
        except InputError as error:
            self.said.emit(str(error))
            self._match(self._panel.way.currentData())
            return
        columns = counted(len(plan.match.columns), "column")
        self.said.emit(f"Added {columns} of {plan.match.name} to {plan.match.matched:,} cells")
        self.cancel()

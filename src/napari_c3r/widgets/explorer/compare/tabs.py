"""The tabs of figures in the explorer, tied to the selection of the session."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QTabWidget

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import Mark
from napari_c3r.session import Session
from napari_c3r.widgets.explorer.compare.compare_tab import CompareTab
from napari_c3r.widgets.explorer.compare.figure_tab import FigureTab, where_of
from napari_c3r.widgets.explorer.compare.marks_tab import MarksTab
from napari_c3r.widgets.explorer.compare.overview import OverviewModel
from napari_c3r.widgets.explorer.compare.plate_tab import PlateTab


class GroupTabs(QObject):
    """Adds Compare, Plate and Marks to the tabs of the explorer.

    Parameters
    ----------
    session
        With result and selection.
    tabs
        Where they are added.

    Signals
    -------
    column_chosen
        A feature was clicked, by the name of its column.
    step_wanted
        The plate map is to be chosen in the C3R dock.
    said
        With a line for the user.
    """

    column_chosen = Signal(str)
    step_wanted = Signal()
    said = Signal(str)

    def __init__(self, session: Session, tabs: QTabWidget) -> None:
        super().__init__(tabs)
        self._session = session
        self.overview = OverviewModel(session, self)
        self.compare = CompareTab(self.overview)
        self.plate = PlateTab(self.overview)
        self.marks = MarksTab(self.overview, session)
        self._all: tuple[FigureTab, ...] = (self.compare, self.plate, self.marks)
        for tab, name, tip in (
            (self.compare, "Compare", "Groups of wells beside the controls, tested on wells"),
            (self.plate, "Plate", "A value over the wells of a plate; brush wells to select"),
            (self.marks, "Marks", "What a selection or a cluster has more or less of"),
        ):
            tabs.setTabToolTip(tabs.addTab(tab, name), tip)
            tab.marks_chosen.connect(self._on_chosen)
            tab.said.connect(self.said)
            tab.shown.connect(self._on_shown)
            tab.action_button.clicked.connect(self.step_wanted)
        self.compare.controls_button.clicked.connect(self.step_wanted)

    @property
    def busy(self) -> bool:
        """Whether a figure is yet to come, or a file to be written."""
        return self.overview.busy or any(tab.busy for tab in self._all)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        for tab in self._all:
            tab.set_theme(background, foreground)

    def release(self) -> None:
        """Stop computing and disconnect from the session."""
        self.overview.release()
        for tab in self._all:
            tab.release()

    def _on_shown(self) -> None:
        self.overview.set_awake(any(tab.isVisible() for tab in self._all))

    def _on_chosen(self, marks: tuple[Mark, ...], keys: Any) -> None:
        """Select the cells of what was clicked; Shift adds them, Alt takes them away."""
        overview, before = self.overview.current, self._session.selection.mask
        if overview is None or len(before) != len(overview.table):
            return
        wanted = where_of(marks)
        if len(wanted) == 1 and wanted[0].column and not wanted[0].value:
            self.column_chosen.emit(wanted[0].column)
            return
        chosen = np.zeros(len(before), bool)
        try:
            for where in wanted:
                chosen |= overview.wells.cells(where, overview.table.obs)
        except InputError as error:
            self.said.emit(str(error))
            return
        if keys & Qt.KeyboardModifier.ShiftModifier:
            chosen = before | chosen
        elif keys & Qt.KeyboardModifier.AltModifier:
            chosen = before & ~chosen
        self._session.selection.select(chosen)

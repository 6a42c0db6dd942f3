"""The tabs of figures in the explorer, tied to the selection of the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QWidget

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import Mark
from napari_c3r.widgets.explorer.compare.compare_tab import CompareTab
from napari_c3r.widgets.explorer.compare.figure_tab import FigureTab, where_of
from napari_c3r.widgets.explorer.compare.marks_tab import MarksTab
from napari_c3r.widgets.explorer.compare.overview import OverviewModel
from napari_c3r.widgets.explorer.compare.plate_tab import PlateTab
from napari_c3r.widgets.explorer.tab import ExplorerContext


class GroupTabs(QObject):
    """Compare, Plate and Marks.

    Parameters
    ----------
    context
        With result and selection.
    """

    def __init__(self, context: ExplorerContext) -> None:
        super().__init__(context.scatter)
        self._session, self._context = context.session, context
        self.overview = OverviewModel(context.session, self)
        self.compare = CompareTab(self.overview)
        self.plate = PlateTab(self.overview)
        self.marks = MarksTab(self.overview, context.session)
        self._all: tuple[FigureTab, ...] = (self.compare, self.plate, self.marks)
        for tab in self._all:
            tab.marks_chosen.connect(self._on_chosen)
            tab.said.connect(context.say)
            tab.shown.connect(self._on_shown)
            tab.action_button.clicked.connect(context.open_step)
        self.compare.controls_button.clicked.connect(context.open_step)

    @property
    def busy(self) -> bool:
        """Whether a figure is yet to come, or a file to be written."""
        return self.overview.busy or any(tab.busy for tab in self._all)

    def pages(self) -> Sequence[QWidget]:
        """The three, in the order of the questions."""
        return self._all

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
        if overview is None or overview.within(before) is None:
            return
        wanted = where_of(marks)
        if len(wanted) == 1 and wanted[0].column and not wanted[0].value:
            self._context.colour_by(wanted[0].column)
            return
        here = np.zeros(len(overview.table), bool)
        try:
            for where in wanted:
                here |= overview.wells.cells(where, overview.table.obs)
        except InputError as error:
            self._context.say(str(error))
            return
        chosen = overview.among_all(here)
        if keys & Qt.KeyboardModifier.ShiftModifier:
            chosen = before | chosen
        elif keys & Qt.KeyboardModifier.AltModifier:
            chosen = before & ~chosen
        self._session.selection.select(chosen)

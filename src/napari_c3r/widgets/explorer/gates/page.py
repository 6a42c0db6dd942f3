"""What the tab of gates shows: their list with its buttons, or a rule that is being written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QGridLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)
from superqt import QFlowLayout

from napari_c3r.core.figures.colours import CATEGORICAL, OWN
from napari_c3r.session import Session
from napari_c3r.widgets.common.form import scrolled
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.tones import ground_of
from napari_c3r.widgets.explorer.gates.editor import RuleEditor
from napari_c3r.widgets.explorer.gates.filtered import FilterEditor
from napari_c3r.widgets.explorer.gates.gate_list import GateList, swatch
from napari_c3r.widgets.explorer.gates.threshold import ThresholdEditor

_COLOURS_IN_A_ROW = 6


class GatePage(QWidget):
    """The list of gates with its buttons; or, in its place, a rule that is being written.

    Parameters
    ----------
    session
        With gates and selection.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.list = GateList()
        self.gate_button = _button("Gate selection", "Keep the selected cells as a gate (G)")
        self.threshold_button = _button("Threshold…", "Gate the cells between two limits")
        self.filter_button = _button("Filter…", "Gate cells by an expression on columns")
        self.open_button = _button("Open", "Show the cells of this gate alone on the map")
        self.edit_button = _button("Edit…", "Change limits or expression of this gate")
        self.combine_button = _menu_button("Combine", "Make a gate of this one and others")
        self.colour_button = _menu_button("Colour", "Give this gate another colour")
        self.all_button = _button("Colour by gates", "Colour map and image by all gates at once")
        self.delete_button = _button("Delete", "Take this gate away; its cells stay (Del)")
        self.told = WrappedLabel()
        self.threshold, self.filter = ThresholdEditor(session), FilterEditor(session)
        self.editors: tuple[RuleEditor, ...] = (self.threshold, self.filter)
        self.pages = QStackedWidget()
        self._build()

    @property
    def is_editing(self) -> bool:
        """Whether a rule is being written."""
        return self.pages.currentIndex() > 0

    def edit(self, editor: RuleEditor | None) -> None:
        """Show what a rule is written in; the list with None."""
        self.pages.setCurrentIndex(0 if editor is None else 1 + self.editors.index(editor))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Esc leaves a rule that is being written."""
        if event is not None and event.key() == Qt.Key.Key_Escape and self.is_editing:
            self.editors[self.pages.currentIndex() - 1].cancel_button.click()
        else:
            super().keyPressEvent(event)

    def _build(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        making = (self.gate_button, self.threshold_button, self.filter_button, self.all_button)
        doing = (
            self.open_button,
            self.edit_button,
            self.combine_button,
            self.colour_button,
            self.delete_button,
        )
        for buttons in (making, doing):
            holder = QWidget()
            row = QFlowLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            row.setHorizontalSpacing(4)
            row.setVerticalSpacing(4)
            for button in buttons:
                row.addWidget(button)
            column.addWidget(holder)
            if buttons is making:
                column.addWidget(self.list, 1)
                column.addWidget(self.told)
        self.pages.addWidget(scrolled(page))
        for editor in self.editors:
            self.pages.addWidget(editor)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)


def colour_menu(menu: QMenu, choose: Callable[[str], None]) -> None:
    """Fill a menu with a palette; a click on a colour chooses it."""
    grid_widget = QWidget(menu)
    grid = QGridLayout(grid_widget)
    grid.setContentsMargins(6, 6, 6, 6)
    grid.setSpacing(2)
    spots: list[tuple[QToolButton, str]] = []
    for number, colour in enumerate((*OWN, *CATEGORICAL)):
        spot = QToolButton()
        spot.setAutoRaise(True)
        spot.setAccessibleName(f"Colour {colour}")
        spot.setToolTip(colour)
        spot.clicked.connect(partial(choose, colour))
        spot.clicked.connect(menu.close)
        grid.addWidget(spot, number // _COLOURS_IN_A_ROW, number % _COLOURS_IN_A_ROW)
        spots.append((spot, colour))

    def paint() -> None:
        for each, shown in spots:
            each.setIcon(swatch(shown, ground_of(menu)))

    menu.aboutToShow.connect(paint)
    action = QWidgetAction(menu)
    action.setDefaultWidget(grid_widget)
    menu.addAction(action)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _menu_button(text: str, tip: str) -> QPushButton:
    button = _button(text, tip)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    button.setMenu(menu)
    return button

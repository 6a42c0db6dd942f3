"""The answers of before, as a menu: one comes back with what it was asked of."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QMenu, QPushButton

from napari_c3r.core.text import without_middle
from napari_c3r.session import Session
from napari_c3r.session.why_again import stale_reason

_WIDEST: Final = 72
_NONE: Final = "Nothing was asked of these cells yet"
_TIP: Final = "What was asked of these cells before; choose one to see its answer again"


class BeforeButton(QPushButton):
    """Lists the answers of the displayed result; those that no longer hold say why.

    Parameters
    ----------
    session
        Has the answers.

    Signals
    -------
    chosen
        With the answer that shall be shown again.
    """

    chosen = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__("Answers")
        self._session = session
        self.setAccessibleName("Answers of before")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.refresh()

    def refresh(self) -> None:
        """Say how many answers there are."""
        count = len(self._session.why_answers.all)
        self.setText(f"Answers ({count})" if count else "Answers")
        self.setEnabled(count > 0)
        self.setToolTip(_TIP if count else _NONE)

    def _fill(self) -> None:
        menu = self.menu()
        assert menu is not None
        menu.clear()
        for each in reversed(self._session.why_answers.all):
            why = stale_reason(self._session, each)
            title = without_middle(each.title, _WIDEST)
            action = menu.addAction(f"{title} (out of date)" if why else title)
            assert action is not None
            action.setEnabled(not why)
            action.setToolTip(f"Out of date: {why}" if why else each.found.sentence)
            action.triggered.connect(lambda *_, each=each: self.chosen.emit(each))

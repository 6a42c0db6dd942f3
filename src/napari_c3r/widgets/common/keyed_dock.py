"""A dock with keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QKeyEvent

from napari_c3r.widgets.common.docks import ViewerDock
from napari_c3r.widgets.common.key_actions import KeyAction, action_of

if TYPE_CHECKING:
    import napari.viewer


class KeyedDock(ViewerDock):
    """A dock whose keys work wherever in it the focus is.

    Parameters
    ----------
    viewer
        The viewer to work in.

    Attributes
    ----------
    key_actions
        What it does by keys.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self.key_actions: list[KeyAction] = []

    def event(self, event: QEvent | None) -> bool:
        # While the focus is in here, our keys go before the main window's shortcuts.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and action_of(self.key_actions, event) is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take our keys before a list does that would search for what is typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            action = action_of(self.key_actions, event)
            if action is not None:
                action.run()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        action = None if event is None else action_of(self.key_actions, event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action.run()

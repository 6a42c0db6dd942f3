"""A dock with keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QKeyEvent

from napari_c3r.widgets.common.docks import ViewerDock, docks_of
from napari_c3r.widgets.common.key_actions import KeyAction, action_of
from napari_c3r.widgets.common.key_list import toggle_keys

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
    gestures
        What it does by the mouse that no button says: what is done, and what comes of it.
    """

    gestures: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self.key_actions: list[KeyAction] = []
        self._list_keys = KeyAction(("?",), "Show or hide this list", self.toggle_keys)

    @property
    def all_key_actions(self) -> list[KeyAction]:
        """What it does by keys, the list of keys included."""
        return [*self.key_actions, self._list_keys]

    def toggle_keys(self) -> None:
        """Show the list of all keys, or put it away."""
        others = [dock for dock in docks_of(self.viewer) if dock is not self]
        keyed = [dock for dock in others if isinstance(dock, KeyedDock)]
        toggle_keys(self.window(), [self, *keyed])

    def event(self, event: QEvent | None) -> bool:
        # While the focus is in here, our keys go before the main window's shortcuts.
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and action_of(self.all_key_actions, event) is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take our keys before a list does that would search for what is typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            action = action_of(self.all_key_actions, event)
            if action is not None:
                action.run()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        action = None if event is None else action_of(self.all_key_actions, event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action.run()

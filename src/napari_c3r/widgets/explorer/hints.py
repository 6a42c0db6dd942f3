"""What the explorer tells a newcomer, one line at a time."""

from __future__ import annotations

from typing import Final

from napari_c3r.session import Cause, Change, Part, Session
from napari_c3r.widgets.common.hints import Hint, HintLine, UnderstoodHints
from napari_c3r.widgets.common.settings import understood_hints_path

POINT, LASSO, NAME, KEYS = "point", "lasso", "name", "keys"
HINTS: Final = (
    Hint(POINT, "Click a point to see its cell in the image, or a cell to see its point"),
    Hint(LASSO, "Take the lasso (L) and draw around points to select cells; Shift adds"),
    Hint(NAME, "Name what is selected (N): the same name makes one group"),
    Hint(KEYS, "Press ? to see all keys"),
)


class ExplorerHints:
    """Ties the line of hints to what is done.

    Parameters
    ----------
    session
        Where it is done.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.line = HintLine(HINTS, UnderstoodHints(understood_hints_path()))
        session.changed.connect(self._on_changed)

    def release(self) -> None:
        """Disconnect from the session."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)

    def _on_changed(self, change: Change) -> None:
        if change.cause is not Cause.USER:
            return
        selection = self._session.selection
        if change.part is Part.CURRENT and selection.current is not None:
            self.line.understand(POINT)
        elif change.part is Part.SELECTION and selection.mask.any():
            self.line.understand(LASSO)
        elif change.part is Part.ANNOTATION and self._session.result.names.images:
            self.line.understand(NAME)

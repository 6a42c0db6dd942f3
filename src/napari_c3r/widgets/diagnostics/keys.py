"""What the dock "C3R Diagnostics" does by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.common.key_actions import KeyAction, undo_and_redo

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_c3r.widgets.common.step import Step
    from napari_c3r.widgets.diagnostics.dock import C3RDiagnostics


def actions_of(dock: C3RDiagnostics) -> list[KeyAction]:
    """The keys of the dock; they click the buttons, so that what is disabled stays undone."""
    viewer, history = dock.viewer, dock.session.history
    return [
        *(
            KeyAction((str(n),), f"Open or fold section {n}: {step.title}", _folding(step))
            for n, step in dock.steps.items()
            if n < 10
        ),
        KeyAction(("Ctrl+Return", "Ctrl+Enter"), "Run the diagnostics, or stop", dock.run_or_stop),
        KeyAction(("S",), "Save the report", dock.save_button.click),
        KeyAction(("X",), "Open the explorer", lambda: open_dock(viewer, Dock.EXPLORER)),
        *undo_and_redo(history.undo, history.redo),
    ]


def _folding(step: Step) -> Callable[[], None]:
    def fold() -> None:
        step.set_open(not step.is_open)
        step.header.setFocus()

    return fold

"""What the dock "C3R" does by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.common.key_actions import KeyAction, undo_and_redo
from napari_c3r.widgets.main.step_ids import StepId

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_c3r.widgets.main.dock import C3RDock


def actions_of(dock: C3RDock) -> list[KeyAction]:
    """The keys of the dock; they click the buttons, so that what is disabled stays undone."""
    viewer, bar, picker = dock.viewer, dock.session_bar, dock.image.picker
    return [
        *(
            KeyAction((str(int(n)),), f"Open step {int(n)}: {n.title}", _opening(dock, n))
            for n in StepId
        ),
        KeyAction(
            ("Ctrl+Return", "Ctrl+Enter"),
            "Do what the open step is for (open, keep, find, embed, map), or stop it",
            lambda: run_step(dock),
        ),
        KeyAction(("[",), "Turn to the field before", picker.previous.click),
        KeyAction(("]",), "Turn to the next field", picker.following.click),
        KeyAction(("S",), "Save the session", bar.save_button.click),
        KeyAction(("W",), "Write the table to a file", dock.map.export_button.click),
        KeyAction(("X",), "Open the explorer", lambda: open_dock(viewer, Dock.EXPLORER)),
        KeyAction(("D",), "Open the diagnostics", lambda: open_dock(viewer, Dock.DIAGNOSTICS)),
        *undo_and_redo(dock.controller.undo, dock.controller.redo),
    ]


def run_step(dock: C3RDock) -> None:
    """Click the button that the open step is for; while work is under way, the one that ends it."""
    embed = dock.embed
    buttons = {
        StepId.IMAGE: dock.image.open_button,
        StepId.CHANNELS: dock.channels.keep_button,
        StepId.CELLS: dock.cells.segment_button,
        StepId.EMBED: embed.embed_button if embed.abort_button.isHidden() else embed.abort_button,
        StepId.MAP: dock.map.map_button,
    }
    # Of several, as when roles are only suggested, the later one is where the user has got to.
    opened = [number for number, step in dock.steps.items() if step.is_open]
    if opened:
        buttons[max(opened)].click()


def _opening(dock: C3RDock, number: StepId) -> Callable[[], None]:
    return lambda: dock.open_step(number)

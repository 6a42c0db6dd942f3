"""The parts of every session that are saved with it; a new one is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.session.selected_cells import keep_selection, restore_selection

if TYPE_CHECKING:
    from napari_c3r.session.kept import Keeping
    from napari_c3r.session.montage_view import MontageView
    from napari_c3r.session.result import Result
    from napari_c3r.session.selection import Selection
    from napari_c3r.session.view import View


def keep_parts(
    keeping: Keeping, result: Result, selection: Selection, view: View, montage: MontageView
) -> None:
    """Have the parts of a session kept, in the order in which they are taken back."""
    keeping.add("view", view.keep, view.restore)
    keeping.add("montage", montage.keep, montage.restore)
    keeping.add(
        "selection",
        lambda: keep_selection(result, selection),
        lambda kept: restore_selection(kept, result, selection),
    )

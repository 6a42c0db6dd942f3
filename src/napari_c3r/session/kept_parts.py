"""The parts of every session that are saved with it; a new one is one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_c3r.session.kept_gates import keep_gates, restore_gates
from napari_c3r.session.selected_cells import keep_selection, restore_selection

if TYPE_CHECKING:
    from napari_c3r.session.diagnoses import Diagnoses
    from napari_c3r.session.gates import Gates
    from napari_c3r.session.joined import JoinedTables
    from napari_c3r.session.kept import Keeping
    from napari_c3r.session.labels import LabelStore
    from napari_c3r.session.montage_view import MontageView
    from napari_c3r.session.result import Result
    from napari_c3r.session.selection import Selection
    from napari_c3r.session.table_view import TableView
    from napari_c3r.session.view import View
    from napari_c3r.session.why_answers import WhyAnswers


class _Kept(Protocol):
    """What parts are kept of."""

    keeping: Keeping
    labels: LabelStore
    result: Result
    selection: Selection
    view: View
    table_view: TableView
    gates: Gates
    montage: MontageView
    joined: JoinedTables
    diagnoses: Diagnoses
    why_answers: WhyAnswers


def keep_parts(session: _Kept) -> None:
    """Have the parts of a session kept, in the order in which they are taken back."""
    add, result, selection = session.keeping.add, session.result, session.selection
    gates, labels = session.gates, session.labels
    add("gates", lambda: keep_gates(gates, labels), lambda kept: restore_gates(kept, gates, labels))
    add("joined_tables", session.joined.keep, session.joined.restore)
    add("view", session.view.keep, session.view.restore)
    add("table", session.table_view.keep, session.table_view.restore)
    add("montage", session.montage.keep, session.montage.restore)
    add("answers", session.why_answers.keep, session.why_answers.restore)
    add("diagnostics", session.diagnoses.keep, session.diagnoses.restore)
    add(
        "selection",
        lambda: keep_selection(result, selection),
        lambda kept: restore_selection(kept, result, selection),
    )

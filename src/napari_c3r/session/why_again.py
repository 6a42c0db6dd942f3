"""Answers of before: whether they still hold, and the cells they were asked of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.session.why import disabled_reason, sides_of

if TYPE_CHECKING:
    from napari_c3r.session.session import Session
    from napari_c3r.session.why_answers import Answered


def row_asked(session: Session, answered: Answered) -> int | None:
    """The row of the cell that was asked; None of a group, and where it is not shown."""
    result, cell = session.result.current, answered.key.cell
    if result is None or cell is None or cell not in result.table.obs_names:
        return None
    return int(result.table.obs_names.get_loc(cell))


def stale_reason(session: Session, answered: Answered) -> str:
    """Why an answer is not what would be found now; empty where it is."""
    result, row = session.result.current, row_asked(session, answered)
    if result is None or result.id != answered.result_id:
        return "the cells were embedded again"
    if answered.key.cell is not None and row is None:
        return "the cell is hidden"
    why = disabled_reason(session, answered.asked.group, row)
    if why:
        return why[:1].lower() + why[1:].rstrip(".")
    now = sides_of(session, answered.asked, row)
    if now is None:
        return "the group, or the cells it is compared with, is no more"
    if now.key == answered.key:
        return ""
    if now.key.shown != answered.key.shown:
        return "other cells are hidden now"
    return "the group, or the cells compared with, are others now"


def answers_now(session: Session) -> list[Answered]:
    """The answers that still hold, in the order of asking."""
    return [each for each in session.why_answers.all if not stale_reason(session, each)]

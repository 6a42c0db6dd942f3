"""What each section's header says, as pure functions of the session and what was found."""

from __future__ import annotations

from napari_c3r.session import OutdatedReason, Session
from napari_c3r.widgets.diagnostics.charts import answer_line, confound_line
from napari_c3r.widgets.diagnostics.diagnosis import Diagnosis
from napari_c3r.widgets.diagnostics.options import disabled_reason
from napari_c3r.widgets.main.status import Mark, StepStatus, counted, duration

_Outdated = OutdatedReason | None
_WAITING = StepStatus(Mark.WAITING, "nothing asked yet")


def ask_status(
    session: Session, found: Diagnosis | None, outdated: OutdatedReason | None
) -> StepStatus:
    """What was asked, and why nothing can be asked now."""
    why = disabled_reason(session)
    if found is None:
        if session.result.current is None:
            return StepStatus(Mark.WAITING, "waits for vectors", why)
        line = f"{counted(len(session.result.current.table), 'cell')} to ask"
        return StepStatus(Mark.ATTENTION if why else Mark.NEXT, line, why)
    # A number is not parted from its unit.
    time = duration(found.seconds).replace(" ", "\u00a0")
    line = f"{found.report.settings['cells']} cells · {time}"
    if found.report.label_column:
        line += f"\njudged by {found.report.label_column}"
    if outdated:
        return StepStatus(Mark.ATTENTION, f"{line}\n{outdated}", why)
    if found.cells_left:
        return StepStatus(Mark.ATTENTION, f"{line}\nstopped early; what was done is kept", why)
    return StepStatus(Mark.DONE, line, why)


def answer_status(found: Diagnosis | None, outdated: _Outdated) -> StepStatus:
    """How many variants matter."""
    return _status(None if found is None else answer_line(found.report), outdated)


def cells_status(
    found: Diagnosis | None, outdated: OutdatedReason | None, variant: str
) -> StepStatus:
    """Whose cells are looked at; why they cannot be shown."""
    status = _status(None if found is None else f"with {variant}", outdated)
    if not outdated or found is None:
        return status
    return StepStatus(status.mark, status.line, "These cells are not those shown now; run again")


def confounds_status(found: Diagnosis | None, outdated: _Outdated) -> StepStatus:
    """What stands out."""
    return _status(None if found is None else confound_line(found.confounds), outdated)


def channels_status(
    session: Session, found: Diagnosis | None, outdated: OutdatedReason | None
) -> StepStatus:
    """How many roles the data would have otherwise."""
    if found is None:
        return _WAITING
    suggestion = found.report.suggestion
    if suggestion is None:
        return StepStatus(Mark.WAITING, "not asked")
    now = session.roles.assignment or found.asked.roles
    differs = sum(now.roles.get(n) not in (None, r) for n, r in suggestion.assignment.roles.items())
    line = f"{counted(differs, 'role')} suggested otherwise" if differs else "as suggested"
    return _status(line, outdated)


def _status(line: str | None, outdated: _Outdated) -> StepStatus:
    if line is None:
        return _WAITING
    return StepStatus(Mark.ATTENTION if outdated else Mark.DONE, line)

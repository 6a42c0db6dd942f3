"""What each section's header says, as pure functions of the session and what was found."""

from __future__ import annotations

from napari_c3r.core.diagnose.entries.parity import PARITY, ParityResult
from napari_c3r.core.diagnose.registry import Diagnostic
from napari_c3r.core.diagnose.verdict import grade_line
from napari_c3r.session import OutdatedReason, Session
from napari_c3r.session.diagnoses import Diagnosis
from napari_c3r.widgets.common.step import Mark, StepStatus
from napari_c3r.widgets.common.wording import counted, duration
from napari_c3r.widgets.diagnostics.options import disabled_reason

_Outdated = OutdatedReason | None
_NOT_ROLES = "the roles were not asked"
_WAITING = StepStatus(Mark.WAITING, "nothing asked yet")


def options_status(
    session: Session, found: Diagnosis | None, outdated: OutdatedReason | None
) -> StepStatus:
    """What was run, and why nothing can be run now."""
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
    """How many variants have the highest grade."""
    if found is None:
        return _WAITING
    if not found.report.results:
        return StepStatus(Mark.WAITING, _NOT_ROLES)
    return _status(grade_line([each.verdict for each in found.report.results]), outdated)


def cells_status(
    found: Diagnosis | None, outdated: OutdatedReason | None, variant: str
) -> StepStatus:
    """Whose cells are looked at; why they cannot be shown."""
    if found is not None and not found.report.results:
        return StepStatus(Mark.WAITING, _NOT_ROLES)
    status = _status(None if found is None else f"with {variant}", outdated)
    if not outdated or found is None:
        return status
    return StepStatus(status.mark, status.line, "These cells are not those shown now; run again")


def diagnostic_status(
    diagnostic: Diagnostic, found: Diagnosis | None, outdated: _Outdated
) -> StepStatus:
    """What a diagnostic says of its result."""
    if found is None:
        return _WAITING
    if diagnostic.name not in found.asked:
        return StepStatus(Mark.WAITING, "not asked")
    result = found.answers.results.get(diagnostic.name)
    return _status("not known" if result is None else diagnostic.status_of(result), outdated)


def channels_status(
    session: Session, found: Diagnosis | None, outdated: OutdatedReason | None
) -> StepStatus:
    """How many roles the data would have otherwise."""
    if found is None:
        return _WAITING
    result = suggested_roles(found)
    if result is None:
        return StepStatus(Mark.WAITING, "not asked")
    now = session.roles.assignment or found.report.assigned.variant.assignment
    suggested = result.suggestion.assignment.roles
    differs = sum(now.roles.get(n) not in (None, r) for n, r in suggested.items())
    line = f"{counted(differs, 'role')} suggested otherwise" if differs else "as suggested"
    return _status(line, outdated)


def suggested_roles(found: Diagnosis | None) -> ParityResult | None:
    """What the channels say themselves, None where that was not asked."""
    result = None if found is None else found.answers.results.get(PARITY.name)
    return result if isinstance(result, ParityResult) else None


def _status(line: str | None, outdated: _Outdated) -> StepStatus:
    if line is None:
        return _WAITING
    return StepStatus(Mark.ATTENTION if outdated else Mark.DONE, line)

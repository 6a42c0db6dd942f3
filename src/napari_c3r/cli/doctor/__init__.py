"""What is installed, what works and what is missing, in one block to paste into a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from napari_c3r.cli.doctor.result import CheckResult, one_line

_WIDTH = 17


def run_checks() -> list[CheckResult]:
    """Look at everything; what cannot be looked at says why."""
    from napari_c3r.cli.doctor.computing import bundled_encoder, processor, pytorch
    from napari_c3r.cli.doctor.packages import extras, packages, system
    from napari_c3r.cli.doctor.window import window

    parts: tuple[Callable[[], Iterable[CheckResult]], ...] = (
        system,
        packages,
        window,
        processor,
        pytorch,
        bundled_encoder,
        extras,
    )
    return [finding for part in parts for finding in _tried(part)]


def _tried(part: Callable[[], Iterable[CheckResult]]) -> Iterable[CheckResult]:
    try:
        yield from part()
    # A broken installation is what this is for: anything may be raised.
    except Exception as error:
        title = part.__name__.replace("_", " ")
        yield CheckResult(title, f"cannot be told ({one_line(error)})", broken=True)


def format_report(findings: Iterable[CheckResult]) -> str:
    """The report: plain text, without the name of the user's folder."""
    found = list(findings)
    lines = [f"{finding.title:<{_WIDTH}} {finding.text}".rstrip() for finding in found]
    broken = [finding for finding in found if finding.broken]
    verdict = "nothing is broken"
    if broken:
        verdict = "broken: " + ", ".join(dict.fromkeys(finding.title for finding in broken))
    return _without_home("\n".join([*lines, f"{'result':<{_WIDTH}} {verdict}"]))


def _without_home(text: str) -> str:
    home = Path.home()
    for shown in sorted({str(home), home.as_posix(), str(home.resolve())}, key=len, reverse=True):
        if shown not in ("/", "."):
            text = text.replace(shown, "~")
    return text

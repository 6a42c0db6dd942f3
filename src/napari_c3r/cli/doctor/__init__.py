"""What is installed, what works and what is missing, in one block to paste into a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_WIDTH = 17


@dataclass(frozen=True)
class CheckResult:
    """One line of the report.

    Attributes
    ----------
    title
        What is looked at.
    text
        What was found.
    broken
        Whether the plugin cannot work with it.
    """

    title: str
    text: str
    broken: bool = False


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


def one_line(error: BaseException) -> str:
    """An error's kind and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


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

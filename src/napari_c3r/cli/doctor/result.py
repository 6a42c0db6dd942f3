"""A line of the report."""

from __future__ import annotations

from dataclasses import dataclass


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


def one_line(error: BaseException) -> str:
    """An error's kind and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__

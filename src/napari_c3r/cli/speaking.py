"""How the commands of the shell speak: lines and bars on the error stream.

This is the one door to the terminal. Names of files, channels and columns come from anywhere; here
what would steer the terminal or begin a line of its own is escaped, and nothing is read as markup.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING

import typer

from napari_c3r.core.text import readable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from napari_c3r.core.embed import EmbedProgress, FieldsProgress
    from napari_c3r.core.embed.plates import PlateProgress

Say = Callable[[str], None]


def say(text: str) -> None:
    """Print one line on the error stream."""
    typer.echo(readable(text), err=True)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines on the standard output, as far as its encoding has their letters."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    for line in lines:
        typer.echo(readable(line).encode(encoding, "backslashreplace").decode(encoding))


def follow(steps: Iterable[EmbedProgress], title: str) -> None:
    """Run through steps with a progress bar."""
    with _bar(title) as (bar, task):
        for step in steps:
            _show(bar, task, step.done, step.total, step.cells_per_second)


def follow_fields(
    steps: Iterable[FieldsProgress], tell: Callable[[FieldsProgress, Say], None]
) -> None:
    """Run through the steps of fields with a progress bar.

    Parameters
    ----------
    steps
        Of a driver.
    tell
        What is to be said of a step; given the step and how to say it above the bar.
    """
    steps = iter(steps)
    # What is refused before any work is refused without a bar.
    begun = list(islice(steps, 1))
    with _bar("Embedding") as (bar, task):
        above = _above(bar)
        for step in chain(begun, steps):
            bar.update(task, description=readable(f"Embedding {step.name}"))
            _show(bar, task, step.done_cells, step.expected_cells, step.cells_per_second)
            tell(step, above)


def follow_plate(
    steps: Iterable[PlateProgress], tell: Callable[[PlateProgress, Say], None]
) -> None:
    """Run through the steps of a plate with a progress bar.

    Parameters
    ----------
    steps
        Of a run.
    tell
        As for :func:`follow_fields`.
    """
    steps = iter(steps)
    begun = list(islice(steps, 1))
    with _bar("Embedding", own_estimate=True) as (bar, task):
        above = _above(bar)
        for step in chain(begun, steps):
            speed = f"{step.fields_per_minute:.3g} fields/min" if step.worked else ""
            left = duration(step.seconds_left)
            left = f"{left} left" if left else ""
            bar.update(task, completed=step.settled, total=step.total, speed=speed, left=left)
            tell(step, above)


def duration(seconds: float | None) -> str:
    """A time as hours, minutes and seconds: ``1:02:03``; empty where it is not known."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _above(bar: Progress) -> Say:
    """How to print a line above a bar."""

    def above(text: str) -> None:
        shown = readable(text)
        bar.console.print(shown, markup=False, highlight=False, emoji=False, soft_wrap=True)

    return above


@contextmanager
def _bar(title: str, *, own_estimate: bool = False) -> Iterator[tuple[Progress, TaskID]]:
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    left = TextColumn("{task.fields[left]}") if own_estimate else TimeRemainingColumn()
    columns = (
        TextColumn("{task.description}", style="progress.description", markup=False),
        *Progress.get_default_columns()[1:3],
        TextColumn("{task.fields[speed]}"),
        left,
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield bar, bar.add_task(readable(title), total=None, speed="", left="")


def _show(bar: Progress, task: TaskID, done: int, total: int, cells_per_second: float) -> None:
    speed = f"{cells_per_second:.0f} cells/s" if cells_per_second else ""
    bar.update(task, completed=done, total=total or None, speed=speed)

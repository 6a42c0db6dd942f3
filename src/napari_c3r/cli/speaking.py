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

        def above(text: str) -> None:
            shown = readable(text)
            bar.console.print(shown, markup=False, highlight=False, emoji=False, soft_wrap=True)

        for step in chain(begun, steps):
            bar.update(task, description=readable(f"Embedding {step.name}"))
            _show(bar, task, step.done_cells, step.expected_cells, step.cells_per_second)
            tell(step, above)


@contextmanager
def _bar(title: str) -> Iterator[tuple[Progress, TaskID]]:
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", style="progress.description", markup=False),
        *Progress.get_default_columns()[1:3],
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield bar, bar.add_task(readable(title), total=None, speed="")


def _show(bar: Progress, task: TaskID, done: int, total: int, cells_per_second: float) -> None:
    speed = f"{cells_per_second:.0f} cells/s" if cells_per_second else ""
    bar.update(task, completed=done, total=total or None, speed=speed)

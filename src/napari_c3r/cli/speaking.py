"""How the commands of the shell speak: lines and bars on the error stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from napari_c3r.core.embed import EmbedProgress, FieldsProgress

Say = Callable[[str], None]


def say(text: str) -> None:
    """Print a line on the error stream."""
    typer.echo(text, err=True)


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
    with _bar("Embedding") as (bar, task):

        def above(text: str) -> None:
            bar.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)

        for step in steps:
            bar.update(task, description=f"Embedding {step.name}")
            _show(bar, task, step.done_cells, step.expected_cells, step.cells_per_second)
            tell(step, above)


@contextmanager
def _bar(title: str) -> Iterator[tuple[Progress, TaskID]]:
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:3], TextColumn("{task.fields[speed]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        yield bar, bar.add_task(title, total=None, speed="")


def _show(bar: Progress, task: TaskID, done: int, total: int, cells_per_second: float) -> None:
    speed = f"{cells_per_second:.0f} cells/s" if cells_per_second else ""
    bar.update(task, completed=done, total=total or None, speed=speed)

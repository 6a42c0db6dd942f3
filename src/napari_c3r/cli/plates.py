"""What the command ``plate`` chooses and says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_c3r.cli.speaking import Say, duration
from napari_c3r.core.errors import InputError, NoCellsError

if TYPE_CHECKING:
    from napari_c3r.core.embed.plates import Engine, PlateProgress, PlateRun

# Of the fields that failed, so many are named again in the end.
_NAMED = 5


def engine_of(workers: int, scheduler: str) -> Engine:
    """What does the work that was asked for.

    Raises
    ------
    InputError
        No worker, or workers of both kinds.
    """
    from napari_c3r.core.embed.plates import Cluster, Here

    if workers < 1:
        raise InputError(f"--workers is {workers}; give 1 or more")
    if scheduler and workers > 1:
        raise InputError(
            f"--workers is {workers} and there is a --scheduler, which has workers of its own; "
            "leave one of them out"
        )
    if scheduler:
        return Cluster(address=scheduler)
    return Cluster(workers=workers) if workers > 1 else Here()


def tell_plate() -> Callable[[PlateProgress, Say], None]:
    """What is said of the steps of a plate: every field, and what is amiss once."""
    last = ""

    def tell(step: PlateProgress, above: Say) -> None:
        nonlocal last
        if step.said and step.said != last:
            above(f"  {step.said} …")
        last = step.said
        outcome = step.outcome
        if outcome is not None:
            again = f" again: {outcome.again}" if outcome.again and not outcome.problem else ""
            what = outcome.problem or outcome.stage
            above(f"{step.number}/{step.total} {outcome.name}: {what}{again}")

    return tell


def summary(plates: PlateRun) -> list[str]:
    """What became of all fields, in lines."""
    from napari_c3r.core.embed.task import DONE, KEPT

    counts = plates.counts
    failed = {
        name: str(error)
        for name, error in plates.errors.items()
        if not isinstance(error, NoCellsError)
    }
    empty = len(plates.errors) - len(failed)
    told = [f"{counts[DONE]} done", f"{counts[KEPT]} kept"]
    told += [f"{empty} without a cell"] if empty else []
    told += [f"{len(failed)} failed"] if failed else []
    lines = [
        f"{len(plates.tasks)} fields in {duration(plates.seconds)}: {', '.join(told)}; "
        f"{plates.cells} cells"
    ]
    lines += [f"  '{name}' failed: {failed[name]}" for name in list(failed)[:_NAMED]]
    if len(failed) > _NAMED:
        lines.append(f"  … and {len(failed) - _NAMED} more, which failed.json names")
    return lines

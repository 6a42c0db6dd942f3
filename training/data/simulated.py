"""Endless labelled cells: crop sets of simulated experiments, one after the other.

python -m training.data.simulated --out DIR --layout dna-tubulin-actin --cells 20000
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from multiprocessing.pool import Pool
from pathlib import Path
from typing import get_args

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from training.data.cropset import CropSetWriter
from training.data.experiment import LAYOUTS, LICENCE, Part, Surroundings, simulate_experiment


def simulate_cells(
    out: Path,
    n_cells: int,
    seed: int = 0,
    *,
    layout: str = "dna-tubulin-actin",
    neighbours: Surroundings = "either",
    workers: int = 1,
    size_px: int = 112,
    field_um: float = 64.0,
) -> Path:
    """Write a crop set of simulated cells.

    Parameters
    ----------
    out
        The crop set's folder; appears when it is complete.
    n_cells
        How many cells.
    seed
        The same seed gives the same cells, whatever the number of workers.
    layout
        One of `LAYOUTS`.
    neighbours
        Whether crops show the neighbours of their cell.
    workers
        Processes that simulate.
    size_px, field_um
        Side of a crop in pixels and in micrometres.

    Returns
    -------
    Path
        The folder. Its table has `id`, `cell_line`, `plate`, `well`, `neighbours`, `source`,
        `licence` and `split`, the truth on every cell (`state`, `radius_um`, `nucleus_radius_um`)
        and on its kind: `truth.part.parameter`, 0 to 1 along the parameter's range, and
        `mixture.pattern`, the weights of the protein's or reporter's patterns.

    Raises
    ------
    InputError
        An unknown choice, or a number below 1.
    """
    if layout not in LAYOUTS:
        raise InputError(f"Unknown layout {layout!r}: choose one of {', '.join(LAYOUTS)}.")
    if neighbours not in get_args(Surroundings):
        raise InputError(f"Unknown neighbours {neighbours!r}: choose keep, mask or either.")
    for what, value in (("cells", n_cells), ("workers", workers), ("pixels", size_px)):
        if value < 1:
            raise InputError(f"The number of {what} is {value}: give at least 1.")
    chosen = LAYOUTS[layout]
    task = partial(simulate_experiment, layout, seed, size_px, field_um, neighbours)
    writer = CropSetWriter(
        out,
        channel_names=chosen.channel_names,
        assignment=ChannelAssignment(chosen.roles),
        field_um=field_um,
        licence=LICENCE,
    )
    with writer, _experiments(task, workers) as experiments:
        missing = n_cells
        for crops, table in experiments:
            writer.add(crops[:missing], table.iloc[:missing].reset_index(drop=True))
            missing -= len(crops)
            if missing <= 0:
                break
    return Path(out)


@contextmanager
def _experiments(task: partial[Part], workers: int) -> Iterator[Iterator[Part]]:
    """Simulate one experiment after the other, without end, in their order."""
    if workers == 1:
        yield map(task, count())
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield _ahead(pool, task, workers)


def _ahead(pool: Pool, task: partial[Part], workers: int) -> Iterator[Part]:
    """Keep a few experiments in the making for each process, and no more."""
    waiting = [pool.apply_async(task, (index,)) for index in range(3 * workers)]
    for index in count():
        yield waiting.pop(0).get()
        waiting.append(pool.apply_async(task, (index + 3 * workers,)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the crop set that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the crop set")
    parser.add_argument("--cells", type=int, required=True)
    parser.add_argument("--layout", choices=list(LAYOUTS), default="dna-tubulin-actin")
    parser.add_argument("--neighbours", choices=get_args(Surroundings), default="either")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--size-px", type=int, default=112)
    parser.add_argument("--field-um", type=float, default=64.0)
    given = parser.parse_args(arguments)
    simulate_cells(
        given.out,
        given.cells,
        given.seed,
        layout=given.layout,
        neighbours=given.neighbours,
        workers=given.workers,
        size_px=given.size_px,
        field_um=given.field_um,
    )
    print(f"{given.cells} cells in {given.out}")


if __name__ == "__main__":
    main()

"""How long an embedding will take and what memory it needs, from embedding a few crops."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.cells.labels import BLOCK_PX, read
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.crops.spec import MIN_SIZE_PX
from napari_c3r.core.embed.prepare import plan_for, prepare_cells
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.embed.job import EmbedJob
    from napari_c3r.core.encoder.protocol import Run

# Enough for a stable time, few enough to be over at once.
_MAX_CROPS = 16
_BLOCK_PX = 768
_FLOAT_BYTES = 4
# What a cell takes in a table beside its vector, and a table beside its cells.
_CELL_BYTES, _TABLE_BYTES = 250, 20_000
CELLS_A_FIELD = 50
"""Of a field whose cells are not known yet, taken low: what is refused for its size must be."""
# Measured: what a crop takes while it is computed, in hidden layers of a transformer's block (the
# residual stream and what the allocator keeps included) and in copies of its own pixels; what a
# pixel takes while cells are measured, beside its own bytes; and what libraries take for
# themselves once they compute.
_HIDDEN_LAYERS = 7
_CROP_COPIES = 4.5
_MEASURING_BYTES = 35
_LIBRARY_BYTES = 40 << 20


def table_bytes(n_cells: int, n_dims: int) -> int:
    """About how large the file of a table will be.

    Parameters
    ----------
    n_cells, n_dims
        Its rows, and numbers in a vector.
    """
    return _TABLE_BYTES + n_cells * (_CELL_BYTES + _FLOAT_BYTES * n_dims)


@dataclass(frozen=True)
class Estimate:
    """What an embedding costs on this machine.

    Attributes
    ----------
    cells_per_second
        Cut out and embedded.
    seconds_before
        Until the first batch: the cells are measured first.
    memory_bytes
        Beside what is in memory before: the network, the result, and what takes more of measuring
        the cells and a batch with its crops and activations.
    device, precision
        Where and how it would run.
    n_cells
        What it holds for.
    """

    cells_per_second: float
    seconds_before: float
    memory_bytes: int
    device: str
    precision: str
    n_cells: int

    @property
    def seconds(self) -> float:
        """For all cells."""
        return self.seconds_before + self.n_cells / max(self.cells_per_second, 1e-9)

    def for_cells(self, n_cells: int, seconds_finding: float = 0.0) -> Estimate:
        """The same for another number of cells.

        Parameters
        ----------
        n_cells
            How many; measuring them takes as much longer as there are more.
        seconds_finding
            What finding them takes, where they are not found yet.
        """
        measuring = self.seconds_before * max(1.0, n_cells / max(self.n_cells, 1))
        return replace(self, n_cells=n_cells, seconds_before=measuring + seconds_finding)


def estimate(job: EmbedJob, n_cells: int) -> Estimate:
    """Embed a few crops of the image and time it.

    The crops lie evenly over the image, wherever the cells are: they cost the same.

    Parameters
    ----------
    job
        What would be embedded.
    n_cells
        How many cells there are.

    Raises
    ------
    InputError
        As for embedding.
    """
    roles = job.assignment.for_channels(job.image.channel_names).require_usable()
    image = job.image.select(roles.used)
    plan = _plan(job, n_cells)
    with job.encoder.start(roles, image.channel_names, job.options) as run:
        count = max(1, min(_MAX_CROPS, run.batch_size, n_cells))
        cells = _places(job, count)
        # The first batch pays for what is done only once.
        speed = 0.0
        for _ in range(2):
            began = time.perf_counter()
            for batch in iter_crops(image, job.labels, cells, plan, batch_size=count):
                run.run(batch.crops)
            speed = max(speed, count / max(time.perf_counter() - began, 1e-9))
        memory = _memory_bytes(job, run, plan, roles, n_cells)
        return Estimate(
            speed,
            _measuring_seconds(job),
            memory,
            run.device,
            run.precision,
            n_cells,
        )


def _plan(job: EmbedJob, n_cells: int) -> CropPlan:
    height, width = job.image.shape[1:]
    middle = _middle(height, width)
    covered = float((read(job.labels, *middle) > 0).mean())
    # As if the cells were discs that share what the cells cover.
    diameter = float(np.sqrt(4 * max(covered, 0.01) * height * width / np.pi / max(1, n_cells)))
    # A guess from few cells in the middle must not refuse what the cells themselves allow.
    return plan_for(job, max(diameter, 2.0 * MIN_SIZE_PX))


def _middle(height: int, width: int) -> tuple[slice, slice]:
    def part(length: int) -> slice:
        start = max(0, (length - _BLOCK_PX) // 2)
        return slice(start, min(length, start + _BLOCK_PX))

    return part(height), part(width)


def _places(job: EmbedJob, count: int) -> pd.DataFrame:
    """Centres of crops, evenly spread over the middle of the image."""
    import pandas as pd

    rows, columns = _middle(*job.image.shape[1:])
    steps = (np.arange(count) + 0.5) / count
    y = rows.start + steps * (rows.stop - rows.start)
    x = columns.start + ((steps * 7) % 1) * (columns.stop - columns.start)
    labels = read(job.labels, rows, columns)
    here = labels[(y - rows.start).astype(int), (x - columns.start).astype(int)]
    return pd.DataFrame({"label": here, "y_px": y, "x_px": x})


def _measuring_seconds(job: EmbedJob) -> float:
    """Time to measure the cells of the whole image, from its middle."""
    height, width = job.image.shape[1:]
    rows, columns = _middle(height, width)
    part = replace(
        job,
        image=replace(job.image, data=job.image.data[:, rows, columns]),
        labels=read(job.labels, rows, columns),
        nuclei=None,
    )
    began = time.perf_counter()
    # Without a cell in the middle, reading it is most of the time anyway.
    with suppress(InputError):
        prepare_cells(part)
    share = (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
    return (time.perf_counter() - began) / share


def _memory_bytes(
    job: EmbedJob, run: Run, plan: CropPlan, roles: ChannelAssignment, n_cells: int
) -> int:
    used, itemsize = len(roles.used), job.image.data.dtype.itemsize
    family, size = job.encoder.family, plan.size_px
    config = job.encoder.config
    passes = family.plan_for(config, roles, roles.used, run.concept_mode, run.readout)
    hidden = family.activation_bytes(config, passes, size, size)
    crop = _FLOAT_BYTES * used * size**2
    batch = run.batch_size * (_HIDDEN_LAYERS * hidden + _CROP_COPIES * crop)
    kept = job.encoder.n_weights + n_cells * len(run.columns)
    n_channels, height, width = job.image.shape
    block = min(height, BLOCK_PX) * min(width, BLOCK_PX)
    measuring = block * (_MEASURING_BYTES + n_channels * itemsize)
    cutting = block * (job.labels.dtype.itemsize + used * itemsize)
    peak = max(measuring, cutting + batch)
    return int(_LIBRARY_BYTES + _FLOAT_BYTES * kept + peak)

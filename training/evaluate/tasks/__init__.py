"""The tasks, one file each, and which of them may steer training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.errors import InputError
from training.evaluate.cells import Cells
from training.evaluate.metrics import Estimate
from training.evaluate.tasks import dose, moa, phenotypes, translocation

Scores = Mapping[str, float | Estimate]


@dataclass(frozen=True)
class Task:
    """Cells, and how well vectors of them classify what is to be classified.

    Parameters
    ----------
    load
        From the data folder and the configuration that says how cells are cut out of fields.
    score
        From vectors ``(n, d)`` and the table of the cells.
    """

    load: Callable[[Path, EncoderConfig], Cells]
    score: Callable[[NDArray[np.float32], pd.DataFrame], Scores]


TASKS: Final[Mapping[str, Task]] = {
    "moa": Task(lambda data, _: moa.load(data), moa.score),
    "dose": Task(lambda data, _: dose.load(data), dose.score),
    "translocation": Task(translocation.load, translocation.score),
    "phenotypes": Task(lambda data, _: phenotypes.load(data), phenotypes.score),
}
"""What the table of results shows."""

VALIDATION_TASKS: Final[Mapping[str, Task]] = {
    "translocation": Task(
        lambda data, config: translocation.load(data, config, translocation.VALIDATION),
        lambda vectors, table: translocation.score(vectors, table, translocation.VALIDATION),
    ),
    "phenotypes": Task(lambda data, _: phenotypes.load_training(data), phenotypes.cross_validate),
}
"""What may steer training and the choice of weights: only cells that training may see too."""


def chosen(names: Iterable[str], tasks: Mapping[str, Task] = TASKS) -> dict[str, Task]:
    """Tasks by their names; InputError where there is none of a name."""
    found = {}
    for name in names:
        if name not in tasks:
            raise InputError(f"no task {name!r}; choose from {', '.join(tasks)}")
        found[name] = tasks[name]
    return found

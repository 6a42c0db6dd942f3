"""The table: every representation on every task, in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from napari_c3r.core.encoder import Encoder, EncoderConfig
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.errors import InputError
from training.evaluate.cells import Cells
from training.evaluate.metrics import Estimate, effective_rank
from training.evaluate.representations import (
    INTENSITY,
    TEXTURE,
    EncoderReadings,
    ReadoutSpec,
    Representation,
    Vectors,
    join_standardised,
    photographs,
    sizes_of,
    untrained_like,
)
from training.evaluate.tasks import TASKS, Task
from training.teacher import is_installed

NAMES: Final = ["representation", "readout", "concept mode"]
"""Columns that say what a row is; all others are numbers."""


def evaluate(
    models: Mapping[str, Encoder],
    data: str | Path,
    tasks: Mapping[str, Task] = TASKS,
    *,
    readouts: Sequence[Readout] = (),
    concept_modes: Sequence[ConceptMode] = (),
    device: str = "auto",
    controls: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Compare encoders with untrained ones and with hand-made features.

    Parameters
    ----------
    models
        Encoders by the name of their rows, at least one. The first says how cells are cut out of
        whole fields, for all rows.
    data
        Folder of the real images.
    tasks
        By name, in the order of the columns.
    readouts, concept_modes
        Rows for all of these; by default one row, as each model recommends.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, …
    controls
        Whether to add the rows of what models are compared with: an untrained encoder of each of
        their sizes, hand-made features, a network trained on photographs where it is installed,
        and encoders joined with texture.
    say
        Called with what is being done.

    Returns
    -------
    DataFrame
        One row for each reading. Columns: `NAMES`; ``effective rank`` of the class-token
        features of the cells of the first task; and the numbers of each task, such as
        ``"moa mAP"``, followed by ``"moa mAP low"`` and ``"moa mAP high"`` where there is an
        interval.

    Raises
    ------
    InputError
        The data of a task is missing or unfit, or no model has a readout.
    """
    there = dict.fromkeys(each for model in models.values() for each in model.config.readouts)
    for readout in readouts:
        if readout not in there:
            raise InputError(f"no model has the readout '{readout}'; give {' or '.join(there)}")
    encoders = dict(models)
    if controls:
        first: dict[tuple[object, ...], str] = {}
        for name, encoder in models.items():
            first.setdefault(sizes_of(encoder.config), name)
        for name in first.values():
            encoders[f"untrained like {name}"] = untrained_like(models[name].config)
    represented: list[Representation] = [
        EncoderReadings(name, encoder, readouts, concept_modes, device)
        for name, encoder in encoders.items()
    ]
    if controls:
        represented += [TEXTURE, INTENSITY]
        if is_installed():
            represented.append(photographs(device))
        else:
            say("photographs: left out; pip install --group teacher adds its row")
    config = next(iter(models.values())).config
    return _fill(represented, Path(data), tasks, config, say)


def _fill(
    represented: Sequence[Representation],
    data: Path,
    tasks: Mapping[str, Task],
    config: EncoderConfig,
    say: Callable[[str], None],
) -> pd.DataFrame:
    rows: dict[ReadoutSpec, dict[str, float]] = {}
    for name, task in tasks.items():
        cells = task.load(data, config)
        say(f"{name}: {len(cells)} cells")
        for reading, vectors in _represent(represented, cells):
            row = rows.setdefault(reading, {})
            if "effective rank" not in row:
                ranked = vectors.values[:, vectors.cls]
                row["effective rank"] = effective_rank(ranked) if ranked.size else float("nan")
            for metric, value in task.score(vectors.values, cells.table).items():
                row |= _columns(f"{name} {metric}", value)
    index = pd.DataFrame(
        [(reading.name, reading.readout, reading.concept_mode) for reading in rows], columns=NAMES
    )
    return pd.concat([index, pd.DataFrame(list(rows.values()))], axis=1)


def _represent(
    represented: Sequence[Representation], cells: Cells
) -> list[tuple[ReadoutSpec, Vectors]]:
    """All readings of some cells, encoders also joined with texture where that is among them."""
    found: dict[ReadoutSpec, Vectors] = {}
    for representation in represented:
        found |= representation(cells.crops, cells.assignment)
    texture = found.get(ReadoutSpec(TEXTURE.name))
    joined: dict[ReadoutSpec, Vectors] = {}
    for reading, vectors in found.items():
        if texture is not None and vectors.cls.any():
            named = replace(reading, name=f"{reading.name} + texture")
            joined[named] = join_standardised(vectors, texture)
    return [*found.items(), *joined.items()]


def _columns(name: str, value: float | Estimate) -> dict[str, float]:
    if isinstance(value, Estimate):
        return {name: value.value, f"{name} low": value.low, f"{name} high": value.high}
    return {name: value}

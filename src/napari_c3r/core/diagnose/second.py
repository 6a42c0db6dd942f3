"""The same cells embedded with a second encoder, as it recommends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.diagnose.flip_state import SecondState, require_same
from napari_c3r.core.embed.prepare import prepare_cells
from napari_c3r.core.encoder.known import refusal
from napari_c3r.core.encoder.options import describe_run
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.cells.measure import CellTable
    from napari_c3r.core.crops.plan import CropPlan
    from napari_c3r.core.embed.job import EmbedJob
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.protocol import Run


@dataclass(frozen=True, eq=False)
class SecondVectors:
    """What a second encoder made of the cells of a report.

    Attributes
    ----------
    name
        Of the encoder.
    vectors
        (cells, D), in the order of the report.
    settings
        How it ran, and the hash of its weights.
    notes
        Sentences on how it went.
    """

    name: str
    vectors: NDArray[np.float32]
    settings: dict[str, str]
    notes: tuple[str, ...] = ()


def as_second(job: EmbedJob, encoder: Encoder) -> EmbedJob:
    """What embedding the same cells with another encoder would be, as that one recommends.

    Parameters
    ----------
    job
        Of the first encoder.
    encoder
        The second. How wide the crops of the first were says nothing of its own.
    """
    options = replace(job.options, concept_mode=None, readout=None)
    return replace(job, encoder=encoder, window_px=None, options=options)


class SecondEmbedder:
    """Embeds cells with a second encoder, batch by batch, cut out as that encoder recommends.

    Parameters
    ----------
    fields
        What was embedded with the first encoder: one job for each image.
    encoder
        The second.

    Raises
    ------
    InputError
        The encoder cannot embed the roles.
    """

    def __init__(self, fields: Sequence[EmbedJob], encoder: Encoder) -> None:
        first = fields[0]
        roles = first.assignment.for_channels(first.image.channel_names).require_usable()
        self._jobs = [as_second(each, encoder) for each in fields]
        options = self._jobs[0].options
        why = refusal(encoder.config, roles, options)
        if why:
            raise InputError(f"The second encoder '{encoder.name}' cannot embed these cells: {why}")
        self._roles, self._encoder, self._options = roles, encoder, options
        self._prepared: dict[int, tuple[CellTable, CropPlan]] = {}
        self._vectors: NDArray[np.float32] | None = None
        self._run: Run | None = None
        self._settings: dict[str, str] = {}
        self._notes: tuple[str, ...] = ()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the encoder on its device."""
        with self._encoder.start(self._roles, self._roles.used, self._options) as run:
            self._run, self._settings = run, describe_run(run)
            try:
                yield
            finally:
                self._notes, self._run = tuple(run.notes), None

    def add(self, number: int, cells: pd.DataFrame, rows: NDArray[np.intp], n_cells: int) -> None:
        """Embed some cells of one image.

        Parameters
        ----------
        number
            Of the image.
        cells
            The cells, with their ``label``.
        rows
            Where their vectors go, among `n_cells`.
        n_cells
            Cells altogether.
        """
        assert self._run is not None
        if number not in self._prepared:
            self._prepared[number] = prepare_cells(self._jobs[number])
        table, plan = self._prepared[number]
        here = table.obs.set_index("label", drop=False).loc[cells["label"].to_numpy()]
        job = self._jobs[number]
        image = job.image.select(self._roles.used)
        batches = iter_crops(
            image, job.labels, here.reset_index(drop=True), plan, batch_size=self._run.batch_size
        )
        for batch in batches:
            found = self._run.run(batch.crops)
            if self._vectors is None:
                self._vectors = np.zeros((n_cells, found.shape[1]), np.float32)
            self._vectors[rows[batch.rows]] = found

    def state(self, done: NDArray[np.bool_]) -> SecondState | None:
        """What was embedded of the cells that are done, for a later process."""
        if self._vectors is None:
            return None
        vectors = self._vectors[np.flatnonzero(done)]
        return SecondState(self._encoder.weights_hash, vectors, dict(self._settings), self._notes)

    def go_on_from(self, state: SecondState, done: NDArray[np.bool_]) -> None:
        """Take what was embedded before; raises `InputError` for another encoder."""
        require_same(self._encoder.weights_hash, state.weights_hash, "the second encoder")
        self._vectors = np.zeros((len(done), state.vectors.shape[1]), np.float32)
        self._vectors[done] = state.vectors
        self._settings, self._notes = dict(state.settings), state.notes

    def vectors(self, rows: NDArray[np.intp]) -> SecondVectors | None:
        """What was embedded of some cells; None before any was."""
        if self._vectors is None:
            return None
        settings = {
            "second_encoder": self._encoder.name,
            "second_weights_sha256": self._encoder.weights_hash,
            **{f"second_{name}": value for name, value in self._settings.items()},
        }
        return SecondVectors(self._encoder.name, self._vectors[rows], settings, self._notes)

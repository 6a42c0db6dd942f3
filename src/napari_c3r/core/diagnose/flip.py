"""Group flip and context drop on images: a job that can be watched, stopped and resumed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.measure import CellTable
from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.crops.plan import CropPlan
from napari_c3r.core.diagnose.analyse import analyse
from napari_c3r.core.diagnose.compare import CompareSettings
from napari_c3r.core.diagnose.embed_variants import MIN_NOISE_REPEATS, VariantEmbedder
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.flip_state import FlipState
from napari_c3r.core.diagnose.planning import plan_variants
from napari_c3r.core.diagnose.sample import label_values, stratified_rows
from napari_c3r.core.diagnose.second import SecondEmbedder
from napari_c3r.core.diagnose.variants import ASKABLE, Kind
from napari_c3r.core.embed.job import EmbedJob, EmbedProgress
from napari_c3r.core.embed.prepare import prepare_cells
from napari_c3r.core.errors import InputError
from napari_c3r.core.notes import Note, NoteKind, untrained_note
from napari_c3r.core.options import check_setting
from napari_c3r.core.reduce.options import MapOptions

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.protocol import VariantsRun


@dataclass(frozen=True)
class FlipJob:
    """Everything a flip report needs.

    Parameters
    ----------
    fields
        What would be embedded: one job for each image, alike in all but image and labels.
    kinds
        Kinds of the variants to compare; see `Kind`.
    label_column
        Labels to judge neighbourhoods by: a column of `label_table`, or without one of the
        embedding's own (``well``, ``image``, …).
    label_table
        Looked up by whichever of image, label, plate, well and site it has.
    max_cells
        Most cells to compare, drawn in proportion from every label, or image without labels.
    noise_repeats
        Times each crop is perturbed for the noise floor, at least three times.
    single_channels
        Whether to embed each channel alone as well, as parity and suggested roles need it.
    compare
        How vectors are compared.
    seed
        Of the sample and the perturbations.
    second
        An encoder to embed the same cells with as well, as it recommends; then there need be no
        variants.
    job_id
        Tells a report of this job from that of an earlier one.
    """

    fields: tuple[EmbedJob, ...]
    kinds: tuple[Kind | str, ...] = ASKABLE
    label_column: str | None = None
    label_table: pd.DataFrame | None = None
    max_cells: int = 2000
    noise_repeats: int = 3
    single_channels: bool = False
    compare: CompareSettings = dataclasses.field(default_factory=CompareSettings)
    seed: int = 0
    second: Encoder | None = None
    job_id: int = 0


class FlipRun:
    """A flip report under way: iterate :meth:`steps`, then take :meth:`result`.

    The iteration may stop after any step. The cells embedded by then make a report of their
    own, and a new iteration continues where the last one stopped.

    Parameters
    ----------
    job
        What to ask.

    Raises
    ------
    InputError
        No image, roles that do not fit or allow no question, or numbers out of range.
    """

    def __init__(self, job: FlipJob) -> None:
        if not job.fields:
            raise InputError("No image was given; give at least one")
        for name, value, least in (
            ("max_cells", job.max_cells, 1),
            ("noise_repeats", job.noise_repeats, MIN_NOISE_REPEATS),
        ):
            if value < least:
                raise InputError(f"{name} is {value}; give a whole number of {least} or more")
        check_setting(MapOptions, "seed", job.seed)
        self.job = job
        first = job.fields[0]
        self._roles = first.assignment.for_channels(first.image.channel_names).require_usable()
        mode = first.options.recommended_by(first.encoder.config).concept_mode
        self.plan = plan_variants(
            self._roles,
            job.kinds,
            mode or "each",
            first.encoder,
            may_be_none=job.second is not None,
        )
        self._second = None if job.second is None else SecondEmbedder(job.fields, job.second)
        self._measured: list[tuple[CellTable, CropPlan]] = []
        self._label_notes: tuple[str, ...] = ()
        self._n_found = 0
        self._embedder: VariantEmbedder | None = None
        self._report: FlipReport | None = None
        self._earlier: FlipState | None = None

    def steps(self) -> Iterator[EmbedProgress]:
        """Work, yielding when the cells are measured, after every batch, and every variant."""
        start = time.perf_counter()
        for number in range(len(self._measured) + 1, len(self.job.fields) + 1):
            self._measured.append(self._measure(self.job.fields[number - 1]))
            if number < len(self.job.fields):
                stage = f"measured the cells of {number} of {len(self.job.fields)} images"
                known = sum(len(table.obs) for table, _ in self._measured)
                yield EmbedProgress(0, known, time.perf_counter() - start, stage)
        embedder = self._prepare()
        pending = np.flatnonzero(~embedder.done)
        already, total = len(self._obs) - len(pending), len(self._obs)
        yield EmbedProgress(already, total, time.perf_counter() - start, "measured the cells")
        speed = 0.0
        if len(pending):
            self._report = None
            began = time.perf_counter()
            with (
                embedder.running() as run,
                self._second.running() if self._second else nullcontext(),
            ):
                for number, field in enumerate(self.job.fields):
                    for _ in self._embed_field(number, field, embedder, run):
                        done, now = int(embedder.done.sum()), time.perf_counter()
                        speed = (done - already) / max(now - began, 1e-9)
                        stage = self._stage
                        yield EmbedProgress(done, total, now - start, stage, speed)
        for stage in self._analysis():
            yield EmbedProgress(total, total, time.perf_counter() - start, stage, speed)

    @property
    def _stage(self) -> str:
        ways = len(self.plan.variants)
        return f"embedding under {ways} roles" if ways > 1 else "embedding with both encoders"

    def result(self) -> FlipReport:
        """The report on the cells embedded so far.

        Raises
        ------
        InputError
            Too few cells are done.
        """
        if self._report is None:
            for _ in self._analysis():
                pass
        assert self._report is not None
        return self._report

    def state(self) -> FlipState:
        """What is embedded by now, with which another run of the same job can go on."""
        embedder = self._prepare()
        second = None if self._second is None else self._second.state(embedder.done)
        return FlipState(self._cell_names(), embedder.state(), second)

    def go_on_from(self, state: FlipState) -> None:
        """Have the cells of another run of the same job not embedded again.

        It is found out by the first of `steps` whether they are the same, which is an
        `InputError` where they are not.
        """
        self._earlier = state

    def crops(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Read the crops of some cells of the result again, (n, C, side, side), in that order.

        Parameters
        ----------
        rows
            Rows of the result's `obs`.
        """
        cells = np.flatnonzero(self._prepare().done)[rows]
        found: dict[int, NDArray[np.float32]] = {}
        for number, (_, plan) in enumerate(self._measured):
            here = cells[(self._obs["_field"].iloc[cells] == number).to_numpy()]
            field = self.job.fields[number]
            image = field.image.select(self._roles.used)
            table = self._obs.iloc[here]
            for batch in iter_crops(image, field.labels, table, plan, batch_size=32):
                found |= dict(zip(here[batch.rows].tolist(), batch.crops, strict=True))
        return np.stack([found[cell] for cell in cells.tolist()])

    def _prepare(self) -> VariantEmbedder:
        """Measure the cells of all images and draw those to compare."""
        import pandas as pd

        if self._embedder is not None:
            return self._embedder
        to_come = self.job.fields[len(self._measured) :]
        self._measured += [self._measure(field) for field in to_come]
        tables = [t.obs.assign(_field=number) for number, (t, _) in enumerate(self._measured)]
        obs = pd.concat(tables, ignore_index=True)
        column = self.job.label_column
        match = label_values(obs, column, self.job.label_table)
        if column is not None and match is not None:
            obs[column] = match.values
            self._label_notes = match.notes
        strata = obs["image"] if match is None else match.values
        rows = stratified_rows(strata, self.job.max_cells, self.job.seed)
        self._n_found = len(obs)
        self._obs = obs.iloc[rows].reset_index(drop=True)
        first = self.job.fields[0]
        self._embedder = VariantEmbedder(
            first.encoder,
            self.plan,
            self._roles.used,
            len(self._obs),
            noise_repeats=self.job.noise_repeats,
            single_channels=self.job.single_channels and len(self._roles.used) > 1,
            seed=self.job.seed,
            options=first.options,
        )
        if self._earlier is not None:
            self._earlier.require_cells(self._cell_names())
            self._embedder.go_on_from(self._earlier.embedded)
            if self._second is not None and self._earlier.second is not None:
                self._second.go_on_from(self._earlier.second, self._embedder.done)
        return self._embedder

    def _cell_names(self) -> NDArray[np.str_]:
        obs = self._obs
        return np.asarray(obs["image"].astype(str) + ":" + obs["label"].astype(str), str)

    def _measure(self, field: EmbedJob) -> tuple[CellTable, CropPlan]:
        used = self._roles.used
        roles = field.assignment.for_channels(field.image.channel_names)
        if {name: roles.roles[name] for name in roles.used} != {
            name: self._roles.roles[name] for name in used
        }:
            raise InputError(
                f"The roles of '{field.image.name}' are {roles.to_dict()} and those of "
                f"'{self.job.fields[0].image.name}' {self._roles.to_dict()}; give all the same"
            )
        table, plan = prepare_cells(field)
        height, width = field.image.shape[1:]
        return replace(table, obs=table.obs.assign(height_px=height, width_px=width)), plan

    def _embed_field(
        self, number: int, field: EmbedJob, embedder: VariantEmbedder, run: VariantsRun
    ) -> Iterator[None]:
        here = np.flatnonzero((self._obs["_field"] == number).to_numpy() & ~embedder.done)
        if not len(here):
            return
        image = field.image.select(self._roles.used)
        cells = self._obs.iloc[here]
        plan = self._measured[number][1]
        for batch in iter_crops(image, field.labels, cells, plan, batch_size=run.batch_size):
            rows = here[batch.rows]
            if self._second is not None:
                self._second.add(number, self._obs.iloc[rows], rows, len(self._obs))
            embedder.add_batch(run, rows, batch.crops)
            yield

    def _analysis(self) -> Iterator[str]:
        if self._report is not None:
            return
        embedder = self._prepare()
        rows = np.flatnonzero(embedder.done)
        obs = self._obs.iloc[rows].drop(columns="_field").reset_index(drop=True)
        report = yield from analyse(
            embedder.embeddings(),
            self.plan,
            obs.set_index(self._cell_names()[rows].astype(object)),
            self._roles.used,
            settings=self.job.compare,
            label_column=self.job.label_column,
        )
        encoder = self.job.fields[0].encoder
        second = None if self._second is None else self._second.vectors(rows)
        self._report = replace(
            report,
            second=second,
            notes=(*self._notes(len(rows)), *report.notes, *(second.notes if second else ())),
            settings={
                "roles": self._roles.to_dict(),
                "encoder": encoder.name,
                "weights_sha256": encoder.weights_hash,
                "trained": encoder.trained,
                "images": len(self.job.fields),
                "cells": f"{len(rows)} of {self._n_found}",
                "label_column": self.job.label_column or "",
                "sample_seed": self.job.seed,
                **report.settings,
                **(second.settings if second else {}),
            },
            job_id=self.job.job_id,
        )

    def _notes(self, n_done: int) -> list[str]:
        both = (self.job.fields[0].encoder, self.job.second)
        notes: list[str] = [
            untrained_note(each.name) for each in both if each is not None and not each.trained
        ]
        if len(self._obs) < self._n_found:
            by = self.job.label_column or "image"
            notes.append(
                f"{len(self._obs)} of {self._n_found} cells were asked, drawn in proportion "
                f"from every {by}"
            )
        if n_done < len(self._obs):
            notes.append(
                Note(
                    f"Stopped early: {n_done} of {len(self._obs)} cells are embedded",
                    NoteKind.STOPPED_EARLY,
                )
            )
        found = [note for table, _ in self._measured for note in table.notes]
        return [*notes, *self._label_notes, *dict.fromkeys(found)]

"""Asking one cell why it is where it is: a job that can be watched and stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.job import EmbedProgress
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.contrast import ALL_OTHERS, LIKE_IT, CellSet, Way, mean_of
from napari_c3r.core.explain.cost import MOST_NAMED, K, count_crops
from napari_c3r.core.explain.counted import Counted
from napari_c3r.core.explain.covering import Seen, place_map
from napari_c3r.core.explain.crops import CellCrops, Field
from napari_c3r.core.explain.effects import ChannelEffect, of_one
from napari_c3r.core.explain.exchanger import Exchanger, UsualWays
from napari_c3r.core.explain.of_table import (
    check_same,
    cut_out,
    game_of,
    require_table,
    settings_of,
)
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.reference import Reference, Vectors
from napari_c3r.core.explain.result import PlaceMap, WhyHere
from napari_c3r.core.explain.swaps import Game
from napari_c3r.core.explain.words import ALL
from napari_c3r.core.notes import Note, NoteKind, untrained_note
from napari_c3r.core.table.result import roles_of

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.protocol import Run


@dataclass(frozen=True)
class WhyJob:
    """Everything that asking one cell needs.

    Parameters
    ----------
    table
        The result that the cell is in.
    row
        Of the cell.
    fields
        Images and labels by the name of the image: the cell's own, and those of reference cells.
    encoder
        The one that made the table.
    options
        What is exchanged and covered.
    run_options
        Where and how the encoder runs.
    job_id
        Tells a result of this job from that of an earlier one.
    compared
        The reference cells; None for all others but the cell's neighbours.
    usual
        What an earlier job found of the same reference cells with the same options.
    """

    table: AnnData
    row: int
    fields: Mapping[str, Field]
    encoder: Encoder
    options: WhyOptions = field(default_factory=WhyOptions)
    run_options: RunOptions = field(default_factory=RunOptions)
    job_id: int = 0
    compared: CellSet | None = None
    usual: UsualWays | None = None


class WhyRun:
    """Asking one cell, under way: iterate :meth:`steps`, then take :meth:`result`.

    The iteration may stop after any step. Maps that are whole by then are in the result.

    Parameters
    ----------
    job
        What to ask.

    Attributes
    ----------
    usual
        What was found of the reference cells, for a later job; None before that is known.

    Raises
    ------
    InputError
        No such row, too few cells, an image that is not given, or another encoder.
    """

    def __init__(self, job: WhyJob) -> None:
        self.job = job
        require_table(job.table, job.encoder)
        _require_cell(job)
        self._obs = job.table.obs.iloc[[job.row]]
        self._name = str(self._obs["image"].iloc[0])
        self._roles = ChannelAssignment(roles_of(job.table))
        self._used = self._roles.used
        self._k = min(K, (len(job.table) - 1) // 2)
        self._crops = CellCrops(job.table, job.fields, self._used, job.encoder)
        self._channels: tuple[ChannelEffect, ...] = ()
        self._maps: list[PlaceMap] = []
        self._around: dict[str, Any] = {}
        self._ran: dict[str, str] = {}
        self._notes: list[str] = []
        self.usual = job.usual
        game = game_of(job.table, self._roles)
        self.total = count_crops(
            len(self._used), game, job.options, knows_usual=job.usual is not None
        )

    def steps(self) -> Iterator[EmbedProgress]:
        """Work, yielding after every batch; iterated again, it begins anew."""
        self._counted = Counted(self.total)
        self._maps, self._channels = [], ()
        yield self._counted.progress("looking for the cell's neighbours")
        reference = Reference(np.asarray(self.job.table.X, np.float32))
        crop = self._crops.of([self.job.row])[0]
        with self.job.encoder.start(
            self._roles.for_channels(self._used), self._used, self.job.run_options
        ) as run:
            own = run.run(crop[None])
            check_same(self.job.table, reference, own, self.job.row)
            near = reference.nearest(own, self._k, self.job.row)[0]
            self._around = {"crop": crop, "near": near}
            self._ran = {"device": run.device, "precision": run.precision}
            yield from self._ask_channels(run, reference, own[0])
            for channel in self._maps_wanted():
                name = ALL if channel is None else self._used[channel]
                seen = Seen(own[0], reference, self._around["way"])
                self._maps.append(
                    (
                        yield from self._counted.told(
                            place_map(run, crop, channel, name, seen, self.job.options),
                            f"covering places of {name}",
                        )
                    )
                )
            self._notes += run.notes
        yield self._counted.end()

    def result(self) -> WhyHere:
        """What is known by now.

        Raises
        ------
        InputError
            Not even the channels are done.
        """
        if not self._channels:
            raise InputError("Stopped before the channels were asked; ask again")
        options, notes = self.job.options, list(self._notes)
        if len(self._maps) < len(self._maps_wanted()):
            said = ", ".join(each.channel for each in self._maps) or "none"
            notes.append(
                Note(f"Stopped early; maps that are whole: {said}", NoteKind.STOPPED_EARLY)
            )
        if not self.job.encoder.trained:
            notes.append(untrained_note(self.job.encoder.name))
        corner, window = self._crops.window_of(self.job.row)
        cell, nucleus = self._crops.masks_of(self.job.row)
        assert self.usual is not None
        return WhyHere(
            self._name,
            int(self._obs["label"].iloc[0]),
            self._used,
            self._around["crop"],
            cell,
            nucleus,
            corner,
            window,
            self._around["near"],
            self._compared.name,
            self._around["partners"],
            len(self.usual.rows),
            self._channels,
            tuple(self._maps),
            {**settings_of(self.job.encoder, self._roles, options), **self._ran},
            tuple(dict.fromkeys(notes)),
            self.job.job_id,
        )

    @property
    def _compared(self) -> CellSet:
        """The reference cells."""
        if self.job.compared is not None:
            return self.job.compared
        rows = np.ones(len(self.job.table), bool)
        rows[[self.job.row, *self._around["near"]]] = False
        return CellSet(ALL_OTHERS, rows)

    def _ask_channels(
        self, run: Run, reference: Reference, own: Vectors
    ) -> Iterator[EmbedProgress]:
        job, cells = self.job, self._compared
        exchanger = Exchanger(
            run,
            Game.of(self._used, self._roles.concept, run.columns),
            reference,
            self._crops,
            cells,
            cut_out(job.table, job.fields, reference),
            nearest=job.compared is not None,
            options=job.options,
        )
        if self.usual is None:
            self.usual = yield from self._counted.told(
                exchanger.usual(), f"exchanging channels among {cells.name}"
            )
        rows, ways = yield from self._counted.told(
            exchanger.ways_of(job.row, job.options.partners),
            f"exchanging channels with {cells.name}",
        )
        self._around["partners"] = rows
        way = self._way(reference, own, rows)
        others = self.usual.rows != job.row
        self._channels = of_one(
            self._used,
            [str(self._roles.roles[name]) for name in self._used],
            way.far(ways),
            way.far(self.usual.ways[others]),
        )
        self._around["way"] = way

    def _way(self, reference: Reference, own: Vectors, rows: NDArray[np.intp]) -> Way:
        """From the reference cells that it was exchanged with to the cell and those like it."""
        vectors, cells = np.asarray(self.job.table.X), self._compared.rows
        alike = self._around["near"]
        if self.job.compared is not None:
            # Among its own kind alone: those of the reference are where the way begins.
            free = reference.comparable & ~cells
            free[self.job.row] = False
            count = 0 if cells[self.job.row] else min(LIKE_IT, int(free.sum()))
            alike = np.zeros(0, np.intp)
            if count:
                alike = reference.nearest(own[None], count, self.job.row, among=free)[0]
        here = mean_of(vectors, np.append(alike, self.job.row))
        return Way.between(mean_of(vectors, rows), here, vectors, cells & reference.comparable)

    def _maps_wanted(self) -> list[int | None]:
        """The channels of which maps are made, the one that does most first; None is all."""
        order = sorted(range(len(self._used)), key=lambda n: -self._channels[n].beyond)
        sure = [n for n in order if self._channels[n].is_sure] or order[:1]
        named = sure[:MOST_NAMED]
        rest = [n for n in order if n not in named] if self.job.options.maps == "every" else []
        return [*named, None, *rest]


def _require_cell(job: WhyJob) -> None:
    count = len(job.table)
    if not 0 <= job.row < count:
        raise InputError(f"There is no row {job.row}: the table has {count} cells")
    name = str(job.table.obs["image"].iloc[job.row])
    if name not in job.fields:
        raise InputError(f"The image '{name}' of the cell is not given; give it and its labels")

"""Asking a group of cells why it is where it is: a job that can be watched and stopped."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.embed.job import EmbedProgress
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.bands import (
    WITH_NUCLEUS,
    WITHOUT_NUCLEUS,
    band_covered,
    bands_of,
    scattered_pixels,
)
from napari_c3r.core.explain.contrast import CellSet, Way, mean_of
from napari_c3r.core.explain.cost import MOST_NAMED, USUAL_PARTNERS, count_group
from napari_c3r.core.explain.counted import Counted
from napari_c3r.core.explain.crops import CellCrops, Field
from napari_c3r.core.explain.effects import ChannelEffect, of_group
from napari_c3r.core.explain.exchanger import Exchanger, UsualWays
from napari_c3r.core.explain.group_result import BandEffect, WhyGroup
from napari_c3r.core.explain.of_table import (
    check_same,
    cut_out,
    game_of,
    require_table,
    settings_of,
)
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.places import filling
from napari_c3r.core.explain.reference import Reference
from napari_c3r.core.explain.swaps import Game
from napari_c3r.core.notes import Note, NoteKind, untrained_note
from napari_c3r.core.table.result import roles_of

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.protocol import Run

_LEAST = 4
"""Cells of a group that can be cut out, below which it has no interval worth the name."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class GroupJob:
    """Everything that asking a group of cells needs.

    Parameters
    ----------
    table
        The result that the cells are in.
    group, compared
        The cells, and the reference cells.
    fields, encoder, options, run_options, job_id, usual
        As for :class:`napari_c3r.core.explain.WhyJob`.
    """

    table: AnnData
    group: CellSet
    compared: CellSet
    fields: Mapping[str, Field]
    encoder: Encoder
    options: WhyOptions = field(default_factory=WhyOptions)
    run_options: RunOptions = field(default_factory=RunOptions)
    job_id: int = 0
    usual: UsualWays | None = None


class GroupRun:
    """Asking a group of cells, under way: iterate :meth:`steps`, then take :meth:`result`.

    The iteration may stop after any step. Channels whose parts of cells are done by then are in
    the result.

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
        Too few cells on either side, cells that are in both, or another encoder.
    """

    def __init__(self, job: GroupJob) -> None:
        self.job = job
        require_table(job.table, job.encoder)
        both = int((job.group.rows & job.compared.rows).sum())
        if both:
            raise InputError(
                f"{both} cells are in {job.group.name} and in {job.compared.name} alike; choose "
                "cells to compare with that are not in the group"
            )
        self._roles = ChannelAssignment(roles_of(job.table))
        self._used = self._roles.used
        self._crops = CellCrops(job.table, job.fields, self._used, job.encoder)
        self._channels: tuple[ChannelEffect, ...] = ()
        self._bands: list[BandEffect] = []
        self._rows = np.zeros(0, np.intp)
        self._ran: dict[str, str] = {}
        self._notes: list[str] = []
        self.usual = job.usual
        game = game_of(job.table, self._roles)
        self.total = count_group(game, job.options, knows_usual=job.usual is not None)

    def steps(self) -> Iterator[EmbedProgress]:
        """Work, yielding after every batch; iterated again, it begins anew."""
        self._counted = Counted(self.total)
        self._channels, self._bands = (), []
        yield self._counted.progress("looking for the cells")
        reference = Reference(np.asarray(self.job.table.X, np.float32))
        self._rows = self._drawn(cut_out(self.job.table, self.job.fields, reference))
        with self.job.encoder.start(
            self._roles.for_channels(self._used), self._used, self.job.run_options
        ) as run:
            self._ran = {"device": run.device, "precision": run.precision}
            first = int(self._rows[0])
            check_same(self.job.table, reference, run.run(self._crops.of([first])), first)
            way = yield from self._ask_channels(run, reference)
            for channel in self._channels_wanted():
                self._bands += yield from self._counted.told(
                    self._ask_bands(run, channel, way),
                    f"covering parts of {self._used[channel]}",
                )
            self._notes += run.notes
        yield self._counted.end()

    def result(self) -> WhyGroup:
        """What is known by now.

        Raises
        ------
        InputError
            Not even the channels are done.
        """
        if not self._channels:
            raise InputError("Stopped before the channels were asked; ask again")
        notes = list(self._notes)
        lacking = len(self._channels_wanted()) - len({each.channel for each in self._bands})
        if lacking:
            said = "Stopped early; not every part of the cells was covered"
            notes.append(Note(said, NoteKind.STOPPED_EARLY))
        if not self.job.encoder.trained:
            notes.append(untrained_note(self.job.encoder.name))
        assert self.usual is not None
        return WhyGroup(
            self.job.group.name,
            self.job.compared.name,
            len(self._rows),
            len(self.usual.rows),
            self._channels,
            tuple(self._bands),
            {**settings_of(self.job.encoder, self._roles, self.job.options), **self._ran},
            tuple(dict.fromkeys(notes)),
            self.job.job_id,
        )

    def _drawn(self, ready: NDArray[np.bool_]) -> NDArray[np.intp]:
        there = np.flatnonzero(self.job.group.rows & ready)
        if len(there) < _LEAST:
            raise InputError(
                f"{len(there)} cells of {self.job.group.name} can be asked; at least {_LEAST} are "
                "needed, of images that are given"
            )
        rng = np.random.default_rng(self.job.options.seed)
        return np.sort(rng.permutation(there)[: self.job.options.cells]).astype(np.intp)

    def _ask_channels(self, run: Run, reference: Reference) -> Generator[EmbedProgress, None, Way]:
        job = self.job
        exchanger = Exchanger(
            run,
            Game.of(self._used, self._roles.concept, run.columns),
            reference,
            self._crops,
            job.compared,
            cut_out(job.table, job.fields, reference),
            nearest=True,
            options=job.options,
        )
        if self.usual is None:
            self.usual = yield from self._counted.told(
                exchanger.usual(), f"exchanging channels among {job.compared.name}"
            )
        found = []
        for row in self._rows.tolist():
            _, ways = yield from self._counted.told(
                exchanger.ways_of(row, USUAL_PARTNERS),
                f"exchanging channels with {job.compared.name}",
            )
            found.append(ways.mean(axis=0))
        vectors = np.asarray(job.table.X)
        there, here = (
            mean_of(vectors, np.flatnonzero(cells.rows & reference.comparable))
            for cells in (job.compared, job.group)
        )
        way = Way.between(there, here, vectors, job.compared.rows & reference.comparable)
        roles = [str(self._roles.roles[name]) for name in self._used]
        self._channels = of_group(
            self._used, roles, way.far(np.stack(found)), way.far(self.usual.ways)
        )
        return way

    def _channels_wanted(self) -> list[int]:
        """The channels of which parts of the cells are covered, the one that does most first."""
        order = sorted(range(len(self._used)), key=lambda n: -self._channels[n].beyond)
        sure = [n for n in order if self._channels[n].is_sure] or order[:1]
        return sure[:MOST_NAMED]

    def _ask_bands(
        self, run: Run, channel: int, way: Way
    ) -> Generator[int, None, list[BandEffect]]:
        """Cover each part of the cells, of reference cells, and as many pixels at random."""
        assert self.usual is not None
        asked = self.job.table.obs["image"].iloc[[*self._rows, *self.usual.rows]]
        nuclei = all(self.job.fields[str(name)].nuclei is not None for name in asked.unique())
        names = WITH_NUCLEUS if nuclei else WITHOUT_NUCLEUS
        found: list[list[Values]] = [[], []]
        random: list[Values] = []
        for side, rows in enumerate((self._rows, self.usual.rows)):
            for row in rows.tolist():
                covers, at_random = self._covers(row, channel, len(names), nuclei=nuclei)
                if side:
                    at_random = []
                crops = np.stack([*covers, *at_random])
                vectors = []
                for begin in range(0, len(crops), run.batch_size):
                    part = crops[begin : begin + run.batch_size]
                    vectors.append(run.run(part))
                    yield len(part)
                own, *there = np.concatenate(vectors)
                back = way.far(own - np.stack(there))
                found[side].append(back[: len(names)])
                random += [] if side else [back[len(names) :]]
        effects = of_group(names, names, np.stack(found[0]), np.stack(found[1]))
        expected = np.mean(random, axis=0).tolist()
        return [
            BandEffect(
                self._used[channel],
                each.channel,
                each.way,
                each.low,
                each.high,
                each.usual,
                each.usual_low,
                each.usual_high,
                by_chance,
                each.p,
            )
            for each, by_chance in zip(effects, expected, strict=True)
        ]

    def _covers(
        self, row: int, channel: int, count: int, *, nuclei: bool
    ) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """A cell's crop as it is and with each band covered, and with as many pixels at random."""
        crop = self._crops.of([row])[0]
        cell, nucleus = self._crops.masks_of(row)
        inside = np.ones(crop.shape[1:], bool) if cell is None else cell
        fill = filling(crop, self.job.options.fill, -(-crop.shape[-1] // self.job.options.places))
        bands = bands_of(inside, nucleus if nuclei else None)
        rng = np.random.default_rng([self.job.options.seed, row, channel])
        masks = [bands == number for number in range(count)]
        random = [scattered_pixels(inside, int(mask.sum()), rng) for mask in masks]
        first, second = (
            [band_covered(crop, fill, channel, each) for each in some] for some in (masks, random)
        )
        return [crop, *first], second

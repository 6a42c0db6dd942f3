"""Taking channels and places away from one cell: a job that can be watched and stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.diagnose.perturb import perturb
from napari_c3r.core.diagnose.structure import shared_columns
from napari_c3r.core.embed.job import EmbedProgress
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain import places
from napari_c3r.core.explain.cost import MIN_CELLS, K, count_crops
from napari_c3r.core.explain.crops import CellCrops, Field
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.reference import Reference, apart, others, unit
from napari_c3r.core.explain.result import (
    ALL,
    LEFT_OUT,
    ChannelEffect,
    PlaceMap,
    WhyHere,
    chance_of,
)
from napari_c3r.core.explain.words import EMPTY
from napari_c3r.core.notes import Note, NoteKind
from napari_c3r.core.table.result import KEY, roles_of

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.protocol import VariantsRun

# Less like the table's own vector than this, the crop, the cell or the encoder is another one.
_SAME = 0.9

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class WhyJob:
    """Everything that asking one cell needs.

    Parameters
    ----------
    table
        The result that the cell is in; its neighbours are sought there.
    row
        Of the cell.
    fields
        Images and labels by the name of the image: the cell's own, and those of other cells, from
        which channels are taken away for comparison.
    encoder
        The one that made the table.
    options
        What is covered.
    run_options
        Where and how the encoder runs.
    job_id
        Tells a result of this job from that of an earlier one.
    """

    table: AnnData
    row: int
    fields: Mapping[str, Field]
    encoder: Encoder
    options: WhyOptions = field(default_factory=WhyOptions)
    run_options: RunOptions = field(default_factory=RunOptions)
    job_id: int = 0


class WhyRun:
    """Asking one cell, under way: iterate :meth:`steps`, then take :meth:`result`.

    The iteration may stop after any step. Maps that are whole by then are in the result.

    Parameters
    ----------
    job
        What to ask.

    Raises
    ------
    InputError
        No such row, too few cells, an image that is not given, or another encoder.
    """

    def __init__(self, job: WhyJob) -> None:
        self.job = job
        _require(job)
        self._obs = job.table.obs.iloc[[job.row]]
        self._name = str(self._obs["image"].iloc[0])
        self._roles = ChannelAssignment(roles_of(job.table))
        self._used = self._roles.used
        self._k = min(K, (len(job.table) - 1) // 2)
        self._crops = CellCrops(job.table, job.fields, self._used, job.encoder)
        self._channels: tuple[ChannelEffect, ...] = ()
        self._turned = np.zeros(0)
        self._maps: list[PlaceMap] = []
        self._around: dict[str, Any] = {}
        self._companions = np.zeros(0, np.intp)
        self._ran: dict[str, str] = {}
        self._notes: list[str] = []
        self.total = count_crops(len(self._used), job.options)

    def steps(self) -> Iterator[EmbedProgress]:
        """Work, yielding after every batch; iterated again, it begins anew."""
        began, self._done = time.perf_counter(), 0
        self._maps = []
        self._began = began
        yield self._progress("looking for the cell's neighbours")
        reference = Reference(np.asarray(self.job.table.X, np.float32))
        crop = self._crops.of([self.job.row])[0]
        drops = self._drops()
        first = self._roles.for_channels(self._used)
        with self.job.encoder.start_variants(
            [first, *(roles for roles in drops if roles is not None)],
            self._used,
            self.job.run_options,
        ) as run:
            own = run.run(crop[None])
            self._check_same(reference, own)
            near = reference.nearest(own, self._k, self.job.row)[0]
            self._around = {"crop": crop, "near": near}
            self._ran = {"device": run.device, "precision": run.precision}
            yield from self._ask_channels(run, reference, drops, crop)
            yield from self._ask_places(run, reference, crop, own)
            self._notes += run.notes

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
        if len(self._maps) < len(self._used) + 1:
            said = ", ".join(each.channel for each in self._maps) or "none"
            notes.append(
                Note(f"Stopped early; maps that are whole: {said}", NoteKind.STOPPED_EARLY)
            )
        if not self.job.encoder.trained:
            said = f"The encoder '{self.job.encoder.name}' is untrained"
            notes.append(Note(said, NoteKind.UNTRAINED))
        corner, window = self._crops.window_of(self.job.row)
        cell, nucleus = self._crops.masks_of(self.job.row)
        return WhyHere(
            self._name,
            int(self._obs["label"].iloc[0]),
            self._used,
            self._around["crop"],
            cell,
            nucleus,
            corner,
            window,
            self._k,
            self._around["near"],
            self._channels,
            self._turned,
            tuple(self._maps),
            {
                "encoder": self.job.encoder.name,
                "weights_sha256": self.job.encoder.weights_hash,
                "roles": self._roles.to_dict(),
                "places": options.places,
                "overlap": options.overlap,
                "fill": options.fill,
                "draws": options.draws,
                "others": len(self._companions) - self._k,
                "seed": options.seed,
                **self._ran,
            },
            tuple(dict.fromkeys(notes)),
            self.job.job_id,
        )

    def _progress(self, stage: str) -> EmbedProgress:
        seconds = time.perf_counter() - self._began
        speed = self._done / seconds if self._done else 0.0
        return EmbedProgress(min(self._done, self.total), self.total, seconds, stage, speed)

    def _drops(self) -> list[ChannelAssignment | None]:
        """The roles without each channel, None where the encoder needs it."""
        found: list[ChannelAssignment | None] = []
        for name in self._used:
            without = self._roles.for_channels(self._used).with_role(name, Role.IGNORE)
            try:
                self.job.encoder.n_dims(without.require_usable())
            except InputError:
                found.append(None)
            else:
                found.append(without)
        return found

    def _check_same(self, reference: Reference, own: Vectors) -> None:
        """Refuse to explain a vector that is not the one in the table."""
        if own.shape[1] != self.job.table.n_vars:
            raise InputError(
                f"The encoder gives {own.shape[1]} numbers a cell and the table has "
                f"{self.job.table.n_vars}; give the encoder that made the table"
            )
        alike = float(reference.similarity(own, np.array([self.job.row]))[0, 0])
        if not alike >= _SAME:
            raise InputError(
                f"The cell '{self._obs.index[0]}' has another vector now (cosine {alike:.2f} to "
                "the one in the table): image, labels or encoder are others; embed again"
            )

    def _draw_companions(self, reference: Reference) -> NDArray[np.intp]:
        """The nearest cells, and others at random, from images that are at hand."""
        near, options = self._around["near"], self.job.options
        images = self.job.table.obs["image"].astype(str).to_numpy()
        ready = np.isin(images, list(self.job.fields)) & reference.comparable
        missing = int((~ready[near]).sum())
        if missing:
            raise InputError(
                f"{missing} of the cell's {self._k} nearest cells are in images that are not "
                f"given, such as '{images[near][~ready[near]][0]}'; give those too"
            )
        # Of images that are read anyway: others would each have to be opened for one cell.
        known = np.isin(images, [self._name, *images[near]])
        known &= ready
        known[[self.job.row, *near]] = False
        rest = np.flatnonzero(known)
        rng = np.random.default_rng([options.seed, self.job.row])
        drawn = rng.permutation(rest)[: options.others]
        return np.concatenate([near, np.sort(drawn)]).astype(np.intp)

    def _ask_channels(
        self,
        run: VariantsRun,
        reference: Reference,
        drops: list[ChannelAssignment | None],
        crop: places.Pixels,
    ) -> Iterator[EmbedProgress]:
        self._companions = self._draw_companions(reference)
        rows, size = [self.job.row, *self._companions.tolist()], run.batch_size
        own: list[Vectors] = []
        variants: list[list[Vectors]] = [[] for _ in drops]
        columns = list(run.all_columns)
        for begin in range(0, len(rows), size):
            batch = self._crops.of(rows[begin : begin + size])
            together = run.run_all(batch)
            own.append(together[0])
            given = iter(together[1:])
            for number, drop in enumerate(drops):
                if drop is not None:
                    variants[number].append(next(given))
                    continue
                fill = np.stack([places.filling(each, "background", 1) for each in batch])
                empty = batch.copy()
                empty[:, number] = fill[:, number]
                variants[number].append(run.run(empty))
            self._done += len(batch) * len(drops)
            yield self._progress("taking channels away")
        turned, options = [], self.job.options
        for begin in range(0, options.draws, size):
            repeats = range(begin, min(begin + size, options.draws))
            at = np.array([self.job.row], np.intp)
            moved = [perturb(crop[None], at, repeat=n, seed=options.seed)[0] for n in repeats]
            turned.append(run.run(np.stack(moved)))
            self._done += len(moved)
            yield self._progress("turning and shifting the crop")
        base = np.concatenate(own)
        self._turned = self._changed_among(
            reference.directions(np.concatenate(turned)), reference.directions(base[1:])
        )
        of_drop = iter(columns[1:])
        found = []
        for number, (name, drop) in enumerate(zip(self._used, drops, strict=True)):
            shared = None
            if drop is not None:
                shared = shared_columns(columns[0], next(of_drop))
                assert shared is not None
            change = self._without(reference, base, np.concatenate(variants[number]), shared)
            found.append(
                ChannelEffect(
                    name,
                    str(self._roles.roles[name]),
                    EMPTY if drop is None else LEFT_OUT,
                    change[0],
                    change[1],
                    chance_of(change[0], self._turned),
                )
            )
        self._channels = tuple(found)

    def _without(
        self,
        reference: Reference,
        base: Vectors,
        variant: Vectors,
        shared: tuple[NDArray[np.intp], NDArray[np.intp]] | None,
    ) -> tuple[float, float]:
        """Neighbours changed and movement, beyond what all cells do together."""
        mean = reference.mean
        if shared is not None:
            # What is not read out any more tells nothing: it is as in the mean of all cells.
            left = np.repeat(mean[None], len(base), axis=0)
            left[:, shared[0]] = variant[:, shared[1]]
            gone = np.ones(len(mean), bool)
            gone[shared[0]] = False
            variant = left
        # The nearest go where the cell goes: only the others tell what all cells do.
        distant = slice(1 + self._k, None) if len(base) > 1 + self._k else slice(None)
        together = (variant[distant] - base[distant]).mean(axis=0, dtype=np.float64)
        if shared is not None:
            together[gone] = 0
        before, after = unit(base - mean), unit(variant - mean - together.astype(np.float32))
        changed = self._changed_among(after[:1], after[1:])
        return float(changed[0]), float(apart(before[0], after[0]))

    def _changed_among(self, cell: Vectors, companions: Vectors) -> NDArray[np.float64]:
        """How many of the k nearest companions of directions (m, D) are not the k that were."""
        nearest = np.argsort(-(cell @ companions.T), axis=1, kind="stable")[:, : self._k]
        return others(nearest, np.arange(self._k))

    def _ask_places(
        self, run: VariantsRun, reference: Reference, crop: places.Pixels, own: Vectors
    ) -> Iterator[EmbedProgress]:
        options, side = self.job.options, crop.shape[-1]
        grid = places.grid(side, options.places, options.overlap)
        width = int(grid[0, 0, 2])
        fill = places.filling(crop, options.fill, width)
        before = reference.directions(own)[0]
        near = self._around["near"]
        usual = float(reference.similarity(own, near).mean())
        for channel in (None, *range(len(self._used))):
            here = grid[places.differing(crop, fill, channel, grid)]
            drawn = places.scattered(
                crop, fill, channel, width, draws=options.draws, seed=options.seed
            )
            vectors = []
            name = ALL if channel is None else self._used[channel]
            for covers in (here, drawn):
                for begin in range(0, len(covers), run.batch_size):
                    part = covers[begin : begin + run.batch_size]
                    vectors.append(run.run(places.covered(crop, fill, channel, part)))
                    self._done += len(part)
                    yield self._progress(f"covering places of {name}")
            found = np.concatenate(vectors) if vectors else np.zeros((0, own.shape[1]), np.float32)
            moved = apart(reference.directions(found), before)
            changed = others(reference.nearest(found, self._k, self.job.row), near)
            held = usual - reference.similarity(found, near).mean(axis=1)
            n = len(here)
            self._maps.append(
                PlaceMap(
                    name, here, moved[:n], changed[:n], held[:n], drawn, moved[n:], changed[n:]
                )
            )
        self._done = self.total
        yield self._progress("done")


def _require(job: WhyJob) -> None:
    table, count = job.table, len(job.table)
    if KEY not in table.uns:
        raise InputError("The table does not say how it was made; give the result of c3r.embed")
    if count < MIN_CELLS:
        raise InputError(
            f"The table has {count} cells, too few for neighbours; give at least {MIN_CELLS}"
        )
    if not 0 <= job.row < count:
        raise InputError(f"There is no row {job.row}: the table has {count} cells")
    if job.encoder.weights_hash != str(table.uns[KEY]["encoder"]["weights_sha256"]):
        raise InputError(
            f"The encoder '{job.encoder.name}' is not the one that embedded these cells; "
            "give that one, or embed them again"
        )
    name = str(table.obs["image"].iloc[job.row])
    if name not in job.fields:
        raise InputError(f"The image '{name}' of the cell is not given; give it and its labels")

"""One or many fields -> one result: read, find the cells, embed, keep, field after field."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.crops.plan import require_field
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.embed.estimate import CELLS_A_FIELD, table_bytes
from napari_c3r.core.embed.field import FieldEmbedder
from napari_c3r.core.embed.inputs import FieldInputs
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.embed.provenance import describe_settings
from napari_c3r.core.embed.store import MemoryStore, Store, join_fields, nothing_embedded
from napari_c3r.core.embed.task import DONE, FAILED, KEPT, FieldsProgress, FieldTask
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError, OutputError
from napari_c3r.core.guard import unreadable
from napari_c3r.core.images import Image
from napari_c3r.core.segment.options import SegmentOptions
from napari_c3r.core.table import roles_of

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder


@dataclass(eq=False)
class EmbedDriver:
    """Fields under way: iterate :meth:`steps`, then take :meth:`result`.

    The iteration may stop after any step and be taken up again by a new one. A field that
    cannot be embedded is named with its reason and does not stop the others; what is done is
    kept in any case. A single field that cannot be embedded is an error.

    Parameters
    ----------
    tasks
        The fields, each of its own name, in the order of the table.
    roles
        Of every field's channels; None suggests them from each field's names.
    encoder
        A frozen encoder.
    options
        Where and how it runs.
    segmenting
        How cells are found where none are given.
    crop
        How cells are cut out.
    store
        Keeps what is done.
    keep_inputs
        Whether ``images`` and ``found`` hold all fields, or only the one at hand: those of a
        plate would fill the memory.
    like
        Roles by channel, in their order, of fields that are joined with these; None for those of
        the first.
    tried
        Whether the settings were found possible before.

    Attributes
    ----------
    images
        The images that were read so far, by name.
    found
        Nuclei and cells, by field, where they were found here.
    errors
        Why fields could not be embedded.
    again
        Why fields that were kept by an earlier run are embedded again, in words.
    """

    tasks: Sequence[FieldTask]
    roles: ChannelAssignment | None
    encoder: Encoder
    options: RunOptions = field(default_factory=RunOptions)
    segmenting: SegmentOptions = field(default_factory=SegmentOptions)
    crop: CropSpec = field(default_factory=CropSpec)
    store: Store = field(default_factory=MemoryStore)
    keep_inputs: bool = True
    like: Mapping[str, str] | None = None
    tried: bool = False
    images: dict[str, Image] = field(default_factory=dict, init=False)
    found: dict[str, tuple[Any, Any]] = field(default_factory=dict, init=False)
    errors: dict[str, InputError] = field(default_factory=dict, init=False)
    again: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._embedders: dict[str, FieldEmbedder] = {}
        self._counts: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._settled: set[str] = set()
        self._inputs: dict[str, FieldInputs] = {}
        self._lacking: dict[str, str | None] = {}
        self._roles_kept = None if self.like is None else dict(self.like)
        self._suggested: ChannelAssignment | None = None

    @property
    def failed(self) -> dict[str, str]:
        """Why fields could not be embedded, each in one line."""
        return {name: str(error) for name, error in self.errors.items()}

    @property
    def finished(self) -> bool:
        """Whether every field is through, failed ones included."""
        return all(task.name in self._settled for task in self.tasks)

    @property
    def cells_left(self) -> int:
        """Cells that are known and not embedded."""
        return sum(self._counts.values()) - sum(self._done.values())

    def require_possible(self) -> None:
        """Refuse what no image could be embedded with, before any is read.

        Raises
        ------
        InputError
            A segmentation, device, precision, batch size or mode that cannot be had, or two fields
            of one name.
        """
        from napari_c3r.core.segment import require_method

        names = Counter(task.name for task in self.tasks)
        twice = next((name for name, count in names.items() if count > 1), None)
        if twice is not None:
            raise InputError(f"Two fields are called '{twice}'; give every field its own name")
        if any(task.labels is None for task in self.tasks):
            require_method(self.segmenting.method)
        # The images' channels are not known yet; what is asked for here does not depend on them.
        fitting = ChannelAssignment(dict.fromkeys(self.encoder.config.some_channels, Role.BOTH))
        self.encoder.start(fitting, fitting.names, self.options).close()

    def steps(self) -> Iterator[FieldsProgress]:
        """Work, yielding after every stage of a field, every batch of cells and every field.

        Raises
        ------
        InputError
            The settings are impossible, the store refuses them, or there is a single field and it
            cannot be embedded.
        OutputError
            Nothing can be kept any more.
        """
        if not self.tried:
            self.require_possible()
            self.tried = True
        names = [task.name for task in self.tasks]
        self.store.open(self.settings(self.tasks[0]), names, self.field_bytes)
        clock = _Clock(time.perf_counter(), sum(self._done.values()))
        try:
            for number, task in enumerate(self.tasks, 1):
                if task.name not in self._settled:
                    yield from self._field_steps(number, task, clock)
            self.store.finish(names, self.failed)
        finally:
            self.store.close()
        if len(self.tasks) == 1 and self.errors:
            raise next(iter(self.errors.values()))

    def settings(self, task: FieldTask) -> dict[str, Any]:
        """Everything that decides the vectors of a field, beside its files."""
        return describe_settings(
            task, self.roles, self.encoder, self.options, self.segmenting, self.crop
        )

    @property
    def expected_bytes(self) -> int:
        """About how large the table will be at least."""
        return len(self.tasks) * self.field_bytes

    @property
    def field_bytes(self) -> int:
        """About how large the table of a field will be at least."""
        # Where roles are suggested, at least one channel is a concept.
        concepts = max(1, len(self.roles.concept)) if self.roles is not None else 1
        return table_bytes(CELLS_A_FIELD, concepts * self.encoder.config.width)

    def _field_steps(self, number: int, task: FieldTask, clock: _Clock) -> Iterator[FieldsProgress]:
        name, speed = task.name, 0.0

        def tell(stage: str, speed: float = 0.0, problem: str = "") -> FieldsProgress:
            return self._progress(number, name, stage, clock, speed, problem)

        inputs = self._inputs_of(task)
        if name not in self._embedders:
            lacking = self._lacks(inputs)
            if lacking is None:
                self._settle(name)
                yield tell(KEPT)
                return
            if lacking:
                self.again[name] = lacking
        try:
            if name not in self._embedders:
                yield tell("reading" if task.labels is not None else "finding the cells")
                self.store.look(inputs)
                self._embedders[name] = FieldEmbedder(self.prepare(task))
            self.store.look(inputs, self._embedders[name].job.image.source)
            for step in self._embedders[name].steps():
                self._counts[name], self._done[name] = step.total, step.done
                speed = step.cells_per_second
                yield tell(step.stage, speed)
            self.store.keep(inputs, self._embedders[name].result())
        except OutputError:
            raise
        except (InputError, MemoryError) as error:
            problem = self._note(name, error)
            self._settle(name)
            yield tell(FAILED, problem=problem)
            return
        self._lacking[name] = None
        self._settle(name)
        yield tell(DONE, speed)

    def _note(self, name: str, error: InputError | MemoryError) -> str:
        """Keep why a field failed, and say it: a large one may not fit into memory."""
        known = error if isinstance(error, InputError) else unreadable(f"'{name}'", error)
        self.errors[name] = known
        return str(known)

    def _inputs_of(self, task: FieldTask) -> FieldInputs:
        if task.name not in self._inputs:
            self._inputs[task.name] = FieldInputs(task, self.settings(task))
        return self._inputs[task.name]

    def _lacks(self, inputs: FieldInputs) -> str | None:
        """As the store says, which is asked once."""
        if inputs.name not in self._lacking:
            self._lacking[inputs.name] = self.store.lacks(inputs)
        return self._lacking[inputs.name]

    def _settle(self, name: str) -> None:
        self._settled.add(name)
        self._embedders.pop(name, None)
        if not self.keep_inputs:
            self.images.pop(name, None)
            self.found.pop(name, None)

    def _progress(
        self, number: int, name: str, stage: str, clock: _Clock, speed: float, problem: str
    ) -> FieldsProgress:
        known = sum(self._counts.values())
        usual = known / max(1, len(self._counts))
        to_come = len(self.tasks) - len(self._counts.keys() | self._settled)
        return FieldsProgress(
            number,
            len(self.tasks),
            name,
            stage,
            sum(self._done.values()),
            known + round(usual * max(0, to_come)),
            time.perf_counter() - clock.start,
            speed,
            clock.done_before,
            problem,
            self.again.get(name, ""),
        )

    def prepare_all(self) -> tuple[EmbedJob, ...]:
        """Read all fields and find their cells; ``errors`` says why some could not be.

        Raises
        ------
        InputError
            None could be.
        """
        jobs = []
        for task in self.tasks:
            try:
                jobs.append(self.prepare(task))
            except (InputError, MemoryError) as error:
                self._note(task.name, error)
        if jobs:
            return tuple(jobs)
        if len(self.tasks) == 1:
            raise next(iter(self.errors.values()))
        raise nothing_embedded(len(self.tasks), self.failed)

    def prepare(self, task: FieldTask) -> EmbedJob:
        """Read a field and find its cells, ready to be embedded.

        Raises
        ------
        InputError
            The image cannot be read, its crops would be too small or too large, the roles do not
        fit, or there is no cell.
        """
        image = task.read()
        before = self._roles_before()
        if before is not None and set(before) == set(image.channel_names):
            # Vectors are joined by place, so the channels of all fields must be in one order.
            image = image.select(tuple(before))
        if task.window_px is None:
            require_field(self.crop, image.pixel_size_um, self.encoder.config.field_um)
        self.images[task.name] = image
        roles = self.roles or self._suggest(image)
        roles = roles.for_channels(image.channel_names).require_usable()
        self._require_same_roles(roles)
        given, nuclei = task.given_labels(), task.nuclei
        if given is not None:
            labels, cells_from = given
        else:
            from napari_c3r.core.segment import find_cells

            segmenting = self.segmenting.for_roles(roles)
            nuclei, labels = find_cells(image, segmenting)
            self.found[task.name] = nuclei, labels
            cells_from = segmenting.call
        return EmbedJob(
            image,
            labels,
            roles,
            self.encoder,
            nuclei=nuclei,
            crop=self.crop,
            options=self.options,
            labels_wanted=task.labels_wanted,
            window_px=task.window_px,
            cells_from=cells_from,
        )

    def _suggest(self, image: Image) -> ChannelAssignment:
        """Roles for a field where none were given: guessed once, and then the same for all."""
        from napari_c3r.core.segment import suggest_for_image

        if self._suggested is None or set(self._suggested.names) != set(image.channel_names):
            before = self._roles_before()
            if before is not None and set(before) == set(image.channel_names):
                self._suggested = ChannelAssignment(before)
            else:
                self._suggested = suggest_for_image(image)
        return self._suggested

    def _require_same_roles(self, roles: ChannelAssignment) -> None:
        """Refuse a field that could not be joined with those before, before it is embedded."""
        before = self._roles_before()
        if before is not None and roles.to_dict() != before:
            raise InputError(
                f"The results differ in roles: {before} and {roles.to_dict()}; "
                "embed all images with the same settings"
            )

    def _roles_before(self) -> dict[str, str] | None:
        """The roles of the fields that are kept, None while there is none."""
        if self._roles_kept is None:
            for task in self.tasks:
                if self._lacks(self._inputs_of(task)) is None:
                    self._roles_kept = roles_of(self.store.table(task.name))
                    break
        return self._roles_kept

    def job(self, name: str) -> EmbedJob | None:
        """The field under way, None before its cells are known and after it is through."""
        embedder = self._embedders.get(name)
        return None if embedder is None else embedder.job

    def result(self) -> AnnData:
        """The cells done so far, field after field.

        Raises
        ------
        InputError
            No field could be embedded.
        """
        parts = [table for task in self.tasks if (table := self._table(task.name)) is not None]
        if not parts and self.errors:
            raise nothing_embedded(len(self.tasks), self.failed)
        if not parts:
            raise InputError("Stopped before the first batch was done")
        return join_fields(parts, self.failed)

    def _table(self, name: str) -> AnnData | None:
        """What is done of a field."""
        if name in self._settled and name not in self.errors:
            return self.store.table(name)
        begun = self._embedders.get(name) if self._done.get(name, 0) else None
        return None if begun is None else begun.result()


@dataclass(frozen=True)
class _Clock:
    """When a stretch of work began, and how many cells were embedded by then."""

    start: float
    done_before: int

"""Keeping the work: tables, whole sessions, and scripts that do it again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.crops import CropSpec
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import FieldSource, Image, ImageFiles
from napari_c3r.core.images.sources import FieldImages
from napari_c3r.core.metadata import PlateMap
from napari_c3r.core.table import KEY
from napari_c3r.core.table.shared import shared
from napari_c3r.session import Cause, Cells, EmbeddingResult, Session, ids_by_image
from napari_c3r.session.file import (
    SavedCells,
    SavedSession,
    read_session,
    session_stamp,
    write_session,
)
from napari_c3r.session.plate_map_file import SavedPlateMap
from napari_c3r.session.recipes import SavedFolder, recipe_of
from napari_c3r.session.script import python_script
from napari_c3r.widgets.main.cells_made import cells_kept
from napari_c3r.widgets.main.context import EXPORT, OPEN, ViewerContext
from napari_c3r.widgets.main.embedding import EmbeddingController
from napari_c3r.widgets.main.images import ImageController
from napari_c3r.widgets.main.segmentation import SegmentationController
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.viewer import layers

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True, eq=False)
class _Read:
    """A session that was read, and its cells, counted."""

    folder: Path
    saved: SavedSession
    images: FieldImages
    cells: Mapping[str, Cells]
    stamp: int


class PersistenceController(QObject):
    """Writes and reads what should outlive the window.

    Signals
    -------
    exported
        With the path of the table written.
    copied
        With the text that shall be copied.
    saved
        With the folder that the session was written to.
    reopened
        With the settings of a session that was opened again.
    """

    exported = Signal(str)
    copied = Signal(str)
    saved = Signal(str)
    reopened = Signal(object)

    def __init__(
        self,
        context: ViewerContext,
        images: ImageController,
        segmentation: SegmentationController,
        embedding: EmbeddingController,
    ) -> None:
        super().__init__(context)
        self._context, self._images = context, images
        self._segmentation, self._embedding = segmentation, embedding
        self._saved: SavedFolder | None = None

    @property
    def folder(self) -> Path | None:
        """Where the session was saved last."""
        return self._saved.folder if self._saved else None

    def export(self, path: str) -> None:
        """Write the table of the cells shown."""
        result = self._context.session.result.current
        if result is None:
            return

        def body(_: threading.Event) -> Generator[str, None, Path]:
            from napari_c3r.core.table import write

            yield "writing"
            return write(result.table, path)

        self._context.error_changed.emit(StepId.MAP, "")
        self._context.jobs.start(EXPORT, body, lambda written: self.exported.emit(str(written)))

    def report(self, path: str) -> None:
        """Write a page on what the cells shown say of the experiment."""
        result = self._context.session.result.current
        if result is None:
            return
        from napari_c3r.session.why_again import answers_now

        table = result.table
        asked = [each.found for each in answers_now(self._context.session)]

        def body(_: threading.Event) -> Generator[str, None, Path]:
            from napari_c3r.core.experiment import experiment_report, explored, write_experiment
            from napari_c3r.core.explain.answer import answer_figure

            yield "comparing wells"
            found = experiment_report(table)
            more = explored(table, [answer_figure(each) for each in asked])
            if not more and (found.grouping is None or found.design.negative is None):
                raise InputError(f"{found.summary} A plate map in step 1 does")
            return write_experiment(found, path, more=more)

        self._context.error_changed.emit(StepId.MAP, "")
        self._context.jobs.start(
            EXPORT,
            body,
            lambda page: self._context.notified.emit(f"Wrote {page}; open it in a browser"),
        )

    def snapshot(
        self, settings: Mapping[str, Any], *, light: bool = False
    ) -> tuple[SavedSession, dict[str, Image]] | None:
        """The session as it is, and images that are in no file; None without an image.

        Parameters
        ----------
        settings
            Of the controls.
        light
            Whether to share the vectors with the session, which replaces but never changes them.
        """
        session = self._context.session
        if session.fields.image is None or session.roles.assignment is None:
            return None
        sources, pixels = self._sources()
        result, plate_map = session.result.current, session.plate_maps.current
        rows = None if result is None else result.all_rows
        if rows is not None:
            rows = shared(rows) if light else rows.copy()
        saved = SavedSession(
            sources,
            session.fields.index,
            session.roles.assignment,
            self._cells_to_save(),
            rows,
            session.result.filter or CellFilter(),
            result.encoder_source if result is not None else "bundled",
            result.finished if result is not None else True,
            {
                **settings,
                "compute": asdict(result.options if result else RunOptions()),
                "crop": asdict(result.crop if result else CropSpec()),
            },
            {
                name: dict(session.result.names.place(cells))
                for name, cells in session.labels.by_image.items()
                if name in session.result.names.images
            },
            SavedPlateMap.of(plate_map) if plate_map is not None else None,
            session.keeping.keep(),
        )
        return saved, pixels

    def save(self, path: str, settings: Mapping[str, Any]) -> None:
        """Write the whole session into a folder."""
        held = self.snapshot(settings)
        if held is None:
            self._context.error_changed.emit(
                StepId.IMAGE, "Open an image first; there is nothing to save yet"
            )
            return
        saved, pixels = held
        if self._saved is not None and (why := self._saved.refusal(path)):
            self._context.error_changed.emit(StepId.MAP, why)
            return
        cells_ids = ids_by_image(self._context.session.labels.by_image.values())

        def body(_: threading.Event) -> Generator[str, None, Path]:
            yield "writing"
            return write_session(path, saved, pixels)

        def take(folder: Path) -> None:
            names = [source.name for source in saved.fields]
            kept = {s.name: s for s in read_session(folder).fields} if pixels else {}
            self._saved = SavedFolder(folder, names, cells_ids, kept, session_stamp(folder))
            self.saved.emit(str(folder))
            self._context.notified.emit(f"Saved the session in {folder}")

        self._context.error_changed.emit(StepId.MAP, "")
        self._context.jobs.start(EXPORT, body, take)

    def _sources(self) -> tuple[list[FieldSource], dict[str, Image]]:
        """The fields by their files, and the displayed image where it has none."""
        session = self._context.session
        assert session.fields.image is not None
        if session.fields.sources:
            return list(session.fields.sources), {}
        image = session.fields.image
        files = ImageFiles(image.name, (), image.plate, image.well, image.site, image.notes)
        return [FieldSource(files)], {image.name: image}

    def _cells_to_save(self) -> dict[str, SavedCells]:
        session = self._context.session
        drawn = self._segmentation.current_cells() if session.labels.edited else None
        return {
            name: SavedCells(
                cells.labels,
                cells.nuclei,
                cells.origin,
                cells.found_by,
                drawn.labels if drawn is not None and drawn.image_name == name else None,
            )
            for name, cells in session.labels.by_image.items()
        }

    def open(self, path: str) -> None:
        """Open a session again, as it was."""

        def body(_: threading.Event) -> Generator[str, None, _Read]:
            yield "reading the session"
            stamp = session_stamp(path)
            saved = read_session(path)
            used = set(saved.result.obs["image"]) if saved.result is not None else set()
            cells = {}
            for number, (name, kept) in enumerate(saved.cells.items(), 1):
                yield f"counting cells, field {number} of {len(saved.cells)}"
                cells[name] = cells_kept(kept, name)
            images = FieldImages(s for s in saved.fields if s.name in used)
            return _Read(Path(path), saved, images, cells, stamp)

        def take(read: _Read) -> None:
            self._images.opened = ()
            fields = read.saved.fields
            self._images.load_fields(fields, read.saved.index, lambda: self._restore(read))

        self._context.error_changed.emit(StepId.IMAGE, "")
        self._context.opening.start(OPEN, body, take)

    def _restore(self, read: _Read) -> None:
        session, saved = self._context.session, read.saved
        session.roles.set_assignment(saved.assignment, Cause.RESTORED)
        session.result.filter = saved.filter
        session.result.names.clear()
        for name, cells in read.cells.items():
            session.labels.put(cells)
            if name in saved.names:
                known = saved.names[name]
                session.result.names.set(cells, list(known), list(known.values()))
        shown = saved.fields[saved.index].name
        self._saved = SavedFolder(
            read.folder,
            [source.name for source in saved.fields],
            ids_by_image(session.labels.by_image.values()),
            {source.name: source for source in saved.fields},
            read.stamp,
        )
        here = session.labels.by_image.get(shown)
        if here is not None:
            self._segmentation.show_cells(here)
            session.labels.set_current(here, Cause.RESTORED)
        options = RunOptions(**saved.settings.get("compute", {}))
        crop = CropSpec(**saved.settings.get("crop", {}))
        restore_plate_map(saved.plate_map, session)
        if saved.result is not None:
            restored = replace(_restored(saved, session, read.images), options=options, crop=crop)
            session.set_result(restored, cause=Cause.RESTORED)
            session.encoder = saved.result.uns[KEY]["encoder"]["name"]
            self._embedding.fill_features()
        drawn = saved.cells[shown].drawn if shown in saved.cells else None
        layer = layers.own_layer(self._context.viewer, layers.CELLS)
        if drawn is not None and layer is not None:
            layer.data = drawn
        for line in session.keeping.restore(saved.parts):
            self._context.notified.emit(line)
        self.reopened.emit(dict(saved.settings))

    def copy_python(self) -> None:
        """Have a script copied that makes the result again."""
        self._copy(self.as_python)

    def copy_shell(self) -> None:
        """Have a command copied that makes the result again."""
        self._copy(self.as_shell)

    def _copy(self, write: Callable[[], str]) -> None:
        try:
            text = write()
        except InputError as error:
            self._context.error_changed.emit(StepId.MAP, str(error))
            return
        self._context.error_changed.emit(StepId.MAP, "")
        self.copied.emit(text)

    def as_python(self) -> str:
        """A script that makes the result again.

        Raises
        ------
        InputError
            It cannot be made again from files yet, and what to do about it.
        """
        return python_script(recipe_of(self._context.session, self._saved))

    def as_shell(self) -> str:
        """A command that makes the result again; raises as `as_python`."""
        from napari_c3r.session.shell import shell_command

        return shell_command(recipe_of(self._context.session, self._saved))


def _restored(
    saved: SavedSession, session: Session, images: Mapping[str, Image]
) -> EmbeddingResult:
    table: AnnData | None = saved.result
    assert table is not None
    facts, cells = table.uns[KEY], session.labels.by_image
    cells_ids = ids_by_image(cells[name] for name in set(table.obs["image"]) if name in cells)
    if not cells_ids:
        raise InputError("The session holds a result but not its cells; embed again")
    from napari_c3r.core.channels import ChannelAssignment

    roles = ChannelAssignment(facts["roles"])
    if set(roles.used) <= set(saved.assignment.names):
        roles = roles.for_channels(saved.assignment.names)
    return EmbeddingResult(
        table,
        cells_ids,
        roles,
        facts["encoder"]["name"],
        0.0,
        saved.finished,
        images,
        encoder_source=saved.encoder,
    )


def restore_plate_map(saved: SavedPlateMap | None, session: Session) -> None:
    """Take the plate map of a session that was opened again."""
    if saved is None:
        session.use_plate_map(None, Cause.RESTORED)
        return
    located = session.fields.located
    plate_map = PlateMap.fitted(saved.frame, located, saved.path, saved.design)
    session.use_plate_map(plate_map, Cause.RESTORED)

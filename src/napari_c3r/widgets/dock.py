"""The dock "C3R": from image to vectors, in five steps."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QFileDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_c3r.session import Part, session_of
from napari_c3r.widgets import status
from napari_c3r.widgets.controller import EMBED, FIND, MAP, OPEN, Controller
from napari_c3r.widgets.jobs import Jobs
from napari_c3r.widgets.layers import image_layers, pictures
from napari_c3r.widgets.linking import link_of
from napari_c3r.widgets.settings import read_settings
from napari_c3r.widgets.status import Mark
from napari_c3r.widgets.step import Step
from napari_c3r.widgets.steps.cells import CellsBody
from napari_c3r.widgets.steps.channels import THUMBNAIL_PX, ChannelsBody
from napari_c3r.widgets.steps.embed import BUNDLED, EmbedBody, EncoderNews
from napari_c3r.widgets.steps.image import ImageBody
from napari_c3r.widgets.steps.map import MapBody

if TYPE_CHECKING:
    import napari.viewer

_TABLES = "Table (*.csv);;Parquet (*.parquet);;AnnData (*.h5ad)"
_STATUS = (
    status.image_status,
    status.channels_status,
    status.cells_status,
    status.embed_status,
    status.map_status,
)


class C3RDock(QWidget):
    """Image, channels, cells, embed, map: each step says what it has and what it lacks.

    Parameters
    ----------
    viewer
        The viewer to work in.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.session = session_of(viewer)
        self.link = link_of(viewer)
        self.controller = Controller(viewer, self.session, self)
        self._drawing = Jobs(self)
        self.image, self.channels, self.cells = ImageBody(), ChannelsBody(), CellsBody()
        self.embed, self.map = EmbedBody(), MapBody()
        self._problems = dict.fromkeys(range(1, 6), "")
        settings = read_settings()
        self.embed.prefer_device(settings.device)
        self.map.seed.setValue(settings.seed)
        self._build()
        self._connect()
        self._follow_layers()
        if self.session.image is None and image_layers(viewer):
            self.controller.use_layers()
        self._render()
        self._open_first_undone()

    def _build(self) -> None:
        titles = ("Image", "Channels", "Cells", "Embed", "Map")
        bodies = (self.image, self.channels, self.cells, self.embed, self.map)
        self.steps = [
            Step(number, title, body)
            for number, (title, body) in enumerate(zip(titles, bodies, strict=True), 1)
        ]
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(2)
        for step in self.steps:
            column.addWidget(step)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(holder)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self.setMinimumWidth(300)

    def _connect(self) -> None:
        control = self.controller
        self.image.files_asked.connect(self._choose_files)
        self.image.folder_asked.connect(self._choose_folder)
        self.image.layers_asked.connect(control.use_layers)
        self.image.sample_asked.connect(control.open_sample)
        self.channels.role_chosen.connect(control.set_role)
        self.channels.renamed.connect(self._rename)
        self.channels.preset_chosen.connect(control.use_preset)
        self.channels.suggest_asked.connect(control.suggest)
        self.cells.segment_asked.connect(control.find_cells)
        self.cells.labels_asked.connect(control.use_labels)
        self.embed.embed_asked.connect(control.embed)
        self.embed.abort_asked.connect(control.jobs.abort)
        self.embed.folder_asked.connect(self._choose_encoder)
        self.map.map_asked.connect(control.make_map)
        self.map.explorer_asked.connect(self._open_explorer)
        self.map.export_asked.connect(self._choose_export)
        control.problem.connect(self._on_problem)
        control.encoder_loaded.connect(self._on_encoder)
        control.exported.connect(self._on_exported)
        control.jobs.started.connect(self._on_started)
        control.jobs.progressed.connect(self._on_progress)
        control.jobs.finished.connect(self._on_finished)
        for step in self.steps:
            step.toggled.connect(self._on_toggled)
        self.session.changed.connect(self._on_changed)

    def _follow_layers(self) -> None:
        # Layers come one at a time; wait until they are all there.
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(50)
        self._settled.timeout.connect(self._on_layers)
        self.viewer.layers.events.inserted.connect(self._settled_later)
        self.viewer.layers.events.removed.connect(self._settled_later)
        self._on_layers()

    def _settled_later(self) -> None:
        self._settled.start()

    def _on_layers(self) -> None:
        self.cells.show_label_layers(self.controller.label_layers())
        if self.session.image is None and image_layers(self.viewer):
            self.controller.use_layers()
        self._show_thumbnails()

    def _show_thumbnails(self) -> None:
        """Draw the channels' pictures in the background, as they may have to be read."""
        if self.session.image is None:
            return
        waiting = pictures(image_layers(self.viewer), self.session.image)

        def body(stop: threading.Event) -> Generator[str, None, list[Any]]:
            drawn = []
            for picture in waiting:
                yield "drawing thumbnails"
                if stop.is_set():
                    break
                drawn.append(picture.draw(THUMBNAIL_PX))
            return drawn

        self._drawing.start("thumbnails", body, self.channels.show_thumbnails)

    def sizeHint(self) -> QSize:
        """Wide enough for names, roles and reasons side by side."""
        return QSize(380, 700)

    def _on_changed(self, part: Part) -> None:
        if part is Part.IMAGE:
            self._problems.update(dict.fromkeys((2, 3, 4), ""))
            # What follows needs the network; loading it takes seconds, so it starts here.
            QTimer.singleShot(0, self._load_encoder)
        self._render()
        if part is Part.IMAGE:
            self._show_thumbnails()
        if part in (Part.IMAGE, Part.CELLS, Part.RESULT, Part.MAP):
            self._open_first_undone()
        if part is Part.MAP and self.session.has_map:
            self._open_explorer()

    def _load_encoder(self) -> None:
        self.controller.load_encoder(self.embed.encoder.currentData() or BUNDLED)

    def _render(self) -> None:
        """Show the session in every step."""
        states = [judge(self.session) for judge in _STATUS]
        for number, (step, state) in enumerate(zip(self.steps, states, strict=True), 1):
            step.show_status(state, self._problems[number])
        self.image.show_session(self.session)
        self.channels.show_session(self.session)
        self.cells.show_session(self.session)
        busy = self.controller.jobs.running is not None
        self.image.setEnabled(self.controller.jobs.running != OPEN)
        self.embed.show_session(self.session, states[3].lack or ("busy" if busy else ""))
        self.map.show_session(self.session)
        if busy:
            self.cells.segment_button.setEnabled(False)
            self.map.map_button.setEnabled(False)

    def _open_first_undone(self) -> None:
        """Open the first step that needs the user, and fold the others."""
        states = [judge(self.session) for judge in _STATUS]
        undone = [
            step
            for step, state in zip(self.steps, states, strict=True)
            if state.mark is not Mark.DONE
        ]
        # The roles were only suggested: the user should see them once on the way.
        wanted = undone[0] if undone else self.steps[-1]
        keep = {wanted, self.steps[1]} if wanted is self.steps[2] else {wanted}
        for step in self.steps:
            step.set_open(step in keep)

    def _on_toggled(self, step: Step) -> None:
        if step.is_open:
            for other in self.steps:
                if other is not step:
                    other.set_open(False)

    def _on_problem(self, number: int, line: str) -> None:
        self._problems[number] = line
        self._render()
        if line:
            self.steps[number - 1].set_open(True)

    def _on_started(self, name: str) -> None:
        self.embed.show_running(name == EMBED)
        if name == FIND:
            self.cells.segment_button.setText("Finding cells …")
        if name == MAP:
            self.map.map_button.setText("Making map …")
        self._render()

    def _on_progress(self, name: str, progress: object) -> None:
        if name == EMBED:
            self.embed.show_progress(progress)  # type: ignore[arg-type]

    def _on_finished(self) -> None:
        self.embed.show_running(False)
        self.cells.segment_button.setText("Find cells")
        self.map.map_button.setText("Make map")
        self._render()

    def _on_encoder(self, news: EncoderNews) -> None:
        self.embed.show_encoder(news)

    def _rename(self, old: str, new: str) -> None:
        from napari_c3r.core.errors import InputError

        try:
            self.session.rename_channel(old, new)
            self._on_problem(2, "")
        except InputError as error:
            self.channels.restore_names()
            self._on_problem(2, str(error))

    def _choose_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Open the files of one image")
        if paths:
            self.controller.open_paths(paths)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open the folder of one image")
        if path:
            self.controller.open_paths([path])

    def _choose_encoder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a model folder")
        if path:
            self.controller.load_encoder(path)

    def _choose_export(self) -> None:
        path, kind = QFileDialog.getSaveFileName(self, "Export the table", "cells.csv", _TABLES)
        if path:
            if "." not in path.rpartition("/")[2]:
                path += kind.partition("*")[2].rstrip(")")
            self.controller.export(path)

    def _on_exported(self, path: str) -> None:
        from napari.utils.notifications import show_info

        rows = len(self.session.embedded.table) if self.session.embedded else 0
        show_info(f"Wrote {rows} cells to {path}")

    def _open_explorer(self) -> None:
        from napari_c3r.widgets.explorer import open_explorer

        open_explorer(self.viewer)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop working and let go of the viewer."""
        self.release()
        super().closeEvent(event)

    def release(self) -> None:
        """Disconnect from viewer and session; a running job's result is dropped."""
        self.controller.release()
        self._drawing.drop()
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
        self.viewer.layers.events.inserted.disconnect(self._settled_later)
        self.viewer.layers.events.removed.disconnect(self._settled_later)

"""The dock "C3R": from image to vectors, in five steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_c3r.session import Part, session_of
from napari_c3r.widgets.common.step import Step
from napari_c3r.widgets.main import status
from napari_c3r.widgets.main.context import EMBED, FIND, MAP
from napari_c3r.widgets.main.controller import Controller
from napari_c3r.widgets.main.dialogs import Dialogs
from napari_c3r.widgets.main.session_bar import KeepBar
from napari_c3r.widgets.main.settings import Preferences, channel_history
from napari_c3r.widgets.main.status import Mark, counted
from napari_c3r.widgets.main.steps.cells import CellsBody
from napari_c3r.widgets.main.steps.channels import ChannelsBody
from napari_c3r.widgets.main.steps.embed import BUNDLED, EmbedBody, EncoderInfo
from napari_c3r.widgets.main.steps.image import ImageBody
from napari_c3r.widgets.main.steps.map import MapBody, MapChoice
from napari_c3r.widgets.main.thumbnails import Thumbnails
from napari_c3r.widgets.viewer.layers import image_layers
from napari_c3r.widgets.viewer.linking import link_of

if TYPE_CHECKING:
    import napari.viewer

    from napari_c3r.core.images import ReadOptions, ScanResult

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
        self.session.history = channel_history()
        self.controller = Controller(viewer, self.session, self)
        self.dialogs = Dialogs(self, self.controller)
        self._name_shown: str | None = None
        self.image, self.channels, self.cells = ImageBody(), ChannelsBody(), CellsBody()
        self.embed, self.map, self.keep = EmbedBody(), MapBody(), KeepBar()
        self._problems = dict.fromkeys(range(1, 6), "")
        self.preferences = Preferences(self.embed.preferred | {"seed": self.map.seed.setValue})
        self._build()
        self._connect()
        self._follow_layers()
        self._render()
        self._open_first_undone()
        self.setAcceptDrops(True)

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
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll)
        outer.addWidget(self.keep)
        self.setMinimumWidth(300)

    def _connect(self) -> None:
        control = self.controller
        self.image.files_requested.connect(self.dialogs.open_files)
        self.image.folder_requested.connect(self.dialogs.open_folder)
        self.image.layers_requested.connect(control.images.use_layers)
        self.image.sample_requested.connect(control.images.open_sample)
        self.image.scan.load_requested.connect(self._load)
        self.image.scan.swap_requested.connect(control.images.look_again)
        self.image.picker.field_chosen.connect(control.images.show_field)
        self.link.field_requested.connect(control.images.show_field)
        self.channels.role_chosen.connect(control.set_role)
        self.channels.renamed.connect(self._rename)
        self.channels.preset_chosen.connect(control.use_preset)
        self.channels.suggest_requested.connect(control.suggest)
        for body in (self.cells, self.map):
            body.stop_requested.connect(control.jobs.cancel)
        self.cells.segment_requested.connect(control.finding.find_cells)
        self.cells.preview_requested.connect(control.finding.preview)
        self.cells.preview_ended.connect(control.finding.end_preview)
        self.cells.labels_requested.connect(control.finding.use_labels)
        self.cells.filter_chosen.connect(self.session.set_filter)
        self._connect_embed()
        self.map.map_requested.connect(control.make_map)
        self.map.explorer_requested.connect(self._open_explorer)
        self.map.export_requested.connect(self.dialogs.export)
        control.images.scanned.connect(self._on_scanned)
        control.finding.previewed.connect(self.cells.show_preview)
        control.error_changed.connect(self._on_problem)
        control.notified.connect(_notify)
        self._connect_keep()
        for jobs in (control.jobs, control.opening):
            jobs.started.connect(self._on_running)
            jobs.progressed.connect(self._on_progress)
            jobs.finished.connect(self._on_running)
        control.reading.started.connect(self.cells.show_reading)
        control.reading.finished.connect(lambda: self.cells.show_reading(""))
        for step in self.steps:
            step.toggled.connect(self._on_toggled)
        self.session.changed.connect(self._on_changed)

    def _connect_keep(self) -> None:
        keeping = self.controller.keeping
        self.keep.save_requested.connect(lambda: self.dialogs.save_session(self._settings()))
        self.keep.reopen_requested.connect(self.dialogs.open_session)
        self.keep.python_requested.connect(lambda: self._copy(keeping.as_python))
        self.keep.shell_requested.connect(lambda: self._copy(keeping.as_shell))
        keeping.exported.connect(self._on_exported)
        keeping.reopened.connect(self._on_reopened)

    def _connect_embed(self) -> None:
        embedding = self.controller.embedding
        self.embed.embed_requested.connect(
            lambda choice: embedding.embed(choice, self.cells.choice())
        )
        self.embed.preview_requested.connect(
            lambda choice: embedding.preview(choice, self.cells.choice())
        )
        self.embed.update_requested.connect(embedding.update_edited)
        self.embed.continue_requested.connect(embedding.resume)
        self.embed.back_requested.connect(self.session.discard_preview)
        self.embed.release_requested.connect(embedding.release_memory)
        self.embed.abort_requested.connect(self.controller.jobs.request_stop)
        self.embed.folder_requested.connect(self.dialogs.open_encoder)
        self.embed.choice_changed.connect(self._on_choice)
        embedding.encoder_loaded.connect(self._on_encoder)
        embedding.estimated.connect(self.embed.show_estimate)
        # A role changed back and forth should not cost an estimate each time.
        self._costing = QTimer(self)
        self._costing.setSingleShot(True)
        self._costing.setInterval(300)
        self._costing.timeout.connect(lambda: embedding.estimate(self.embed.choice()))

    def _follow_layers(self) -> None:
        # Layers come one at a time; wait until they are all there.
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(50)
        self._settled.timeout.connect(self._on_layers)
        images = self.controller.images
        show = self.channels.show_thumbnails
        self.thumbnails = Thumbnails(images, show, self._settled_later, self)
        for event in self._layer_events():
            event.connect(self._settled_later)
        self.viewer.dims.events.current_step.connect(self._on_moved)
        self._on_layers()

    @property
    def settling(self) -> bool:
        """Whether layers have come, gone or been edited and were not looked at yet."""
        return self._settled.isActive() or self.controller.finding.comparing

    def _layer_events(self) -> tuple[Any, ...]:
        events = self.viewer.layers.events
        return events.inserted, events.removed, events.renamed

    def _settled_later(self) -> None:
        self._settled.start()

    def _on_moved(self) -> None:
        """Say so where the viewer left the slice that is worked on."""
        if self.session.slices:
            self.image.show_session(self.session, self.controller.images.layers_in_words())

    def _on_layers(self) -> None:
        self.cells.show_label_layers(self.controller.finding.label_layers())
        # While files are being opened, what comes next is already decided.
        waiting = self.controller.opening.running is not None
        if self.session.image is None and not waiting and image_layers(self.viewer):
            self.controller.images.use_layers()
        if self.session.image is not None:
            self.thumbnails.draw()
        self._render()

    def sizeHint(self) -> QSize:
        """Wide enough for names, roles and reasons side by side."""
        return QSize(380, 700)

    def _on_changed(self, part: Part) -> None:
        if part is Part.IMAGE:
            self._problems.update(dict.fromkeys((2, 3, 4), ""))
            # What follows needs the network; loading it takes seconds, so it starts here.
            QTimer.singleShot(0, self._load_encoder)
            name = self.session.image.name if self.session.image else None
            if self.session.fields and name != self._name_shown:
                self.controller.finding.turn_to_field()
            self._name_shown = name
            self._settled_later()
        self._render()
        if part is Part.CELLS:
            self.cells.end_preview()
            self.cells.show_filter(self.session.filter)
        if part in (Part.CELLS, Part.ANNOTATION):
            self.controller.embedding.fill_features()
        if part in (Part.IMAGE, Part.ROLES, Part.CELLS):
            self._costing.start()
        # Who leafs through fields should not be thrown from step to step.
        if part in (Part.IMAGE, Part.CELLS, Part.RESULT, Part.MAP) and not self.session.turning:
            self._open_first_undone()
        if part is Part.MAP and self.session.has_map:
            self._open_explorer()

    def _load_encoder(self) -> None:
        self.controller.embedding.load_encoder(self.embed.encoder.currentData() or BUNDLED)

    def _on_choice(self) -> None:
        self._render()
        self._load_encoder()
        self._costing.start()

    def _render(self) -> None:
        """Show the session in every step."""
        control = self.controller
        states = [judge(self.session) for judge in _STATUS]
        for number, (step, state) in enumerate(zip(self.steps, states, strict=True), 1):
            step.show_status(state, self._problems[number])
        self.image.show_session(self.session, control.images.layers_in_words())
        self.channels.show_session(self.session)
        self.cells.show_session(self.session)
        busy = control.jobs.running is not None
        self.image.setEnabled(control.opening.running is None)
        disabled_reason = states[3].disabled_reason or ("busy" if busy else "")
        self.embed.show_session(self.session, disabled_reason, control.embedding.cells_left)
        self.map.show_session(self.session)
        self.keep.show_session(self.session, control.busy)
        if busy:
            self.cells.segment_button.setEnabled(control.jobs.running == FIND)
            self.map.map_button.setEnabled(control.jobs.running == MAP)

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

    def _on_running(self) -> None:
        """Work began or ended; files may be opened while cells are embedded."""
        running = self.controller.jobs.running
        self.embed.show_running(running == EMBED)
        self.cells.show_running(running == FIND)
        self.map.show_running(running == MAP)
        self._render()
        if running is None:
            self._costing.start()

    def _on_progress(self, name: str, progress: object) -> None:
        if name == EMBED:
            self.embed.show_progress(progress)  # type: ignore[arg-type]

    def _on_encoder(self, info: EncoderInfo) -> None:
        self.embed.show_encoder(info)
        self._render()

    def _on_scanned(self, found: ScanResult) -> None:
        self.image.show_scan(found, self.session.history.names_for(found.channel_names))
        self.steps[0].set_open(True)

    def _load(self, found: ScanResult, reading: ReadOptions) -> None:
        self.image.end_scan()
        self.controller.images.load(found, reading)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files and folders."""
        if event is not None and (data := event.mimeData()) is not None and data.hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Find out what was dropped, and say so before anything is loaded."""
        if event is None or (data := event.mimeData()) is None:
            return
        paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
        if paths:
            self.controller.look(paths)
            event.acceptProposedAction()

    def _rename(self, old: str, new: str) -> None:
        from napari_c3r.core.errors import InputError

        try:
            self.session.rename_channel(old, new)
            self._on_problem(2, "")
        except InputError as error:
            self.channels.restore_names()
            self._on_problem(2, str(error))

    def _settings(self) -> dict[str, Any]:
        return {"find": self.cells.settings(), "map": asdict(self.map.choice())}

    def _on_reopened(self, settings: dict[str, Any]) -> None:
        """Set the controls as they were."""
        if "find" in settings:
            self.cells.show_choice(**settings["find"])
        if "map" in settings:
            self.map.show_choice(MapChoice(**settings["map"]))
        self.cells.show_filter(self.session.filter)
        self._render()

    def _copy(self, write: Callable[[], str]) -> None:
        from napari_c3r.core.errors import InputError

        try:
            text = write()
        except InputError as error:
            self._on_problem(5, str(error))
            return
        self._on_problem(5, "")
        if (clipboard := QApplication.clipboard()) is not None:
            clipboard.setText(text)
        _notify(f"Copied {counted(len(text.splitlines()), 'line')}; paste them where you run them")

    def _on_exported(self, path: str) -> None:
        done = self.session.embedded
        rows, hidden = (len(done.table), done.hidden_count) if done else (0, 0)
        left = f"; {hidden} hidden ones are left out" if hidden else ""
        _notify(f"Wrote {rows} cells to {path}{left}")

    def _open_explorer(self) -> None:
        from napari_c3r.widgets.explorer.dock import open_explorer

        open_explorer(self.viewer)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop working and let go of the viewer."""
        self.release()
        super().closeEvent(event)

    def release(self) -> None:
        """Disconnect from viewer and session; a running job's result is dropped."""
        for part in (self.controller, self.preferences, self.thumbnails):
            part.release()
        for timer in (self._settled, self._costing):
            timer.stop()
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
        self.link.field_requested.disconnect(self.controller.images.show_field, missing_ok=True)
        for event in self._layer_events():
            event.disconnect(self._settled_later)
        self.viewer.dims.events.current_step.disconnect(self._on_moved)


def _notify(line: str) -> None:
    from napari.utils.notifications import show_info

    show_info(line)

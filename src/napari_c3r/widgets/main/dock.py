"""The dock "C3R": from image to vectors, in five steps."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, QTimer
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QVBoxLayout

from napari_c3r.session import Cause, Change, Part, session_of
from napari_c3r.widgets.common.docks import Dock, Place, open_dock
from napari_c3r.widgets.common.keyed_dock import KeyedDock
from napari_c3r.widgets.common.settings import (
    Preferences,
    channel_history,
    known_encoders,
    unsaved_folder,
)
from napari_c3r.widgets.common.step import Step
from napari_c3r.widgets.common.step_stack import StepStack
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.main import connections, status
from napari_c3r.widgets.main.autosave import Autosave, FoundLine
from napari_c3r.widgets.main.context import EMBED, FIND, MAP
from napari_c3r.widgets.main.controller import Controller
from napari_c3r.widgets.main.dialogs import Dialogs
from napari_c3r.widgets.main.frame_labels import turn_slider
from napari_c3r.widgets.main.keys import actions_of
from napari_c3r.widgets.main.layer_watch import LayerWatch
from napari_c3r.widgets.main.session_bar import SessionBar
from napari_c3r.widgets.main.step_ids import StepId
from napari_c3r.widgets.main.steps.cells import CellsBody
from napari_c3r.widgets.main.steps.channels import ChannelsBody
from napari_c3r.widgets.main.steps.embed import EmbedBody
from napari_c3r.widgets.main.steps.embed_choice import EmbedChoice, EncoderInfo
from napari_c3r.widgets.main.steps.image import ImageBody
from napari_c3r.widgets.main.steps.map import MapBody
from napari_c3r.widgets.main.thumbnails import Thumbnails
from napari_c3r.widgets.viewer.linking import link_of

if TYPE_CHECKING:
    import napari.viewer

    from napari_c3r.core.images import ScanResult

_STATUS = {
    StepId.IMAGE: status.image_status,
    StepId.CHANNELS: status.channels_status,
    StepId.CELLS: status.cells_status,
    StepId.EMBED: status.embed_status,
    StepId.MAP: status.map_status,
}

# So soon, the dock and what it says of an image are displayed.
_DISPLAYED_MS = 250


class C3RDock(KeyedDock):
    """Image, channels, cells, embed, map: each step says what it has and what it lacks.

    Parameters
    ----------
    viewer
        The viewer to work in.
    """

    name = "C3R"
    place = Place.BESIDE

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        self.session = session_of(viewer)
        self.link = link_of(viewer)
        self.session.roles.history = channel_history()
        self.session.encoders.known = known_encoders()
        self.controller = Controller(viewer, self.session, self)
        self.dialogs = Dialogs(self, self.controller)
        self._name_shown: str | None = None
        self.image, self.channels, self.cells = ImageBody(), ChannelsBody(), CellsBody()
        self.embed, self.map, self.session_bar = EmbedBody(), MapBody(), SessionBar()
        self.embed.encoder.know(self.session.encoders.known)
        self._problems = dict.fromkeys(StepId, "")
        self.autosave = Autosave(
            self.controller, self.controller.persistence, self.settings, unsaved_folder()
        )
        self.found = FoundLine()
        self.preferences = Preferences(
            self.embed.preferred
            | {
                "seed": lambda seed: self.map.form.set("seed", seed),
                "autosave": self.autosave.set_on,
            }
        )
        self._build()
        self._connect()
        self.key_actions = actions_of(self)
        self._on_layers()
        self._render()
        self._open_first_undone()
        self.setAcceptDrops(True)

    def _build(self) -> None:
        bodies = {
            StepId.IMAGE: self.image,
            StepId.CHANNELS: self.channels,
            StepId.CELLS: self.cells,
            StepId.EMBED: self.embed,
            StepId.MAP: self.map,
        }
        self.steps = {number: Step(number, number.title, body) for number, body in bodies.items()}
        self._stack = StepStack(self.steps)
        self._stack.open_one_at_a_time()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.found)
        outer.addWidget(self._stack)
        outer.addWidget(self.session_bar)
        self.setMinimumWidth(300)

    def _connect(self) -> None:
        control, embedding = self.controller, self.controller.embedding
        connections.connect_image(self.image, control, self.dialogs)
        connections.connect_channels(self.channels, control)
        connections.connect_cells(self.cells, control)
        connections.connect_embed(self.embed, control, self.dialogs, self.cells)
        connections.connect_map(self.map, control, self.dialogs)
        connections.connect_session_bar(self.session_bar, control, self.dialogs, self.settings)
        self._put = connections.connect_settings(self.session, self.embed, self.cells, self.map)
        self.session.settings.put_back.connect(self._put_back)
        self.link.field_requested.connect(control.images.show_field)
        self.map.explorer_requested.connect(self._open_explorer)
        self.embed.choice_changed.connect(self._on_choice)
        embedding.encoder_loaded.connect(self._on_encoder)
        control.images.scanned.connect(self._on_scanned)
        control.error_changed.connect(self._on_error)
        control.notified.connect(_notify)
        self.autosave.found.connect(self.found.show_found)
        self.found.open_button.clicked.connect(self.autosave.open_found)
        self.found.discard_button.clicked.connect(self.autosave.discard_found)
        control.persistence.exported.connect(self._on_exported)
        control.persistence.copied.connect(_copy)
        control.persistence.reopened.connect(self._on_reopened)
        for signal in (control.describing.started, control.describing.finished):
            signal.connect(self._show_image)
        for jobs in (control.jobs, control.opening):
            jobs.started.connect(self._on_running)
            jobs.progressed.connect(self._on_progress)
            jobs.finished.connect(self._on_running)
        for quiet in (
            *(control.loading, control.looking, control.reading),
            *(control.suggesting, control.describing),
        ):
            quiet.finished.connect(self._show_bar)
        # A role changed back and forth should not cost an estimate each time.
        self._costing = QTimer(self)
        self._costing.setSingleShot(True)
        self._costing.setInterval(300)
        self._costing.timeout.connect(lambda: control.costs.estimate(self.embed.choice()))
        # What follows needs the network; loading it takes seconds, so it starts with the image, but
        # not before all is displayed: it leaves the window little of the interpreter.
        self._loading = QTimer(self)
        self._loading.setSingleShot(True)
        self._loading.setInterval(_DISPLAYED_MS)
        self._loading.timeout.connect(self._load_encoder)
        # Those that are due would load again what is released.
        for due in (self._costing, self._loading):
            self.embed.release_requested.connect(due.stop)
        self._layers = LayerWatch(self.viewer, self)
        self._layers.settled.connect(self._on_layers)
        self._layers.moved.connect(self._on_moved)
        show = self.channels.show_thumbnails
        self.thumbnails = Thumbnails(control.images, show, self._layers.look_later, self)
        self.session.changed.connect(self._on_changed)
        self.session.history.changed.connect(self._on_history)

    @property
    def settling(self) -> bool:
        """Whether changes of the layers, or of what an embedding costs, were not looked at yet."""
        due = any(timer.isActive() for timer in (self._costing, self._loading))
        pending = self._layers.waiting or due
        return pending or self.controller.segmentation.comparing

    def _on_moved(self) -> None:
        """Say so where the viewer left the slice that is worked on."""
        if self.session.fields.slices:
            self._show_image()

    def _show_image(self) -> None:
        images = self.controller.images
        looking = self.controller.describing.running is not None
        self.image.show_session(self.session, images.layers_in_words(), looking)
        self.image.show_outside(images.outside_in_words(), images.can_take_in())

    def _on_layers(self) -> None:
        self.cells.show_label_layers(self.controller.segmentation.label_layers())
        # While files are being opened, what comes next is already decided.
        if self.controller.opening.running is None:
            self.controller.images.look_again()
        if self.session.fields.image is not None:
            self.thumbnails.draw()
        self._render()

    def sizeHint(self) -> QSize:
        """Wide enough for names, roles and reasons side by side."""
        return QSize(380, 700)

    def _on_changed(self, change: Change) -> None:
        part = change.part
        if part is Part.IMAGE:
            concerned = (StepId.CHANNELS, StepId.CELLS, StepId.EMBED)
            self._problems.update(dict.fromkeys(concerned, ""))
            self._loading.start()
            name = self.session.fields.image.name if self.session.fields.image else None
            if self.session.fields.sources and name != self._name_shown:
                self.controller.segmentation.turn_to_field()
                turn_slider(self.viewer, self.session)
            self._name_shown = name
            self._layers.look_later()
        self._render()
        if part is Part.CELLS:
            self.cells.end_preview()
            self.cells.show_filter(self.session.result.filter)
        if part in (Part.CELLS, Part.ANNOTATION):
            self.controller.embedding.fill_features()
        if part in (Part.IMAGE, Part.ROLES, Part.CELLS):
            self._costing.start()
        # Who leafs through fields should not be thrown from step to step.
        if change.is_work and part in (Part.IMAGE, Part.CELLS, Part.RESULT, Part.MAP):
            self._open_first_undone()
        undone = change.cause is Cause.UNDONE
        if part is Part.MAP and self.session.result.has_map and not undone:
            self._open_explorer()

    def _load_encoder(self) -> None:
        self.controller.embedding.load_encoder(self.embed.choice().source)

    def _on_choice(self) -> None:
        self._render()
        self._load_encoder()
        self._costing.start()

    def _render(self) -> None:
        """Show the session in every step."""
        control = self.controller
        states = {number: judge(self.session) for number, judge in _STATUS.items()}
        for number, step in self.steps.items():
            step.show_status(states[number], self._problems[number])
        self._show_image()
        self.channels.show_session(self.session)
        self.cells.show_session(self.session)
        busy = control.jobs.running is not None
        self.image.setEnabled(control.opening.running is None)
        disabled_reason = states[StepId.EMBED].disabled_reason or ("busy" if busy else "")
        self.embed.show_session(self.session, disabled_reason, control.embedding.cells_left)
        self.map.show_session(self.session)
        self._show_bar()
        if busy:
            self.cells.segment_button.setEnabled(control.jobs.running == FIND)
            self.map.map_button.setEnabled(control.jobs.running == MAP)

    def _open_first_undone(self) -> None:
        """Open the first step that needs the user, and fold the others."""
        undone = [number for number, judge in _STATUS.items() if not judge(self.session).is_settled]
        wanted = undone[0] if undone else StepId.MAP
        # The roles were only suggested: the user should see them once on the way.
        keep = {wanted, StepId.CHANNELS} if wanted is StepId.CELLS else {wanted}
        self._stack.open_only(keep)

    def open_step(self, number: StepId) -> None:
        """Open one step, fold the others, and go on by the keyboard from there."""
        self._stack.open_only({number})
        self.steps[number].header.setFocus()

    def _on_error(self, number: StepId, line: str) -> None:
        self._problems[number] = line
        self._render()
        if line:
            self.steps[number].set_open(True)

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
        elif name == MAP:
            self.map.show_progress(progress)  # type: ignore[arg-type]

    def _on_encoder(self, info: EncoderInfo) -> None:
        self.embed.show_encoder(info)
        self._render()

    def _put_back(self, name: str, value: object) -> None:
        """Set controls as they were before a step, or after it."""
        self._put(name, value)
        self._on_choice()

    def _on_scanned(self, found: ScanResult) -> None:
        self.image.show_scan(found, self.session.roles.history.names_for(found.channel_names))
        self.steps[StepId.IMAGE].set_open(True)

    def _show_bar(self) -> None:
        self.session_bar.show_session(self.session, self.controller.busy)

    def _on_history(self) -> None:
        self.session_bar.show_steps(self.session, self.controller.busy)

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
            self.controller.open_paths(paths)
            event.acceptProposedAction()

    def settings(self) -> dict[str, Any]:
        """What a session keeps of the controls, as plain values."""
        return {"find": asdict(self.cells.choice()), "map": asdict(self.map.choice())}

    def _on_reopened(self, settings: dict[str, Any]) -> None:
        """Set the controls as they were."""
        if "find" in settings:
            self.cells.show_choice(**settings["find"])
        if "map" in settings:
            self.map.show_choice(**settings["map"])
        self.cells.show_filter(self.session.result.filter)
        result = self.session.result.current
        if result is not None:
            every = len(result.cells_ids) > 1
            made = EmbedChoice(result.encoder_source, result.options, result.crop, every)
            self.embed.show_choice(made)
            self.controller.embedding.load_encoder(result.encoder_source)
        self._render()

    def _on_exported(self, path: str) -> None:
        result = self.session.result.current
        rows, hidden = (len(result.table), result.hidden_count) if result else (0, 0)
        left = f"; {hidden} hidden ones are left out" if hidden else ""
        _notify(f"Wrote {rows} cells to {path}{left}")

    def _open_explorer(self) -> None:
        open_dock(self.viewer, Dock.EXPLORER)

    def release(self) -> None:
        """Disconnect from viewer and session; a running job's result is dropped."""
        super().release()
        parts = self.autosave, self.controller, self.preferences, self.thumbnails, self._layers
        for part in parts:
            part.release()
        self._costing.stop()
        self._loading.stop()
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
        self.session.history.changed.disconnect(self._on_history, missing_ok=True)
        self.session.settings.put_back.disconnect(self._put_back, missing_ok=True)
        self.link.field_requested.disconnect(self.controller.images.show_field, missing_ok=True)


def _copy(text: str) -> None:
    if (clipboard := QApplication.clipboard()) is not None:
        clipboard.setText(text)
    _notify(f"Copied {counted(len(text.splitlines()), 'line')}; paste them where you run them")


def _notify(line: str) -> None:
    from napari.utils.notifications import show_info

    show_info(line)

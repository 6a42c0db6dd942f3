"""What the dock's buttons do: hands each wish to the part that carries it out."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.channels.suggestions import tell_a_structure
from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.plate_map import is_table
from napari_c3r.session import Change, Part, Session
from napari_c3r.session.file import is_session
from napari_c3r.widgets.common.clustering import ClusterController
from napari_c3r.widgets.main.context import ViewerContext
from napari_c3r.widgets.main.costs import CostController
from napari_c3r.widgets.main.embedding import EmbeddingController
from napari_c3r.widgets.main.images import ImageController
from napari_c3r.widgets.main.mapping import MapController
from napari_c3r.widgets.main.persistence import PersistenceController
from napari_c3r.widgets.main.plate_maps import PlateMapController
from napari_c3r.widgets.main.segmentation import SegmentationController
from napari_c3r.widgets.main.step_ids import StepId

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Controller(ViewerContext):
    """Carries out what the user asks of one viewer's session.

    Attributes
    ----------
    images, plate_maps, segmentation, embedding, costs, map, clustering
        The parts for steps 1, 3, 4 and 5.
    persistence
        What outlives the window.
    """

    def __init__(self, viewer: ViewerModel, session: Session, parent: QObject) -> None:
        super().__init__(viewer, session, parent)
        self.images = ImageController(self)
        self.plate_maps = PlateMapController(self, self.images)
        self.segmentation = SegmentationController(self)
        self.embedding = EmbeddingController(self, self.segmentation)
        self.costs = CostController(self, self.segmentation)
        self.map = MapController(self, self.embedding)
        self.clustering = ClusterController(session, self)
        self.clustering.said.connect(lambda line: self.error_changed.emit(StepId.MAP, line))
        self.persistence = PersistenceController(
            self, self.images, self.segmentation, self.embedding
        )
        session.changed.connect(self._on_changed)

    def open_paths(self, paths: Sequence[str]) -> None:
        """Find out what is at some paths: a session is opened, images are shown for checking.

        A table is the plate map of the images that are open, or that come with it.
        """
        if len(paths) == 1 and is_session(paths[0]):
            self.persistence.open(paths[0])
        elif len(paths) == 1 and is_table(paths[0]):
            self.plate_maps.read(paths[0])
        else:
            self.images.scan(paths)

    def undo(self) -> None:
        """Take back the last step, unless work is under way that was begun after it."""
        if self.jobs.running is None:
            self.session.history.undo()

    def redo(self) -> None:
        """Do the step again that was undone last."""
        if self.jobs.running is None:
            self.session.history.redo()

    def set_role(self, name: str, role: str) -> None:
        """Give one channel a role."""
        roles = self.session.roles
        if roles.assignment is not None:
            roles.set_assignment(roles.assignment.with_role(name, role))

    def suggest(self) -> None:
        """Suggest all roles from the names, and from the pixels where these say nothing."""
        if self.session.fields.image is not None:
            names = self.session.fields.image.channel_names
            self.session.roles.set_assignment(ChannelAssignment.suggest(names))
            self._look_for_nucleus()

    def _on_changed(self, change: Change) -> None:
        if change.part is Part.IMAGE:
            self._look_for_nucleus()

    def _look_for_nucleus(self) -> None:
        """Where no name tells which channel shows the nucleus, look at the pixels for it."""
        image, roles = self.session.fields.image, self.session.roles.assignment
        if image is None or roles is None or not roles.doubt or tell_a_structure(roles.used):
            return

        def body(_: threading.Event) -> Generator[str, None, ChannelAssignment]:
            from napari_c3r.core.segment import suggest_for_image

            yield "looking for the nucleus"
            return suggest_for_image(image)

        def take(found: ChannelAssignment) -> None:
            self.session.roles.take_suggestion(roles, found)

        self.suggesting.start("suggest", body, take)

    def use_preset(self, preset: str) -> None:
        """Set all roles by a convention."""
        if self.session.fields.image is None:
            return
        try:
            names = self.session.fields.image.channel_names
            self.session.roles.set_assignment(ChannelAssignment.preset(preset, names))
            self.error_changed.emit(StepId.CHANNELS, "")
        except InputError as error:
            self.error_changed.emit(StepId.CHANNELS, str(error))

    def rename_channel(self, old: str, new: str) -> bool:
        """Call a channel by another name; returns whether that was possible."""
        try:
            self.session.rename_channel(old, new)
        except InputError as error:
            self.error_changed.emit(StepId.CHANNELS, str(error))
            return False
        self.error_changed.emit(StepId.CHANNELS, "")
        return True

    def release(self) -> None:
        """Stop working and disconnect from the viewer's events."""
        self.discard()
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
        self.plate_maps.release()
        self.segmentation.release()
        self.embedding.release()
        self.clustering.release()

"""What the dock's buttons do: hands each wish to the part that carries it out."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from napari_c3r.session import Session
from napari_c3r.session.file import is_session
from napari_c3r.widgets.main.context import MAP, ViewerContext
from napari_c3r.widgets.main.embedding import EmbeddingController
from napari_c3r.widgets.main.images import ImageController
from napari_c3r.widgets.main.persistence import PersistenceController
from napari_c3r.widgets.main.segmentation import SegmentationController
from napari_c3r.widgets.main.steps.map import MapChoice

if TYPE_CHECKING:
    from anndata import AnnData
    from napari.components import ViewerModel


class Controller(ViewerContext):
    """Carries out what the user asks of one viewer's session.

    Attributes
    ----------
    images, finding, embedding, keeping
        The parts for steps 1, 3, 4 and for what outlives the window.
    """

    def __init__(self, viewer: ViewerModel, session: Session, parent: QObject) -> None:
        super().__init__(viewer, session, parent)
        self.images = ImageController(self)
        self.finding = SegmentationController(self)
        self.embedding = EmbeddingController(self, self.finding)
        self.keeping = PersistenceController(self, self.images, self.finding, self.embedding)

    def look(self, paths: Sequence[str]) -> None:
        """Find out what is at some paths: a session is opened, images are shown for checking."""
        if len(paths) == 1 and is_session(paths[0]):
            self.keeping.open(paths[0])
        else:
            self.images.look(paths)

    def set_role(self, name: str, role: str) -> None:
        """Give one channel a role."""
        if self.session.assignment is not None:
            self.session.set_assignment(self.session.assignment.with_role(name, role))

    def suggest(self) -> None:
        """Suggest all roles from the names."""
        if self.session.image is not None:
            names = self.session.image.channel_names
            self.session.set_assignment(ChannelAssignment.suggest(names))

    def use_preset(self, preset: str) -> None:
        """Set all roles by a convention."""
        if self.session.image is None:
            return
        try:
            names = self.session.image.channel_names
            self.session.set_assignment(ChannelAssignment.preset(preset, names))
            self.error_changed.emit(2, "")
        except InputError as error:
            self.error_changed.emit(2, str(error))

    def make_map(self, choice: MapChoice) -> None:
        """Map and cluster the cells."""
        done = self.session.embedded
        if done is None:
            return

        def body(_: threading.Event) -> Generator[str, None, AnnData]:
            from napari_c3r.core.reduce import cluster, map_cells

            table = done.table.copy()
            yield "laying out the map; the first one takes longer, as UMAP is compiled"
            map_cells(table, seed=choice.seed, controls=choice.controls)
            yield "finding clusters"
            return cluster(
                table,
                method=choice.method,  # type: ignore[arg-type]
                n_clusters=choice.n_clusters,
                seed=choice.seed,
                controls=choice.controls,
            )

        def take(table: AnnData) -> None:
            from napari_c3r.core.table.annotate import carry_over

            now = self.session.embedded
            # A filter or another run may have changed the rows; names may have been given.
            if now is not None and now.table.obs_names.equals(table.obs_names):
                carry_over(now.table, table)
                self.session.set_mapped(table)
                self.embedding.fill_features()

        self.error_changed.emit(5, "")
        self.jobs.start(MAP, body, take)

    def release(self) -> None:
        """Stop working and let go of the viewer's events."""
        self.discard()
        self.finding.release()
        self.embedding.release()

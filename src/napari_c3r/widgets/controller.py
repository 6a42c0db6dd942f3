"""What the dock's buttons do: reads the viewer's layers, runs jobs, gives the session results."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from napari_c3r.core.labels import check_labels
from napari_c3r.session import Cells, Embedded, Session
from napari_c3r.widgets import layers
from napari_c3r.widgets.jobs import Jobs
from napari_c3r.widgets.steps.cells import SegmentChoice
from napari_c3r.widgets.steps.embed import EncoderNews
from napari_c3r.widgets.steps.map import MapChoice

if TYPE_CHECKING:
    from anndata import AnnData
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.images import Image

OPEN, FIND, EMBED, MAP, EXPORT = "open", "find cells", "embed", "map", "export"


class Controller(QObject):
    """Carries out what the user asks of one viewer's session.

    Signals
    -------
    problem
        The step's number and one line on what is wrong; an empty line takes it back.
    encoder_loaded
        With :class:`EncoderNews`.
    exported
        With the path written.
    """

    problem = Signal(int, str)
    encoder_loaded = Signal(object)
    exported = Signal(str)

    def __init__(self, viewer: ViewerModel, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.viewer = viewer
        self.session = session
        self.jobs = Jobs(self)
        self.jobs.failed.connect(self._on_failed)
        # Of its own, so that it neither waits for a job nor takes its place.
        self.loading = Jobs(self)
        self.loading.failed.connect(self._on_failed)
        self.batch_size: int | str = "auto"
        self._encoders: dict[str, Encoder] = {}
        self._labels_id: object = None

    def use_layers(self) -> None:
        """Take the viewer's image layers as the image."""
        try:
            found = layers.image_layers(self.viewer)
            image = layers.read_layers(found, self.viewer.dims.current_step)
        except InputError as error:
            self.problem.emit(1, str(error))
            return
        self.problem.emit(1, "")
        self.session.set_image(image)

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open files or a folder as one image, one layer per channel."""

        def body(_: threading.Event) -> Generator[str, None, Sequence[Any]]:
            from napari_c3r.readers import read_layers

            yield "reading"
            return read_layers(paths if len(paths) > 1 else paths[0])

        self.problem.emit(1, "")
        self.jobs.start(OPEN, body, self._show_layers)

    def open_sample(self) -> None:
        """Add the simulated Cell Painting field."""

        def body(_: threading.Event) -> Generator[str, None, Sequence[Any]]:
            from napari_c3r.sample_data import cell_painting

            yield "simulating"
            return cell_painting()

        self.problem.emit(1, "")
        self.jobs.start(OPEN, body, self._show_layers)

    def _show_layers(self, data: Sequence[Any]) -> None:
        """Add layers and work on the image they make up."""
        from napari.layers import Image as ImageLayer
        from napari.layers import Layer

        added = [self.viewer.add_layer(Layer.create(*item)) for item in data]
        self.viewer.layers.selection = {layer for layer in added if isinstance(layer, ImageLayer)}
        self.viewer.reset_view()
        self.use_layers()
        self.viewer.layers.selection = {added[-1]}

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
            self.problem.emit(2, "")
        except InputError as error:
            self.problem.emit(2, str(error))

    def find_cells(self, choice: SegmentChoice) -> None:
        """Segment the image."""
        image = self.session.image
        if image is None:
            return
        in_um = choice.diameter if image.pixel_size_um else None
        in_px = None if image.pixel_size_um else choice.diameter

        def body(_: threading.Event) -> Generator[str, None, Any]:
            from napari_c3r.core.segment import segment_cells

            yield "finding nuclei"
            return segment_cells(
                image,
                choice.nucleus,
                choice.cell,
                nucleus_diameter_um=in_um,
                nucleus_diameter_px=in_px,
            )

        def take(found: Any) -> None:
            nuclei, cells = found
            origin = f"from {choice.nucleus} and {choice.cell or 'a set distance'}"
            origin += f"\nnuclei about {_usual_diameter(nuclei, image)} wide"
            self._show_cells(nuclei, cells)
            self.session.set_cells(
                Cells(cells, len(np.unique(cells[cells > 0])), image.name, origin, nuclei)
            )
            self.problem.emit(3, "")

        self.problem.emit(3, "")
        self.jobs.start(FIND, body, take)

    def _show_cells(self, nuclei: Any, cells: Any) -> None:
        # Layers get copies: what the user paints must not change a running job's arrays.
        layers.show_labels(self.viewer, layers.NUCLEI, nuclei.copy(), contour=1, visible=False)
        shown = layers.show_labels(self.viewer, layers.CELLS, cells.copy(), contour=1)
        self._watch(shown)

    def label_layers(self) -> list[str]:
        """Names of the Labels layers that can be taken as cells."""
        from napari.layers import Labels

        ours = {layers.CLUSTERS, layers.SELECTION, layers.NUCLEI}
        return [
            layer.name
            for layer in self.viewer.layers
            if isinstance(layer, Labels)
            and layer.metadata.get(layers.KEY, {}).get("own") not in ours
        ]

    def use_labels(self, name: str) -> None:
        """Take a Labels layer as the cells."""
        image = self.session.image
        if image is None or name not in self.viewer.layers:
            return
        layer = self.viewer.layers[name]
        try:
            labels = layers.label_plane(layer)
            check_labels(labels, image.shape[1:], f"labels '{name}'")
            labels = np.array(labels)
            count = len(np.unique(labels[labels > 0]))
            if not count:
                raise InputError(f"The labels '{name}' hold no cell; every pixel is 0")
        except InputError as error:
            self.problem.emit(3, str(error))
            return
        self._watch(layer)
        self.session.set_cells(Cells(labels, count, image.name, f"from the layer {name}"))
        self.problem.emit(3, "")

    def _watch(self, layer: Labels) -> None:
        """Notice when the user draws in the labels that were taken."""
        self._unwatch()
        self._labels_id = layer.unique_id
        for event in (layer.events.paint, layer.events.data):
            event.connect(self._on_labels_edited)

    def _unwatch(self) -> None:
        layer = self._watched()
        if layer is not None:
            for event in (layer.events.paint, layer.events.data):
                event.disconnect(self._on_labels_edited)
        self._labels_id = None

    def _watched(self) -> Labels | None:
        """The layer the cells were taken from, None when it is gone from the viewer."""
        return next((la for la in self.viewer.layers if la.unique_id == self._labels_id), None)

    def _on_labels_edited(self) -> None:
        self.session.note_edited_labels()

    def _current_cells(self) -> Cells | None:
        """The cells to embed: drawn anew from their layer where the user edited it."""
        layer, cells = self._watched(), self.session.cells
        if cells is None or layer is None or not self.session.labels_edited:
            return cells
        labels = np.array(layers.label_plane(layer))
        count = len(np.unique(labels[labels > 0]))
        edited = Cells(labels, count, cells.image_name, f"{cells.origin}, edited", cells.nuclei)
        self.session.set_cells(edited)
        return edited

    def load_encoder(self, source: str) -> None:
        """Load an encoder in the background, to learn its name and the devices."""
        if source in self._encoders or self.loading.running:
            return

        def body(_: threading.Event) -> Generator[str, None, Encoder]:
            yield "loading the encoder"
            return self._encoder(source)

        self.loading.start("load", body, lambda encoder: self._tell(source, encoder))

    def _encoder(self, source: str) -> Encoder:
        from napari_c3r.core.encoder import load_encoder

        if source not in self._encoders:
            self._encoders[source] = load_encoder(source)
        return self._encoders[source]

    def _tell(self, source: str, encoder: Encoder) -> None:
        from napari_c3r.core.encoder import available_devices

        self.session.encoder = encoder.name
        self.encoder_loaded.emit(
            EncoderNews(source, encoder.name, encoder.trained, available_devices())
        )

    def embed(self, source: str, device: str) -> None:
        """Embed the cells."""
        image, assignment, cells = self.session.image, self.session.assignment, None
        if image is not None and assignment is not None:
            cells = self._current_cells()
        if image is None or assignment is None or cells is None:
            return
        began = time.perf_counter()

        def body(stop: threading.Event) -> Generator[Any, None, tuple[AnnData, bool, Encoder]]:
            from napari_c3r.core.embed import EmbedJob, EmbedRun

            encoder = self._encoder(source)
            job = EmbedJob(
                image,
                cells.labels,
                assignment,
                encoder,
                nuclei=cells.nuclei,
                device=device,
                batch_size=self.batch_size,
            )
            run = EmbedRun(job)
            for progress in run.steps():
                yield progress
                if stop.is_set():
                    break
            return run.result(), run.finished, encoder

        def take(found: tuple[AnnData, bool, Encoder]) -> None:
            table, finished, encoder = found
            self._tell(source, encoder)
            if not len(table):
                self.problem.emit(4, "Stopped before the first batch was done")
                return
            seconds = time.perf_counter() - began
            self.session.set_embedded(
                Embedded(table, image.name, cells, assignment, encoder.name, seconds, finished)
            )
            self._fill_features(cells, table)

        self.problem.emit(4, "")
        self.jobs.start(EMBED, body, take)

    def _fill_features(self, cells: Cells, table: AnnData) -> None:
        """Give our own cell layer its measurements; layers of the user's stay as they are."""
        layer = layers.own_layer(self.viewer, layers.CELLS)
        if layer is not None and layer.data.shape == np.shape(cells.labels):
            layer.features = table.obs.reset_index(drop=True)

    def make_map(self, choice: MapChoice) -> None:
        """Map and cluster the cells."""
        done = self.session.embedded
        if done is None:
            return

        def body(_: threading.Event) -> Generator[str, None, AnnData]:
            from napari_c3r.core.reduce import cluster, map_cells

            table = done.table.copy()
            yield "laying out the map; the first one takes longer, as UMAP is compiled"
            map_cells(table, seed=choice.seed)
            yield "finding clusters"
            return cluster(
                table,
                method=choice.method,  # type: ignore[arg-type]
                n_clusters=choice.n_clusters,
                seed=choice.seed,
            )

        def take(table: AnnData) -> None:
            if self.session.embedded is done:
                self.session.set_mapped(table)
                self._fill_features(done.cells, table)

        self.problem.emit(5, "")
        self.jobs.start(MAP, body, take)

    def export(self, path: str) -> None:
        """Write the table."""
        done = self.session.embedded
        if done is None:
            return

        def body(_: threading.Event) -> Generator[str, None, Path]:
            from napari_c3r.core.table import write

            yield "writing"
            return write(done.table, path)

        self.problem.emit(5, "")
        self.jobs.start(EXPORT, body, lambda written: self.exported.emit(str(written)))

    def _on_failed(self, name: str, line: str) -> None:
        step = {OPEN: 1, FIND: 3, EMBED: 4, MAP: 5, EXPORT: 5}.get(name, 4)
        self.problem.emit(step, line)

    def release(self) -> None:
        """Stop working and let go of the viewer's events."""
        self.jobs.drop()
        self.loading.drop()
        self._unwatch()


def _usual_diameter(nuclei: NDArray[np.int32], image: Image) -> str:
    """Median diameter of the nuclei that were found, in words."""
    areas = np.bincount(nuclei.ravel())[1:]
    diameter = float(np.median(np.sqrt(4 * areas[areas > 0] / np.pi)))
    if image.pixel_size_um is None:
        return f"{diameter:.0f} px"
    return f"{diameter * image.pixel_size_um:.1f} µm"

"""The cells of a result in the viewer: coloured by cluster, outlined when selected, clickable."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from napari_c3r.core.labels import outline, paint
from napari_c3r.core.reduce import NOISE
from napari_c3r.session import Cells, Part, Session, session_of
from napari_c3r.widgets import layers

if TYPE_CHECKING:
    from napari.components import ViewerModel

_OUTLINE_PX = 2


class ImageLink:
    """Keeps the viewer's cluster and selection layers in step with a session.

    Parameters
    ----------
    viewer
        Where to draw. Held weakly: the link lives as long as the viewer does.
    session
        What to draw.
    """

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self._outlined: tuple[Cells, Any, Any] | None = None
        session.changed.connect(self._on_changed)
        viewer.mouse_drag_callbacks.append(self._on_mouse)

    def _on_changed(self, part: Part) -> None:
        if part in (Part.MAP, Part.SELECTION):
            self._draw_clusters()
        if part in (Part.SELECTION, Part.CURRENT):
            self._draw_selection()

    def _shown_labels(self) -> Any:
        """Label image of the result, None while there is nothing to colour."""
        done = self._session.embedded
        return None if done is None else np.asarray(done.cells.labels)

    def _here(self) -> Any:
        """Which rows of the result are cells of the shown image."""
        done = self._session.embedded
        assert done is not None
        return np.asarray(done.table.obs["image"] == done.image_name)

    def _draw_clusters(self) -> None:
        viewer, labels = self._viewer(), self._shown_labels()
        if viewer is None or labels is None or not self._session.has_map:
            return
        done, here = self._session.embedded, self._here()
        assert done is not None
        classes = layers.cluster_classes(done.table.obs["cluster"], NOISE)
        if self._session.selection.any():
            classes = np.where(self._session.selection, classes, layers.DIMMED_CLASS)
        keys, classes = done.table.obs["label"].to_numpy()[here], classes[here].astype(np.uint8)
        layer = layers.own_layer(viewer, layers.CLUSTERS)
        if layer is not None and layer.data.shape == labels.shape:
            # In place: a large image is recoloured many times in a session.
            paint(labels, keys, classes, out=layer.data)
            layer.refresh()
            return
        layers.show_labels(
            viewer,
            layers.CLUSTERS,
            paint(labels, keys, classes),
            colormap=layers.cluster_colormap(),
            opacity=0.45,
        )

    def _draw_selection(self) -> None:
        viewer, labels = self._viewer(), self._shown_labels()
        if viewer is None or labels is None:
            return
        done, lit = self._session.embedded, self._session.selection & self._here()
        assert done is not None
        if self._session.current is not None:
            lit[self._session.current] = self._here()[self._session.current]
        layer = layers.own_layer(viewer, layers.SELECTION)
        if layer is None or layer.data.shape != labels.shape:
            if not lit.any():
                return
            layer = layers.show_labels(
                viewer,
                layers.SELECTION,
                np.zeros(labels.shape, np.uint8),
                colormap=layers.selection_colormap(),
                opacity=1.0,
            )
        keys = done.table.obs["label"].to_numpy()[lit]
        pixels, of_labels = self._outlines(done.cells)
        # Outlines of our own, as napari would find all of them anew at every change.
        layer.data.ravel()[pixels] = paint(of_labels, keys, np.ones(len(keys), np.uint8))
        layer.refresh()

    def _outlines(self, cells: Cells) -> tuple[Any, Any]:
        """Pixels on the edges of all cells, as flat indices, and the labels there."""
        if self._outlined is None or self._outlined[0] is not cells:
            labels = np.asarray(cells.labels)
            pixels = outline(labels, _OUTLINE_PX)
            self._outlined = cells, pixels, labels.ravel()[pixels]
        return self._outlined[1:]

    def _on_mouse(self, viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
        """A click, not a drag, on a cell points at its row."""
        yield
        dragged = False
        while event.type == "mouse_move":
            dragged = True
            yield
        if not dragged:
            self.point_at(event.position)

    def point_at(self, position: Any) -> None:
        """Point at the cell under a position in world coordinates, or at none."""
        viewer, labels = self._viewer(), self._shown_labels()
        if viewer is None or labels is None:
            return
        layer = layers.reference_layer(viewer, labels.shape)
        if layer is None:
            return
        y, x = np.round(layer.world_to_data(position)[-2:]).astype(int)
        inside = 0 <= y < labels.shape[0] and 0 <= x < labels.shape[1]
        label = int(labels[y, x]) if inside else 0
        self._session.set_current(self._session.row_of(label) if label else None)

    def centre_on(self, row: int) -> None:
        """Move the camera to the cell of a row of the shown image."""
        viewer, done = self._viewer(), self._session.embedded
        if viewer is None or done is None or not self._here()[row]:
            return
        labels = self._shown_labels()
        layer = layers.reference_layer(viewer, labels.shape)
        if layer is None:
            return
        x, y = done.table.obsm["spatial"][row]
        leading = (0.0,) * (layer.ndim - 2)
        world = layer.data_to_world((*leading, y, x))
        viewer.camera.center = (*viewer.camera.center[:-2], *world[-2:])


_LINKS: WeakKeyDictionary[Any, ImageLink] = WeakKeyDictionary()


def link_of(viewer: Any) -> ImageLink:
    """The link of a viewer, made by whichever dock opens first."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _LINKS:
        _LINKS[viewer] = ImageLink(viewer, session_of(viewer))
    return _LINKS[viewer]

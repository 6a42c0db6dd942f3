"""The cells of a result in the viewer: coloured as on the map, outlined, clickable."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.labels import outline, paint
from napari_c3r.session import Cells, Embedded, Part, Session, session_of
from napari_c3r.widgets import layers
from napari_c3r.widgets.columns import CLUSTER, colouring
from napari_c3r.widgets.scatter.appearance import Categories, Colouring

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

    Attributes
    ----------
    field_asked
        With the position of the field that a cell to be shown lies in.
    """

    field_asked = Signal(int)

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self._outlined: tuple[Cells, Any, Any] | None = None
        self._colour_by = CLUSTER
        self._colours: tuple[Any, str, Colouring] | None = None
        self._rows_here: tuple[Any, str, NDArray[np.bool_]] | None = None
        self._awaited: int | None = None
        session.changed.connect(self._on_changed)
        viewer.mouse_drag_callbacks.append(self._on_mouse)

    def colour_by(self, column: str) -> None:
        """Colour the cells by a column of the table, as the map does."""
        if column != self._colour_by:
            self._colour_by = column
            self._draw_clusters()

    def colours_of(self, column: str) -> Colouring:
        """What a column of the result makes of its cells; by cluster where it has no such one.

        Worked out once for image and map, as text takes a while to sort.
        """
        done = self._session.embedded
        assert done is not None
        name = column if column in done.table.obs else CLUSTER
        known = self._colours
        if known is None or known[0] is not done.table or known[1] != name:
            known = self._colours = done.table, name, colouring(done.table.obs, name)
        return known[2]

    def _on_changed(self, part: Part) -> None:
        if part is Part.RESULT:
            self._awaited = None
        if part in (Part.RESULT, Part.MAP, Part.ANNOTATION):
            self._colours = None
        if part in (Part.MAP, Part.SELECTION) or (
            part is Part.ANNOTATION and self._colour_by != CLUSTER
        ):
            self._draw_clusters()
        if part is Part.CURRENT:
            self._show_awaited()
        if part in (Part.SELECTION, Part.CURRENT):
            self._draw_selection()

    def _shown_labels(self) -> Any:
        """Label image of the result, None while there is nothing to colour."""
        done = self._session.embedded
        return None if done is None else np.asarray(done.cells.labels)

    def _here(self) -> NDArray[np.bool_]:
        """Which rows of the result are cells of the shown image."""
        done = self._session.embedded
        assert done is not None
        known = self._rows_here
        if known is None or known[0] is not done.table or known[1] != done.image_name:
            here = np.asarray(done.table.obs["image"] == done.image_name)
            known = self._rows_here = done.table, done.image_name, here
        return known[2]

    def _draw_clusters(self) -> None:
        viewer, labels = self._viewer(), self._shown_labels()
        done = self._session.embedded
        if viewer is None or labels is None or done is None or not self._session.has_map:
            return
        colours, here = self.colours_of(self._colour_by), self._here()
        classes = _classes(colours)
        if self._session.selection.any():
            classes = np.where(self._session.selection, classes, layers.DIMMED_CLASS)
        keys, classes = done.table.obs["label"].to_numpy()[here], classes[here].astype(np.uint8)
        layer = layers.own_layer(viewer, layers.CLUSTERS)
        kind = type(colours).__name__
        if layer is not None and layer.data.shape == labels.shape:
            # In place: a large image is recoloured many times in a session.
            paint(labels, keys, classes, out=layer.data)
            if layer.metadata.get("colours") != kind:
                layer.colormap = _colormap(colours)
            layer.metadata["colours"] = kind
            layer.refresh()
            return
        layer = layers.show_labels(
            viewer,
            layers.CLUSTERS,
            paint(labels, keys, classes),
            colormap=_colormap(colours),
            opacity=0.45,
        )
        layer.metadata["colours"] = kind

    def _draw_selection(self) -> None:
        viewer, labels = self._viewer(), self._shown_labels()
        done = self._session.embedded
        if viewer is None or labels is None or done is None:
            return
        here = self._here()
        marks = (self._session.selection & here).astype(np.uint8)
        if self._session.current is not None and here[self._session.current]:
            marks[self._session.current] = layers.CURRENT_CLASS
        layer = layers.own_layer(viewer, layers.SELECTION)
        if layer is None or layer.data.shape != labels.shape:
            if not marks.any():
                return
            layer = layers.show_labels(
                viewer,
                layers.SELECTION,
                np.zeros(labels.shape, np.uint8),
                colormap=layers.selection_colormap(),
                opacity=1.0,
            )
        lit = marks > 0
        keys = done.table.obs["label"].to_numpy()[lit]
        pixels, of_labels, fresh = self._outlines(done.cells)
        if fresh:
            layer.data[...] = 0
        # Outlines of our own, as napari would find all of them anew at every change.
        layer.data.ravel()[pixels] = paint(of_labels, keys, marks[lit])
        layer.refresh()

    def _outlines(self, cells: Cells) -> tuple[Any, Any, bool]:
        """Pixels on the edges of all cells, as flat indices, the labels there, and if new."""
        fresh = self._outlined is None or self._outlined[0] is not cells
        if self._outlined is None or fresh:
            labels = np.asarray(cells.labels)
            pixels = outline(labels, _OUTLINE_PX)
            self._outlined = cells, pixels, labels.ravel()[pixels]
        return *self._outlined[1:], fresh

    def _on_mouse(self, viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
        """A click, not a drag, on a cell points at its row; Shift adds it, Alt removes it."""
        yield
        dragged = False
        while event.type == "mouse_move":
            dragged = True
            yield
        active = viewer.layers.selection.active
        # In any other mode the click is for the layer: painting a label points at nothing.
        if dragged or getattr(active, "mode", "pan_zoom") != "pan_zoom":
            return
        held = {str(getattr(key, "name", key)) for key in event.modifiers}
        if held & {"Shift", "Alt", "Control"}:
            self._toggle(event.position, add="Shift" in held)
        else:
            self.point_at(event.position)

    def row_at(self, position: Any) -> int | None:
        """The row of the cell under a position in world coordinates, None beside all."""
        viewer, labels = self._viewer(), self._shown_labels()
        if viewer is None or labels is None:
            return None
        layer = _layer_of(viewer, labels.shape)
        if layer is None:
            return None
        y, x = np.round(layer.world_to_data(position)[-2:]).astype(int)
        inside = 0 <= y < labels.shape[0] and 0 <= x < labels.shape[1]
        label = int(labels[y, x]) if inside else 0
        return self._session.row_of(label) if label else None

    def point_at(self, position: Any) -> None:
        """Point at the cell under a position in world coordinates, or at none."""
        if self._session.embedded is not None:
            self._session.set_current(self.row_at(position))

    def _toggle(self, position: Any, *, add: bool) -> None:
        row = self.row_at(position)
        if row is not None:
            mask = self._session.selection.copy()
            mask[row] = add
            self._session.select(mask)

    def centre_on(self, row: int) -> bool:
        """Move the camera to the cell of a row, turning to its field first where need be.

        Returns
        -------
        bool
            Whether the cell is shown, or will be once its field is read.
        """
        viewer, done = self._viewer(), self._session.embedded
        if viewer is None or done is None:
            return False
        self._awaited = None
        if not self._here()[row]:
            return self._turn_to_field_of(row, done)
        layer = _layer_of(viewer, self._shown_labels().shape)
        x, y = done.table.obsm["spatial"][row]
        if layer is None or not np.isfinite((x, y)).all():
            return False
        leading = (0.0,) * (layer.ndim - 2)
        world = layer.data_to_world((*leading, y, x))
        camera = viewer.scene.camera
        camera.center = (*camera.center[:-2], *world[-2:])
        return True

    def _turn_to_field_of(self, row: int, done: Embedded) -> bool:
        image = str(done.table.obs["image"].iloc[row])
        names = [field.name for field in self._session.fields]
        if image not in names or not len(self.field_asked):
            return False
        self._awaited = row
        self.field_asked.emit(names.index(image))
        return True

    def _show_awaited(self) -> None:
        """Point at the cell for which another field was turned to, now that it is shown."""
        row, self._awaited = self._awaited, None
        if row is None:
            return
        if self._here()[row]:
            self._session.set_current(row)
            self.centre_on(row)
        elif self._session.current == row:
            self._awaited = row


def _layer_of(viewer: ViewerModel, shape: tuple[int, ...]) -> Any:
    """Where the cells are shown: in a layer of ours, else in one of their size."""
    for name in (layers.CLUSTERS, layers.CELLS):
        ours = layers.own_layer(viewer, name)
        if ours is not None and ours.data.shape == tuple(shape):
            return ours
    return layers.reference_layer(viewer, shape)


def _classes(colours: Colouring) -> NDArray[np.uint8]:
    if isinstance(colours, Categories):
        return layers.category_classes(colours.codes)
    return layers.value_classes(colours.values, colours.limits)


def _colormap(colours: Colouring) -> Any:
    if isinstance(colours, Categories):
        return layers.cluster_colormap()
    return layers.value_colormap()


_LINKS: WeakKeyDictionary[Any, ImageLink] = WeakKeyDictionary()


def link_of(viewer: Any) -> ImageLink:
    """The link of a viewer, made by whichever dock opens first."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _LINKS:
        _LINKS[viewer] = ImageLink(viewer, session_of(viewer))
    return _LINKS[viewer]

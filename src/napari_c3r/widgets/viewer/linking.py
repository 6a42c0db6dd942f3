"""The cells of a result in the viewer: coloured as on the map, outlined, clickable."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.cells.labels import Lookup, outline, paint, paint_at
from napari_c3r.core.figures.colouring import CLUSTER, Categories, Colouring, colouring
from napari_c3r.core.rounding import half_up
from napari_c3r.session import Cells, Change, EmbeddingResult, Part, Session, Slice, session_of
from napari_c3r.widgets.viewer import layers
from napari_c3r.widgets.viewer.channel_view import channel_view_of
from napari_c3r.widgets.viewer.stacks import plane_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

_OUTLINE_PX = 2


@dataclass(eq=False)
class _Drawing:
    """A label image that is painted again and again, and what is found out of it only once."""

    cells: Cells

    @cached_property
    def labels(self) -> NDArray[Any]:
        return np.asarray(self.cells.labels)

    @cached_property
    def highest(self) -> int:
        return int(self.labels.max(initial=0))

    @cached_property
    def edges(self) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Pixels on the edges of all cells, as flat indices, and the labels there."""
        pixels = outline(self.labels, _OUTLINE_PX)
        return pixels, self.labels.ravel()[pixels]


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
    field_requested
        With the position of the field that a cell to be shown lies in.
    """

    field_requested = Signal(int)

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self._drawing: _Drawing | None = None
        self._colour_by = CLUSTER
        self._colours: dict[str, Colouring] = {}
        self._coloured: Any = None
        self._rows_here: tuple[Any, str, NDArray[np.bool_], NDArray[np.intp]] | None = None
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

        Worked out once for image and map, and for a column that is chosen again, as text takes a
        while to sort.
        """
        result = self._session.result.current
        assert result is not None
        if self._coloured is not result.table:
            self._coloured, self._colours = result.table, {}
        if column not in self._colours:
            name = column if column in result.table.obs else CLUSTER
            by_gates = self._session.gates.colouring(column)
            self._colours[column] = by_gates or colouring(result.table.obs, name)
        return self._colours[column]

    def _on_changed(self, change: Change) -> None:
        part = change.part
        if part is Part.RESULT:
            self._awaited = None
        drawn = self._colours.get(self._colour_by)
        if part in (Part.RESULT, Part.MAP, Part.ANNOTATION):
            self._forget_colours(change)
        recoloured = drawn is None or self._colours.get(self._colour_by) is not drawn
        if part in (Part.MAP, Part.SELECTION) or (part is Part.ANNOTATION and recoloured):
            self._draw_clusters()
        if part is Part.CURRENT:
            self._show_awaited()
        if part in (Part.SELECTION, Part.CURRENT):
            self._draw_selection()

    def _forget_colours(self, change: Change) -> None:
        """Work out anew what columns that changed, or take the place of one that is not there."""
        self._colours = {
            column: colours
            for column, colours in self._colours.items()
            if not change.touches(column, CLUSTER)
        }

    def _drawn_cells(self) -> _Drawing:
        cells, known = self._session.embedded_cells(), self._drawing
        if known is None or known.cells.id != cells.id:
            known = self._drawing = _Drawing(cells)
        return known

    def _place(self) -> Slice | None:
        """The slice of a stack that the cells shown are of."""
        return self._session.fields.slices.get(self._session.result.image_name)

    def _here(self) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Which rows of the result are cells of the shown image: as flags, and which ones."""
        result = self._session.result.current
        assert result is not None
        known, image = self._rows_here, self._session.result.image_name
        if known is None or known[0] is not result.table or known[1] != image:
            here = np.asarray(result.table.obs["image"] == image)
            known = self._rows_here = result.table, image, here, np.flatnonzero(here)
        return known[2], known[3]

    def _draw_clusters(self) -> None:
        viewer, result = self._viewer(), self._session.result.current
        if viewer is None or result is None or not self._session.result.has_map:
            return
        colours, (_, rows) = self.colours_of(self._colour_by), self._here()
        classes, selected = _classes(colours, rows), self._session.selection.mask
        if selected.any():
            classes = np.where(selected[rows], classes, np.uint8(layers.DIMMED_CLASS))
        keys = result.table.obs["label"].to_numpy()[rows]
        drawing, place = self._drawn_cells(), self._place()
        layer = layers.own_layer(viewer, layers.CLUSTERS)
        if layer is None and not len(rows):
            return  # the image that is shown has none of the cells
        kind = colours.palette if isinstance(colours, Categories) else type(colours).__name__
        if layer is not None and layers.fits(layer, drawing.labels.shape, place):
            # In place: a large image is recoloured many times in a session.
            paint(drawing.labels, keys, classes, 0, plane_of(layer), drawing.highest)
            if layer.metadata.get("colours") != kind:
                layer.colormap = _colormap(colours)
            layer.metadata["colours"] = kind
            layer.refresh()
            return
        layer = layers.show_labels(
            viewer,
            layers.CLUSTERS,
            paint(drawing.labels, keys, classes, highest=drawing.highest),
            place=place,
            colormap=_colormap(colours),
            opacity=0.45,
        )
        layer.metadata["colours"] = kind

    def _draw_selection(self) -> None:
        viewer, result = self._viewer(), self._session.result.current
        if viewer is None or result is None:
            return
        here, rows = self._here()
        marks = self._session.selection.mask[rows].astype(np.uint8)
        if (current := self._session.selection.current) is not None and here[current]:
            marks[np.searchsorted(rows, current)] = layers.CURRENT_CLASS
        drawing = self._drawn_cells()
        layer = self._selection_layer(viewer, drawing, self._place(), bool(marks.any()))
        if layer is None:
            return
        lit = marks > 0
        keys = result.table.obs["label"].to_numpy()[rows[lit]]
        plane = plane_of(layer)
        if layer.metadata.get("cells") != drawing.cells.id or not lit.any():
            plane[...] = 0
            layer.metadata["cells"] = drawing.cells.id
        if lit.any():
            # Outlines of our own, as napari would find all of them anew at every change.
            paint_at(*drawing.edges, Lookup(keys, marks[lit], 0, drawing.highest), plane)
        layer.refresh()

    def _selection_layer(
        self, viewer: ViewerModel, drawing: _Drawing, place: Slice | None, wanted: bool
    ) -> Any:
        """The layer of the outlines, None where there is none and none is wanted."""
        shape = drawing.labels.shape
        layer = layers.own_layer(viewer, layers.SELECTION)
        if layer is not None and layers.fits(layer, shape, place):
            return layer
        if not wanted:
            if layer is not None:
                viewer.layers.remove(layer)
            return None
        return layers.show_labels(
            viewer,
            layers.SELECTION,
            np.zeros(shape, np.uint8),
            place=place,
            colormap=layers.selection_colormap(),
            opacity=1.0,
        )

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
        viewer, result = self._viewer(), self._session.result.current
        # Turned in space, a position lies in front of the image and not on it.
        if viewer is None or result is None or viewer.dims.ndisplay != 2:
            return None
        place = self._place()
        if place is not None and not place.holds(position):
            return None
        labels = self._drawn_cells().labels
        layer = _layer_of(viewer, labels.shape, place)
        if layer is None:
            return None
        y, x = half_up(layer.world_to_data(position)[-2:])
        inside = 0 <= y < labels.shape[0] and 0 <= x < labels.shape[1]
        label = int(labels[y, x]) if inside else 0
        return self._session.result.row_of(label) if label else None

    def point_at(self, position: Any) -> None:
        """Point at the cell under a position in world coordinates, or at none."""
        if self._session.result.current is not None:
            self._session.selection.set_current(self.row_at(position))

    def _toggle(self, position: Any, *, add: bool) -> None:
        row = self.row_at(position)
        if row is not None:
            mask = self._session.selection.mask.copy()
            mask[row] = add
            self._session.selection.select(mask)

    def centre_on(self, row: int) -> bool:
        """Move the camera to the cell of a row, turning to its field first where need be.

        Returns
        -------
        bool
            Whether the cell is shown, or will be once its field is read.
        """
        viewer, result = self._viewer(), self._session.result.current
        if viewer is None or result is None:
            return False
        self._awaited = None
        if not self._here()[0][row]:
            return self._turn_to_field_of(row, result)
        place = self._place()
        layer = _layer_of(viewer, self._drawn_cells().labels.shape, place)
        x, y = result.table.obsm["spatial"][row]
        if layer is None or not np.isfinite((x, y)).all():
            return False
        leading = (0.0,) * (layer.ndim - 2)
        world = layer.data_to_world((*leading, y, x))
        if place is not None and not place.holds(viewer.dims.point):
            axes = range(viewer.dims.ndim - 2 - len(place.start), viewer.dims.ndim - 2)
            viewer.dims.set_point(tuple(axes), place.start)
        camera = viewer.scene.camera
        camera.center = (*camera.center[:-2], *world[-2:])
        return True

    def _turn_to_field_of(self, row: int, result: EmbeddingResult) -> bool:
        image = str(result.table.obs["image"].iloc[row])
        names = [field.name for field in self._session.fields.sources]
        if image not in names or not len(self.field_requested):
            return False
        self._awaited = row
        self.field_requested.emit(names.index(image))
        return True

    def _show_awaited(self) -> None:
        """Point at the cell for which another field was turned to, now that it is shown."""
        row, self._awaited = self._awaited, None
        if row is None:
            return
        if self._here()[0][row]:
            self._session.selection.set_current(row)
            self.centre_on(row)
        elif self._session.selection.current == row:
            self._awaited = row


def _layer_of(viewer: ViewerModel, shape: tuple[int, ...], place: Slice | None) -> Any:
    """Where the cells are shown: in a layer of ours, else in one of their size."""
    for name in (layers.CLUSTERS, layers.CELLS):
        ours = layers.own_layer(viewer, name)
        if ours is not None and layers.fits(ours, shape, place):
            return ours
    return layers.reference_layer(viewer, shape)


def _classes(colours: Colouring, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """The class of some rows."""
    if isinstance(colours, Categories):
        return layers.category_classes(colours.codes[rows], len(colours.palette))
    return layers.value_classes(colours.values[rows], colours.limits)


def _colormap(colours: Colouring) -> Any:
    if isinstance(colours, Categories):
        return layers.category_colormap(colours.palette)
    return layers.value_colormap()


_LINKS: WeakKeyDictionary[Any, ImageLink] = WeakKeyDictionary()


def link_of(viewer: Any) -> ImageLink:
    """The link of a viewer, made by whichever dock opens first."""
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _LINKS:
        _LINKS[viewer] = ImageLink(viewer, session_of(viewer))
        channel_view_of(viewer)
    return _LINKS[viewer]

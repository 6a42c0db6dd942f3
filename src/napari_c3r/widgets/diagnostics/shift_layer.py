"""The shift of each cell as a column of the result and as a layer of our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_c3r.core.figures.colouring import Values
from napari_c3r.core.figures.colours import value_colours
from napari_c3r.core.table.titles import title
from napari_c3r.session import Change, Part, Session
from napari_c3r.widgets.viewer import layers

if TYPE_CHECKING:
    import pandas as pd
    from napari.components import ViewerModel


@dataclass(frozen=True, eq=False)
class ColouredCells:
    """What is on the cells: a column of a result, and which result that is."""

    values: pd.Series
    result_id: int


class ShiftLayer(QObject):
    """Keeps the layer of shifts in step with the session.

    Parameters
    ----------
    viewer
        Where to draw.
    session
        Whose cells.
    parent
        Of this object.
    """

    def __init__(self, viewer: ViewerModel, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._session = viewer, session
        self._painted: ColouredCells | None = None
        session.changed.connect(self._on_changed)

    def paint(self, values: pd.Series) -> None:
        """Add a column of shifts to the result, and paint them onto the displayed cells."""
        result = self._session.result.current
        if result is None:
            return
        self._painted = ColouredCells(values, result.id)
        self._session.result.add_column(values)
        # Two colourings of the same cells on top of each other could not be read.
        clusters = layers.own_layer(self._viewer, layers.CLUSTERS)
        if clusters is not None:
            clusters.visible = False
        self._draw()

    def _on_changed(self, change: Change) -> None:
        painted, result = self._painted, self._session.result.current
        if painted is None:
            return
        layer = layers.own_layer(self._viewer, layers.SHIFT)
        if result is None or result.id != painted.result_id:
            self._painted = None
            if layer is not None:
                self._viewer.layers.remove(layer)
        elif change.part is Part.MAP and painted.values.name not in result.table.obs:
            # The map was made on a copy that did not have the column yet.
            self._session.result.add_column(painted.values)
        elif change.part is Part.CELLS and layer is not None:
            self._draw()

    def _draw(self) -> None:
        """Paint the cells of the displayed field; cells that were not asked stay clear."""
        import pandas as pd
        from napari.utils.colormaps import DirectLabelColormap

        painted, result = self._painted, self._session.result.current
        assert painted is not None
        assert result is not None
        image = self._session.result.image_name
        name = title(str(painted.values.name))
        here = result.table.obs.loc[result.table.obs["image"] == image, "label"]
        values = painted.values.reindex(here.index).to_numpy(np.float32)
        known = np.isfinite(values)
        keys = here.to_numpy()[known]
        # The same limits as on a map that is coloured by the column.
        limits = Values.spanning(painted.values.to_numpy(np.float32), name).limits
        colours = value_colours(values[known], limits) / 255
        # A copy: what the user paints must not change the session's cells.
        labels = np.array(self._session.embedded_cells().labels)
        place = self._session.fields.slices.get(image)
        layer = layers.show_labels(self._viewer, layers.SHIFT, labels, place=place, opacity=0.7)
        of_label: dict[int | None, Any] = {None: "transparent", 0: "transparent"}
        of_label |= {int(key): (*rgb, 1.0) for key, rgb in zip(keys, colours, strict=True)}
        layer.colormap = DirectLabelColormap(color_dict=of_label)
        layer.features = pd.DataFrame({"index": keys, name: values[known]})
        layer.editable = False

    def release(self) -> None:
        """Disconnect from the session; the layer stays for the user."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)

"""The dock "C3R Explorer": the map, linked both ways with the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from qtpy.QtCore import QEvent
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.reduce import NOISE
from napari_c3r.session import Part, session_of
from napari_c3r.widgets.linking import link_of
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.widget import ScatterWidget
from napari_c3r.widgets.status import selection_line

if TYPE_CHECKING:
    import napari.viewer

NAME = "C3R Explorer"

# Columns that name a cell or repeat another column say nothing as a colour.
_NOT_COLOURS = {"image", "label", "index"}


class C3RExplorer(QWidget):
    """The cells as points, linked with the image.

    A selection here is outlined in the image, and a click on a cell there rings its point here.

    Parameters
    ----------
    viewer
        The viewer whose session to show.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.session = session_of(viewer)
        self.link = link_of(viewer)
        self.model = ScatterModel()
        self.scatter = ScatterWidget(self.model)
        self.colour_by = QComboBox()
        self.colour_by.setAccessibleName("Colour by")
        self.colour_by.setToolTip("Colour the points by cluster or by any column of the table")
        self.selection = QLabel()
        self.selection.setMinimumWidth(140)
        self.centre_button = QPushButton("Centre")
        self.centre_button.setToolTip("Move the view to the cell that is ringed on the map")
        self._table: Any = None
        self._build()
        self._connect()
        self._show_map()

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.addWidget(self.selection, 1)
        row.addWidget(QLabel("Colour by"))
        row.addWidget(self.colour_by)
        row.addWidget(self.centre_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.scatter, 1)
        self.setMinimumHeight(220)

    def _connect(self) -> None:
        self.session.changed.connect(self._on_changed)
        self.model.selection_changed.connect(self._on_lasso)
        self.model.current_changed.connect(self._on_point)
        self.model.clicked.connect(self._on_click)
        self.colour_by.activated.connect(self._on_colour_by)
        self.centre_button.clicked.connect(self._centre)

    def _on_changed(self, part: Part) -> None:
        if part is Part.MAP:
            self._show_map()
        elif part is Part.SELECTION and len(self.session.selection) == self.model.count:
            self.model.select(self.session.selection)
        elif part is Part.CURRENT and self.model.count:
            self.model.set_current(self.session.current)
        self._show_selection()

    def _show_map(self) -> None:
        done = self.session.embedded
        if done is None or not self.session.has_map:
            self._table = None
            self.model.set_points(np.empty((0, 2), np.float32))
        else:
            # New points clear the model's selection, which the session would follow.
            chosen = self.session.selection
            self._table = done.table
            self.model.set_points(done.table.obsm["X_umap"])
            self._offer_columns(done.table.obs)
            self._colour()
            self.model.select(chosen)
        self._show_selection()

    def _offer_columns(self, obs: pd.DataFrame) -> None:
        chosen = self.colour_by.currentText()
        columns = [name for name in obs.columns if name not in _NOT_COLOURS | {"cluster"}]
        self.colour_by.clear()
        self.colour_by.addItems(["cluster", *columns])
        self.colour_by.setCurrentText(chosen if chosen in columns else "cluster")

    def _colour(self) -> None:
        name = self.colour_by.currentText()
        column = self._table.obs[name]
        if pd.api.types.is_numeric_dtype(column.dtype) and column.dtype != bool:
            self.model.set_values(column.to_numpy(np.float32), name)
            return
        if not isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(str).astype("category")
        names = [str(category) for category in column.cat.categories]
        codes = column.cat.codes.to_numpy(np.intp)
        if NOISE in names:
            # Noise comes last among the categories, so the other codes stay as they are.
            codes = np.where(codes == names.index(NOISE), -1, codes)
            names.remove(NOISE)
        self.model.set_categories(codes, names)

    def _show_selection(self) -> None:
        self.selection.setText(selection_line(self.session))
        self.centre_button.setEnabled(self.session.current is not None)

    def _on_lasso(self, mask: NDArray[np.bool_]) -> None:
        if len(mask) == len(self.session.selection):
            self.session.select(mask)

    def _on_point(self, row: int | None) -> None:
        self.session.set_current(row)

    def _on_click(self, row: int) -> None:
        self.link.centre_on(row)

    def _centre(self) -> None:
        if self.session.current is not None:
            self.link.centre_on(self.session.current)

    def _on_colour_by(self) -> None:
        if self._table is not None:
            self._colour()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the viewer's theme."""
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._follow_theme()
        super().changeEvent(event)

    def _follow_theme(self) -> None:
        from napari.utils.theme import get_theme

        theme = get_theme(self.viewer.theme)
        self.scatter.set_theme(theme.background.as_hex("long"), theme.text.as_hex("long"))

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Let go of session and graphics card."""
        self.release()
        super().closeEvent(event)

    def release(self) -> None:
        """Disconnect from the session and free the map's canvas."""
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
        self.model.selection_changed.disconnect(self._on_lasso, missing_ok=True)
        self.model.current_changed.disconnect(self._on_point, missing_ok=True)
        self.model.clicked.disconnect(self._on_click, missing_ok=True)
        self.scatter.release()


def open_explorer(viewer: Any) -> None:
    """Show the explorer below the viewer's canvas; without a window there is nothing to do."""
    window = getattr(viewer, "window", None)
    if window is None:
        return
    # From the Plugins menu it comes under a name that has the plugin's added.
    for name, shown in window.dock_widgets.items():
        if name.startswith(NAME):
            (shown.parentWidget() or shown).show()
            return
    window.add_dock_widget(C3RExplorer(viewer), name=NAME, area="bottom")

"""Axes and panels of the explorer's plot: what is chosen, and the row to choose it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget
from superqt import QFlowLayout

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.figures.plot import PlotChoice, Plotted, alone, plotted, rows_of
from napari_c3r.core.figures.plot_columns import axis_groups, facet_groups, with_axis
from napari_c3r.core.figures.plot_marks import Look
from napari_c3r.core.figures.scatter_figure import scatter_figure
from napari_c3r.core.figures.sizes import FigureSize
from napari_c3r.core.metadata.join import plate_map_columns
from napari_c3r.core.reduce.batches import corrected_words
from napari_c3r.core.table.result import KEY
from napari_c3r.core.table.titles import title
from napari_c3r.session import Cause, Change, Session
from napari_c3r.widgets.common.column_box import ColumnBox
from napari_c3r.widgets.common.figure_door import FigureDoor

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.widgets.scatter.model import ScatterModel
    from napari_c3r.widgets.scatter.widget import ScatterWidget

_SCALES = {
    Scale.LINEAR: "Equal steps are equal differences",
    Scale.LOG: "Equal steps are equal ratios; values of 0 or less cannot be shown",
    Scale.SYMLOG: "Linear near 0 and logarithmic beyond, for values of both signs",
}

# How wide lists of columns may be in a narrow row, and in one so wide.
_BOX_PX, _ROOMY_PX = (146, 200), 420


class PlotRow(QWidget):
    """Lists for both axes and for the panels.

    Signals
    -------
    axis_chosen
        With ``"x"`` or ``"y"``, a column and a scale.
    facets_chosen
        With a column; empty for one plot.
    reset
        The map of all cells is wanted.
    """

    axis_chosen = Signal(str, str, str)
    facets_chosen = Signal(str)
    reset = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.axes = {
            "x": ColumnBox("X axis", "What is shown from left to right"),
            "y": ColumnBox("Y axis", "What is shown from bottom to top"),
        }
        self.scales = {"x": _scale_box("X scale"), "y": _scale_box("Y scale")}
        self.facets = ColumnBox("Panels by", "A small plot for each value of a column")
        self.reset_button = QPushButton("Show the map")
        self.reset_button.setToolTip("Back to the map of all cells in one plot")
        layout = QFlowLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        for direction in ("x", "y"):
            box, scale = self.axes[direction], self.scales[direction]
            layout.addWidget(_labelled(direction.upper(), box, scale))
            box.activated.connect(lambda _, which=direction: self._on_axis(which))
            scale.activated.connect(lambda _, which=direction: self._on_axis(which))
        layout.addWidget(_labelled("Panels by", self.facets))
        layout.addWidget(self.reset_button)
        self.facets.activated.connect(lambda: self.facets_chosen.emit(self.facets.chosen))
        self.reset_button.clicked.connect(self.reset)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave the scale its place beside the axis."""
        super().resizeEvent(event)
        # By asking Qt: a row is laid out once more while its lists are being deleted.
        for box in self.findChildren(ColumnBox):
            box.setMaximumWidth(_BOX_PX[self.width() >= _ROOMY_PX])

    def offer(self, table: AnnData) -> None:
        """Offer what a table has."""
        plate_map = plate_map_columns(table)
        numbers = axis_groups(table, plate_map)
        for box in self.axes.values():
            box.offer(numbers)
        self.facets.offer(facet_groups(table, plate_map))

    def show_choice(self, plot: PlotChoice) -> None:
        """Show what is chosen."""
        for direction, axis in (("x", plot.x), ("y", plot.y)):
            box = self.axes[direction]
            if axis is not None and box.findData(axis.column) < 0:
                # A script may show what the list leaves out, such as a size in pixels.
                box.addItem(title(axis.column), axis.column)
            box.choose("" if axis is None else axis.column)
            scale = self.scales[direction]
            with QSignalBlocker(scale):
                scale.setCurrentText(str(Scale.LINEAR if axis is None else axis.scale))
            # The map has no scale.
            scale.setVisible(axis is not None)
            if axis is not None:
                scale.setToolTip(_SCALES[axis.scale])
        self.facets.choose(plot.facets)
        self.reset_button.setVisible(plot != PlotChoice())

    def _on_axis(self, direction: str) -> None:
        column, scale = self.axes[direction].chosen, self.scales[direction].currentText()
        self.axis_chosen.emit(direction, column, scale)


class PlotControl(QObject):
    """Shows the plot that the session says, and takes what is chosen in the row.

    Parameters
    ----------
    session
        With table and choice.
    scatter
        Shows it.
    """

    def __init__(self, session: Session, scatter: ScatterWidget) -> None:
        super().__init__(scatter)
        self._session, self._scatter = session, scatter
        self.row = PlotRow()
        self.current: Plotted | None = None
        self._scope: NDArray[np.bool_] | None = None
        scatter.set_plot_row(self.row)
        self.door = FigureDoor("map", scatter.toolbar.save)
        scatter.set_door(self.door)
        self.row.axis_chosen.connect(self._on_axis)
        self.row.facets_chosen.connect(self._on_facets)
        self.row.reset.connect(lambda: session.view.set_plot(PlotChoice()))

    @property
    def table(self) -> AnnData:
        """The rows shown."""
        assert self._session.result.current is not None
        return self._session.result.current.table

    def show(self, place: Callable[..., None]) -> None:
        """Put the points where they are in the plot.

        Parameters
        ----------
        place
            Takes places, axes and facets.
        """
        found, line = self._found()
        self.current = found
        self._scope = self._session.gates.scope()
        place(found.xy, found.axes, found.facets)
        self._scatter.legend.show_among(self._scope)
        is_map, told = found.axes is None, [line or found.unshown]
        if is_map:
            together = corrected_words(self.table.uns.get(KEY, {}).get("map", {}))
            told.append(together[:1].upper() + together[1:])
        lines = [f"{each.rstrip('.')}." for each in told if each]
        self._scatter.set_plot_note(" ".join(lines), is_map=is_map)
        self.offer()
        self.door.set_source(self._drawing)

    def clear(self) -> None:
        """Have nothing to show."""
        self.current = None
        self.door.set_source(None, "There is no plot to save yet")

    def _drawing(self, size: FigureSize) -> Callable[[], Drawing]:
        """What draws the plot as it is displayed now, for a page."""
        model, plot = self._scatter.model, self.current
        assert plot is not None
        chosen = model.selection if model.selection.any() else None
        look = Look(model.shown_colouring(), chosen, not self._scatter.legend.isHidden())
        table, scope = self.table, self._scope
        obs, var, notes = table.obs.copy(deep=False), table.var, dict(table.uns)
        path = " › ".join(self._session.gates.path())
        note = f"Cells of the gate {path} alone." if path else ""
        if scope is not None:
            obs, plot, look = obs[scope], rows_of(plot, scope), look.of(scope)

        def draw() -> Drawing:
            from anndata import AnnData

            cells = AnnData(obs=obs, var=var, uns=notes)
            return scatter_figure(cells, plot, look, width=size.width, note=note)

        return draw

    def _found(self) -> tuple[Plotted, str]:
        """Where the cells are in the plot that is chosen; the map with why, where it cannot be."""
        gates, line = self._session.gates, ""
        try:
            found = plotted(self.table, self._session.view.plot)
        except InputError as error:
            found, line = plotted(self.table), f"{error}. The map is shown."
        if (scope := gates.scope()) is None:
            return found, line
        # Cells outside of the opened gate are nowhere, and cannot be selected in the plot.
        shown = f"{int(scope.sum()):,} of {len(scope):,} cells are shown, those of “{gates.opened}”"
        told = "; ".join(part for part in (shown, found.unshown) if part)
        return replace(alone(found, scope), unshown=told), line

    def refresh(self, model: ScatterModel, change: Change) -> None:
        """Show what other values of columns make of the plot; one that is the same stays put."""
        before, chosen = self.current, self._session.view.plot
        columns = [axis.column for axis in (chosen.x, chosen.y) if axis is not None]
        if before is not None and not change.touches(*columns, chosen.facets):
            self.offer()
            return
        found, _ = self._found()
        if (
            before is None
            or (found.choice, found.axes) != (before.choice, before.axes)
            or not np.array_equal(found.xy, before.xy, equal_nan=True)
            or found.choice.facets
        ):
            self.show(model.move_points)
        else:
            self.offer()

    def in_scope(self) -> NDArray[np.bool_]:
        """Which rows are in the opened gate, bool (rows,); all where none is open."""
        scope = self._session.gates.scope()
        return np.ones(len(self.table), bool) if scope is None else scope.copy()

    def follow_scope(self, model: ScatterModel) -> bool:
        """Show the cells of the opened gate alone; says whether others were shown before."""
        session, scope = self._session, self._session.gates.scope()
        if not session.result.has_map or model.count != len(session.selection.mask):
            return False
        same = scope is self._scope or (
            scope is not None and self._scope is not None and np.array_equal(scope, self._scope)
        )
        if not same:
            self.show(model.move_points)
        return not same

    def offer(self) -> None:
        """Offer what the table has, and show what is chosen."""
        assert self.current is not None
        self.row.offer(self.table)
        self.row.show_choice(self.current.choice)

    def _on_axis(self, direction: str, column: str, scale: str) -> None:
        plot = with_axis(self._session.view.plot, self.table, direction, column, Scale(scale))
        self._choose(plot)

    def _on_facets(self, column: str) -> None:
        plot = self._session.view.plot
        self._choose(PlotChoice(plot.x, plot.y, column))

    def _choose(self, plot: PlotChoice) -> None:
        if plot == self._session.view.plot:
            self.row.show_choice(plot)
        self._session.view.set_plot(plot, Cause.USER)


def _scale_box(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip("How values become places")
    for number, (scale, tip) in enumerate(_SCALES.items()):
        box.addItem(str(scale))
        box.setItemData(number, tip, Qt.ItemDataRole.ToolTipRole)
    return box


def _labelled(text: str, *controls: Any) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(QLabel(text))
    for control in controls:
        row.addWidget(control)
    if isinstance(controls[0], ColumnBox):
        controls[0].setSizeAdjustPolicy(ColumnBox.SizeAdjustPolicy.AdjustToContents)
        controls[0].setMinimumWidth(84)
    return holder

"""What a person does in the explorer, step by step, and what each step costs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, cycle
from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF

from benchmarks._gui import gui_cost
from benchmarks._row import Row
from benchmarks._scene import wavy_lasso
from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice
from napari_c3r.widgets.explorer.gates.tab import GateTab
from napari_c3r.widgets.scatter.sheet import Panels

if TYPE_CHECKING:
    from napari_c3r.widgets.explorer.dock import C3RExplorer

Step = Callable[[], object]

_QUICK_S = 0.1
_REPEATS = 3


class Steps:
    """Steps of a person.

    Parameters
    ----------
    explorer
        Open, with cells.
    settle
        Waits until all that was asked for is drawn.
    repeats
        How often each step is done.
    """

    def __init__(self, explorer: C3RExplorer, settle: Step, repeats: int = _REPEATS) -> None:
        self.explorer, self.session, self._settle = explorer, explorer.session, settle
        self._repeats = repeats
        # Not from 0: that lasso may be there already.
        self._turns = count(1)
        self._columns = cycle(["well", "cluster"])
        self._wells = cycle(["A01", "B02", "C03", "D04"])
        self._names = (f"name {number}" for number in count())
        self.gates = explorer.tabs.group(GateTab)
        self.threshold = self.gates.page.threshold

    def lasso(self) -> None:
        """Release another lasso on the map."""
        corners = wavy_lasso(radius=0.6, turn=0.1 * next(self._turns))
        canvas = self.explorer.scatter.canvas
        places = [QPointF(*corner) for corner in canvas.camera.to_screen(corners)]
        canvas.overlay.lassoed.emit(places, "replace")

    def lasso_in_panel(self) -> None:
        """Release a lasso in the first panel."""
        canvas = self.explorer.scatter.canvas
        assert isinstance(canvas.sheet, Panels)
        panel, inset = canvas.sheet.page.panels[0], 1.0 + next(self._turns)
        right, low = panel.left + panel.width - inset, panel.top + panel.height - inset
        across, down = (panel.left + inset, right), (panel.top + inset, low)
        places = [(across[0], down[0]), (across[1], down[0]), (across[1], down[1])]
        canvas.overlay.lassoed.emit([QPointF(*each) for each in places], "replace")

    def clear(self) -> None:
        """Select nothing."""
        self.explorer.clear()

    def gate(self) -> None:
        """Press G."""
        self.gates.gate_selection()

    def undo(self) -> None:
        """Press Ctrl+Z."""
        self.session.history.undo()

    def begin_threshold(self) -> None:
        """Have a threshold to choose."""
        self.explorer.panel.tabs.setCurrentWidget(self.gates.page)
        self.gates.page.threshold_button.click()
        self.threshold.box.choose("area_px")
        self.threshold.box.activated.emit(self.threshold.box.currentIndex())

    def drag_handle(self) -> None:
        """Drag a handle of the histogram a little."""
        self.threshold.histogram.moved.emit(80.0 + 0.1 * next(self._turns), 130.0)

    def add_threshold(self) -> None:
        """Make a gate of it."""
        self.threshold.done_button.click()

    def open_gate(self) -> None:
        """Show the cells of the first gate alone."""
        self.session.gates.open(self.session.gates.all[0].name)

    def close_gate(self) -> None:
        """Show all cells."""
        self.session.gates.open(None)

    def select_gate(self) -> None:
        """Click a gate in the list."""
        self.gates.page.list.picked.emit(self.session.gates.all[0].name, "replace")

    def delete_gate(self) -> None:
        """Take the last gate away."""
        self.session.gates.delete([self.session.gates.all[-1].name])

    def filter_table(self) -> None:
        """Pause in writing a filter."""
        line = self.explorer.panel.table_page.filter
        line.setText(f"area_px > 100 and well = {next(self._wells)}")
        line.paused.emit()

    def clear_filter(self) -> None:
        """Take the filter away."""
        line = self.explorer.panel.table_page.filter
        line.setText("")
        line.finished.emit()

    def show_panels(self) -> None:
        """Choose panels by a column."""
        self.session.view.set_plot(PlotChoice(facets="well"))

    def show_map(self) -> None:
        """Go back to the map."""
        self.session.view.set_plot(PlotChoice())

    def recolour(self) -> None:
        """Choose another column to colour by."""
        self.explorer.colour_by(next(self._columns))

    def name(self) -> None:
        """Name the selected cells."""
        self.session.result.annotate(self.session.selection.mask, next(self._names))

    def point(self) -> None:
        """Point at another cell."""
        self.session.selection.set_current(next(self._turns))

    def show_panels_of_fields(self) -> None:
        """Choose panels by field, of which there are many pages."""
        self.session.view.set_plot(PlotChoice(facets="image"))

    def turn_page(self) -> None:
        """Turn to another page of panels."""
        canvas = self.explorer.scatter.canvas
        assert canvas.page is not None
        canvas.turn_to((canvas.page.number + 1) % canvas.page.count)

    def zoom_in_panels(self) -> None:
        """Turn the wheel in a panel."""
        self.explorer.scatter.canvas.overlay.zoomed.emit(1.1, QPointF(50, 50))

    def show_columns(self) -> None:
        """Choose two columns as axes, one of them logarithmic."""
        x, y = AxisChoice("area_px", Scale.LOG), AxisChoice("x_px")
        self.session.view.set_plot(PlotChoice(x, y))

    def show_density(self) -> None:
        """Colour by how crowded the plot is."""
        self.explorer.model.set_density(True)

    def hide_density(self) -> None:
        """Colour by the column again."""
        self.explorer.model.set_density(False)

    def colour_by_number(self) -> None:
        """Choose a column of numbers to colour by."""
        self.explorer.colour_by("area_px")

    def colour_by_cluster(self) -> None:
        """Choose the clusters to colour by."""
        self.explorer.colour_by("cluster")

    def click_legend(self) -> None:
        """Select a cluster in the legend."""
        self.explorer.scatter.legend.picked.emit(next(self._turns) % 5, "replace")

    def invert(self) -> None:
        """Press I."""
        self.explorer.invert()

    def lasso_and_name(self) -> None:
        """Name what a lasso selects."""
        self.lasso()
        self.name()

    def merge(self) -> None:
        """Make one cluster of two."""
        self.session.clusters.merge(self.session.clusters.names[:2])

    def sort_by_number(self) -> None:
        """Click the title of a column of numbers."""
        self._sort("area_px")

    def sort_by_text(self) -> None:
        """Click the title of a column of text."""
        self._sort("well")

    def _sort(self, column: str) -> None:
        sorting = self.session.table_view.look.sorting
        up = not (sorting and sorting[0] == (column, True))
        self.session.table_view.sort(((column, up),))

    def unsort(self) -> None:
        """List all rows in the order of the result."""
        self.clear()
        self.session.table_view.sort(())

    def rows(self, cells: str) -> list[Row]:
        """Measure all steps; a line for each."""

        def row(name: str, act: Step, before: Step = lambda: None) -> Row:
            cost = gui_cost(self._repeats, act, before, self._settle)
            return cost.row(f"{name}, {cells}", _QUICK_S)

        # Points are drawn by the graphics card, which the processor stands in for under Xvfb; the
        # part `scatter` times that.
        view = self.explorer.scatter.canvas.view.native
        view.setUpdatesEnabled(False)
        found = [
            *self._selecting(row),
            *self._gating(row),
            *self._in_panels(row),
            *self._looking(row),
            *self._naming(row),
        ]
        view.setUpdatesEnabled(True)
        return found

    def _selecting(self, row: Callable[..., Row]) -> list[Row]:
        found = [
            row("lasso released", self.lasso),
            row("selection cleared", self.clear, self.lasso),
            row("selection inverted", self.invert, self.lasso),
            row("selection undone", self.undo, self.lasso),
            row("category clicked in the legend", self.click_legend, self.colour_by_cluster),
            row("table filtered", self.filter_table),
        ]
        self.clear_filter()
        found += [
            row("table sorted by numbers", self.sort_by_number, self.clear),
            row("table sorted by text", self.sort_by_text, self.clear),
        ]
        self.unsort()
        return found

    def _gating(self, row: Callable[..., Row]) -> list[Row]:
        found = [
            row("G pressed: the selection becomes a gate", self.gate, self.lasso),
            row("gate undone", self.undo, self.gate),
            row("gate clicked in the list", self.select_gate, self.lasso),
            row("gate opened alone", self.open_gate, self.close_gate),
            row("gate closed", self.close_gate, self.open_gate),
            row("gate deleted", self.delete_gate, self.gate),
        ]
        self.begin_threshold()
        return [
            *found,
            row("handle of a threshold dragged", self.drag_handle),
            row("threshold becomes a gate", self.add_threshold, self.begin_threshold),
        ]

    def _in_panels(self, row: Callable[..., Row]) -> list[Row]:
        found = [
            row("panels by a column", self.show_panels, self.show_map),
            row("lasso released in a panel", self.lasso_in_panel),
            row("panels looked closer at", self.zoom_in_panels),
            row("panels by another column", self.show_panels_of_fields, self.show_panels),
            row("page of panels turned", self.turn_page),
            row("back from panels to the map", self.show_map, self.show_panels),
        ]
        self.show_map()
        return found

    def _looking(self, row: Callable[..., Row]) -> list[Row]:
        found = [
            row("coloured by another column", self.recolour),
            row("coloured by numbers", self.colour_by_number, self.colour_by_cluster),
            row("coloured by density", self.show_density, self.hide_density),
        ]
        self.hide_density()
        found.append(row("two columns as axes", self.show_columns, self.show_map))
        self.show_map()
        return found

    def _naming(self, row: Callable[..., Row]) -> list[Row]:
        return [
            row("selection named", self.name, self.lasso),
            row("name undone", self.undo, self.lasso_and_name),
            row("two clusters merged", self.merge),
            row("merging undone", self.undo, self.merge),
            row("another cell pointed at", self.point),
            row("tab turned", lambda: self.explorer.turn_tab(1)),
        ]

"""The scatter map with a million points.

What is drawn is timed to the last pixel: without a graphics card, as under Xvfb, the processor
stands in for one and takes nearly all of that time.
"""

from __future__ import annotations

import time
from itertools import cycle

import numpy as np
import pandas as pd
from anndata import AnnData
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QApplication

from benchmarks._row import Row, seconds
from benchmarks._scene import wavy_lasso
from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.figures.facets import facets_of
from napari_c3r.core.figures.plot import AxisChoice, PlotChoice, plotted
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.sheet import Panels
from napari_c3r.widgets.scatter.widget import ScatterWidget

POINTS, _TOY_POINTS = 1_000_000, 1_000
REPEATS = 5
LASSO_BUDGET_S = 0.1
PLOT_BUDGET_S = 0.1


class Bench:
    """A map of many points in 24 categories, and the tasks to time on it."""

    def __init__(self, points: int) -> None:
        rng = np.random.default_rng(0)
        self.xy = rng.normal(size=(points, 2)).astype(np.float32)
        self.codes = [rng.integers(-1, 24, points) for _ in range(2)]
        self.values = rng.normal(size=points)
        self.some = rng.random(points) < 0.3
        self.table = AnnData(
            obs=pd.DataFrame(
                {
                    "area_px": rng.lognormal(5, 1, points),
                    "spots": rng.normal(size=points),
                    "well": pd.Categorical(rng.integers(0, 24, points).astype(str)),
                },
                index=pd.RangeIndex(points).astype(str),
            ),
            obsm={"X_umap": self.xy},
        )
        columns = PlotChoice(AxisChoice("area_px", Scale.LOG), AxisChoice("spots"))
        self.plots = cycle([columns, PlotChoice()])
        self.panels = cycle([PlotChoice(facets="well"), PlotChoice()])
        self.polygon = wavy_lasso()
        self.model = ScatterModel()
        self.model.set_points(self.xy)
        self.widget = ScatterWidget(self.model)
        self.widget.resize(700, 600)

    def set_points(self) -> None:
        """Sort and keep the points."""
        ScatterModel().set_points(self.xy)

    def test_lasso(self) -> None:
        """Find the points in the lasso."""
        self.model.index.inside(self.polygon)

    def release_lasso(self) -> None:
        """Do what releasing the mouse does, after clearing the selection before."""
        self.model.clear()
        corners = self.widget.canvas.camera.to_screen(self.polygon)
        self.widget.canvas.overlay.lassoed.emit([QPointF(*corner) for corner in corners], "replace")

    def colour_by_category(self) -> None:
        """Colour by other categories than before."""
        self.codes.reverse()
        self.model.set_categories(self.codes[0], [str(code) for code in range(24)])

    def colour_by_value(self) -> None:
        """Colour by a value."""
        self.model.set_values(self.values, "value")

    def show_columns(self) -> None:
        """Show two columns, one of them logarithmic, in place of the map, and back."""
        self._show(next(self.plots))

    def show_panels(self) -> None:
        """Show the map in panels of 24 wells, and in one plot."""
        self._show(next(self.panels))

    def _show(self, choice: PlotChoice) -> None:
        found = plotted(self.table, choice)
        self.model.move_points(found.xy, found.axes, found.facets)

    def lasso_in_panel(self) -> None:
        """Draw around what is in the first panel, after clearing the selection before."""
        self.model.clear()
        sheet = self.widget.canvas.sheet
        assert isinstance(sheet, Panels)
        panel, height = sheet.page.panels[0], self.widget.canvas.height()
        low = np.array([panel.left, height - panel.top - panel.height])
        corners = low + np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (panel.width, panel.height)
        self.model.select(sheet.inside(corners))

    def legend_of_selection(self) -> None:
        """Count the selection in the legend of categories."""
        self.widget.legend.show_selection(self.some)

    def draw(self) -> None:
        """Draw all points anew."""
        self.widget.canvas.view.set_size(self.widget.canvas.point_size)
        self.widget.canvas.grab()

    def recolour_and_draw(self) -> None:
        """Colour by other categories and draw."""
        self.colour_by_category()
        self.draw()


def rows(*, toy: bool = False) -> list[Row]:
    """Measure lasso, recolouring and drawing."""
    application = QApplication.instance() or QApplication([])
    points = _TOY_POINTS if toy else POINTS
    bench = Bench(points)
    bench.widget.show()
    application.processEvents()
    view = type(bench.widget.canvas.view).__name__
    inside, released = seconds(REPEATS, bench.test_lasso, bench.release_lasso)
    # What the window waits for: points are sorted meanwhile in a thread of their own.
    axes, panels = (
        seconds(REPEATS, task, clock=time.thread_time)[0]
        for task in (bench.show_columns, bench.show_panels)
    )
    bench.model.move_points(bench.xy, facets=facets_of(bench.table, "well"))
    in_panel = seconds(REPEATS, bench.lasso_in_panel, clock=time.thread_time)[0]
    bench.model.move_points(bench.xy)
    bench.colour_by_category()
    counted = seconds(REPEATS, bench.legend_of_selection)[0]
    share = f"{bench.model.selection.mean():.0%} of {points:,} points"
    bench.model.clear()
    tasks = {
        f"set {points:,} points": bench.set_points,
        f"recolour {points:,} points by category, to colours sent": bench.colour_by_category,
        f"recolour {points:,} points by value, to colours sent": bench.colour_by_value,
        f"draw {points:,} points, {view}": bench.draw,
        f"recolour {points:,} points by category and draw, {view}": bench.recolour_and_draw,
    }
    taken = [seconds(REPEATS, task)[0] for task in tasks.values()]
    bench.widget.close()
    return [
        _lasso_row(f"lasso of {len(bench.polygon)} corners around {share}", inside),
        _lasso_row("lasso released, cleared before, to colours sent", released),
        _lasso_row("lasso around one of 24 panels, cleared before, the same", in_panel),
        _plot_row("map to two columns and back, time of the window's thread", axes),
        _plot_row("map to panels of 24 wells and back, the same", panels),
        _lasso_row("selection counted in the legend", counted),
        *(Row(name, f"{s * 1e3:.1f} ms", "", True) for name, s in zip(tasks, taken, strict=True)),
    ]


def _lasso_row(name: str, taken: float) -> Row:
    held = taken <= LASSO_BUDGET_S
    return Row(name, f"{taken * 1e3:.1f} ms", f"at most {LASSO_BUDGET_S * 1e3:.0f} ms", held)


def _plot_row(name: str, taken: float) -> Row:
    held = taken <= PLOT_BUDGET_S
    return Row(name, f"{taken * 1e3:.1f} ms", f"at most {PLOT_BUDGET_S * 1e3:.0f} ms", held)

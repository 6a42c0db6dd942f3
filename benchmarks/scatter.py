"""The scatter map with a million points.

Usage: python -m benchmarks.scatter

What is drawn is timed to the last pixel: without a graphics card, as under Xvfb, the processor
stands in for one and takes nearly all of that time.
"""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QApplication

from benchmarks._row import Row, seconds
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.widget import ScatterWidget

POINTS = 1_000_000
CORNERS = 200
REPEATS = 5
LASSO_BUDGET_S = 0.1


class Bench:
    """A map of a million points in 24 categories, and the tasks to time on it."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.xy = rng.normal(size=(POINTS, 2)).astype(np.float32)
        self.codes = [rng.integers(-1, 24, POINTS) for _ in range(2)]
        self.values = rng.normal(size=POINTS)
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

    def draw(self) -> None:
        """Draw all points anew."""
        self.widget.canvas.view.set_size(self.widget.canvas.point_size)
        self.widget.canvas.grab()

    def recolour_and_draw(self) -> None:
        """Colour by other categories and draw."""
        self.colour_by_category()
        self.draw()


def rows() -> list[Row]:
    """Measure lasso, recolouring and drawing."""
    application = QApplication.instance() or QApplication([])
    bench = Bench()
    bench.widget.show()
    application.processEvents()
    view = type(bench.widget.canvas.view).__name__
    inside, released = seconds(REPEATS, bench.test_lasso, bench.release_lasso)
    share = f"{bench.model.selection.mean():.0%} of 10⁶ points"
    bench.model.clear()
    tasks = {
        "set 10⁶ points": bench.set_points,
        "recolour 10⁶ points by category, to colours sent": bench.colour_by_category,
        "recolour 10⁶ points by value, to colours sent": bench.colour_by_value,
        f"draw 10⁶ points, {view}": bench.draw,
        f"recolour 10⁶ points by category and draw, {view}": bench.recolour_and_draw,
    }
    taken = [seconds(REPEATS, task)[0] for task in tasks.values()]
    bench.widget.close()
    return [
        _lasso_row(f"lasso of {CORNERS} corners around {share}", inside),
        _lasso_row("lasso released, cleared before, to colours sent", released),
        *(Row(name, f"{s * 1e3:.1f} ms", "", True) for name, s in zip(tasks, taken, strict=True)),
    ]


def wavy_lasso() -> np.ndarray:
    """Corners (M, 2) of a loop with seven lobes."""
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = 1.4 + 0.2 * np.sin(7 * angle)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _lasso_row(name: str, taken: float) -> Row:
    held = taken <= LASSO_BUDGET_S
    return Row(name, f"{taken * 1e3:.1f} ms", f"at most {LASSO_BUDGET_S * 1e3:.0f} ms", held)


if __name__ == "__main__":
    print(*rows(), sep="\n", flush=True)

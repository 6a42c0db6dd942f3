"""The tab "Marks": what the selection, a cluster or a named group has more or less of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.figures.colouring import CLUSTER
from napari_c3r.core.figures.colours import named_colours
from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.profiles.figures import marks_figure
from napari_c3r.core.profiles.figures.marks import COLOUR
from napari_c3r.core.profiles.marks import marks_of
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.session import Change, Part, Session
from napari_c3r.widgets.common.form import titled
from napari_c3r.widgets.explorer.compare.figure_tab import FigureTab, choice, fill
from napari_c3r.widgets.explorer.compare.overview import Overview, OverviewModel

_TEACH = (
    "Select cells on the map with the lasso (L), or choose a cluster above, to see what they have "
    "more or less of than the rest."
)


@dataclass(frozen=True)
class _Group:
    """The cells of one value of a column."""

    column: str
    value: str


class MarksTab(FigureTab):
    """Chooses the cells, and ranks what marks them."""

    def __init__(self, overview: OverviewModel, session: Session) -> None:
        super().__init__("What marks the cells", "marks", overview)
        self._session = session
        self.cells = choice("Cells", "Which cells are compared with the rest")
        self.add_control(titled("What marks", self.cells))
        self.cells.addItem("Selection", None)
        self.cells.activated.connect(self.redraw)
        session.changed.connect(self._on_changed)

    def offer(self, overview: Overview) -> None:
        obs = overview.table.obs
        entries: list[tuple[str, _Group | None]] = [("Selection", None)]
        for column, noun in ((CLUSTER, "Cluster"), (ANNOTATION, "Named")):
            if column in obs:
                names = map(str, obs[column].cat.categories)
                entries += [(f"{noun} {name}", _Group(column, name)) for name in names]
        fill(self.cells, entries)

    def draw(self, overview: Overview) -> None:
        group, colour, what = self.cells.currentData(), COLOUR, "The selection"
        if group is None:
            selected = overview.within(self._session.selection.mask)
            if selected is None or not selected.any() or selected.all():
                self.show_reason(f"{_TEACH}\n\n{overview.note}".strip())
                return
            chosen = selected.copy()
        else:
            column = overview.table.obs[group.column]
            chosen = (column.astype(str) == group.value).to_numpy()
            names = list(map(str, column.cat.categories))
            colour, what = named_colours(group.column, names)[group.value], self.cells.currentText()

        def make(mask: NDArray[np.bool_] = chosen) -> Drawing:
            return marks_figure(marks_of(overview.table, mask, overview.wells, what), colour)

        self.compute("rank what marks the cells", make)

    def release(self) -> None:
        """Disconnect from the session too."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        super().release()

    def _on_changed(self, change: Change) -> None:
        if change.part is Part.SELECTION and self.cells.currentData() is None:
            self.redraw()

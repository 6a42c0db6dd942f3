"""The tab "Compare": groups of wells beside the controls, dose curves, and what resembles what."""

from __future__ import annotations

from enum import StrEnum

from qtpy.QtWidgets import QPushButton

from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.gates import column_of, gates_of
from napari_c3r.core.profiles.compare import categories_of
from napari_c3r.core.profiles.comparison import SHARES, Quantity, compare
from napari_c3r.core.profiles.dose_series import dose_curves
from napari_c3r.core.profiles.figures import comparison_figure, dose_figure, similarity_figure
from napari_c3r.core.profiles.sentences import counted, title_of
from napari_c3r.core.profiles.similarity import similarity
from napari_c3r.core.profiles.wells import Grouping
from napari_c3r.widgets.common.form import titled
from napari_c3r.widgets.explorer.compare.figure_tab import FigureTab, choice, fill
from napari_c3r.widgets.explorer.compare.overview import Overview, OverviewModel

_TEACH = (
    "To compare treatments, say what was done to each well: choose a plate map (CSV or Excel) in "
    "step 1 of the C3R dock. All cells here are of one {noun}, so there is nothing to compare yet."
)
_NO_QUANTITY = "There is nothing to compare: make a map with clusters, or measure intensities."
_NO_DOSE = (
    "No column of doses is known. A plate map with a dose for each well, chosen in step 1 of the "
    "C3R dock, gives dose curves."
)


class Figure(StrEnum):
    """What the comparison is shown as."""

    BARS = "Bars"
    DOSES = "Dose curves"
    ALIKE = "Resemblance"


class CompareTab(FigureTab):
    """Chooses what is compared and by what, and shows it."""

    def __init__(self, overview: OverviewModel) -> None:
        super().__init__("Comparison of groups", "comparison", overview)
        self.figure = choice(
            "Kind of figure",
            "Bars for groups, curves over doses, or which groups resemble which",
        )
        self.quantity = choice("What to compare", "What of the cells of each well is compared")
        self.value = choice("Which share", "Whose share the dose curves are of")
        self.grouping = choice("Groups", "What the wells of one group have in common")
        self.controls_button = QPushButton()
        for text in Figure:
            self.figure.addItem(str(text), text)
        self._by = titled("by", self.grouping)
        for control in (self.figure, self.quantity, self.value, self._by):
            self.add_control(control)
        for box in (self.figure, self.quantity, self.value, self.grouping):
            box.activated.connect(self._on_chosen)
        self.add_control(self.controls_button)
        self.controls_button.setFlat(True)
        self._show_controls(None)
        self._enable()

    def offer(self, overview: Overview) -> None:
        fill(self.quantity, [(each.name, each) for each in overview.quantities])
        fill(self.grouping, [(each.title, each) for each in overview.groupings])
        self._show_controls(overview)
        self._enable()

    def draw(self, overview: Overview) -> None:
        quantity, grouping = self.quantity.currentData(), self.grouping.currentData()
        kind, value = self.figure.currentData(), self.value.currentText()
        if len(overview.wells) < 2:
            self.show_reason(_TEACH.format(noun=overview.wells.noun), needs_plate_map=True)
        elif quantity is None and kind is not Figure.ALIKE:
            self.show_reason(_NO_QUANTITY, needs_plate_map=True)
        elif kind is Figure.DOSES and overview.design.dose is None:
            self.show_reason(_NO_DOSE, needs_plate_map=True)
        else:
            room = self.room
            self.compute(
                "compare groups", lambda: _made(kind, overview, quantity, grouping, value, room)
            )

    def _on_chosen(self) -> None:
        self._enable()
        self.redraw()

    def _enable(self) -> None:
        """Show what matters for the kind of figure."""
        kind, quantity = self.figure.currentData(), self.quantity.currentData()
        self.quantity.setVisible(kind is not Figure.ALIKE)
        # Curves are by treatment and dose.
        self._by.setVisible(kind is not Figure.DOSES)
        overview, names = self.overview.current, []
        if overview is not None and quantity is not None and quantity.kind == SHARES:
            names = categories_of(overview.table.obs[quantity.column])
        fill(self.value, [(str(name), name) for name in names])
        self.value.setVisible(kind is Figure.DOSES and len(names) > 1)

    def _show_controls(self, overview: Overview | None) -> None:
        button = self.controls_button
        if overview is None or overview.design.negative is None or not overview.n_controls:
            button.setText("No controls")
            button.setToolTip(
                "Nothing is tested, as it is not known which wells are controls. Open the C3R "
                "dock, where a plate map in step 1 says so"
            )
            return
        column, value = overview.design.negative
        button.setText(counted(overview.n_controls, "control"))
        button.setToolTip(
            f"Controls: {column} is {value} ({counted(overview.n_controls, overview.wells.noun)}). "
            "Open the C3R dock to change what columns mean"
        )


def _made(
    kind: Figure,
    overview: Overview,
    quantity: Quantity | None,
    grouping: Grouping,
    value: str,
    room: float,
) -> Drawing:
    table, wells, design = overview.table, overview.wells, overview.design
    if kind is Figure.ALIKE:
        return similarity_figure(similarity(table, wells, grouping, design))
    assert quantity is not None
    found = compare(table, wells, quantity, grouping, design)
    if kind is Figure.BARS:
        gates = {column_of(gate.name): gate.colour for gate in gates_of(table)}
        own = gates.get(quantity.column)
        return comparison_figure(found, {"True": own} if own else None, room)
    value = value if value in found.values else str(found.values.columns[0])
    title = title_of(found, value)
    if quantity.kind == SHARES:
        title = f"Share of {title}"
    return dose_figure(dose_curves(wells, found.values[value], title, design))

"""The tab "Plate": any value over the wells of a plate; wells brushed are cells selected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_c3r.core.figures.colours import named_colours
from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.profiles.compare import categories_of
from napari_c3r.core.profiles.comparison import SHARES, Quantity, values_of
from napari_c3r.core.profiles.figures import plate_figure
from napari_c3r.core.profiles.plates import plate_values
from napari_c3r.core.profiles.wells import control_wells
from napari_c3r.core.table.titles import GATE, title
from napari_c3r.widgets.common.form import titled
from napari_c3r.widgets.explorer.compare.figure_tab import FigureTab, choice, fill
from napari_c3r.widgets.explorer.compare.overview import Overview, OverviewModel

_TEACH = (
    "No wells are known. Images whose names have a well, such as plate1_B02, or a plate map (CSV "
    "or Excel) in step 1 of the C3R dock, show what was measured where on the plate."
)


@dataclass(frozen=True)
class _Shown:
    """What wells are coloured by: a quantity, one of its values, or a column of the plate map."""

    quantity: Quantity | None = None
    value: str = ""
    column: str = ""


class PlateTab(FigureTab):
    """Chooses the plate and the value, and shows the heat map."""

    def __init__(self, overview: OverviewModel) -> None:
        super().__init__("Plate", "plate", overview)
        self.plate = choice("Plate", "Which plate is shown")
        self.value = choice("Colour of wells", "What the wells are coloured by")
        self.add_control(titled("Plate", self.plate))
        self.add_control(self.value)
        for box in (self.plate, self.value):
            box.activated.connect(self.redraw)

    def offer(self, overview: Overview) -> None:
        fill(self.plate, [(name or "(one plate)", name) for name in overview.plates])
        fill(self.value, _values(overview))
        for box in (self.plate, self.value):
            box.setEnabled(bool(overview.plates))

    def draw(self, overview: Overview) -> None:
        plate, shown = self.plate.currentData(), self.value.currentData()
        if not overview.plates or shown is None:
            self.show_reason(_TEACH, needs_plate_map=True)
            return
        text, room = self.value.currentText(), self.room
        self.compute("lay out the plate", lambda: _made(overview, plate, shown, text, room))


def _values(overview: Overview) -> list[tuple[str, Any]]:
    """All that wells can be coloured by."""
    found: list[tuple[str, Any]] = []
    obs = overview.table.obs
    for quantity in overview.quantities:
        if quantity.kind != SHARES:
            found.append((quantity.name, _Shown(quantity)))
            continue
        if quantity.column.startswith(GATE):
            found.append((quantity.name, _Shown(quantity)))
            continue
        what = title(quantity.column).lower()
        for name in map(str, categories_of(obs[quantity.column])):
            found.append((f"Share of {what} {name}", _Shown(quantity, name)))
    columns = [n for n in map(str, overview.wells.table) if n not in ("plate", "well")]
    titles = {"n_cells": "Number of cells"}
    return [*found, *((titles.get(n, title(n)), _Shown(column=n)) for n in columns)]


def _made(overview: Overview, plate: str, shown: _Shown, text: str, room: float) -> Drawing:
    wells = overview.wells
    controls = control_wells(wells, overview.design)
    if shown.quantity is None:
        values: Any = wells.table[shown.column]
    else:
        found = values_of(overview.table, wells, shown.quantity, overview.design)
        values = found[shown.value] if shown.value else found.iloc[:, 0]
    laid_out = plate_values(wells, values, plate, text, controls)
    names = sorted({each for each in laid_out.texts if each})
    return plate_figure(laid_out, named_colours("plate", names), room)

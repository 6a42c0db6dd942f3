"""Gates: named sets of cells that may overlap, as in flow cytometry."""

from __future__ import annotations

from napari_c3r.core.gates.colours import ALL_GATES, coloured_by_gate, coloured_by_gates
from napari_c3r.core.gates.columns import add_gate, apply_gates, column_of, gates_of, write_gates
from napari_c3r.core.gates.gate import (
    Gate,
    fitting_name,
    free_colour,
    free_name,
    gate_masks,
    in_order,
    settle,
)
from napari_c3r.core.gates.maps import map_id
from napari_c3r.core.gates.rules import (
    Chosen,
    Combination,
    DrawnAxis,
    Filter,
    Interval,
    Operator,
    Polygon,
    Rule,
)

__all__ = [
    "ALL_GATES",
    "Chosen",
    "Combination",
    "DrawnAxis",
    "Filter",
    "Gate",
    "Interval",
    "Operator",
    "Polygon",
    "Rule",
    "add_gate",
    "apply_gates",
    "coloured_by_gate",
    "coloured_by_gates",
    "column_of",
    "fitting_name",
    "free_colour",
    "free_name",
    "gate_masks",
    "gates_of",
    "in_order",
    "map_id",
    "settle",
    "write_gates",
]

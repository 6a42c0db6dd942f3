"""What was drawn on the map, as the rule of a gate; and the gates that were, to be drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_c3r.core.figures.axes import Scale
from napari_c3r.core.gates import Chosen, DrawnAxis, Polygon, Rule, map_id
from napari_c3r.widgets.scatter.outlines import Outline

if TYPE_CHECKING:
    from napari_c3r.session import Session
    from napari_c3r.widgets.scatter.widget import ScatterWidget

_MAP = "X_umap[0]", "X_umap[1]"


def drawn_rule(scatter: ScatterWidget, session: Session) -> Rule:
    """How the selection was made: by one lasso or rectangle in the plot, else by hand."""
    drawn, result = scatter.canvas.drawn, session.result.current
    if drawn is None or result is None:
        return Chosen()
    scope, selected = session.gates.scope(), session.selection.mask
    inside = drawn.inside if scope is None else drawn.inside & scope
    if len(inside) != len(selected) or not np.array_equal(inside, selected):
        return Chosen()
    x, y = _axes(scatter, session)
    corners = np.array(drawn.corners, np.float64)
    if (axes := scatter.model.axes) is not None:
        corners = np.column_stack([axis.values(corners[:, n]) for n, axis in enumerate(axes)])
    places = tuple((float(across), float(up)) for across, up in corners)
    with session.result.memory.entered():
        return Polygon(x, y, places, "" if axes else map_id(result.table, _MAP))


def outlines_of(scatter: ScatterWidget, session: Session) -> list[Outline]:
    """What was drawn in the plot that is shown, of the gates within the opened one."""
    gates, result, canvas = session.gates, session.result.current, scatter.canvas
    if result is None or canvas.page is not None or not scatter.model.count:
        return []
    shown, axes = _axes(scatter, session), scatter.model.axes
    found = []
    for gate in gates.all:
        rule = gate.rule
        if not isinstance(rule, Polygon) or gate.within != gates.opened:
            continue
        with session.result.memory.entered():
            fits = (rule.x, rule.y) == shown and rule.fits(result.table)
        if fits:
            corners = np.array(rule.corners, np.float64)
            if axes is not None:
                corners = np.column_stack([a.places(corners[:, n]) for n, a in enumerate(axes)])
            found.append(Outline(corners, gate.colour, gate.name))
    return found


def _axes(scatter: ScatterWidget, session: Session) -> tuple[DrawnAxis, DrawnAxis]:
    """The axes of the plot that is shown."""
    axes, choice = scatter.model.axes, session.view.plot
    if axes is None or choice.x is None or choice.y is None:
        return DrawnAxis(_MAP[0]), DrawnAxis(_MAP[1])
    x, y = (
        DrawnAxis(chosen.column, axis.scale, axis.linear_to if axis.scale is Scale.SYMLOG else 1.0)
        for chosen, axis in zip((choice.x, choice.y), axes, strict=True)
    )
    return x, y

"""Gates of a million cells: drawn, between limits and of others, until each is a column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks._row import Row, seconds
from benchmarks._scene import table_of, wavy_lasso
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.gates import DrawnAxis, Filter, Interval, Operator, Polygon, Rule
from napari_c3r.core.images import Image
from napari_c3r.session import Cells, EmbeddingResult, Session

_CELLS, _TOY_CELLS = 1_000_000, 1_000
_REPEATS = 5
_BUDGET_S = 0.1


def session_of_many(count: int) -> Session:
    """A session with a result of so many cells on a map."""
    session = Session()
    image = Image.from_array(np.zeros((1, 8, 8), np.uint8), ["DNA"], name="field")
    session.set_image(image)
    session.labels.set_current(Cells(np.zeros((8, 8), np.int32), count, "field", ""))
    table = table_of(count, seed=0)
    rng = np.random.default_rng(1)
    for name in ("area_um2", "intensity_mean_DNA"):
        table.obs[name] = rng.lognormal(5, 0.5, count)
    roles = ChannelAssignment({"DNA": "both"})
    cells = session.labels.by_image["field"]
    session.set_result(EmbeddingResult(table, {"field": cells.id}, roles, "", 0.0, True))
    return session


def rows(*, toy: bool = False) -> list[Row]:
    """Seconds from what the user asks for to a column of each gate."""
    count = _TOY_CELLS if toy else _CELLS
    session = session_of_many(count)
    gates, numbers = session.gates, iter(range(1000))
    lasso = wavy_lasso()

    def made(rule: Rule, cells: np.ndarray | None = None) -> Callable[[], object]:
        return lambda: gates.add(f"gate {next(numbers)}", rule, cells)

    on_map = Polygon(DrawnAxis("X_umap[0]"), DrawnAxis("X_umap[1]"), tuple(map(tuple, lasso)))
    table = session.result.current.table
    drawn = on_map.mask(table, {})
    # Values at which a lasso of that size lies around the middle of both columns.
    corners = tuple((150 + 60 * x, 150 + 60 * y) for x, y in lasso)
    in_columns = Polygon(DrawnAxis("area_um2"), DrawnAxis("intensity_mean_DNA"), corners)
    rectangle = Polygon.rectangle("area_um2", "intensity_mean_DNA", (100, 100), (200, 200))
    gates.add("large", Interval("area_um2", 150.0))
    gates.add("bright", Interval("intensity_mean_DNA", 150.0))
    gates.add("drawn", on_map, drawn)
    tasks = {
        "lasso on the map": made(on_map, drawn),
        "lasso in two columns": made(in_columns, in_columns.mask(table, {})),
        "rectangle in two columns": made(rectangle),
        "threshold on a column": made(Interval("area_um2", 120.0, 180.0)),
        "filter of two comparisons": made(Filter("area_um2 > 120 and intensity_mean_DNA < 180")),
        "three gates combined": lambda: gates.combine(
            f"gate {next(numbers)}", Operator.AND, ["large", "bright", "drawn"]
        ),
        "threshold moved that another gate is made of": lambda: gates.set_rule(
            "large", Interval("area_um2", 100.0 + next(numbers))
        ),
        "step undone": session.history.undo,
    }
    taken = seconds(_REPEATS, *tasks.values())
    return [
        Row(
            f"gate of {count:,} cells: {name}",
            f"{each * 1000:.0f} ms",
            f"{_BUDGET_S * 1000:.0f} ms at most",
            each <= _BUDGET_S,
        )
        for name, each in zip(tasks, taken, strict=True)
    ]

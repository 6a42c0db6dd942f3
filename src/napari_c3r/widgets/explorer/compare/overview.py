"""What of the displayed result can be compared: its wells, groups, quantities and plates."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_c3r.core.figures.colouring import CLUSTER
from napari_c3r.core.metadata import Design, design_of
from napari_c3r.core.profiles.comparison import FEATURE, SHARES, TO_CONTROLS, Quantity
from napari_c3r.core.profiles.marks import features_of
from napari_c3r.core.profiles.plates import plates_of
from napari_c3r.core.profiles.wells import Grouping, Wells, control_wells, groupings, wells_of
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.core.table.numbers import is_number
from napari_c3r.core.table.titles import GATE, title
from napari_c3r.session import Change, Part, Session
from napari_c3r.session.in_view import gate_line
from napari_c3r.widgets.common.jobs import Jobs

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_WAIT_MS = 60
_MOST_NAMES = 30


@dataclass(frozen=True, eq=False)
class Overview:
    """A result as it was at one time, and what of it can be compared.

    Attributes
    ----------
    table
        Its cells; nothing else changes this object.
    design
        What its columns mean.
    wells
        Its wells, or images in their place.
    groupings, quantities
        By what, and what.
    plates
        Names of its plates.
    n_controls
        Control wells.
    rows
        Which rows shown its cells are; None for all.
    note
        Which cells it is of, where it is not of all.
    """

    table: AnnData
    design: Design
    wells: Wells
    groupings: tuple[Grouping, ...]
    quantities: tuple[Quantity, ...]
    plates: tuple[str, ...]
    n_controls: int
    rows: NDArray[np.bool_] | None = None
    note: str = ""

    def within(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        """Flags of all rows shown for its cells alone; None where they are of other rows."""
        if len(mask) != (len(self.table) if self.rows is None else len(self.rows)):
            return None
        return mask if self.rows is None else mask[self.rows]

    def among_all(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Flags of its cells for all rows shown."""
        if self.rows is None:
            return mask
        every = np.zeros(len(self.rows), bool)
        every[self.rows] = mask
        return every

    @classmethod
    def of(cls, table: AnnData) -> Overview:
        """Look a table through.

        Raises
        ------
        InputError
            It has neither wells nor images.
        """
        wells, design = wells_of(table), design_of(table)
        n_controls = int(control_wells(wells, design).sum())
        quantities = [
            Quantity(SHARES, name, _shares_title(name)) for name in _categories(table.obs, wells)
        ]
        if n_controls > 2 and table.n_vars:
            quantities.append(Quantity(TO_CONTROLS, "", "Distance to the controls"))
        quantities += [
            Quantity(FEATURE, name, title(name)) for name in features_of(table.obs, wells)
        ]
        groups = tuple(groupings(wells, design))
        plates = tuple(plates_of(wells))
        return cls(table, design, wells, groups, tuple(quantities), plates, n_controls)


def _shares_title(name: str) -> str:
    if name.startswith(GATE):
        return f"Share of gate “{name.removeprefix(GATE)}”"
    return {CLUSTER: "Shares of clusters", ANNOTATION: "Shares of named cells"}.get(
        name, f"Shares of {title(name).lower()}"
    )


def _categories(obs: pd.DataFrame, wells: Wells) -> list[str]:
    """Columns whose categories cells of one well differ in: clusters and names first."""
    there = [name for name in (CLUSTER, ANNOTATION) if name in obs and obs[name].notna().any()]
    others = [
        name
        for name in map(str, obs.columns)
        if name not in (*there, "image", "site")
        and name not in wells.table
        and not is_number(obs[name])
        and 1 < obs[name].nunique() <= _MOST_NAMES
    ]
    return [*there, *others]


class OverviewModel(QObject):
    """Keeps the overview in step with the session, while somebody looks at it.

    Parameters
    ----------
    session
        With the result.

    Signals
    -------
    changed
        There is another overview, or none any more.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.current: Overview | None = None
        self.reason = ""
        self._is_old, self._awake = True, False
        self._scope: NDArray[np.bool_] | None = None
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self._on_failed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._look)
        session.changed.connect(self._on_changed)

    @property
    def busy(self) -> bool:
        """Whether the overview is yet to come."""
        return self._soon.isActive() or self._jobs.running is not None

    def set_awake(self, awake: bool) -> None:
        """Say whether somebody looks; what changed meanwhile is looked at then."""
        self._awake = awake
        if awake and self._is_old:
            self._soon.start()

    def release(self) -> None:
        """Disconnect from the session."""
        self._soon.stop()
        self._jobs.discard()
        self._session.changed.disconnect(self._on_changed, missing_ok=True)

    def _on_changed(self, change: Change) -> None:
        if change.part is Part.GATES:
            if _alike(self._session.gates.scope(), self._scope):
                return
        elif change.part not in (Part.RESULT, Part.MAP, Part.ANNOTATION):
            return
        self._is_old = True
        if change.part in (Part.RESULT, Part.MAP):
            # Rows of the table before may be other cells now.
            self._jobs.discard()
            self.current, self.reason = None, ""
            self.changed.emit()
        if self._awake:
            self._soon.start()

    def _look(self) -> None:
        self._is_old = False
        result = self._session.result.current
        if result is None:
            self._show(None)
            return
        self._scope = self._session.gates.scope()
        if self._scope is not None and not self._scope.any():
            self._on_failed("", f"No cell is in the open gate “{self._session.gates.opened}”.")
            return
        look = _looking(result.table, self._scope, gate_line(self._session))
        self._jobs.start("look through the table", look, self._show)

    def _show(self, found: Overview | None) -> None:
        self.current, self.reason = found, ""
        self.changed.emit()

    def _on_failed(self, _: str, line: str) -> None:
        self.current, self.reason = None, line
        self.changed.emit()


def _looking(
    table: AnnData, rows: NDArray[np.bool_] | None, note: str
) -> Callable[[threading.Event], Generator[str, None, Overview]]:
    from anndata import AnnData

    obs, vectors, var = table.obs.copy(deep=False), table.X, table.var
    notes = dict(table.uns)

    def body(_: threading.Event) -> Generator[str, None, Overview]:
        yield "looking"
        if rows is None:
            return Overview.of(AnnData(vectors, obs=obs, var=var, uns=notes))
        found = Overview.of(AnnData(vectors[rows], obs=obs[rows], var=var, uns=notes))
        return replace(found, rows=rows, note=note)

    return body


def _alike(one: NDArray[np.bool_] | None, other: NDArray[np.bool_] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)

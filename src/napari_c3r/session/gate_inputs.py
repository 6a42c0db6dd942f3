"""What the rules of gates go by, so that it is noticed when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import Filter, Gate
from napari_c3r.core.table.numbers import numbers_of
from napari_c3r.core.table.titles import GATE

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.session.changes import Change


class RuleInputs:
    """The numbers of a table that rules used last."""

    def __init__(self) -> None:
        self._numbers: dict[str, NDArray[np.float64]] = {}

    def remember(self, table: AnnData, gates: Iterable[Gate]) -> None:
        """Take note of what the rules of these gates go by now."""
        self._numbers = _used(table, gates)

    def changed(
        self, table: AnnData, gates: Iterable[Gate], change: Change | None = None
    ) -> set[str]:
        """The gates whose rule goes by something that is other than it was.

        Of a rule in words it is not known what it goes by: it is always among them.

        Parameters
        ----------
        table
            All rows.
        gates
            All gates.
        change
            What has changed; None: it may be anything.
        """
        gates = [gate for gate in gates if _may_change(gate, change)]
        wanted = {name for gate in gates for name in gate.rule.numbers or ()}
        then = {name: numbers for name, numbers in self._numbers.items() if name in wanted}
        now = _used(table, gates)
        other = {
            name
            for name in now.keys() | then.keys()
            if name not in now
            or name not in then
            or not np.array_equal(now[name], then[name], equal_nan=True)
        }
        return {
            gate.name
            for gate in gates
            if gate.rule.numbers is None or other & set(gate.rule.numbers)
        }


def _may_change(gate: Gate, change: Change | None) -> bool:
    numbers = gate.rule.numbers
    return numbers is None or change is None or change.touches(*numbers)


def _used(table: AnnData, gates: Iterable[Gate]) -> dict[str, NDArray[np.float64]]:
    found = {}
    for name in {name for gate in gates for name in gate.rule.numbers or ()}:
        try:
            found[name] = numbers_of(table, name)
        except InputError:
            continue
    return found


def by_gates(gates: Iterable[Gate]) -> set[str]:
    """The gates whose rule may go by the columns of other gates."""
    return {
        gate.name
        for gate in gates
        if isinstance(gate.rule, Filter) and GATE.rstrip("_") in gate.rule.expression.lower()
    }

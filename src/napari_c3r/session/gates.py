"""The gates of a session: what they are called, which cells they hold, and which one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import (
    ALL_GATES,
    Chosen,
    Combination,
    Gate,
    Operator,
    Rule,
    coloured_by_gate,
    coloured_by_gates,
    column_of,
    fitting_name,
    free_colour,
    in_order,
    write_gates,
)
from napari_c3r.core.gates.rules import Mask
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.gate_cells import carried, same_rows
from napari_c3r.session.gate_inputs import RuleInputs, by_gates
from napari_c3r.session.gate_state import GateState, brought_along
from napari_c3r.session.history import Command, History
from napari_c3r.session.words import counted_cells

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.figures.colouring import Categories
    from napari_c3r.session.labels import LabelStore
    from napari_c3r.session.result import EmbeddingResult, Result
    from napari_c3r.session.view import View

NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


class Gates:
    """Named sets of cells, which may overlap. Each is also a column of the result.

    Cells that were chosen follow their place in the image into another result; those between
    limits, in words or in a combination are found anew.

    Parameters
    ----------
    result
        Whose cells they hold.
    labels
        Has the cells that results are made of.
    history
        Takes note of what the user does.
    view
        What it is coloured by follows a gate to another name.

    Attributes
    ----------
    notes
        What happened to a gate without the user, by its name: its cells were found anew and are
        others, or why they cannot be found.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self, result: Result, labels: LabelStore, history: History, view: View) -> None:
        self._result, self._labels, self._history = result, labels, history
        self._view = view
        self._state = GateState()
        self.notes: dict[str, str] = {}
        # The result that the masks are rows of, and what their rules went by.
        self._seen: EmbeddingResult | None = None
        self._inputs = RuleInputs()
        self._shown_rows: tuple[AnnData, NDArray[np.intp]] | None = None
        # Before any view hears of a result, it has its columns: this is connected first.
        result.changed.connect(self._on_result)

    @property
    def all(self) -> tuple[Gate, ...]:
        """All gates, in their order."""
        return self._state.gates

    @property
    def opened(self) -> str | None:
        """The gate whose cells alone are shown on the map."""
        return self._state.opened

    @property
    def state(self) -> GateState:
        """All gates with their cells, as they are now."""
        return self._state

    def find(self, name: str) -> Gate:
        """A gate by its name."""
        return next(gate for gate in self._state.gates if gate.name == name)

    def mask(self, name: str) -> Mask:
        """Which of the rows shown are in a gate, bool (rows,)."""
        return self._shown(self._state.masks[name])

    def masks(self) -> Mapping[str, Mask]:
        """Which of the rows shown are in each gate."""
        return {name: self.mask(name) for name in self._state.names}

    def path(self) -> list[str]:
        """The gates that lead to the opened one, the outermost first."""
        path: list[str] = []
        name = self._state.opened
        while name is not None:
            path.insert(0, name)
            name = self.find(name).within
        return path

    def scope(self) -> Mask | None:
        """Which of the rows shown are in the opened gate; None where none is open."""
        return None if self._state.opened is None else self.mask(self._state.opened)

    def words(self, name: str) -> str:
        """How the cells of a gate are chosen, and what happened to it."""
        rule, table = self.find(name).rule, self._table()
        within = self.find(name).within
        inside = f", within “{within}”" if within else ""
        note = f". {self.notes[name]}" if name in self.notes else ""
        with self._result.memory.entered():
            return f"{rule.words(table)}{inside}{note}"

    def colouring(self, column: str) -> Categories | None:
        """What colours the rows shown by all gates or by one; None where it is no gate's column."""
        state = self._state
        if column == ALL_GATES and state.gates and self._seen is not None:
            return coloured_by_gates(state.gates, self.masks(), len(self._seen.table))
        gate = next((each for each in state.gates if column_of(each.name) == column), None)
        return None if gate is None else coloured_by_gate(gate, self.mask(gate.name))

    def add(
        self,
        name: str,
        rule: Rule | None = None,
        cells: Mask | None = None,
        *,
        within: str | None = None,
        colour: str = "",
    ) -> Gate:
        """Make a gate.

        Parameters
        ----------
        name
            No other gate has it.
        rule
            How its cells are chosen, by default by hand.
        cells
            Which of the rows shown are in it; None: the rule tells.
        within
            The gate whose cells alone are chosen from.
        colour
            ``"#rrggbb"``, by default one that is free.

        Raises
        ------
        InputError
            There are no cells, the name cannot be had, or the rule finds no answer.
        """
        self._table()
        state = self._state
        made = Gate(
            fitting_name(name, state.names),
            rule or Chosen(),
            colour or free_colour(state.gates),
            within,
        )
        new = self._with(made, cells)
        count = int(new.masks[made.name].sum())
        self._do(f"gate {counted_cells(count)} as “{made.name}”", new)
        return made

    def combine(self, name: str, operator: Operator, names: Sequence[str]) -> Gate:
        """Make a gate of others, within the one that all of them are within."""
        within = {self.find(each).within for each in names}
        common = within.pop() if len(within) == 1 else None
        return self.add(name, Combination(operator, tuple(names)), within=common)

    def rename(self, name: str, new: str) -> None:
        """Call a gate otherwise; those made of it follow.

        Raises
        ------
        InputError
            The name cannot be had.
        """
        state = self._state
        new = fitting_name(new, state.names, name)
        if new == name:
            return
        if name in self.notes:
            self.notes[new] = self.notes.pop(name)
        self._do(f"call gate “{name}” “{new}”", state.renamed(name, new), {name: new})

    def recolour(self, name: str, colour: str) -> None:
        """Give a gate another colour, ``"#rrggbb"``."""
        gate = self.find(name)
        if colour != gate.colour:
            self._replace(f"recolour gate “{name}”", replace(gate, colour=colour))

    def set_rule(self, name: str, rule: Rule, cells: Mask | None = None) -> None:
        """Choose the cells of a gate otherwise; gates made of it follow.

        Parameters
        ----------
        name
            Of the gate.
        rule
            The new one.
        cells
            Which of the rows shown are in it; None: the rule tells.

        Raises
        ------
        InputError
            The rule finds no answer, or would make the gate depend on itself.
        """
        gate = replace(self.find(name), rule=rule)
        new = self._with(gate, cells)
        self._do(f"choose other cells for gate “{name}”", new)

    def delete(self, names: Sequence[str]) -> None:
        """Take gates away; those made of them keep the cells that they have."""
        told = " and ".join(f"“{name}”" for name in names)
        self._do(f"delete gate {told}", self._state.without(self._table(), names))

    def move(self, name: str, place: int) -> None:
        """Put a gate at another place in the list."""
        state = self._state
        others = [gate for gate in state.gates if gate.name != name]
        others.insert(place, self.find(name))
        if tuple(others) != state.gates:
            self._do(f"move gate “{name}”", replace(state, gates=tuple(others)))

    def open(self, name: str | None) -> None:
        """Show the cells of one gate alone on the map, or with None all cells."""
        if name != self._state.opened:
            words = "show all cells" if name is None else f"open gate “{name}”"
            self._do(words, replace(self._state, opened=name))

    def use_as_name(self, name: str, on: bool) -> None:
        """Take the cells of a gate as examples of a kind that is called as the gate, or not."""
        before = self._state.as_names
        after = before | {name} if on else before - {name}
        if after != before:
            words = "learn from" if on else "learn no more from"
            self._do(f"{words} gate “{name}”", replace(self._state, as_names=after))

    def restore(self, state: GateState) -> None:
        """Take the gates of a saved session.

        Raises
        ------
        InputError
            They are not of the cells of the result.
        """
        in_order(state.gates)
        rows = 0 if self._seen is None else len(self._seen.all_rows)
        if any(each.mask.shape != (rows,) for each in state.chosen.values()):
            raise InputError(f"they are not of its {rows} cells, so they are left out")
        self.notes.clear()
        if self._seen is not None:
            state = state.settled(self._table(), (), rows_changed=True)[0]
        self._put(state, Cause.RESTORED)

    def _table(self) -> AnnData:
        if self._seen is None:
            raise InputError("There are no cells to gate; embed them first")
        return self._seen.all_rows

    def _with(self, gate: Gate, cells: Mask | None) -> GateState:
        every = None if cells is None else self._among_all(cells)
        return self._state.with_gate(self._table(), gate, every)

    def _replace(self, sentence: str, gate: Gate) -> None:
        gates = tuple(gate if each.name == gate.name else each for each in self._state.gates)
        self._do(sentence, replace(self._state, gates=gates))

    def _do(self, sentence: str, after: GateState, renamed: Mapping[str, str] = NO_NAMES) -> None:
        before, back = self._state, {new: old for old, new in renamed.items()}
        self._put(after, Cause.USER, renamed)
        self._history.record(
            Command(
                sentence,
                lambda: self._put(before, Cause.UNDONE, back),
                lambda: self._put(after, Cause.UNDONE, renamed),
                n_bytes=max(before.n_bytes, after.n_bytes),
            )
        )

    def _put(self, state: GateState, cause: Cause, renamed: Mapping[str, str] = NO_NAMES) -> None:
        before, self._state = self._state, state
        self.notes = {name: note for name, note in self.notes.items() if name in state.names}
        if state.gates is not before.gates or state.masks is not before.masks:
            self._write()
            self._follow(by_gates(self.all), "a gate")  # a filter may go by the columns of others
        for old, new in renamed.items():
            if self._view.colour_by == column_of(old):
                self._view.set_colour_by(column_of(new), Cause.FOLLOWED)
        self._tell_columns(before, cause)
        self.changed.emit(Change(Part.GATES, cause))

    def _write(self) -> None:
        """Write the columns into the result."""
        result, state = self._seen, self._state
        if result is None:
            return
        self._inputs.remember(result.all_rows, state.gates)
        with self._result.memory.entered():
            write_gates(result.all_rows, state.gates, state.masks)
            if result.table is not result.all_rows:
                write_gates(result.table, state.gates, self.masks())

    def _on_result(self, change: Change) -> None:
        result = self._result.current
        if result is None:
            return
        if change.part in (Part.RESULT, Part.MAP):
            if result is not self._seen:
                self._take(result, change.cause)
        elif change.part is Part.ANNOTATION and self._state.gates:
            before, gates = self._state, self._inputs.changed(self._table(), self.all, change)
            self._follow(gates, "a column")
            if change.columns is not None:
                self._tell_columns(before, change.cause)
            if gates or change.columns is None:
                self.changed.emit(Change(Part.GATES, change.cause))

    def _tell_columns(self, before: GateState, cause: Cause) -> None:
        if columns := self._state.other_columns(before):
            self.changed.emit(Change(Part.ANNOTATION, cause, columns))

    def _take(self, result: EmbeddingResult, cause: Cause) -> None:
        """Go over to another result."""
        before, self._seen = self._seen, result
        if before is None and not self._state.gates:
            self._state = brought_along(result.all_rows)
        elif before is None or not same_rows(before, result):
            chosen = carried(self._state.chosen, before, result, self._labels.find)
            self._state = replace(self._state, chosen=chosen)
            self._follow(set(self._state.names), "the cells", rows_changed=True)
        else:
            self._follow(self._inputs.changed(self._table(), self.all), "a column")
        self._write()
        self.changed.emit(Change(Part.GATES, cause))

    def _follow(self, names: set[str], what: str, *, rows_changed: bool = False) -> None:
        """Find the cells of gates anew, and of those made of them."""
        if not names:
            return
        table, before = self._table(), self._state
        self._state, problems = before.settled(table, names, rows_changed=rows_changed)
        for gate in before.gates:
            name, now = gate.name, self._state.masks[gate.name]
            then = before.masks.get(name, np.zeros(0, bool))
            if name in problems:
                self.notes[name] = f"Its cells are those of before: {problems[name]}"
            elif gate.rule.follows(table) and not np.array_equal(then, now):
                was, count = int(then.sum()), counted_cells(int(now.sum()))
                self.notes[name] = f"Found anew, as {what} changed: {count}, before {was}"
            elif name in names:
                self.notes.pop(name, None)
        self._write()

    def _shown(self, mask: Mask) -> Mask:
        assert self._seen is not None
        return mask if self._seen.unfiltered is None else mask[self._rows()]

    def _among_all(self, shown: Mask) -> Mask:
        assert self._seen is not None
        if len(shown) != len(self._seen.table):
            raise InputError(f"{len(shown)} flags for {len(self._seen.table)} cells")
        if self._seen.unfiltered is None:
            return np.array(shown, bool)
        mask = np.zeros(len(self._seen.all_rows), bool)
        mask[self._rows()[shown]] = True
        return mask

    def _rows(self) -> NDArray[np.intp]:
        """Where the rows shown are among all."""
        assert self._seen is not None
        if self._shown_rows is None or self._shown_rows[0] is not self._seen.table:
            rows = self._seen.all_rows.obs_names.get_indexer(self._seen.table.obs_names)
            self._shown_rows = self._seen.table, rows
        return self._shown_rows[1]

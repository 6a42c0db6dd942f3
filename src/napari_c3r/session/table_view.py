"""How the table of cells is looked at: which rows and columns, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.titles import title
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command, History
from napari_c3r.session.kept import Kept

Sorting = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class TableLook:
    """What a person chose.

    Attributes
    ----------
    filter
        Expression that the listed rows fit; empty for all.
    sorting
        Columns that rows are sorted by, the first one first, each with whether it ascends.
    pinned
        Columns that stay in sight, in their order.
    shown
        Columns that are shown though they mostly are not (True), or the other way round.
    """

    filter: str = ""
    sorting: Sorting = ()
    pinned: tuple[str, ...] = ()
    shown: Mapping[str, bool] = field(default_factory=dict)

    def columns(self, usual: Sequence[str], every: Iterable[str]) -> tuple[list[str], int]:
        """The columns to show, pinned ones first, and how many are pinned.

        Parameters
        ----------
        usual
            Those shown unless chosen otherwise, in their order.
        every
            All that there are.
        """
        known = dict.fromkeys([*usual, *every])
        named = set(usual)
        wanted = [name for name in known if self.shown.get(name, name in named)]
        first = [name for name in self.pinned if name in wanted]
        return [*first, *(name for name in wanted if name not in first)], len(first)


class TableView:
    """The look of the table, with undo.

    Parameters
    ----------
    history
        Takes note of what the user chooses; what is typed as a filter is no step.

    Attributes
    ----------
    look
        What was chosen.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self, history: History) -> None:
        self._history = history
        self.look = TableLook()

    def set_filter(self, expression: str) -> None:
        """List the rows that fit an expression; all with an empty one."""
        self._put(replace(self.look, filter=expression), Cause.USER)

    def begin_fields(self) -> None:
        """Other fields were opened: a filter was of the cells before, how rows look is kept."""
        self.look = replace(self.look, filter="")
        # What is typed and cannot be read is no filter yet, but goes too.
        self.changed.emit(Change(Part.VIEW))

    def sort(self, sorting: Sorting) -> None:
        """Sort the rows by columns, by none as the result is."""
        by = ", ".join(title(name) for name, _ in sorting)
        words = f"sort rows by {by}" if by else "list rows in their order"
        self._choose(replace(self.look, sorting=sorting), words)

    def pin(self, column: str, on: bool) -> None:
        """Keep a column in sight, or let it scroll with the others."""
        others = tuple(name for name in self.look.pinned if name != column)
        look = replace(self.look, pinned=(*others, column) if on else others)
        if on:
            look = replace(look, shown={**look.shown, column: True})
        self._choose(look, f"{'pin' if on else 'unpin'} {title(column)}")

    def show(self, columns: Iterable[str], on: bool) -> None:
        """Show columns, or hide them."""
        names = list(columns)
        shown = {**self.look.shown, **dict.fromkeys(names, on)}
        what = title(names[0]) if len(names) == 1 else f"{len(names)} columns"
        self._choose(replace(self.look, shown=shown), f"{'show' if on else 'hide'} {what}")

    def show_usual(self) -> None:
        """Show the columns that are shown unless chosen otherwise, none of them pinned."""
        self._choose(replace(self.look, shown={}, pinned=()), "show the usual columns")

    def _choose(self, look: TableLook, words: str) -> None:
        before = self.look
        if look == before:
            return
        self._put(look, Cause.USER)
        self._history.record(
            Command(
                words,
                lambda: self._put(replace(before, filter=self.look.filter), Cause.UNDONE),
                lambda: self._put(replace(look, filter=self.look.filter), Cause.UNDONE),
            )
        )

    def _put(self, look: TableLook, cause: Cause) -> None:
        if look != self.look:
            self.look = look
            self.changed.emit(Change(Part.VIEW, cause))

    def keep(self) -> Kept | None:
        """What a saved session keeps of it."""
        look = self.look
        if look == TableLook():
            return None
        return Kept(
            {
                "filter": look.filter,
                "sorting": [[name, up] for name, up in look.sorting],
                "pinned": list(look.pinned),
                "shown": dict(look.shown),
            }
        )

    def restore(self, kept: Kept) -> None:
        """Undo `keep`.

        Raises
        ------
        InputError
            What was kept is of another kind.
        """
        self._put(_look_of(kept.facts), Cause.RESTORED)


def _look_of(facts: Mapping[str, Any]) -> TableLook:
    usual = TableLook()
    look = TableLook(
        facts.get("filter", usual.filter),
        tuple((name, up) for name, up in _pairs(facts.get("sorting", ()))),
        tuple(_list(facts.get("pinned", ()))),
        facts.get("shown", usual.shown),
    )
    names = [*look.pinned, *(name for name, _ in look.sorting)]
    if not isinstance(look.shown, dict) or not isinstance(look.filter, str):
        raise InputError("its filter or its columns are of another kind; choose them again")
    truths = [*look.shown.values(), *(up for _, up in look.sorting)]
    if not all(isinstance(each, str) for each in (*names, *look.shown)) or not all(
        isinstance(each, bool) for each in truths
    ):
        raise InputError("its columns are of another kind; choose them again")
    return look


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InputError("its columns are no list; choose them again")
    return list(value)


def _pairs(value: Any) -> list[Any]:
    pairs = _list(value)
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise InputError("its sorting is of another kind; sort again")
    return pairs

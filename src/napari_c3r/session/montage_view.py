"""How the pictures of cells are looked at: which cells, in which rows, drawn how."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import Any, Final

from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.montage_choice import Choice
from napari_c3r.core.figures.tiles import COMPOSITE, TileStyle
from napari_c3r.core.text import shortened
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import History
from napari_c3r.session.kept import Kept

SIZES: Final = {"Small": 48, "Medium": 68, "Large": 104, "Very large": 160}
"""Sides of a picture on the screen, in pixels, by what they are called."""

SHOWN: Final = 40
"""Cells in a montage of one group, at most."""


@dataclass(frozen=True)
class MontageLook:
    """What a person chose to see of the cells.

    Attributes
    ----------
    which
        Which cells of each row, a `Choice`.
    by
        The column whose values are the rows; empty for one.
    show
        Channels: as of `TileStyle`.
    outlined, dimmed
        As of `TileStyle`.
    side_px
        Side of each picture on the screen.
    """

    which: str = str(Choice.RANDOM)
    by: str = ""
    show: str = COMPOSITE
    outlined: bool = True
    dimmed: bool = False
    side_px: int = SIZES["Medium"]

    @property
    def style(self) -> TileStyle:
        """How the pictures are drawn."""
        return TileStyle(self.show, self.outlined, self.dimmed)


class MontageView:
    """The montage of a session, which undo, redo and a saved session bring back.

    Parameters
    ----------
    history
        Takes note of what the user chooses.

    Attributes
    ----------
    look
        What is shown. A column or a channel need not be there: then it counts for nothing.
    count
        Cells of each row at most, which goes with the room on the screen.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self, history: History) -> None:
        self._history = history
        self.look = MontageLook()
        self.count = SHOWN

    def change(self, **chosen: Any) -> None:
        """Choose otherwise; the fields of `MontageLook` that differ."""
        before, after = self.look, replace(self.look, **chosen)
        if not self._set(after, Cause.USER):
            return
        put = partial(self._set, cause=Cause.UNDONE)
        self._history.record_choice("change the montage", put, before, after)

    def _set(self, look: MontageLook, cause: Cause) -> bool:
        """Show otherwise; gives whether that is any different."""
        other = look != self.look
        self.look = look
        if other:
            self.changed.emit(Change(Part.MONTAGE, cause))
        return other

    def keep(self) -> Kept:
        """What a saved session keeps of it."""
        return Kept(asdict(self.look))

    def restore(self, kept: Kept) -> None:
        """Undo `keep`.

        Raises
        ------
        InputError
            What was kept is no choice.
        """
        plain = MontageLook()
        known = {each.name: getattr(plain, each.name) for each in fields(plain)}
        given = {name: kept.facts.get(name, default) for name, default in known.items()}
        odd = [name for name, value in given.items() if type(value) is not type(known[name])]
        odd += [] if given["which"] in list(Choice) else ["which"]
        odd += [] if given["side_px"] in SIZES.values() else ["side_px"]
        if odd:
            raise InputError(f"{shortened(given[odd[0]])} is no {odd[0]} of a montage")
        self._set(MontageLook(**given), Cause.RESTORED)

"""How the cells are looked at: what they are coloured by, on which axes, in which panels."""

from __future__ import annotations

from functools import partial

from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.plot import PlotChoice
from napari_c3r.core.table.titles import title
from napari_c3r.core.text import shortened
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import History
from napari_c3r.session.kept import Kept

CLUSTER = "cluster"
"""The column that cells are coloured by at first."""

_COLOUR_BY, _PLOT = "colour_by", "plot"


class View:
    """What a person chose to look at, and would find again.

    Parameters
    ----------
    history
        Takes note of what the user chooses.

    Attributes
    ----------
    colour_by
        A column of the table. It need not have it: then cells are coloured by cluster until it
        has.
    plot
        Axes and panels of the plot of cells. Where the table does not have them, the map is shown.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self, history: History) -> None:
        self._history = history
        self.colour_by = CLUSTER
        self.plot = PlotChoice()

    def set_colour_by(self, column: str, cause: Cause = Cause.USER) -> None:
        """Colour by another column."""
        before = self.colour_by
        if column == before:
            return
        self.colour_by = column
        self.changed.emit(Change(Part.VIEW, cause))
        if cause is Cause.USER:
            put = partial(self.set_colour_by, cause=Cause.UNDONE)
            self._history.record_choice(f"colour by {title(column)}", put, before, column)

    def set_plot(self, plot: PlotChoice, cause: Cause = Cause.USER) -> None:
        """Show cells on other axes, or in other panels."""
        before = self.plot
        if plot == before:
            return
        self.plot = plot
        self.changed.emit(Change(Part.PLOT, cause))
        if cause is Cause.USER:
            put = partial(self.set_plot, cause=Cause.UNDONE)
            self._history.record_choice(f"show {plot.words()}", put, before, plot)

    def keep(self) -> Kept:
        """What a saved session keeps of it."""
        return Kept({_COLOUR_BY: self.colour_by, _PLOT: self.plot.to_dict()})

    def restore(self, kept: Kept) -> None:
        """Undo `keep`.

        Raises
        ------
        InputError
            What was kept names no column, or no axes.
        """
        column = kept.facts.get(_COLOUR_BY, CLUSTER)
        if not isinstance(column, str):
            raise InputError(f"it colours by {shortened(column)}, which is no column")
        self.set_colour_by(column, Cause.RESTORED)
        plot = kept.facts.get(_PLOT)
        self.set_plot(PlotChoice() if plot is None else PlotChoice.from_dict(plot), Cause.RESTORED)

"""What the wells of a plate are coloured by, and what the colours mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_c3r.core.figures.colouring import Categories, Colouring, Values, colouring
from napari_c3r.core.figures.colours import GREY, category_colours
from napari_c3r.core.table.titles import title
from napari_c3r.widgets.common.elision import NameBox, elided_apart
from napari_c3r.widgets.common.form import shrinkable
from napari_c3r.widgets.common.rows_model import text_of
from napari_c3r.widgets.common.tones import FILLS, Tone
from napari_c3r.widgets.scatter.colour_bar import ColourBar

if TYPE_CHECKING:
    from napari_c3r.core.metadata import PlateMap

_PROGRESS = "what is embedded"
_MAX_LISTED = 12
_LETTERS = 18
# Within a name, where Qt would end a line.
_UNBROKEN = re.compile("[-…/]")


@dataclass(frozen=True)
class WellLook:
    """How a well is drawn: its colour, ``"#rrggbb"``, and what it means."""

    colour: str
    words: str


class PlateColours(QWidget):
    """A list of columns to colour wells by, and the legend.

    Signals
    -------
    changed
        The user chose another column.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._plate_map: PlateMap | None = None
        self.choice = NameBox()
        self.choice.setAccessibleName("Colour wells by")
        self.choice.setToolTip("Colour the wells by a column of the plate map")
        shrinkable(self.choice)
        self.choice.addItem(_PROGRESS, None)
        self.bar = ColourBar()
        self.names = QLabel()
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.names.setWordWrap(True)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(QLabel("Wells by"))
        row.addWidget(self.choice, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (self._row, self.bar, self.names):
            column.addWidget(widget)
            widget.hide()
        self.choice.activated.connect(lambda _: self.changed.emit())

    def show_plate_map(self, plate_map: PlateMap | None) -> None:
        """Offer the columns of a plate map; what was chosen stays while it is there."""
        if plate_map is self._plate_map:
            return
        before = self._plate_map
        self._plate_map = plate_map
        columns = () if plate_map is None else plate_map.columns
        chosen = self.choice.currentData()
        if before is None and plate_map is not None:
            chosen = plate_map.design.treatment or plate_map.design.dose
        self.choice.clear()
        self.choice.addItem(_PROGRESS, None)
        for name in columns:
            self.choice.addItem(title(name), name)
        self.choice.setCurrentIndex(max(0, self.choice.findData(chosen)) if chosen else 0)
        self._row.setVisible(bool(columns))

    def looks(self, fields: Mapping[str, str | None], done: frozenset[str]) -> dict[str, WellLook]:
        """Colour and words of every well, and show what the colours mean.

        Parameters
        ----------
        fields
            Well of each field of the plate, by its name.
        done
            Names of the fields in the result.
        """
        import pandas as pd

        name, known = self.choice.currentData(), self._plate_map
        if name is None or known is None:
            self._explain(None, np.zeros(0, np.intp))
            return _progress(fields, done)
        frame = known.fields.set_index("image")
        # All plates have the same colours.
        colours = colouring(frame, name)
        painted = ["#" + bytes(rgb).hex() for rgb in colours.colours()]
        rows = frame.index.get_indexer(pd.Index(list(fields)))
        self._explain(colours, rows)
        looks: dict[str, WellLook] = {}
        for well, row in zip(fields.values(), rows, strict=True):
            if well is not None and well not in looks:
                value = text_of(frame[name].iloc[row]) if row >= 0 else ""
                words = f"{title(name)}: {value or 'not in the plate map'}"
                looks[well] = WellLook(painted[row] if row >= 0 else GREY, words)
        return looks

    def _explain(self, colours: Colouring | None, rows: np.ndarray) -> None:
        self.bar.setVisible(isinstance(colours, Values))
        self.names.setVisible(isinstance(colours, Categories))
        match colours:
            case Values():
                self.bar.show_values(colours)
            case Categories():
                self.names.setText(_legend(colours, rows[rows >= 0]))


def _progress(fields: Mapping[str, str | None], done: frozenset[str]) -> dict[str, WellLook]:
    through = {well for name, well in fields.items() if name in done}
    return {
        well: WellLook(FILLS[Tone.DONE], "embedded")
        if well in through
        else WellLook(FILLS[Tone.NEXT], "not embedded yet")
        for well in fields.values()
        if well is not None
    }


def _legend(colours: Categories, rows: np.ndarray) -> str:
    """A swatch and a name for each category on the plate, as rich text."""
    codes = np.unique(colours.codes[rows])
    names = [colours.names[code] if code >= 0 else colours.rest for code in codes]
    shown = elided_apart(names, _LETTERS, len)
    painted = category_colours(codes, colours.palette)
    parts = []
    for rgb, name in zip(painted[:_MAX_LISTED], shown[:_MAX_LISTED], strict=True):
        # A name is not broken over two lines.
        text = _UNBROKEN.sub("\u2060\\g<0>\u2060", escape(name)).replace(" ", "\u00a0")
        parts.append(f'<span style="color:#{bytes(rgb).hex()}">●</span>\u00a0{text}')
    if len(codes) > _MAX_LISTED:
        parts.append(f"and\u00a0{len(codes) - _MAX_LISTED}\u00a0more")
    return "&nbsp; ".join(parts)

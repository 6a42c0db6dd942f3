"""The plate map in step 1: which file, what matched, what its columns mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_c3r.core.metadata.roles import Design
from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.form import shrinkable
from napari_c3r.widgets.common.labels import WrappedLabel, plain_tip
from napari_c3r.widgets.common.option_form import Choices, OptionForm
from napari_c3r.widgets.common.step import Mark
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.common.wording import counted

if TYPE_CHECKING:
    from napari_c3r.core.metadata import PlateMap
    from napari_c3r.session import Session

_NONE = "none"
# Beside its title and a button, in a dock of 300 px.
_LETTERS = 3
_MAX_LISTED = 400
# More different values than this are no groups.
_MAX_VALUES = 400


class PlateMapPanel(QWidget):
    """Says what was done to the wells, and lets one correct it."""

    file_requested = Signal()
    chosen = Signal(object)
    design_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._shown: PlateMap | None = None
        self._found: tuple[PlateMap, ...] = ()
        self._filling = False
        self.title = QLabel("Plate map")
        self.choice = NameBox()
        self.choice.setAccessibleName("Plate map")
        self.choice.setToolTip("A table that says what was done to each well")
        shrinkable(self.choice).setMinimumContentsLength(_LETTERS)
        self.file_button = QPushButton("Choose…")
        self.file_button.setAccessibleName("Choose a plate map")
        self.file_button.setToolTip(
            "CSV, TSV or Excel: one row per well, or a grid drawn as a plate; "
            "a file can be dropped here too"
        )
        self.file_button.setMinimumWidth(60)
        self.line, self.lacking, self.unused = WrappedLabel(), WrappedLabel(), WrappedLabel()
        set_tone(self.lacking, Tone.ATTENTION)
        set_tone(self.unused, Tone.QUIET)
        self.form: OptionForm[Design] = OptionForm(
            Design,
            choices={
                name: [(_NONE, None)]
                for name in ("treatment", "dose", "negative", "positive", "replicate", "batch")
            },
        )
        self.meaning = Collapsible("What the columns mean", self.form)
        self._build()
        self.choice.activated.connect(self._on_choice)
        self.file_button.clicked.connect(self.file_requested)
        self.form.changed.connect(self._on_form)

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.title)
        row.addWidget(self.choice, 1)
        row.addWidget(self.file_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        for widget in (self.line, self.lacking, self.unused, self.meaning):
            column.addWidget(widget)
            widget.hide()

    def show_session(self, session: Session, looking: bool) -> None:
        """Show the plate map in use, and the others that there are."""
        known = session.plate_maps
        self.setVisible(session.fields.image is not None)
        self._offer(known.found, known.current, looking)
        if known.current is self._shown:
            return
        self._shown = known.current
        shown = known.current
        for label, text in (
            (self.line, f"{shown.words}\u00a0{Mark.DONE}" if shown else ""),
            (self.lacking, shown.lacking if shown else ""),
            (self.unused, shown.unused if shown else ""),
        ):
            label.setText(text)
            label.setVisible(bool(text))
        for label, keys in (
            (self.lacking, shown.match.missing if shown else ()),
            (self.unused, shown.match.unused if shown else ()),
        ):
            label.setToolTip(plain_tip(", ".join(keys[:_MAX_LISTED])))
        self.meaning.setVisible(shown is not None)
        if shown is not None:
            self._show_design(shown)

    def _offer(self, found: tuple[PlateMap, ...], current: PlateMap | None, looking: bool) -> None:
        files = {one.path: one for one in found}
        if current is not None and current.path not in files:
            found = (current, *found)
        self._found = found
        nothing = "looking …" if looking else _NONE if found else "none found"
        names = [nothing, *(_name(one) for one in found)]
        if names != [self.choice.itemText(row) for row in range(self.choice.count())]:
            self.choice.clear()
            self.choice.addItems(names)
            for row, one in enumerate(found, 1):
                tip = plain_tip(f"{one.path}: {one.words}")
                self.choice.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
        paths = [one.path for one in found]
        self.choice.setCurrentIndex(1 + paths.index(current.path) if current is not None else 0)
        self.choice.setEnabled(bool(found))

    def _show_design(self, shown: PlateMap) -> None:
        import pandas as pd

        columns = [(name, name) for name in shown.columns]
        numbers = [
            (name, name)
            for name in shown.columns
            if pd.api.types.is_numeric_dtype(shown.fields[name].dtype)
        ]
        controls = _controls(shown)
        self._filling = True
        for name in ("treatment", "replicate", "batch"):
            self.form.set_choices(name, [(_NONE, None), *columns])
        self.form.set_choices("dose", [(_NONE, None), *numbers])
        for name in ("negative", "positive"):
            self.form.set_choices(name, [(_NONE, None), *controls])
        self.form.set_value(shown.design)
        self._filling = False

    def _on_form(self) -> None:
        if not self._filling and self._shown is not None:
            self.design_changed.emit(self.form.value())

    def _on_choice(self, row: int) -> None:
        self.chosen.emit(self._found[row - 1] if row else None)


def _name(plate_map: PlateMap) -> str:
    return Path(plate_map.path).name if plate_map.path is not None else "a table"


def _controls(shown: PlateMap) -> Choices:
    """Columns and values that controls could have, those of the design's columns first."""
    first = [name for name in shown.design.columns if name in shown.columns]
    choices: list[tuple[str, tuple[str, str]]] = []
    for name in dict.fromkeys([*first, *shown.columns]):
        counts = shown.fields[name].dropna().astype(str).value_counts(sort=False)
        if len(counts) <= _MAX_VALUES:
            choices += [
                (f"{name} {value} ({counted(int(count), 'field')})", (name, str(value)))
                for value, count in counts.items()
                if count
            ]
    return choices

"""Step 3: which cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.channels import suggest_cell, suggest_nucleus
from napari_c3r.core.segment import NO_CELL_CHANNEL, SegmentOptions, find_method, method_names
from napari_c3r.session import Session
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.form import form, shrinkable
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.option_form import OptionForm
from napari_c3r.widgets.common.option_section import OptionSection
from napari_c3r.widgets.main.context import READ

# Under the choice that the rows belong to.
_INDENTED = (18, 0, 0, 4)
_NO_CELL_ENTRY = "none: a set distance"


# Long enough not to segment at every click of an arrow.
_PREVIEW_DELAY_MS = 400


class CellsBody(QWidget):
    """Segment, try it on the view, or take an existing label layer; hide what should not count."""

    segment_requested = Signal(object)
    stop_requested = Signal()
    preview_requested = Signal(object)
    preview_ended = Signal()
    labels_requested = Signal(str)
    numbering_requested = Signal()
    filter_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._channels: tuple[str, ...] = ()
        self._nucleus: str | None = None
        self._cell: str | None = None
        self._reading = self._finding = False
        self._filter = CellFilter()
        self.segment_choice = QRadioButton("Segment")
        self.segment_choice.setToolTip("Find nuclei, then the cells around them")
        self.labels_choice = QRadioButton("Use labels in viewer")
        self.labels_choice.setToolTip("Take a Labels layer as it is; it is never changed")
        self.segment_choice.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.segment_choice)
        group.addButton(self.labels_choice)
        self.form = OptionForm(
            SegmentOptions,
            ("nucleus", "cell", "nucleus_diameter_um", "nucleus_diameter_px"),
            choices={"nucleus": [], "cell": [(_NO_CELL_ENTRY, NO_CELL_CHANNEL)]},
        )
        self.nucleus, self.cell = (self.form.widgets[name].native for name in ("nucleus", "cell"))
        self.more = OptionForm(
            SegmentOptions,
            ("method", "cell_distance_um", "cell_distance_px"),
            choices={"method": [(find_method(name).label, name) for name in method_names()]},
        )
        self.options = OptionSection([self.more])
        self.segment_button = QPushButton()
        self.show_running(False)
        self.preview_button = QPushButton("Preview")
        self.preview_button.setCheckable(True)
        self.preview_button.setToolTip(
            "Segment only what the view shows, again after every change here"
        )
        self.preview_line = WrappedLabel()
        self.preview_line.hide()
        self.border = QCheckBox("Hide cells at the border")
        self.border.setToolTip("Their shape is cut off; they are hidden, never deleted")
        self.unusual = QCheckBox("Hide cells of unusual size")
        self.unusual.setToolTip(
            "Area more than three robust deviations from the median of their image; "
            "they are hidden, never deleted"
        )
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_PREVIEW_DELAY_MS)
        self._segment_form = _column(
            self.form,
            _side_by_side(self.segment_button, self.preview_button),
            self.preview_line,
            self.options,
        )
        self._labels_form = self._make_labels_form()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (
            self.segment_choice,
            self._segment_form,
            self.labels_choice,
            self._labels_form,
            self.border,
            self.unusual,
        ):
            column.addWidget(widget)
        self._labels_form.hide()
        self.segment_choice.toggled.connect(self._show_choice)
        self.segment_button.clicked.connect(self._on_segment)
        self.labels_button.clicked.connect(self._on_labels)
        self.number_button.clicked.connect(self.numbering_requested)
        self.preview_button.toggled.connect(self._on_preview)
        self._delay.timeout.connect(self._ask_for_preview)
        for each in (self.form, self.more):
            each.changed.connect(self._on_setting)
        self._show_unit(in_um=False)
        for check in (self.border, self.unusual):
            check.toggled.connect(self._on_filter)

    def _make_labels_form(self) -> QWidget:
        self.labels = _combo("Labels layer of the cells")
        self.labels_button = QPushButton("Use these labels")
        self.labels_button.setToolTip("Take the cells of this layer as they are")
        self.number_button = QPushButton("Number the pieces")
        self.number_button.setToolTip(
            "Take every connected piece as a cell of its own, in a layer of our own"
        )
        self.number_button.hide()
        return form(
            ("Layer", self.labels),
            ("", self.labels_button),
            ("", self.number_button),
            margins=_INDENTED,
        )

    def show_session(self, session: Session) -> None:
        """Offer the image's channels; keep what the user chose while it exists."""
        image = session.fields.image
        names = image.channel_names if image else ()
        roles = session.roles.assignment
        guessed = roles.context[0] if roles is not None and roles.context else None
        nucleus = suggest_nucleus(names) or guessed or (names[0] if names else None)
        if names != self._channels:
            cell, now = suggest_cell(names) or NO_CELL_CHANNEL, self.form.value()
            self._channels = names
            self._offer("nucleus", names, nucleus)
            self._offer("cell", names, cell)
            # What was only suggested for fewer channels is no choice of the user's.
            if now.nucleus == self._nucleus and nucleus is not None:
                self.form.set("nucleus", nucleus)
            if now.cell == self._cell:
                self.form.set("cell", cell)
            self._cell = self.form.value().cell
        elif nucleus != self._nucleus and self.form.value().nucleus == self._nucleus:
            self.form.set("nucleus", nucleus)
        self._nucleus = nucleus
        self._show_unit(image is not None and bool(image.pixel_size_um))
        self.segment_button.setEnabled(image is not None)
        self.preview_button.setEnabled(image is not None)
        cells = session.labels.current
        self.number_button.setVisible(cells is not None and bool(cells.note))
        self._enable_labels()

    def show_label_layers(self, names: Sequence[str]) -> None:
        """Offer the viewer's Labels layers."""
        # An open list must not lose its place where another layer came or went.
        if list(names) != [self.labels.itemText(row) for row in range(self.labels.count())]:
            chosen, row = self.labels.currentText(), self.labels.currentIndex()
            renamed = len(names) == self.labels.count() and chosen not in names
            self.labels.clear()
            self.labels.addItems(list(names))
            self.labels.setCurrentText(names[row] if renamed and row >= 0 else chosen)
        self._enable_labels()
        self.labels_choice.setText(
            "Use labels in viewer" if names else "Use labels (none in viewer)"
        )

    def show_running(self, finding: bool) -> None:
        """Offer to stop while cells are being found."""
        self._finding = finding
        self.segment_button.setText("Stop finding" if finding else "Find cells")
        self.segment_button.setToolTip(
            "Leave the cells as they are" if finding else "Segment the whole image"
        )

    def show_reading(self, job: str) -> None:
        """Say that labels are being read; an empty name when nothing is any more."""
        self._reading = job == READ
        self.labels_button.setText("Reading labels …" if self._reading else "Use these labels")
        self._enable_labels()

    def _enable_labels(self) -> None:
        there = bool(self._channels) and self.labels.count() > 0
        self.labels_button.setEnabled(there and not self._reading)
        self.number_button.setEnabled(not self._reading)

    def _show_choice(self) -> None:
        self._segment_form.setVisible(self.segment_choice.isChecked())
        self._labels_form.setVisible(not self.segment_choice.isChecked())

    @property
    def diameter(self) -> QDoubleSpinBox:
        """The nucleus size in the image's unit."""
        native: QDoubleSpinBox = self.form.widgets[f"nucleus_diameter_{self._unit}"].native
        return native

    def _offer(self, name: str, channels: Sequence[str], suggested: str | None) -> None:
        """Offer channels; keep what the user chose while it is there."""
        before = getattr(self.form.value(), name)
        entries = [(channel, channel) for channel in channels]
        if name == "cell":
            entries = [(_NO_CELL_ENTRY, NO_CELL_CHANNEL), *entries]
        self.form.set_choices(name, entries)
        self.form.set(name, before if before in channels else suggested)

    def _show_unit(self, in_um: bool) -> None:
        """Ask for lengths in micrometres where the pixel size is known, else in pixels."""
        self._unit = "um" if in_um else "px"
        for unit in ("um", "px"):
            self.form.set_visible(f"nucleus_diameter_{unit}", unit == self._unit)
            self.more.set_visible(f"cell_distance_{unit}", unit == self._unit)

    def choice(self) -> SegmentOptions:
        """What to segment on, as it stands here."""
        main, more = self.form.value(), self.more.value()
        cell = NO_CELL_CHANNEL if main.cell in (None, main.nucleus) else main.cell
        lengths = {
            f"nucleus_diameter_{self._unit}": getattr(main, f"nucleus_diameter_{self._unit}"),
            f"cell_distance_{self._unit}": getattr(more, f"cell_distance_{self._unit}"),
        }
        return SegmentOptions(main.nucleus, cell, more.method, **lengths)

    def show_choice(self, **kept: Any) -> None:
        """Set what to segment on, as when a session is opened again.

        Parameters
        ----------
        **kept
            Of the options, as a session keeps them; one of earlier versions has the nucleus size
            as ``diameter``.
        """
        if "diameter" in kept:
            kept[f"nucleus_diameter_{self._unit}"] = kept.pop("diameter")
        options = SegmentOptions(**{**kept, "cell": kept.get("cell") or NO_CELL_CHANNEL})
        self.form.set_value(options)
        self.more.set_value(options)

    def show_filter(self, chosen: CellFilter | None) -> None:
        """Tick what is hidden."""
        self._filter = chosen or CellFilter()
        for check, wanted in (
            (self.border, bool(chosen and chosen.border)),
            (self.unusual, bool(chosen and chosen.unusual_size)),
        ):
            check.blockSignals(True)
            check.setChecked(wanted)
            check.blockSignals(False)

    def show_preview(self, line: str) -> None:
        """Say what was found in the view."""
        self.preview_line.setText(line)
        self.preview_line.setVisible(bool(line) and self.preview_button.isChecked())

    def end_preview(self) -> None:
        """Release the button, as when all cells were found."""
        self.preview_button.setChecked(False)

    def _on_preview(self, wanted: bool) -> None:
        if wanted:
            self._ask_for_preview()
            return
        self._delay.stop()
        self.show_preview("")
        self.preview_ended.emit()

    def _on_setting(self) -> None:
        if self.preview_button.isChecked():
            self._delay.start()

    def _ask_for_preview(self) -> None:
        self.preview_requested.emit(self.choice())

    def _on_filter(self) -> None:
        border, unusual = self.border.isChecked(), self.unusual.isChecked()
        self.filter_chosen.emit(replace(self._filter, border=border, unusual_size=unusual))

    def _on_segment(self) -> None:
        if self._finding:
            self.stop_requested.emit()
        else:
            self.segment_requested.emit(self.choice())

    def _on_labels(self) -> None:
        self.labels_requested.emit(self.labels.currentText())


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(*_INDENTED)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return holder


def _side_by_side(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget)
    return holder


def _combo(purpose: str) -> QComboBox:
    box = NameBox()
    box.setToolTip(purpose)
    box.setAccessibleName(purpose)
    return shrinkable(box)

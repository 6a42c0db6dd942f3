"""Step 3: which cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.channels import suggest_cell, suggest_nucleus
from napari_c3r.session import Session
from napari_c3r.widgets.steps.form import form

# Under the choice that the rows belong to.
_INDENTED = (18, 0, 0, 4)
_NO_CELL_CHANNEL = "none: a set distance"


@dataclass(frozen=True)
class SegmentChoice:
    """What to segment on.

    Attributes
    ----------
    nucleus
        Channel of the nuclei.
    cell
        Channel that shows how far cells reach; None grows nuclei by a set distance.
    diameter
        Nucleus diameter in the image's unit (µm when the pixel size is known, else pixels);
        None finds it from the image.
    """

    nucleus: str
    cell: str | None
    diameter: float | None


class CellsBody(QWidget):
    """Segment, or take an existing label layer."""

    segment_asked = Signal(object)
    labels_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._channels: tuple[str, ...] = ()
        self.segment_choice = QRadioButton("Segment")
        self.segment_choice.setToolTip("Find nuclei, then the cells around them")
        self.labels_choice = QRadioButton("Use labels in viewer")
        self.labels_choice.setToolTip("Take a Labels layer as it is; it is never changed")
        self.segment_choice.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.segment_choice)
        group.addButton(self.labels_choice)
        self.nucleus = _combo("Channel of the nuclei")
        self.cell = _combo("Channel that shows how far cells reach")
        self.diameter = QDoubleSpinBox()
        self.diameter.setRange(0, 500)
        self.diameter.setDecimals(1)
        self.diameter.setSpecialValueText("auto")
        self.diameter.setToolTip("Diameter of a typical nucleus; auto finds it from the image")
        self.diameter.setAccessibleName("Nucleus size")
        self.segment_button = QPushButton("Find cells")
        self.labels = _combo("Labels layer of the cells")
        self.labels_button = QPushButton("Use these labels")
        self._segment_form = form(
            ("Nucleus", self.nucleus),
            ("Cell", self.cell),
            ("Nucleus size", self.diameter),
            ("", self.segment_button),
            margins=_INDENTED,
        )
        self._labels_form = form(
            ("Layer", self.labels), ("", self.labels_button), margins=_INDENTED
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (
            self.segment_choice,
            self._segment_form,
            self.labels_choice,
            self._labels_form,
        ):
            column.addWidget(widget)
        self._labels_form.hide()
        self.segment_choice.toggled.connect(self._show_choice)
        self.segment_button.clicked.connect(self._on_segment)
        self.labels_button.clicked.connect(self._on_labels)

    def show_session(self, session: Session) -> None:
        """Offer the image's channels; keep what the user chose while it exists."""
        image = session.image
        names = image.channel_names if image else ()
        if names != self._channels:
            self._channels = names
            _refill(self.nucleus, names, suggest_nucleus(names) or (names[0] if names else ""))
            _refill(self.cell, (_NO_CELL_CHANNEL, *names), suggest_cell(names) or _NO_CELL_CHANNEL)
        unit = "µm" if image is not None and image.pixel_size_um else "px"
        self.diameter.setSuffix(f" {unit}")
        self.segment_button.setEnabled(image is not None)
        self.labels_button.setEnabled(image is not None and self.labels.count() > 0)

    def show_label_layers(self, names: Sequence[str]) -> None:
        """Offer the viewer's Labels layers."""
        chosen = self.labels.currentText()
        self.labels.clear()
        self.labels.addItems(list(names))
        self.labels.setCurrentText(chosen)
        self.labels_button.setEnabled(bool(names) and bool(self._channels))
        self.labels_choice.setText(
            "Use labels in viewer" if names else "Use labels in viewer (there are none)"
        )

    def _show_choice(self) -> None:
        self._segment_form.setVisible(self.segment_choice.isChecked())
        self._labels_form.setVisible(not self.segment_choice.isChecked())

    def _on_segment(self) -> None:
        cell = self.cell.currentText()
        nucleus = self.nucleus.currentText()
        self.segment_asked.emit(
            SegmentChoice(
                nucleus,
                None if cell in (_NO_CELL_CHANNEL, nucleus) else cell,
                self.diameter.value() or None,
            )
        )

    def _on_labels(self) -> None:
        self.labels_asked.emit(self.labels.currentText())


def _combo(purpose: str) -> QComboBox:
    box = QComboBox()
    box.setToolTip(purpose)
    box.setAccessibleName(purpose)
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box


def _refill(box: QComboBox, names: Sequence[str], default: str) -> None:
    chosen = box.currentText()
    box.clear()
    box.addItems(list(names))
    box.setCurrentText(chosen if chosen in names else default)

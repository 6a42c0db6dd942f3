"""What was understood of dropped files, to be corrected before anything is loaded."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.images import ReadOptions, ScanResult
from napari_c3r.core.images.projection import spell_z
from napari_c3r.core.images.units import time_in_words
from napari_c3r.widgets.common.elision import NameEdit
from napari_c3r.widgets.common.form import form, shrinkable, tab_before
from napari_c3r.widgets.common.labels import WrappedLabel, plain_tip
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.common.wording import counted

_MAX_ROWS_SHOWN = 6
_WORDS = {"Brightest": "max", "Mean": "mean", "Sharpest": "focus"}
_ONE, _EACH = "One slice", "By channel"
_SWAPS = {
    "As the files say": "",
    "Z slices are channels": "CZ",
    "Times are channels": "TC",
    "Times are Z slices": "TZ",
}


class ScanPanel(QFrame):
    """Fields, channels, Z, time and pixel size as found, each of them correctable."""

    load_requested = Signal(object, object)
    swap_requested = Signal(str)
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._scan: ScanResult | None = None
        self.title = WrappedLabel()
        self.names: list[NameEdit] = []
        self.z_by_channel: list[QComboBox] = []
        self._names_holder = QWidget()
        self._names_column = QVBoxLayout(self._names_holder)
        self._names_column.setContentsMargins(0, 0, 0, 0)
        self._names_column.setSpacing(2)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._names_holder)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.z = _box("What becomes of the Z slices", [*_WORDS, _ONE, _EACH])
        self.slice = QSpinBox()
        self.slice.setAccessibleName("Z slice")
        self.slice.setToolTip("Number of the slice, from 0")
        self.time = QSpinBox()
        self.time.setAccessibleName("Time point")
        self.time.setToolTip("Number of the time point, from 0")
        self.all_times = QCheckBox("All")
        self.all_times.setToolTip("Take each time point as a field of its own, to follow its cells")
        self.pixel_size = QDoubleSpinBox()
        self.pixel_size.setRange(0, 100)
        self.pixel_size.setDecimals(4)
        self.pixel_size.setSingleStep(0.01)
        self.pixel_size.setSpecialValueText("unknown")
        self.pixel_size.setSuffix(" µm")
        self.pixel_size.setAccessibleName("Pixel size")
        self.pixel_size.setToolTip(
            "Side of a pixel. With it, sizes are in µm and cells are cut out at the scale "
            "that the encoder knows; 0 means unknown"
        )
        self.axes = _box("Which axes the files have the wrong way round", list(_SWAPS))
        self.doubts = WrappedLabel()
        set_tone(self.doubts, Tone.ATTENTION)
        self.notes = WrappedLabel()
        set_tone(self.notes, Tone.QUIET)
        self.load_button = QPushButton("Load")
        self.load_button.setToolTip("Read the image as said here")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Leave everything as it was")
        self._build()
        self.z.activated.connect(self._show_choices)
        self.all_times.toggled.connect(self.time.setDisabled)
        self.all_times.toggled.connect(self._show_choices)
        self.axes.activated.connect(self._on_axes)
        self.load_button.clicked.connect(self._on_load)
        self.cancel_button.clicked.connect(self.cancelled)

    def _build(self) -> None:
        slices = QWidget()
        row = QHBoxLayout(slices)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.z, 1)
        row.addWidget(self.slice)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.load_button, 1)
        buttons.addWidget(self.cancel_button)
        times = QWidget()
        along = QHBoxLayout(times)
        along.setContentsMargins(0, 0, 0, 0)
        along.addWidget(self.time, 1)
        along.addWidget(self.all_times)
        self._z_row, self._time_row = form(("Z", slices)), form(("Time", times))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(QLabel("Channels, rename any of them:"))
        for widget in (
            self._scroll,
            self._z_row,
            self._time_row,
            form(("Pixel size", self.pixel_size), ("Axes", self.axes)),
            self.doubts,
            self.notes,
        ):
            column.addWidget(widget)
        column.addLayout(buttons)

    def show_scan(self, found: ScanResult, names: dict[str, str]) -> None:
        """Show what was found.

        Parameters
        ----------
        found
            From :func:`napari_c3r.core.images.scan`.
        names
            What its channels were called the last time, by the names in the files.
        """
        self._scan = found
        self.title.setText(_in_words(found))
        self._show_names(found.channel_names, names)
        self._z_row.setVisible(found.n_slices > 1)
        self.slice.setRange(0, found.n_slices - 1)
        self.slice.setSuffix(f" of {found.n_slices}")
        self._time_row.setVisible(found.n_times > 1)
        self.time.setRange(0, found.n_times - 1)
        self.time.setSuffix(f" of {found.n_times}")
        self.pixel_size.setValue(found.pixel_size_um or 0)
        self.axes.setCurrentIndex(list(_SWAPS.values()).index(found.swap))
        self.doubts.setText("\n".join(found.doubts))
        self.doubts.setVisible(bool(found.doubts))
        self.notes.setText("\n".join(found.notes))
        self.notes.setVisible(bool(found.notes))
        self._show_choices()

    def _show_names(self, channels: tuple[str, ...], names: dict[str, str]) -> None:
        while (item := self._names_column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.names, self.z_by_channel = [], []
        for channel in channels:
            edit = NameEdit(names.get(channel, channel), self._written)
            edit.setAccessibleName(f"Name of {channel}")
            edit.setToolTip(plain_tip(f"Called '{channel}' in the files; edit to rename it"))
            each = _box(f"What becomes of the Z slices of {channel}", list(_WORDS))
            row = QWidget()
            side_by_side = QHBoxLayout(row)
            side_by_side.setContentsMargins(0, 0, 0, 0)
            side_by_side.addWidget(edit, 1)
            side_by_side.addWidget(each)
            self._names_column.addWidget(row)
            self.names.append(edit)
            self.z_by_channel.append(each)
        pairs = zip(self.names, self.z_by_channel, strict=True)
        tab_before(self.z, [control for pair in pairs for control in pair])
        rows = max(1, min(len(channels), _MAX_ROWS_SHOWN))
        height = self.names[0].sizeHint().height() if self.names else 24
        self._scroll.setFixedHeight(rows * (height + 2) + 2)

    def _written(self) -> list[str]:
        return [edit.text() for edit in self.names]

    def _show_choices(self) -> None:
        self.slice.setVisible(self.z.currentText() == _ONE)
        for box in self.z_by_channel:
            box.setVisible(self.z.currentText() == _EACH and not self._z_row.isHidden())
        if self._scan is not None:
            every = " at all times" if self._every_time else ""
            self.load_button.setText(f"Load {counted(len(self._scan.images), 'field')}{every}")

    @property
    def _every_time(self) -> bool:
        """Whether each time point shall be a field."""
        return self._scan is not None and self._scan.n_times > 1 and self.all_times.isChecked()

    def _z(self) -> str | int:
        """What becomes of the Z slices, as `ReadOptions` takes it."""
        assert self._scan is not None
        chosen = self.z.currentText()
        if chosen == _ONE:
            return self.slice.value()
        if chosen != _EACH:
            return _WORDS[chosen]
        words = [_WORDS[box.currentText()] for box in self.z_by_channel]
        pairs = zip(self._scan.channel_names, words, strict=True)
        return spell_z("max", {name: word for name, word in pairs if word != "max"})

    def reading(self) -> ReadOptions:
        """How to read the files, as it stands here."""
        assert self._scan is not None
        channels = self._scan.channel_names
        texts = [edit.text().strip() for edit in self.names]
        names = {old: new for old, new in zip(channels, texts, strict=True) if new and new != old}
        size = round(self.pixel_size.value(), 4)
        stated = self._scan.pixel_size_um
        unchanged = size == round(stated or 0, 4)
        return ReadOptions(
            names,
            None if unchanged else size or None,
            t=self.time.value(),
            z=self._z(),
            swap=self._scan.swap,
            times="all" if self._every_time else "one",
        )

    def _on_axes(self) -> None:
        self.swap_requested.emit(_SWAPS[self.axes.currentText()])

    def _on_load(self) -> None:
        texts = [edit.text().strip() for edit in self.names]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            self.doubts.setText(f"Two channels are called '{twice}'; give each its own name")
            self.doubts.show()
            return
        self.load_requested.emit(self._scan, self.reading())


def _in_words(found: ScanResult) -> str:
    height, width = found.shape
    parts = [counted(len(found.images), "field")]
    if found.wells:
        parts.append(f"in {counted(len(found.wells), 'well')}")
    if found.plates:
        parts.append(f"of {', '.join(found.plates[:2])}{' …' if len(found.plates) > 2 else ''}")
    first = " ".join(parts)
    second = f"{counted(len(found.channel_names), 'channel')} · {width} × {height} px"
    if found.n_slices > 1:
        second += f" · {found.n_slices} Z slices"
    if found.n_times > 1:
        second += f" · {found.n_times} times"
        second += f" over {time_in_words(found.times_s[-1])}" if found.times_s else ""
    return f"Understood: {first}\n{second}"


def _box(purpose: str, entries: list[str]) -> QComboBox:
    box = QComboBox()
    box.addItems(entries)
    box.setToolTip(purpose)
    box.setAccessibleName(purpose)
    return shrinkable(box)

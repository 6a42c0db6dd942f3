"""The one way to save a figure: its width, its letters, its kind of file, and where."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from qtpy.QtCore import QSignalBlocker, QSize, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)
from superqt import QFlowLayout

from napari_c3r.core.figures.drawing import Drawing
from napari_c3r.core.figures.drawing_files import SUFFIXES, save_drawing
from napari_c3r.core.figures.sizes import COLUMNS, LETTERS_PT, WIDTHS_MM, FigureSize, letters_pt
from napari_c3r.widgets.common.jobs import Jobs

Make = Callable[[FigureSize], Callable[[], Drawing]]
"""Takes note of what is displayed, and gives what draws it for a size, in a worker."""

Write = Callable[[Path], tuple[Path, ...]]
"""Writes what is displayed in a kind of file that is no figure, in a worker."""

TIP: Final = "Save the figure as SVG, PDF or PNG, with the numbers behind it and its caption"
_KINDS: Final = {".svg": "SVG", ".pdf": "PDF", ".png": "PNG"}
_OWN: Final = "Own width"
_NO_FIGURE: Final = "Such a file has the pixels as they are, so it has no size on a page"


@dataclass
class _Chosen:
    """What was chosen last, in whichever window."""

    size: FigureSize = field(default_factory=FigureSize)
    suffix: str = SUFFIXES[0]
    words: bool = True


_chosen = _Chosen()


class FigureDoor(QWidget):
    """A row of options that a button opens, and the file that comes of it.

    Parameters
    ----------
    file_name
        What a saved figure is called at first, without suffix.
    button
        Opens and closes the row.
    further
        Kinds of file that are no figures, by their suffix, such as stacks of pixels.

    Signals
    -------
    said
        With a line on what was written, or on what went wrong.
    """

    said = Signal(str)

    def __init__(
        self,
        file_name: str,
        button: QAbstractButton,
        further: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.file_name, self.button, self._further = file_name, button, further
        self._kinds = {**_KINDS, **further}
        self._make: Make | None = None
        self._write: Callable[[], Write] | None = None
        self._jobs = Jobs(self)
        self._jobs.failed.connect(self._on_failed)
        self.columns, self.kind = QComboBox(), QComboBox()
        self.width_mm = _spin(WIDTHS_MM, " mm", "Width of the figure")
        self.letters = _spin(LETTERS_PT, " pt", "Height of letters")
        self.words = QCheckBox("Caption in it")
        self.file_button = QPushButton("Choose file…")
        self._build()
        self.hide()
        button.setCheckable(True)
        button.toggled.connect(self.setVisible)
        self.columns.activated.connect(self._on_columns)
        self.kind.currentIndexChanged.connect(self._enable)
        self.width_mm.valueChanged.connect(self._show_columns)
        self.file_button.clicked.connect(self._choose_file)
        self.set_source(None, "There is no figure to save yet")

    @property
    def busy(self) -> bool:
        """Whether a file is being written."""
        return self._jobs.running is not None

    @property
    def size_chosen(self) -> FigureSize:
        """Width and letters as they stand in the row."""
        return FigureSize(self.width_mm.value(), self.letters.value())

    def set_source(
        self, make: Make | None, reason: str = "", write: Callable[[], Write] | None = None
    ) -> None:
        """Say what makes the figure; None with the reason why there is none.

        Parameters
        ----------
        make
            Makes the figure.
        reason
            Why there is none.
        write
            Takes note of what is displayed, and gives what writes the kinds that are no figures.
        """
        self._make, self._write = make, write
        others = f", or as {', '.join(self._further.values())}" if self._further else ""
        self.button.setEnabled(make is not None)
        self.button.setToolTip(reason if make is None else f"{TIP}{others}")
        if make is None:
            self.button.setChecked(False)

    def save(self, path: str) -> None:
        """Write the figure in the format of the suffix, with its numbers and caption."""
        make, size, words = self._make, self.size_chosen, self.words.isChecked()
        if make is None:
            return
        if Path(path).suffix.lower() in self._further:
            self._save_otherwise(Path(path))
            return
        _chosen.size, _chosen.words = size, words
        draw = make(size)

        def body(_: threading.Event) -> Generator[str, None, tuple[tuple[Path, ...], float]]:
            yield "writing"
            drawing = draw()
            written = save_drawing(drawing, path, size, words=words)
            return written, letters_pt(drawing, size)

        self._jobs.start("save figure", body, self._on_saved)

    def _save_otherwise(self, path: Path) -> None:
        assert self._write is not None
        write = self._write()

        def body(_: threading.Event) -> Generator[str, None, tuple[tuple[Path, ...], float]]:
            yield "writing"
            return write(path), LETTERS_PT[1]

        self._jobs.start("save figure", body, self._on_saved)

    def release(self) -> None:
        """Forget what is being written."""
        self._jobs.discard()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Begin with what was chosen last, wherever that was."""
        super().showEvent(event)
        with QSignalBlocker(self.width_mm):
            self.width_mm.setValue(_chosen.size.width_mm)
        self.letters.setValue(_chosen.size.letters_pt)
        self.words.setChecked(_chosen.words)
        self.kind.setCurrentIndex(max(self.kind.findData(_chosen.suffix), 0))
        self._show_columns()

    def minimumSizeHint(self) -> QSize:
        return QSize(120, super().minimumSizeHint().height())

    def _build(self) -> None:
        for name, width in COLUMNS.items():
            self.columns.addItem(name, width)
        self.columns.addItem(_OWN)
        for suffix, name in self._kinds.items():
            self.kind.addItem(name, suffix)
        for box, name, tip in (
            (self.columns, "Columns of the page", "How wide the figure is on the page"),
            (self.kind, "Kind of file", "SVG and PDF stay sharp and can be edited"),
        ):
            box.setAccessibleName(name)
            box.setToolTip(tip)
        self.words.setToolTip(
            "Write sentence, caption and method into the figure; a text file has them anyway"
        )
        self.file_button.setToolTip("Choose where the figure is saved")
        layout = QFlowLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        layout.setVerticalSpacing(2)
        for text, controls in (
            ("Width", (self.columns, self.width_mm)),
            ("Letters", (self.letters,)),
            ("", (self.kind,)),
            ("", (self.words,)),
            ("", (self.file_button,)),
        ):
            layout.addWidget(_together(text, *controls))

    def _enable(self) -> None:
        """Leave sizes and words alone where they mean nothing."""
        is_figure = self.kind.currentData() not in self._further
        for control in (self.columns, self.width_mm, self.letters, self.words):
            usual = control.property("tip") or control.toolTip()
            control.setProperty("tip", usual)
            control.setEnabled(is_figure)
            control.setToolTip(usual if is_figure else _NO_FIGURE)

    def _on_columns(self) -> None:
        width = self.columns.currentData()
        if width is None:
            self.width_mm.setFocus()
            self.width_mm.selectAll()
        else:
            self.width_mm.setValue(width)

    def _show_columns(self) -> None:
        place = self.columns.findData(self.width_mm.value())
        self.columns.setCurrentIndex(place if place >= 0 else self.columns.count() - 1)

    def _choose_file(self) -> None:
        suffix = self.kind.currentData()
        _chosen.suffix = suffix
        path, _ = QFileDialog.getSaveFileName(
            self,
            "Save the figure",
            f"{self.file_name}{suffix}",
            f"{self._kinds[suffix]} (*{suffix})",
        )
        if path:
            named = Path(path).suffix.lower() in (*SUFFIXES, *self._further)
            self.save(path if named else f"{path}{suffix}")

    def _on_saved(self, saved: Any) -> None:
        (figure, *others), letters = saved
        names = ", ".join(path.name for path in others)
        line = f"Saved {figure}" + (f" with {names}" if names else "")
        if letters < 0.95 * self.letters.value():
            line += (
                f". It does not fit {self.width_mm.value():g} mm with such letters, so they are "
                f"{letters:.1f} pt: choose a greater width"
            )
        self.said.emit(line)

    def _on_failed(self, _: str, line: str) -> None:
        self.said.emit(line)


def _spin(limits: tuple[float, float], unit: str, name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(*limits)
    box.setDecimals(1 if limits[1] < 100 else 0)
    box.setSingleStep(0.5 if limits[1] < 100 else 5)
    box.setSuffix(unit)
    box.setAccessibleName(name)
    box.setToolTip(f"{name}, {limits[0]:g} to {limits[1]:g}{unit}")
    return box


def _together(text: str, *controls: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    if text:
        row.addWidget(QLabel(text))
    for control in controls:
        row.addWidget(control)
    return holder

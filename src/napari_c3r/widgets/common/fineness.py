"""How fine clusters are, as a slider from coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

Value = int | float
_WAIT_MS = 60
_MIN_SLIDER_PX = 60


class FinenessBar(QWidget):
    """Coarse ▁▁▁●▁▁▁ fine.

    Signals
    -------
    chosen
        With the value, and whether the slider is at rest there: while it is dragged, it is not.
    """

    chosen = Signal(object, bool)

    def __init__(self) -> None:
        super().__init__()
        self._values: Sequence[Value] = ()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("How fine clusters are")
        self.slider.setMinimumWidth(_MIN_SLIDER_PX)
        self.slider.setPageStep(3)
        self._coarse, self._fine = QLabel("coarse"), QLabel("fine")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._coarse)
        row.addWidget(self.slider, 1)
        row.addWidget(self._fine)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._emit)
        self.slider.valueChanged.connect(self._soon.start)
        self.slider.sliderReleased.connect(self._emit)

    @property
    def value(self) -> Value | None:
        """Where it stands; None where there is nothing to choose."""
        place = self.slider.value()
        return self._values[place] if place < len(self._values) else None

    @property
    def waiting(self) -> bool:
        """Whether what was chosen is yet to be said."""
        return self._soon.isActive()

    def offer(self, values: Sequence[Value], current: Value | None) -> None:
        """Offer values from coarse to fine, and stand at the one that is nearest to another."""
        # In the middle of a drag the hand is right.
        if self.slider.isSliderDown() and list(values) == list(self._values):
            return
        self._values = values
        near = [] if current is None else [abs(value - current) for value in values]
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(len(values) - 1, 0))
            if near:
                self.slider.setValue(near.index(min(near)))
        self.slider.setEnabled(len(values) > 1)

    def step(self, by: int) -> None:
        """Move by so many places, more being finer."""
        self.slider.setValue(self.slider.value() + by)

    def set_tip(self, tip: str) -> None:
        """Say what it does, or why it does nothing."""
        for widget in (self.slider, self._coarse, self._fine):
            widget.setToolTip(tip)

    def _emit(self) -> None:
        self._soon.stop()
        if self.value is not None:
            self.chosen.emit(self.value, not self.slider.isSliderDown())

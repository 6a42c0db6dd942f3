"""Real docks in a real napari, driven by real clicks; skipped where there is no screen."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QWidget,
)

from napari_c3r.core.simulate import simulate_field
from napari_c3r.widgets import settings
from tests.core.diagnose.small import small_encoder


def pytest_runtest_setup(item):
    """Skip what draws with OpenGL where nothing can."""
    if item.get_closest_marker("gl") and not _has_screen():
        pytest.skip("napari's canvas needs a screen with OpenGL; run under Xvfb")


def _has_screen() -> bool:
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return False
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.platform != "linux" or bool(shown)


class Hand:
    """Clicks, chooses and drags as a user does."""

    def __init__(self, qtbot) -> None:
        self._qtbot = qtbot

    def click(self, widget: QWidget) -> None:
        # What was just unfolded must have found its place first, which takes several rounds.
        least = min(widget.minimumSizeHint().height(), widget.maximumHeight())
        self._qtbot.waitUntil(lambda: widget.height() >= least, timeout=30_000)
        self._click_now(widget)

    def _click_now(self, widget: QWidget) -> None:
        assert widget.isVisible(), f"{widget} is not on the screen"
        assert widget.isEnabled(), f"{widget} is disabled"
        where = QPoint(8, 8) if isinstance(widget, QAbstractButton) else widget.rect().center()
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=where)
        QApplication.processEvents()

    def choose(self, box: QComboBox, text: str) -> None:
        """Open the box, go to the entry, press Return."""
        # Events between two lists opened in quick succession would close the second at once.
        self._click_now(box)
        view = box.view()
        self._qtbot.waitUntil(view.isVisible, timeout=30_000)
        index = box.findText(text)
        assert index >= 0, f"no entry {text!r} in {[box.itemText(i) for i in range(box.count())]}"
        view.setCurrentIndex(box.model().index(index, 0))
        QTest.keyClick(view, Qt.Key.Key_Return)
        self._qtbot.waitUntil(lambda: not view.isVisible(), timeout=30_000)

    def drag(self, widget: QWidget, corners, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press at the first corner, move over the others, release at the last."""
        points = [QPoint(round(x), round(y)) for x, y in corners]
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, modifier, points[0])
        for start, end in pairwise(points):
            for step in range(1, 6):
                between = start + (end - start) * step / 5
                QTest.mouseMove(widget, between)
                QApplication.processEvents()
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, modifier, points[-1])
        QApplication.processEvents()

    def answer(self, name) -> None:
        """Type a name into the file dialog that is about to come, however long it takes."""

        typed = []

        def fill() -> None:
            dialog = QApplication.activeModalWidget()
            edit = dialog.findChild(QLineEdit) if isinstance(dialog, QFileDialog) else None
            if edit is not None:
                # Not key by key: a list of suggestions would take the Return for itself.
                edit.setText(str(name))
                QTest.keyClick(edit, Qt.Key.Key_Return)
                typed.append(name)
            if not typed or isinstance(QApplication.activeModalWidget(), QFileDialog):
                QTimer.singleShot(200, fill)

        QTimer.singleShot(100, fill)

    def until(self, done, seconds: float = 60) -> None:
        """Let the window work until something is so."""
        self._qtbot.waitUntil(done, timeout=seconds * 1000)

    def wait_idle(self, dock, seconds: float = 180) -> None:
        control = dock.controller
        QApplication.processEvents()
        self._qtbot.waitUntil(lambda: not (control.busy or dock.settling), timeout=seconds * 1000)


@pytest.fixture(autouse=True)
def _own_memory(monkeypatch, tmp_path):
    """Channels are remembered for one test only, and never among the user's own."""
    monkeypatch.setattr(settings, "memory_path", lambda: tmp_path / "channels.json")


@pytest.fixture(scope="session")
def _small_encoder(tmp_path_factory):
    return small_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def quick(monkeypatch, _small_encoder):
    """A small network in place of the bundled one, for what is the same with any."""
    monkeypatch.setattr(
        "napari_c3r.core.encoder.load_encoder", lambda source="bundled": _small_encoder
    )


@pytest.fixture(scope="session")
def _small_field():
    field = simulate_field("cell-painting", shape=(360, 360), seed=3)
    return replace(field, image=replace(field.image, name="cell-painting-sample"))


@pytest.fixture
def small_sample(monkeypatch, _small_field):
    """A sample of a quarter of the size, simulated only once."""

    def sample(_: str):
        return replace(
            _small_field, cells=_small_field.cells.copy(), truth=_small_field.truth.copy()
        )

    monkeypatch.setattr("napari_c3r.sample_data.sample_field", sample)


@pytest.fixture
def hand(qtbot) -> Hand:
    return Hand(qtbot)


@pytest.fixture
def viewer(make_napari_viewer_proxy):
    shown = make_napari_viewer_proxy(show=True)
    shown.window.resize(1100, 800)
    return shown


@pytest.fixture
def dock(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R")
    qtbot.waitExposed(widget)
    yield widget
    widget.release()

"""Real docks in a real napari, driven by real clicks; skipped where there is no screen."""

from __future__ import annotations

import functools
import gc
import importlib
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from qtpy.QtCore import QDeadlineTimer, QEvent, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from napari_c3r.core.crops.cut import iter_crops
from napari_c3r.core.simulate import simulate_field
from napari_c3r.widgets.common import settings
from tests.core.diagnose.small import small_encoder


class User:
    """Clicks, chooses and drags as a user does: once a thing has come to rest where it is seen."""

    patience = 120
    """Seconds: a machine that does other things besides is slower by a factor, not by a little."""

    def __init__(self, qtbot) -> None:
        self._qtbot = qtbot

    def ready(self, widget: QWidget, where: Callable[[], QPoint] | None = None) -> QPoint:
        """Wait until a user could click on a widget, and bring it into sight; returns the place.

        A window comes onto the screen, and what was unfolded finds its place, over several rounds
        of events, some of which the screen sends whenever it gets to it.
        """
        where = where or (lambda: _spot(widget))
        before, patience = None, QDeadlineTimer(self.patience * 1000)
        while True:
            _turn()
            disabled_reason = _lack(widget) or _hidden(widget, where())
            now = widget.mapToGlobal(QPoint(0, 0)), widget.size(), where()
            if not disabled_reason and now == before:
                return now[-1]
            before = None if disabled_reason else now
            assert not patience.hasExpired(), (
                f"{_described(widget)} {disabled_reason or 'does not rest'}"
            )
            if disabled_reason:
                QTest.qWait(10)

    def rest(self, widget: QWidget) -> None:
        """Wait until a widget is on the screen and all that is in it has found its place."""
        before: list = []

        def rested() -> bool:
            _turn()
            within = [part for part in widget.findChildren(QWidget) if not part.isWindow()]
            seen = [widget, *(part for part in within if part.isVisible())]
            now = [(part.mapTo(widget, QPoint(0, 0)), part.size()) for part in seen]
            same, before[:] = now == before, now
            return same and widget.isVisible()

        self.until(rested)

    def click(
        self,
        widget: QWidget,
        where: Callable[[], QPoint] | None = None,
        modifier=Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Click on a widget; elsewhere than usual where it says, asked when the widget rests."""
        place = self.ready(widget, where)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, modifier, place)
        QApplication.processEvents()

    def choose(self, box: QComboBox, text: str) -> None:
        """Open the box, go to the entry, press Return."""
        index, view = box.findText(text), box.view()
        assert index >= 0, f"no entry {text!r} in {[box.itemText(i) for i in range(box.count())]}"
        self.open_list(box)
        view.setCurrentIndex(box.model().index(index, 0))
        QTest.keyClick(view, Qt.Key.Key_Return)
        self.until(lambda: not view.isVisible())

    def open_list(self, box: QComboBox) -> None:
        """Click on a box until its list is open."""
        for _ in range(5):
            self._wait_for_focus()
            self.click(box)
            if box.view().isVisible():
                return
        raise AssertionError(f"the list of {_described(box)} does not stay open")

    def _wait_for_focus(self) -> None:
        """Let the list that was open before give the keyboard back.

        Without a window manager that takes Qt a tenth of a second, and a list that is opened
        meanwhile is closed when the one before it loses the focus at last.
        """

        def given_back() -> bool:
            _turn()
            window = QApplication.focusWindow()
            return window is None or window.type() != Qt.WindowType.Popup

        self.until(given_back)

    def drag(self, widget: QWidget, corners, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press at the first corner, move over the others, release at the last."""
        points = [QPoint(round(x), round(y)) for x, y in corners]
        self.ready(widget, lambda: points[0])
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, modifier, points[0])
        for start, end in pairwise(points):
            for step in range(1, 6):
                between = start + (end - start) * step / 5
                self.move(widget, between, Qt.MouseButton.LeftButton)
                QApplication.processEvents()
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, modifier, points[-1])
        QApplication.processEvents()

    def move(self, widget: QWidget, where: QPoint, buttons=Qt.MouseButton.NoButton) -> None:
        """Move the mouse to a place.

        QTest would move the real cursor, of which the screen tells when it gets to it, and leaves
        out what is passed quickly.
        """
        spot = QPointF(where)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            spot,
            widget.mapToGlobal(spot),
            Qt.MouseButton.NoButton,
            buttons,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(widget, event)

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

    def until(self, done, seconds: float = patience) -> None:
        """Let the window work until something is so."""
        self._qtbot.waitUntil(done, timeout=seconds * 1000)

    def wait_idle(self, dock, seconds: float = 180) -> None:
        control = dock.controller
        QApplication.processEvents()
        self._qtbot.waitUntil(lambda: not (control.busy or dock.settling), timeout=seconds * 1000)


def _turn() -> None:
    """Do all that is due, and what the screen has sent by now."""
    QApplication.sync()
    QApplication.processEvents()


def _spot(widget: QWidget) -> QPoint:
    """Where one clicks: a check box is as wide as its row, but only its words take the click."""
    middle = widget.rect().center()
    if not isinstance(widget, QAbstractButton):
        return middle
    return QPoint(min(8, middle.x()), min(8, middle.y()))


def _lack(widget: QWidget) -> str:
    """Why it cannot be clicked on yet."""
    if not widget.isVisible():
        return "is not on the screen"
    if not widget.isEnabled():
        return "is disabled"
    if widget.height() < min(widget.minimumSizeHint().height(), widget.maximumHeight()):
        return f"is only {widget.height()} px high"
    return ""


def _hidden(widget: QWidget, where: QPoint) -> str:
    """Scroll until a place of a widget is in sight; why it is not."""
    if widget.visibleRegion().contains(where):
        return ""
    area = widget.parentWidget()
    while area is not None:
        if isinstance(area, QScrollArea) and area.widget() is not None:
            inside = widget.mapTo(area.widget(), where)
            area.ensureVisible(inside.x(), inside.y())
        area = area.parentWidget()
    return "" if widget.visibleRegion().contains(where) else f"is out of sight at {where}"


def _described(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else widget.accessibleName()
    return f"{type(widget).__name__} {text or widget.objectName()!r}"


class PausedWorker:
    """Holds up an embedding, so that a test need not be quick to do something meanwhile."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._after = -1

    def hold(self, after: int) -> None:
        """Hold up what is begun from now on after so many batches, until it is let go."""
        self._after = after
        self._go.clear()

    def let_go(self) -> None:
        """Let go of what is held, and of what comes."""
        self._after = -1
        self._go.set()

    def iter_crops(self, *args, **options):
        for number, batch in enumerate(iter_crops(*args, **options)):
            if number == self._after:
                self._go.wait()
            yield batch


@pytest.fixture
def paused_worker(monkeypatch):
    """Off until a test holds an embedding or the diagnostics."""
    made = PausedWorker()
    monkeypatch.setattr("napari_c3r.core.embed.field.iter_crops", made.iter_crops)
    monkeypatch.setattr("napari_c3r.core.diagnose.flip.iter_crops", made.iter_crops)
    yield made
    made.let_go()


@pytest.fixture(scope="session", autouse=True)
def _imported(compiled_once):
    """Leave alone what is imported once and for all when garbage is looked for.

    Every viewer's fixture looks several times, each time through the millions of objects that
    PyTorch, napari and others are made of, which took half of a test's time.
    """
    for name in ("napari.qt", "napari._qt.qt_viewer", "torch", "umap", "anndata"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _kept_by_napari(_imported):
    """Leave alone what napari keeps of each window, or a test takes longer the later it runs."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _plugins_found_once(_imported):
    """Read the manifests of all that is installed once, as in a session, not for each viewer."""
    from npe2 import PluginManager

    discover = PluginManager.discover
    PluginManager.discover = functools.cache(discover)
    yield
    PluginManager.discover = discover


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
def sliced_in_the_background():
    """Asynchronous slicing; pixels are read by the thread that wants them, so that it is known."""
    import dask
    from napari.settings import get_settings

    experimental = get_settings().experimental
    experimental.async_ = True
    with dask.config.set(scheduler="synchronous"):
        yield
    experimental.async_ = False


@pytest.fixture
def user(qtbot) -> User:
    return User(qtbot)


@pytest.fixture
def viewer(make_napari_viewer_proxy):
    shown = make_napari_viewer_proxy(show=True)
    shown.window.resize(1100, 800)
    return shown


@pytest.fixture
def dock(viewer, user):
    _, widget = viewer.window.add_plugin_dock_widget("napari-c3r", "C3R")
    user.ready(widget)
    yield widget
    widget.release()

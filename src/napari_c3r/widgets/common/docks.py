"""The docks of a viewer: one of each kind, each at its place, whichever door it came through."""

from __future__ import annotations

from enum import Enum, StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary, ref

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QCloseEvent, QShowEvent
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget

from napari_c3r.widgets.common.fitted_view import keep_whole
from napari_c3r.widgets.common.native_memory import forget_with
from napari_c3r.widgets.common.tones import tone_sheet

if TYPE_CHECKING:
    import napari.viewer

PLUGIN = "napari-c3r"
"""The plugin's name in napari's menus."""

MIN_BESIDE_PX, MIN_BELOW_PX = 420, 260
"""Least heights of a dock beside the image and of one below it."""


# So wide, what lies below the image has its parts side by side.
_ROOM_BELOW_PX = 860


class Place(Enum):
    """Where a dock lies."""

    BESIDE = Qt.DockWidgetArea.RightDockWidgetArea
    BELOW = Qt.DockWidgetArea.BottomDockWidgetArea


class _OneForEachViewer(type(QWidget)):  # type: ignore[misc]
    """Has a class give the dock that its viewer has already, however it is asked for one.

    napari makes docks from its menus, its palette and its own code by calling the class, and
    under names of its own, by which it could not find one that came through another door.
    """

    def __call__(cls, viewer: Any) -> Any:
        made = _MADE.setdefault(unwrapped(viewer), {})
        known = made[cls]() if cls in made else None
        if known is None:
            known = super().__call__(viewer)
            known.show_theme()
            made[cls] = ref(known)
        return known


_MADE: WeakKeyDictionary[Any, dict[type, ref[Any]]] = WeakKeyDictionary()


def unwrapped(viewer: Any) -> Any:
    """The viewer itself, of which napari hands plugins a proxy."""
    return getattr(viewer, "__wrapped__", viewer)


def docks_of(viewer: Any) -> list[ViewerDock]:
    """The docks that a viewer has at present, in the order in which they came."""
    made = _MADE.get(unwrapped(viewer), {}).values()
    return [dock for each in made if (dock := each()) is not None]


class ViewerDock(QWidget, metaclass=_OneForEachViewer):
    """One of the plugin's docks.

    Parameters
    ----------
    viewer
        The viewer to work in.
    """

    name: ClassVar[str]
    place: ClassVar[Place]

    _docked = Signal()

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self._frame: QDockWidget | None = None
        self._theme = self._viewer_theme()
        # While it holds nothing: all that it holds would be styled once more.
        self.setStyleSheet(tone_sheet(self._theme[0]))
        beside = self.place is Place.BESIDE
        self.setMinimumHeight(MIN_BESIDE_PX if beside else MIN_BELOW_PX)
        # What put it into a dock still has to put the dock into the window.
        self._docked.connect(self._on_docked, Qt.ConnectionType.QueuedConnection)

    def event(self, event: QEvent | None) -> bool:
        """Notice that napari puts it into a dock, or takes it out."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            self._keep_view()
            self._make_room()
            self._docked.emit()
        return super().event(event)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the viewer's theme."""
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._follow_theme()
        super().changeEvent(event)

    def _viewer_theme(self) -> tuple[str, str]:
        from napari.utils.theme import get_theme

        theme = get_theme(self.viewer.theme)
        return theme.background.as_hex("long"), theme.text.as_hex("long")

    def _follow_theme(self) -> None:
        colours = self._viewer_theme()
        # Another style sheet is a change of style too.
        if colours != self._theme:
            self._theme = colours
            self.setStyleSheet(tone_sheet(colours[0]))
            self.show_theme()

    def show_theme(self) -> None:
        """Draw in the colours of the viewer's theme."""
        self.set_theme(*self._theme)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``; nothing is drawn but by Qt."""

    def showEvent(self, event: QShowEvent | None) -> None:
        """Leave the image as much in view as it was."""
        self._keep_view()
        super().showEvent(event)

    def _keep_view(self) -> None:
        viewer = unwrapped(self.viewer)
        window = getattr(viewer, "window", None)
        if window is not None:
            # While it is put into a dock, it is in no window itself.
            keep_whole(viewer, window.main_menu.window(), self)

    def _make_room(self) -> None:
        """Share the corners before it comes: the window would grow to hold it otherwise."""
        window = getattr(unwrapped(self.viewer), "window", None)
        if window is not None and self.parent() is not None:
            _share_corners(window.main_menu.window(), self.sizeHint().width())

    def grow(self, height: int) -> None:
        """Be at least so high in napari's window, as far as that has half of its height for it."""
        frame = self.frame()
        window = None if frame is None else frame.parent()
        if frame is None or not isinstance(window, QMainWindow) or frame.isFloating():
            return
        wanted = min(height, window.height() // 2)
        if frame.height() < wanted:
            self._keep_view()
            window.resizeDocks([frame], [wanted], Qt.Orientation.Vertical)

    def _on_docked(self) -> None:
        frame, before = self.frame(), self._frame
        if frame is before:
            return
        self._frame = frame
        if frame is None:
            self.release()
            return
        if before is not None:
            _remove(self.viewer, before, frame)
        window = frame.parent()
        if isinstance(window, QMainWindow):
            frame.setWindowTitle(self.name)
            frame.dockLocationChanged.connect(self._show_name)
            _arrange(window, frame, self.place, self.sizeHint().width())
            self._show_name()

    def _show_name(self) -> None:
        """Leave the plugin's name, for which a narrow dock has no room, to napari's menus."""
        frame = self.frame()
        bar = None if frame is None else frame.titleBarWidget()
        for label in () if bar is None else bar.findChildren(QLabel):
            if label.text():
                label.setText(self.name)

    def frame(self) -> QDockWidget | None:
        """What holds it in napari's window; None while it is a window of its own."""
        parent = self.parent()
        return parent if isinstance(parent, QDockWidget) else None

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Stop working and disconnect from the viewer."""
        self.release()
        super().closeEvent(event)

    def release(self) -> None:
        """Disconnect from the viewer, which gets another one when it asks again."""
        made = _MADE.get(unwrapped(self.viewer), {})
        if type(self) in made and made[type(self)]() is self:
            del made[type(self)]
        forget_with(self)


class Dock(StrEnum):
    """The plugin's docks, by where they are: they open each other, but import none."""

    MAIN = "napari_c3r.widgets.main.dock:C3RDock"
    EXPLORER = "napari_c3r.widgets.explorer.dock:C3RExplorer"
    DIAGNOSTICS = "napari_c3r.widgets.diagnostics.dock:C3RDiagnostics"

    @property
    def kind(self) -> type[ViewerDock]:
        """The dock's class."""
        module, _, name = self.partition(":")
        made: type[ViewerDock] = getattr(import_module(module), name)
        return made


def open_dock(viewer: Any, which: Dock) -> None:
    """Show a dock of a viewer, made if there is none; without a window nothing is done."""
    window = getattr(viewer, "window", None)
    if window is None:
        return
    kind = which.kind
    dock = kind(viewer)
    frame = dock.frame()
    if frame is None:
        # As the menu calls it, which then shows it as open and can hide it.
        area = "right" if kind.place is Place.BESIDE else "bottom"
        window.add_dock_widget(dock, name=f"{kind.name} ({PLUGIN})", area=area)
    else:
        frame.show()
        frame.raise_()


def _remove(viewer: Any, before: QDockWidget, now: QDockWidget) -> None:
    """Take away the empty dock that it was in before."""
    if before.objectName() != now.objectName():
        viewer.window.remove_dock_widget(before)
        return
    # napari would forget both, which it knows by name.
    window = before.parent()
    if isinstance(window, QMainWindow):
        window.removeDockWidget(before)
    before.deleteLater()


def _arrange(window: QMainWindow, frame: QDockWidget, place: Place, width: int) -> None:
    """Put a dock where it belongs: tabs beside the image, or below it."""
    others = [other for other in _docks_on(window, place) if other is not frame]
    _share_corners(window, width)
    if window.dockWidgetArea(frame) != place.value:
        window.addDockWidget(place.value, frame)
    if place is Place.BESIDE and others:
        window.tabifyDockWidget(others[-1], frame)
    frame.show()
    frame.raise_()
    if place is Place.BELOW:
        height = max(MIN_BELOW_PX, window.height() // 3)
        window.resizeDocks([frame], [height], Qt.Orientation.Vertical)
    elif not others:
        window.resizeDocks([frame], [width], Qt.Orientation.Horizontal)


def _share_corners(window: QMainWindow, width: int) -> None:
    """Let what lies below the image reach under the docks beside it only where it must."""
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Place.BESIDE.value
    # The list of layers needs its height: napari's window would grow out of a small screen.
    window.setCorner(Qt.Corner.BottomLeftCorner, left)
    beside = [frame for frame in _docks_on(window, Place.BESIDE) if not _is_below(frame)]
    taken = [frame.width() for frame in beside] or [width]
    layers = [frame.width() for frame in _docks_on(window, left)] or [0]
    roomy = window.width() - max(taken) - max(layers) >= _ROOM_BELOW_PX
    below = Place.BELOW.value
    window.setCorner(Qt.Corner.BottomRightCorner, right if roomy else below)


def _is_below(frame: QDockWidget) -> bool:
    """Whether a dock is one of ours that belongs below, wherever it lies for a moment."""
    dock = frame.widget()
    return isinstance(dock, ViewerDock) and dock.place is Place.BELOW


def _docks_on(window: QMainWindow, place: Place | Qt.DockWidgetArea) -> list[QDockWidget]:
    """What is shown on one side of a window."""
    area = place.value if isinstance(place, Place) else place
    # A window's docks are its own children; looking through all that is in them takes long.
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    return [
        frame
        for frame in window.findChildren(QDockWidget, options=direct)
        if window.dockWidgetArea(frame) == area and not frame.isFloating() and frame.isVisible()
    ]

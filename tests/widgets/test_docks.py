"""One dock of each kind for a viewer, at its place, whichever door it came through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari._app_model import get_app_model
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDockWidget, QLabel

import napari_c3r
from napari_c3r.widgets.common.docks import MIN_BELOW_PX, MIN_BESIDE_PX, PLUGIN, Dock, open_dock
from napari_c3r.widgets.common.fitted_view import is_whole
from napari_c3r.widgets.diagnostics.dock import C3RDiagnostics
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.dock import C3RDock

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("quick")]

KINDS = {"dock": C3RDock, "diagnostics": C3RDiagnostics, "explorer": C3RExplorer}


@pytest.fixture
def viewer(make_napari_viewer):
    made = make_napari_viewer(show=True)
    made.window.resize(1280, 800)
    yield made
    for kind in KINDS.values():
        kind(made).release()


def by_menu(viewer, kind):
    """Through the Plugins menu, whose entries the command palette has too."""
    name = next(name for name, each in KINDS.items() if each is kind)
    get_app_model().commands.execute_command(f"napari-c3r.{name}").result()


def by_widget(viewer, kind):
    _, made = viewer.window.add_plugin_dock_widget("napari-c3r", kind.name)
    assert made is kind(viewer)


def by_code(viewer, kind):
    viewer.window.add_dock_widget(kind(viewer), name="mine")


def by_button(viewer, kind):
    """As our own buttons do."""
    open_dock(viewer, next(each for each in Dock if each.kind is kind))


DOORS = [by_menu, by_widget, by_code, by_button]


def frames(viewer):
    """The docks of ours that are in the window."""
    ours = tuple(KINDS.values())
    found = viewer.window.main_menu.window().findChildren(QDockWidget)
    return [frame for frame in found if isinstance(frame.widget(), ours)]


def settle(user, viewer):
    """Until all docks have found their place, and the view was fitted."""
    user.rest(viewer.window.main_menu.window())


@pytest.mark.parametrize("kind", KINDS.values())
def test_whichever_door_it_comes_through_there_is_one(viewer, user, kind):
    first = kind(viewer)
    for door in (*DOORS, by_code, by_menu, by_widget):
        door(viewer, kind)
        settle(user, viewer)
        (frame,) = frames(viewer)
        assert frame.widget() is first
        assert frame.isVisible()
        names = [name for name, each in viewer.window.dock_widgets.items() if each is first]
        assert len(names) == 1
        assert None not in viewer.window.dock_widgets.values()
    # Closed for good, another one comes.
    viewer.window.remove_dock_widget(frames(viewer)[0])
    user.until(lambda: kind(viewer) is not first)


def test_a_dock_is_called_as_the_menu_calls_it(viewer, user):
    """Or the menu could neither say that it is open nor hide it."""
    by_button(viewer, C3RDock)
    settle(user, viewer)
    manifest = (Path(napari_c3r.__file__).parent / "napari.yaml").read_text()
    assert f"display_name: {PLUGIN}\n" in manifest
    by_menu(viewer, C3RDock)
    assert not frames(viewer)[0].isVisible()
    by_menu(viewer, C3RDock)
    assert frames(viewer)[0].isVisible()


@pytest.mark.parametrize("size", [(1280, 800), (1600, 1000)])
@pytest.mark.parametrize("order", [list(KINDS), list(KINDS)[::-1]])
def test_docks_from_the_menu_find_their_places_and_leave_the_image_whole(viewer, user, size, order):
    viewer.window.resize(*size)
    viewer.add_image(np.zeros((300, 500)))
    settle(user, viewer)
    viewer.reset_view()
    for name in order:
        by_menu(viewer, KINDS[name])
        settle(user, viewer)
        user.until(lambda: is_whole(viewer))
    window = viewer.window.main_menu.window()
    assert (window.width(), window.height()) == size
    dock, diagnostics, explorer = (kind(viewer) for kind in KINDS.values())
    right = Qt.DockWidgetArea.RightDockWidgetArea
    assert (
        window.dockWidgetArea(dock.frame()) == window.dockWidgetArea(diagnostics.frame()) == right
    )
    assert diagnostics.frame() in window.tabifiedDockWidgets(dock.frame())
    for each in (dock, diagnostics):
        by_button(viewer, type(each))
        settle(user, viewer)
        assert each.height() >= MIN_BESIDE_PX
    assert window.dockWidgetArea(explorer.frame()) == Qt.DockWidgetArea.BottomDockWidgetArea
    assert MIN_BELOW_PX <= explorer.height() <= max(MIN_BELOW_PX + 1, size[1] // 3)
    assert viewer.canvas.size[0] > explorer.height()
    # What is on the tabs is no longer than it must be.
    assert dock.frame().windowTitle() == "C3R"


def test_an_image_that_napari_cut_a_little_is_whole_again_when_a_dock_comes(viewer, user):
    viewer.add_image(np.zeros((300, 500)))
    settle(user, viewer)
    viewer.reset_view(margin=0)
    viewer.scene.camera.zoom *= 1.05
    assert not is_whole(viewer)
    by_menu(viewer, C3RExplorer)
    settle(user, viewer)
    user.until(lambda: is_whole(viewer))


def test_a_view_that_the_user_chose_stays(viewer, user):
    viewer.add_image(np.zeros((300, 500)))
    settle(user, viewer)
    viewer.scene.camera.zoom *= 3
    chosen = viewer.scene.camera.zoom, viewer.scene.camera.center
    for kind in KINDS.values():
        by_menu(viewer, kind)
        settle(user, viewer)
    QTest.qWait(100)
    assert (viewer.scene.camera.zoom, viewer.scene.camera.center) == chosen


def test_beside_the_docks_of_others_ours_keep_their_height(viewer, user):
    for name in "ab":
        viewer.window.add_dock_widget(QLabel(name), name=name, area="right")
    by_menu(viewer, C3RDock)
    settle(user, viewer)
    assert C3RDock(viewer).isVisible()
    assert C3RDock(viewer).height() >= MIN_BESIDE_PX

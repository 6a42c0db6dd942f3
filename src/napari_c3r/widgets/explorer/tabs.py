"""The tabs beside the table: the one list of them, and how one is made once it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Final, TypeVar

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QTabWidget, QWidget

from napari_c3r.core.tracks import TRACK
from napari_c3r.session import Change, Session
from napari_c3r.widgets.common.key_actions import KeyAction
from napari_c3r.widgets.explorer.tab import ExplorerContext, Tab, TabGroup


@dataclass(frozen=True)
class TabKey:
    """What a group does by a key, whatever tab is displayed.

    Attributes
    ----------
    key, sentence
        As of :class:`KeyAction`.
    run
        Does it with the group, which is made for it.
    """

    key: str
    sentence: str
    run: Callable[[Any], object]


@dataclass(frozen=True)
class TabKind:
    """Tabs that are made together, as the explorer knows them before they are.

    Attributes
    ----------
    home
        Module and name of what makes the group of an :class:`ExplorerContext`.
    tabs
        What they are called, in the order of the group's pages.
    keys
        What they do by keys.
    acts
        Whether the group has something to do in a session though nobody has looked at it yet,
        such as to draw on the map.
    """

    home: str
    tabs: tuple[Tab, ...]
    keys: tuple[TabKey, ...] = ()
    acts: Callable[[Session], bool] = lambda _: False

    def make(self, context: ExplorerContext) -> TabGroup:
        """Make the group."""
        module, _, name = self.home.partition(":")
        group: TabGroup = getattr(import_module(module), name)(context)
        return group


def _has_tracks(session: Session) -> bool:
    result = session.result.current
    return result is not None and {TRACK, "t"} <= set(result.table.obs)


_HERE = "napari_c3r.widgets.explorer"

TAB_KINDS: Final = (
    TabKind(
        f"{_HERE}.gates.tab:GateTab",
        (Tab("Gates", "Named sets of cells, which may overlap"),),
        (TabKey("G", "Gate the selected cells", lambda gates: gates.gate_selection()),),
        acts=lambda session: bool(session.gates.all),
    ),
    TabKind(
        f"{_HERE}.clusters_tab:ClusterTabs",
        (Tab("Clusters", "How fine clusters are; merge, split and name them"),),
        (
            TabKey("F", "Cluster more finely", lambda clusters: clusters.step(1)),
            TabKey("Shift+F", "Cluster more coarsely", lambda clusters: clusters.step(-1)),
        ),
    ),
    TabKind(
        f"{_HERE}.compare.tabs:GroupTabs",
        (
            Tab("Compare", "Groups of wells beside the controls, tested on wells"),
            Tab("Plate", "A value over the wells of a plate; brush wells to select"),
            Tab("Marks", "What a selection or a cluster has more or less of"),
        ),
    ),
    TabKind(
        f"{_HERE}.examples.tab:ExamplesTab",
        (
            Tab(
                "Examples",
                "Names learned from the cells that have one, and suggested for all others",
            ),
        ),
        (
            TabKey(
                "E",
                "Go through the cells whose suggested name is not sure",
                lambda examples: examples.go(),
            ),
        ),
        # They are learned anew after so many names, wherever those are given.
        acts=lambda session: session.suggestions.current is not None,
    ),
    TabKind(
        f"{_HERE}.why.tab:WhyTabs",
        (Tab("Why here", "Which channel and which place set a cell, or a group, apart"),),
        (
            TabKey(
                "W",
                "Ask why the cell that is pointed at, or a group, is here",
                lambda why: why.ask(),
            ),
        ),
    ),
    TabKind(
        f"{_HERE}.tracks.tab:TrackTabs",
        (Tab("Tracks", "Cells over time, on the map and in the image"),),
        (
            TabKey(",", "The same cell one time earlier", lambda tracks: tracks.step(-1)),
            TabKey(".", "The same cell one time later", lambda tracks: tracks.step(1)),
        ),
        acts=_has_tracks,
    ),
)
"""Every tab but the table, in their order. Another tab is one entry more."""

AnyGroup = TypeVar("AnyGroup", bound=TabGroup)


class ExplorerTabs:
    """Has a place for every tab, and makes what belongs there when it is needed.

    That is when somebody turns to the tab, asks it something by a key, or when the session has
    something that the tab shows elsewhere: see `TabKind.acts`. A group shows what there is when it
    is made, so what came before is not lost on it.

    Parameters
    ----------
    context
        What they work with.
    bar
        Where they are added.
    """

    def __init__(self, context: ExplorerContext, bar: QTabWidget) -> None:
        self._context, self._bar = context, bar
        self._theme: tuple[str, str] | None = None
        self._groups: dict[TabKind, TabGroup] = {}
        self._places = {kind: [QWidget() for _ in kind.tabs] for kind in TAB_KINDS}
        for kind, places in self._places.items():
            for tab, place in zip(kind.tabs, places, strict=True):
                bar.setTabToolTip(bar.addTab(place, tab.title), tab.tip)
        bar.currentChanged.connect(self._on_turned)
        context.session.changed.connect(self._on_changed)
        self._make_acting()

    @property
    def busy(self) -> bool:
        """Whether one of them has something yet to show or to write."""
        return any(group.busy for group in self._groups.values())

    def group(self, kind: type[AnyGroup]) -> AnyGroup:
        """The tabs of one kind, made if they are not yet."""
        home = f"{kind.__module__}:{kind.__qualname__}"
        group = self._made(next(each for each in TAB_KINDS if each.home == home))
        assert isinstance(group, kind)
        return group

    def actions(self) -> list[KeyAction]:
        """What they do by keys."""
        return [
            KeyAction((key.key,), key.sentence, partial(self._run, kind, key))
            for kind in TAB_KINDS
            for key in kind.keys
        ]

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        self._theme = background, foreground
        for group in self._groups.values():
            group.set_theme(background, foreground)

    def release(self) -> None:
        """Stop computing and disconnect from the session."""
        self._context.session.changed.disconnect(self._on_changed, missing_ok=True)
        for group in self._groups.values():
            group.release()

    def _made(self, kind: TabKind) -> TabGroup:
        if kind not in self._groups:
            group = self._groups[kind] = kind.make(self._context)
            if self._theme is not None:
                group.set_theme(*self._theme)
            for place, page in zip(self._places.pop(kind), group.pages(), strict=True):
                self._put(page, place)
        return self._groups[kind]

    def _put(self, page: QWidget, place: QWidget) -> None:
        """Put a page where a place was kept for it; the tab displayed stays so."""
        bar, at = self._bar, self._bar.indexOf(place)
        is_shown = bar.currentIndex() == at
        # Nobody turned to another tab.
        with QSignalBlocker(bar):
            bar.insertTab(at, page, bar.tabText(at))
            bar.setTabToolTip(at, bar.tabToolTip(at + 1))
            if is_shown:
                bar.setCurrentIndex(at)
            bar.removeTab(bar.indexOf(place))
        place.deleteLater()

    def _run(self, kind: TabKind, key: TabKey) -> None:
        key.run(self._made(kind))

    def _on_turned(self, _: int) -> None:
        shown = self._bar.currentWidget()
        for kind in [kind for kind, places in self._places.items() if shown in places]:
            self._made(kind)

    def _on_changed(self, _: Change) -> None:
        self._make_acting()

    def _make_acting(self) -> None:
        for kind in [kind for kind in self._places if kind.acts(self._context.session)]:
            self._made(kind)

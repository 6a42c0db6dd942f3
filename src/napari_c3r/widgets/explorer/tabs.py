"""The tabs beside the table: the one list of them, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Final, TypeVar

from qtpy.QtWidgets import QTabWidget

from napari_c3r.widgets.common.key_actions import KeyAction
from napari_c3r.widgets.explorer.clusters_tab import ClusterTabs
from napari_c3r.widgets.explorer.compare.tabs import GroupTabs
from napari_c3r.widgets.explorer.examples.tab import ExamplesTab
from napari_c3r.widgets.explorer.gates.tab import GateTab
from napari_c3r.widgets.explorer.tab import ExplorerContext, TabGroup
from napari_c3r.widgets.explorer.tracks.tab import TrackTabs
from napari_c3r.widgets.explorer.why.tab import WhyTabs

TAB_GROUPS: Final[tuple[Callable[[ExplorerContext], TabGroup], ...]] = (
    GateTab,
    ClusterTabs,
    GroupTabs,
    ExamplesTab,
    WhyTabs,
    TrackTabs,
)
"""Makes every tab but the table, in their order. Another tab is one entry more."""

AnyGroup = TypeVar("AnyGroup", bound=TabGroup)


class ExplorerTabs:
    """Makes the tabs and adds them.

    Parameters
    ----------
    context
        What they work with.
    bar
        Where they are added.
    """

    def __init__(self, context: ExplorerContext, bar: QTabWidget) -> None:
        self._groups = [make(context) for make in TAB_GROUPS]
        for tab in chain.from_iterable(group.tabs() for group in self._groups):
            bar.setTabToolTip(bar.addTab(tab.page, tab.title), tab.tip)

    @property
    def busy(self) -> bool:
        """Whether one of them has something yet to show or to write."""
        return any(group.busy for group in self._groups)

    def group(self, kind: type[AnyGroup]) -> AnyGroup:
        """The tabs of one kind."""
        return next(group for group in self._groups if isinstance(group, kind))

    def actions(self) -> list[KeyAction]:
        """What they do by keys."""
        return list(chain.from_iterable(group.actions() for group in self._groups))

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        for group in self._groups:
            group.set_theme(background, foreground)

    def release(self) -> None:
        """Stop computing and disconnect from the session."""
        for group in self._groups:
            group.release()

"""What a tab of the explorer is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from qtpy.QtWidgets import QWidget

from napari_c3r.session import Session

if TYPE_CHECKING:
    import napari.viewer

    from napari_c3r.widgets.explorer.montage import MontagePanel
    from napari_c3r.widgets.scatter.widget import ScatterWidget
    from napari_c3r.widgets.viewer.linking import ImageLink


@dataclass(frozen=True, eq=False)
class ExplorerContext:
    """What a tab works with.

    Attributes
    ----------
    viewer, session, link
        The viewer, what it is working on, and its cells in the image.
    scatter, montage
        The map and the pictures beside the tabs.
    colour_by
        Colours map and image by the column of that name.
    go_to
        Points at the cell of a row everywhere and brings it into view.
    open_step
        Opens the C3R dock, where the plate map is chosen.
    say
        Says a line to the user for a while.
    """

    viewer: napari.viewer.Viewer
    session: Session
    link: ImageLink
    scatter: ScatterWidget
    montage: MontagePanel
    colour_by: Callable[[str], None]
    go_to: Callable[[int], None]
    open_step: Callable[[], None]
    say: Callable[[str], None]


@dataclass(frozen=True)
class Tab:
    """One tab.

    Attributes
    ----------
    title, tip
        What the tab is called, and what it is for in one line.
    """

    title: str
    tip: str


class TabGroup(Protocol):
    """Tabs that have something in common, such as what they compute from; mostly it is one."""

    @property
    def busy(self) -> bool:
        """Whether something is yet to be shown, or a file to be written."""

    def pages(self) -> Sequence[QWidget]:
        """What its tabs show, in their order."""

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""

    def release(self) -> None:
        """Stop computing and disconnect from the session."""

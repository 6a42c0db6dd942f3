"""The dock "C3R Explorer": map, montage and table of the cells, linked with the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QPushButton,
    QSplitter,
    QVBoxLayout,
)

from napari_c3r.core.figures.colouring import CLUSTER, Categories
from napari_c3r.core.metadata.join import plate_map_columns
from napari_c3r.core.table.annotate import COLUMN as ANNOTATION
from napari_c3r.core.table.annotate import names
from napari_c3r.core.table.formats import DEFAULT_SUFFIX
from napari_c3r.session import Cause, Change, Part, session_of
from napari_c3r.session.in_view import cells_in_view, export_words, view_words
from napari_c3r.widgets.common.columns import colour_columns
from napari_c3r.widgets.common.docks import Dock, Place, open_dock
from napari_c3r.widgets.common.files import table_filters, with_suffix
from napari_c3r.widgets.common.keyed_dock import KeyedDock
from napari_c3r.widgets.explorer.cluster_names import naming_line
from napari_c3r.widgets.explorer.colouring import ColourControl
from napari_c3r.widgets.explorer.field_bar import FieldBar
from napari_c3r.widgets.explorer.hints import KEYS, ExplorerHints
from napari_c3r.widgets.explorer.keys import actions_of
from napari_c3r.widgets.explorer.montage_controller import MontageController
from napari_c3r.widgets.explorer.panel import ExplorerPanel, selection_line
from napari_c3r.widgets.explorer.plot import PlotControl
from napari_c3r.widgets.explorer.room import SharedRoom
from napari_c3r.widgets.explorer.similar_finder import SimilarFinder
from napari_c3r.widgets.explorer.tab import ExplorerContext
from napari_c3r.widgets.explorer.table.controller import TableController
from napari_c3r.widgets.explorer.tabs import ExplorerTabs
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.widget import ScatterWidget
from napari_c3r.widgets.viewer.channel_view import ALONE
from napari_c3r.widgets.viewer.linking import link_of

if TYPE_CHECKING:
    import napari.viewer

_LEAST_PX = 300


class C3RExplorer(KeyedDock):
    """The cells as points, pictures and rows. A selection in one is a selection in all.

    Parameters
    ----------
    viewer
        The viewer whose session to show.
    """

    name = "C3R Explorer"
    place = Place.BELOW
    gestures = (
        ("Click on a point", "Point at that cell in image, table and pictures"),
        ("Click in the image", "Point at that cell's row and point"),
        (f"{ALONE} in the image", "Show the selected channel alone; again, what was visible"),
        ("Shift + lasso", "Add cells to the selection; Alt or Ctrl takes them away"),
        ("Click in the legend", "Select all cells of that colour"),
        ("Double-click on the map", "Bring every point into view"),
    )

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__(viewer)
        # What it needs side by side, it does not need one below the other.
        self.setMinimumWidth(_LEAST_PX)
        self.session = session_of(viewer)
        self.link = link_of(viewer)
        self.model = ScatterModel()
        self.scatter = ScatterWidget(self.model, steps=self.session.history)
        self.colouring = ColourControl()
        self.plot = PlotControl(self.session, self.scatter)
        self.begin_button = QPushButton("Open the C3R dock")
        self.begin_button.setToolTip("From image to map in five steps; it has a sample to try")
        self.doubt_button = QPushButton("Use the diagnostics")
        self.doubt_button.setToolTip("Ask whether roles matter, and what else explains the map")
        self.panel = ExplorerPanel()
        self.hints = ExplorerHints(self.session)
        self.fields = FieldBar(self.session, self.link, self.panel.say)
        self.tabs = ExplorerTabs(self._context(), self.panel.tabs)
        self.montage = MontageController(
            viewer, self.session, self.panel.montage, self.scatter.canvas
        )
        self.similar = SimilarFinder(self.session, self.panel)
        self.rows = TableController(self.session, self.panel.table_page, self._on_colour_chosen)
        self.key_actions = [
            *actions_of(self),
            *self.fields.actions(),
            *self.rows.actions(),
            *self.similar.actions(),
            *self.montage.actions(),
            *self.tabs.actions(),
        ]
        self._filling = False
        self._build()
        self._connect()
        self._show_result()

    def _context(self) -> ExplorerContext:
        return ExplorerContext(
            self.viewer,
            self.session,
            self.link,
            self.scatter,
            self.panel.montage,
            self.colour_by,
            self._go_to,
            self.begin_button.click,
            self.panel.say,
        )

    def _build(self) -> None:
        self.panel.add_head(self.fields)
        self.panel.add_foot(self.hints.line)
        self.scatter.add_control(self.colouring)
        self.scatter.set_empty_action(self.begin_button)
        self.scatter.set_caption_action(self.doubt_button)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self.scatter)
        self._split.addWidget(self.panel)
        self._split.setChildrenCollapsible(False)
        self._split.setStretchFactor(0, 4)
        self._split.setStretchFactor(1, 5)
        self._room = SharedRoom(self._split, self.scatter, self.panel, self.colouring.label)
        self._room.height_wanted.connect(self.grow)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._split)
        for view in (self.panel.table, self.panel.montage.thumbnails):
            view.installEventFilter(self)

    def _connect(self) -> None:
        self.session.changed.connect(self._on_changed)
        self.model.selection_changed.connect(self._on_lasso)
        self.model.current_changed.connect(self._on_point)
        self.model.clicked.connect(self._go_to)
        self.colouring.chosen.connect(self._on_colour_chosen)
        self.begin_button.clicked.connect(lambda: open_dock(self.viewer, Dock.MAIN))
        doubt = Dock.DIAGNOSTICS
        self.doubt_button.clicked.connect(lambda: open_dock(self.viewer, doubt))
        panel = self.panel
        panel.centre_button.clicked.connect(self.centre)
        panel.export_button.clicked.connect(self._choose_export)
        panel.montage.thumbnails.picked.connect(self._go_to)
        self.rows.pointed.connect(self._go_to)
        self.rows.said.connect(panel.say)
        panel.naming.named.connect(self._on_named)
        panel.naming.cleared.connect(self._on_name_cleared)
        panel.naming.edited.connect(self._show_consequence)
        for says in (panel.exports.failed, self.plot.door.said, panel.montage.door.said):
            says.connect(panel.say)

    def _on_changed(self, change: Change) -> None:
        part = change.part
        # A new result is reported as a new map too.
        if part is Part.MAP:
            self._show_result()
        elif part is Part.SELECTION and len(self.session.selection.mask) == self.model.count:
            self.model.select(self.session.selection.mask)
        elif part is Part.CURRENT and self.model.count:
            self.model.set_current(self.session.selection.current)
        elif part is Part.ANNOTATION:
            self._show_annotation(change)
        elif part is Part.VIEW:
            self._show_colour()
        elif part is Part.PLOT and self.session.result.has_map:
            self.plot.show(self.model.move_points)
        elif part is Part.GATES:
            self.plot.follow_scope(self.model)
        if part in (Part.SELECTION, Part.CURRENT, Part.GATES):
            self.rows.show_rows()
        self._show_selection()

    def _show_result(self) -> None:
        result = self.session.result.current
        if result is None or not self.session.result.has_map:
            self.model.set_points(np.empty((0, 2), np.float32))
            self.plot.clear()
        else:
            # New points clear the selection on the map, which is not what the user selects.
            chosen, current = self.session.selection.mask, self.session.selection.current
            self._filling = True
            self.plot.show(self.model.set_points)
            self._offer_columns()
            self._colour()
            self.model.select(chosen)
            self.model.set_current(current)
            self._filling = False
        self.panel.setVisible(result is not None)
        self._room.share()
        if result is not None:
            self.rows.show_table(result.table)
        self._offer_names()
        self._show_selection()

    def _show_annotation(self, change: Change) -> None:
        result = self.session.result.current
        if result is None:
            return
        if change.touches(ANNOTATION):
            self._offer_names()
        self.rows.show_table(result.table)
        if self.session.result.has_map:
            self.plot.refresh(self.model, change)
            before = self.colouring.column
            self._offer_columns()
            if self.colouring.column != before or change.touches(before, CLUSTER):
                self._colour()

    def _offer_columns(self) -> None:
        assert self.session.result.current is not None
        table = self.session.result.current.table
        self.colouring.offer(colour_columns(table.obs, plate_map_columns(table)))
        self.colouring.show_column(self.session.view.colour_by)

    def _colour(self) -> None:
        column = self.colouring.column
        colours = self.link.colours_of(column)
        if isinstance(colours, Categories):
            look = colours.codes, colours.names, colours.rest, colours.palette, colours.title
            self.model.set_categories(*look)
        else:
            self.model.set_values(colours.values, colours.name)
        self.link.colour_by(column)

    def _offer_names(self) -> None:
        result = self.session.result.current
        self.panel.naming.show_names([] if result is None else names(result.table))

    def _show_consequence(self) -> None:
        """Say what the name that is being written would replace."""
        if not self.panel.naming.isHidden():
            written = self.panel.naming.written
            self.panel.naming.show_consequence(naming_line(self.session, written))

    def _show_selection(self) -> None:
        self._show_consequence()
        self.panel.show_state(
            selection_line(self.session),
            int(self.session.selection.mask.sum()),
            self.session.selection.current is not None,
            export_words(self.session),
        )

    def _on_lasso(self, mask: NDArray[np.bool_]) -> None:
        before = self.session.selection.mask
        if len(mask) == len(before) and not self._filling:
            # Of a legend, too, only what the plot shows is selected; what was so before stays.
            self.session.selection.select(mask & (before | self.plot.in_scope()))

    def _on_point(self, row: int | None) -> None:
        if self._filling:
            return
        self.session.selection.set_current(row)

    def _go_to(self, row: int) -> None:
        """Point at a cell everywhere and bring it into view."""
        self.session.selection.set_current(row)
        self.centre()

    def centre(self) -> None:
        """Move the view to the cell that is pointed at."""
        if self.session.selection.current is not None and not self.link.centre_on(
            self.session.selection.current
        ):
            self.panel.say("The image of this cell is not in the viewer")

    def _on_named(self, name: str) -> None:
        self.session.result.annotate(self.session.selection.mask, name)
        self.colour_by(ANNOTATION)

    def colour_by(self, column: str) -> None:
        """Colour map and image by a column, the first one where there is none of that name."""
        self._choose_colour(column, Cause.FOLLOWED)

    def _on_colour_chosen(self, column: str) -> None:
        self._choose_colour(column, Cause.USER)

    def _choose_colour(self, column: str, cause: Cause) -> None:
        # Of another one than before the view tells.
        if column == self.session.view.colour_by:
            self._show_colour()
        self.session.view.set_colour_by(column, cause)

    def _show_colour(self) -> None:
        self.colouring.show_column(self.session.view.colour_by)
        if self.session.result.has_map:
            self.model.set_density(False)
            self._colour()

    def _on_name_cleared(self) -> None:
        self.session.result.annotate(self.session.selection.mask, "")

    def _choose_export(self) -> None:
        result = self.session.result.current
        path, kind = QFileDialog.getSaveFileName(
            self,
            f"Export {view_words(self.session)}",
            f"selection{DEFAULT_SUFFIX}",
            table_filters(),
        )
        if path and result is not None:
            self.panel.exports.write(
                result.table, cells_in_view(self.session), with_suffix(path, kind)
            )

    def undo(self) -> None:
        """Take back the last step of the session."""
        self.session.history.undo()

    def redo(self) -> None:
        """Do the step again that was undone last."""
        self.session.history.redo()

    def clear(self) -> None:
        """Select nothing and point at nothing."""
        self.session.selection.set_current(None)
        self.session.selection.select(np.zeros(len(self.session.selection.mask), bool))

    def toggle_keys(self) -> None:
        """Show the list of all keys, or put it away."""
        super().toggle_keys()
        self.hints.line.understand(KEYS)

    def invert(self) -> None:
        """Select the cells that are not selected."""
        self.session.selection.select(~self.session.selection.mask)

    def name_selection(self) -> None:
        """Ask for a name for the selected cells."""
        self.panel.name_button.click()

    def turn_tab(self, step: int) -> None:
        """Show another tab, counted from the one shown; the first follows the last."""
        tabs = self.panel.tabs
        tabs.setCurrentIndex((tabs.currentIndex() + step) % tabs.count())

    def toggle_lasso(self) -> None:
        """Take the lasso up or put it down."""
        self.scatter.toggle_lasso()

    def toggle_rectangle(self) -> None:
        """Take the rectangle up or put it down."""
        self.scatter.toggle_rectangle()

    def sizeHint(self) -> QSize:
        return QSize(1200, 340)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        colours = background, foreground
        self.scatter.set_theme(*colours)
        self.montage.card.set_theme(*colours)
        self.panel.set_theme(*colours)
        self.tabs.set_theme(*colours)

    def release(self) -> None:
        """Disconnect from the session and free the map's canvas."""
        super().release()
        self.session.changed.disconnect(self._on_changed, missing_ok=True)
        self.model.selection_changed.disconnect(self._on_lasso, missing_ok=True)
        self.model.current_changed.disconnect(self._on_point, missing_ok=True)
        self.model.clicked.disconnect(self._go_to, missing_ok=True)
        self.montage.release()
        self.rows.release()
        self.tabs.release()
        self.similar.release()
        self.fields.release()
        self.hints.release()
        self.panel.exports.release()
        self.plot.door.release()
        self.scatter.release()

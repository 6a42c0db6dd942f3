"""What the montage and the card under the mouse show, kept in step with session and viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer
from qtpy.QtGui import QColor

from napari_c3r.core.figures.cell_montage import Montage, montage_words, read_montage
from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.drawing import Drawing, number_words
from napari_c3r.core.figures.method import method_words
from napari_c3r.core.figures.montage_choice import (
    Choice,
    ChosenGroup,
    MontageChoice,
    row_columns,
)
from napari_c3r.core.figures.montage_figure import montage_figure, nice_length
from napari_c3r.core.figures.montage_files import write_montage
from napari_c3r.core.figures.sizes import FigureSize
from napari_c3r.core.figures.tiles import COMPOSITE, EACH, shown_channels
from napari_c3r.core.table.titles import with_unit
from napari_c3r.session import Change, Part, Session
from napari_c3r.session.in_view import cells_in_view, gate_words, view_words, within_open_gate
from napari_c3r.session.montage_view import SHOWN
from napari_c3r.widgets.common.figure_door import Write
from napari_c3r.widgets.common.key_actions import KeyAction
from napari_c3r.widgets.common.rows_model import text_of
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.explorer.cell_card import CARD_PX, CellCard
from napari_c3r.widgets.explorer.montage import MontagePanel, Offered
from napari_c3r.widgets.explorer.montage_drawing import (
    Brush,
    CellPictures,
    Chosen,
    Crops,
    Drawn,
    Request,
    Source,
    frozen,
)
from napari_c3r.widgets.explorer.tile_list import DENSITY
from napari_c3r.widgets.scatter.canvas import MapCanvas
from napari_c3r.widgets.viewer.appearance import EVENTS, channel_appearances

if TYPE_CHECKING:
    from napari.components import ViewerModel

_WAIT_MS = 120
LEAST_SHOWN = 4
"""Cells of each of several groups, where there are so many."""

_SHOWN_PARTS = frozenset(
    {
        Part.RESULT,
        Part.MAP,
        Part.SELECTION,
        Part.ANNOTATION,
        Part.CURRENT,
        Part.MONTAGE,
        Part.GATES,
    }
)


class MontageController(QObject):
    """Draws the cells that session, map and the user's choice ask for."""

    def __init__(
        self, viewer: ViewerModel, session: Session, panel: MontagePanel, canvas: MapCanvas
    ) -> None:
        super().__init__(panel)
        self._viewer, self._session = viewer, session
        self._panel, self._canvas, self._model = panel, canvas, canvas.model
        self._source: Source | None = None
        self._made_from: tuple[Any, Any] | None = None
        self._crops = Crops()
        self.pictures = CellPictures(self._crops, self)
        self._hovering = CellCard(
            canvas, self._crops, self._current_source, self._card_brush, self.describe
        )
        self.card = self._hovering.card
        self._groups: tuple[ChosenGroup, ...] = ()
        self._last_alone, self._across = "", 0
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_WAIT_MS)
        self._redraw.timeout.connect(self._draw)
        self._watched: list[Any] = []
        self._connect()
        self._watch_layers()
        # The explorer may open long after the cells were embedded.
        self._redraw.start()

    @property
    def busy(self) -> bool:
        """Whether something is yet to be drawn or written."""
        waiting = self._redraw.isActive() or self._panel.thumbnails.settling
        return waiting or self.pictures.busy or self._hovering.busy or self._panel.door.busy

    def _connect(self) -> None:
        self._session.changed.connect(self._on_changed)
        self._model.colours_changed.connect(self._on_colours)
        self._panel.changed.connect(self._on_panel)
        self._panel.thumbnails.sight_changed.connect(self._draw_in_sight)
        self._panel.select_requested.connect(self._select_shown)
        self._panel.thumbnails.hovered.connect(self._on_thumbnail_hovered)
        self.pictures.chosen.connect(self._on_chosen)
        self.pictures.drawn.connect(self._on_drawn)
        self.pictures.refused.connect(self._on_refused)
        self._panel.set_sources(self._figure, self._stack)
        self._viewer.layers.events.inserted.connect(self._on_layers)
        self._viewer.layers.events.removed.connect(self._on_layers)

    def _on_changed(self, change: Change) -> None:
        part = change.part
        if part is Part.RESULT:
            # What is shown are rows of the table before, where these may be other cells.
            self.pictures.discard()
            self._hovering.discard()
            self._groups = ()
            self._panel.show_rows([], [], [])
        if part is Part.CURRENT and self._session.montage.look.which != Choice.ALIKE:
            return
        if part in _SHOWN_PARTS:
            self._redraw.start()

    def _on_panel(self, chosen: dict[str, Any]) -> None:
        self._session.montage.change(**chosen)

    def _on_colours(self) -> None:
        if self._session.result.current is not None:
            self._panel.thumbnails.recolour(self._bars(self._panel.thumbnails.rows))

    def _on_layers(self) -> None:
        self._watch_layers()
        self._redraw.start()

    def _watch_layers(self) -> None:
        """Notice when the user changes contrast or colours."""
        from napari.layers import Image

        self._unwatch_layers()
        self._watched = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
        for layer in self._watched:
            for name in EVENTS:
                getattr(layer.events, name).connect(self._on_look)

    def _unwatch_layers(self) -> None:
        for layer in self._watched:
            for name in EVENTS:
                getattr(layer.events, name).disconnect(self._on_look)
        self._watched = []

    def _on_look(self) -> None:
        """Draw the same cells in another look."""
        self._show_key()
        self._panel.thumbnails.draw_again()

    def _current_source(self) -> Source | None:
        """The result's cells and images; None without a result."""
        result = self._session.result.current
        if result is None:
            return None
        made_from = result.table, result.images
        known = self._made_from
        if known is None or known[0] is not made_from[0] or known[1] is not made_from[1]:
            labels = self._session.labels.label_images(result.cells_ids)
            self._source = Source(result.table, result.images, labels)
            self._made_from = made_from
            self._crops.kept.clear()
        return self._source

    def _draw(self) -> None:
        source, result = self._current_source(), self._session.result.current
        if source is None or result is None:
            self._panel.show_no_cells()
            return
        with self._session.result.memory.entered():
            columns = row_columns(result.table)
        self._panel.offer(Offered(columns, source.channels))
        self._panel.show_look(self._session.montage.look)
        choice, rows = self._choice(), self._candidates()
        lacks_cell = choice.which is Choice.ALIKE and choice.like is None
        opened = self._session.gates.opened
        if lacks_cell or not source.channels or not len(rows):
            self.pictures.discard()
            self._groups = ()
            self._mark(np.empty(0, np.intp))
            if lacks_cell:
                self._panel.show_no_current()
            elif source.channels and opened is not None:
                self._panel.show_none_in_gate(opened)
            else:
                self._panel.show_no_image()
            return
        self.pictures.choose(source, Request(rows, choice, frozen(result.table)))

    def _choice(self) -> MontageChoice:
        look, by = self._session.montage.look, self._panel.by_column
        thumbnails = self._panel.thumbnails
        thumbnails.set_size(look.side_px, self._pictures_across)
        # Of each group a line; few of one of many are enough to see what it is like.
        self._across = thumbnails.across
        count = max(self._across, LEAST_SHOWN) if by else SHOWN
        self._session.montage.count = count
        like = self._session.selection.current if look.which == Choice.ALIKE else None
        return MontageChoice(Choice(look.which), count, by, like)

    @property
    def _pictures_across(self) -> int:
        source = self._source
        return len(source.channels) if source and self._panel.shown == EACH else 1

    def _candidates(self) -> NDArray[np.intp]:
        """The rows to choose from: what is selected, else all; those like a cell are of all.

        With a gate open they are of its cells.
        """
        if self._session.montage.look.which != Choice.ALIKE:
            return np.flatnonzero(cells_in_view(self._session))
        every = np.ones(len(self._session.selection.mask), bool)
        return np.flatnonzero(within_open_gate(self._session, every))

    def _on_chosen(self, found: Chosen) -> None:
        self._groups = found.groups
        rows, alike, headings = list[int](), list[float](), dict[int, str]()
        for group in found.groups:
            if group.name:
                headings[len(rows)] = f"{group.name} · {counted(group.total, 'cell')}"
            rows += group.rows.tolist()
            alike += [] if group.similarity is None else group.similarity.tolist()
        lines = self._described(rows)
        for own, value in zip(lines, alike, strict=False):
            own.append(f"cosine similarity {value:.3f}")
        texts = ["\n".join(own) for own in lines]
        self._panel.show_rows(rows, texts, self._bars(rows), headings)
        alike_rows = [g.rows for g in found.groups if g.similarity is not None]
        like = self._session.selection.current
        marked = np.concatenate(alike_rows) if alike_rows else np.empty(0, np.intp)
        self._mark(marked[marked != like])
        self._show_key()
        self._draw_in_sight()

    def _on_refused(self, line: str) -> None:
        self._groups = ()
        self._panel.show_reason(line)

    def _draw_in_sight(self) -> None:
        if self._panel.by_column and self._across != self._panel.thumbnails.across:
            self._redraw.start()
            return
        source, rows = self._source, self._panel.thumbnails.undrawn_in_sight()
        if source is not None and rows:
            self.pictures.draw(source, list(dict.fromkeys(rows)), self._brush(source))

    def _brush(self, source: Source) -> Brush:
        look = self._session.montage.look
        looks = channel_appearances(self._viewer, source.channels)
        style = replace(look.style, show=self._panel.shown)
        return Brush(looks, style, look.side_px * DENSITY)

    def _show_key(self) -> None:
        """Say how large the cells are, where all are of one scale, and which colours they have."""
        source = self._source
        if source is None or not self._groups:
            self._panel.key.show_key(None, ())
            return
        brush = self._brush(source)
        names = shown_channels(source.channels, brush.looks, brush.style.show)
        channels = [(name, brush.looks[name].colour) for name in names]
        width = source.width_of(np.concatenate([group.rows for group in self._groups]))
        bar = None
        if width is not None:
            length = nice_length(width[0])
            pixels = length / width[0] * self._session.montage.look.side_px
            bar = pixels, f"{number_words(length)} {width[1]}"
        self._panel.key.show_key(bar, channels)

    def _mark(self, rows: NDArray[np.intp]) -> None:
        if self._model.count == len(self._session.selection.mask):
            self._model.set_marked(rows)

    def _on_drawn(self, drawn: Drawn) -> None:
        self._panel.thumbnails.show_picture(drawn.cell.row, drawn.picture)

    def _bars(self, rows: list[int]) -> list[str]:
        colours = self._model.shown_colouring()
        if colours is None or self._model.count != len(self._session.selection.mask):
            return [GREY] * len(rows)
        return [QColor(*map(int, rgb)).name() for rgb in colours.colours(rows)]

    def describe(self, row: int) -> list[str]:
        """What is known of a cell, in a few short lines."""
        return next(iter(self._described([row])), [])

    def _described(self, rows: Sequence[int]) -> list[list[str]]:
        """What is known of some cells, in a few short lines each."""
        result, source = self._session.result.current, self._current_source()
        if result is None or source is None:
            return []
        obs = result.table.obs
        told = ["image"] if len(source.places.windows) > 1 else []
        told += [name for name in ("annotation", "cluster", "well", "area_um2") if name in obs]
        lines = [[f"Cell {label}"] for label in obs["label"].iloc[list(rows)]]
        for name in told:
            for line, value in zip(lines, obs[name].iloc[list(rows)], strict=True):
                if text := text_of(value):
                    line.append(text if name == "image" else with_unit(name, text))
        return lines

    def _card_brush(self, source: Source) -> Brush:
        """As in the montage, but channels side by side are together: a card is small."""
        brush = self._brush(source)
        show = COMPOSITE if brush.style.show == EACH else brush.style.show
        return Brush(brush.looks, replace(brush.style, show=show), CARD_PX)

    def _on_thumbnail_hovered(self, row: int | None) -> None:
        if self._model.count == len(self._session.selection.mask):
            self._model.hover(row)

    def _select_shown(self) -> None:
        mask = np.zeros(len(self._session.selection.mask), bool)
        mask[self._panel.thumbnails.rows] = True
        self._session.selection.select(mask)

    def _figure(self, size: FigureSize) -> Callable[[], Drawing]:
        """What draws the cells shown for a page, at the image's own resolution."""
        read = self._reading()

        def draw() -> Drawing:
            montage, method = read()
            return replace(montage_figure(montage), method=method)

        return draw

    def _stack(self) -> Write:
        """What writes the cells shown as a stack of all their channels."""
        read = self._reading()
        return lambda path: write_montage(read()[0], path)

    def _reading(self) -> Callable[[], tuple[Montage, str]]:
        """What reads the cells shown now, and says how they were made."""
        source, result, groups = self._current_source(), self._session.result.current, self._groups
        assert source is not None
        assert result is not None
        brush, table, choice = self._brush(source), frozen(result.table), self._choice()
        alike = choice.which is Choice.ALIKE
        of = gate_words(self._session) if alike else view_words(self._session)
        words = montage_words(choice, bool(choice.by), of)

        def read() -> tuple[Montage, str]:
            looks = source.with_limits(brush.looks)
            images, labels = source.images, source.labels
            montage = read_montage(table, images, labels, groups, brush.style, looks, words)
            return montage, method_words(table)

        return read

    def toggle_alone(self) -> None:
        """Show one channel alone in the pictures, the one shown so last; again, all together."""
        source, shown = self._current_source(), self._panel.shown
        if source is None or not source.channels:
            return
        if shown in source.channels:
            self._last_alone = shown
            self._session.montage.change(show=COMPOSITE)
            return
        visible = shown_channels(
            source.channels, channel_appearances(self._viewer, source.channels), COMPOSITE
        )
        # At first what is read out: the nucleus is known.
        first = next(reversed(visible), source.channels[0])
        last = self._last_alone if self._last_alone in source.channels else first
        self._session.montage.change(show=last)

    def actions(self) -> list[KeyAction]:
        """What is done to the pictures by keys."""
        sentence = "Show one channel alone in the pictures; again, all together"
        return [KeyAction(("A",), sentence, self.toggle_alone)]

    def release(self) -> None:
        """Stop drawing and disconnect from session, map and viewer."""
        self._redraw.stop()
        self.pictures.discard()
        self._panel.door.release()
        self._hovering.release()
        self._panel.thumbnails.release()
        self._unwatch_layers()
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        self._model.colours_changed.disconnect(self._on_colours, missing_ok=True)
        self._viewer.layers.events.inserted.disconnect(self._on_layers)
        self._viewer.layers.events.removed.disconnect(self._on_layers)

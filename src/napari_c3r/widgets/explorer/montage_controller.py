"""What the montage and the card under the mouse show, kept in step with session and viewer."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QPoint, QTimer, Signal
from qtpy.QtGui import QColor

from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.composites import compose
from napari_c3r.core.figures.montage import Choice, cut_cells
from napari_c3r.core.figures.montage_files import Montage, write_montage
from napari_c3r.core.table.titles import with_unit
from napari_c3r.session import Change, Part, Session
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.table_view import text_of
from napari_c3r.widgets.explorer.montage import MontagePanel, as_pixmap
from napari_c3r.widgets.explorer.montage_drawing import (
    CellPictures,
    Chosen,
    Crops,
    Drawn,
    Request,
    Source,
)
from napari_c3r.widgets.scatter.canvas import MapCanvas
from napari_c3r.widgets.scatter.card import HoverCard
from napari_c3r.widgets.viewer.appearance import EVENTS, channel_appearances

if TYPE_CHECKING:
    from napari.components import ViewerModel

_WAIT_MS = 120
_HOVER_MS = 50
SHOWN = 40
"""Cells in a montage, at most."""


class MontageController(QObject):
    """Draws the cells that session, map and the user's choice ask for.

    Signals
    -------
    saved
        With the path written.
    failed
        With one line on what went wrong.
    """

    saved = Signal(str)
    failed = Signal(str)

    def __init__(
        self, viewer: ViewerModel, session: Session, panel: MontagePanel, canvas: MapCanvas
    ) -> None:
        super().__init__(panel)
        self._viewer, self._session = viewer, session
        self._panel, self._canvas, self._model = panel, canvas, canvas.model
        self.card = HoverCard(canvas)
        self._source: Source | None = None
        self._made_from: tuple[Any, Any] | None = None
        self._crops = Crops()
        self.pictures = CellPictures(self._crops, self)
        self._hovering = CellPictures(self._crops, self)
        self._saving = Jobs(self)
        self._hovered: int | None = None
        self._redraw = self._timer(_WAIT_MS, self._draw)
        self._look_closer = self._timer(_HOVER_MS, self._draw_hovered)
        self._watched: list[Any] = []
        self._connect()
        self._watch_layers()
        # The explorer may open long after the cells were embedded.
        self._redraw.start()

    @property
    def busy(self) -> bool:
        """Whether something is yet to be drawn or written."""
        waiting = self._redraw.isActive() or self._look_closer.isActive()
        return waiting or self.pictures.busy or self._hovering.busy or bool(self._saving.running)

    def _timer(self, interval_ms: int, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(slot)
        return timer

    def _connect(self) -> None:
        self._session.changed.connect(self._on_changed)
        self._model.hovered.connect(self._on_hovered)
        self._model.colours_changed.connect(self._on_colours)
        self._panel.choice_changed.connect(self._redraw.start)
        self._panel.select_requested.connect(self._select_shown)
        self._panel.thumbnails.hovered.connect(self._on_thumbnail_hovered)
        self.pictures.chosen.connect(self._on_chosen)
        self.pictures.drawn.connect(self._on_drawn)
        self._hovering.drawn.connect(self._on_hovered_drawn)
        self._saving.failed.connect(self._on_failed)
        self._viewer.layers.events.inserted.connect(self._on_layers)
        self._viewer.layers.events.removed.connect(self._on_layers)

    def _on_changed(self, change: Change) -> None:
        part = change.part
        if part is Part.RESULT:
            # What is shown are rows of the table before, where these may be other cells.
            self.pictures.discard()
            self._hovering.discard()
            self._panel.show_rows([], [], [])
        if part is Part.CURRENT and self._panel.wanted is not None:
            return
        if part in (Part.RESULT, Part.MAP, Part.SELECTION, Part.ANNOTATION, Part.CURRENT):
            self._redraw.start()

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
        self._redraw.start()

    def _current_source(self) -> Source | None:
        """The result's cells and images; None without a result."""
        result = self._session.result.current
        if result is None:
            return None
        made_from = result.table, result.images
        known = self._made_from
        if known is None or known[0] is not made_from[0] or known[1] is not made_from[1]:
            self._source, self._made_from = Source(result.table, result.images), made_from
            self._crops.kept.clear()
        return self._source

    def _draw(self) -> None:
        source = self._current_source()
        if source is None:
            self._panel.show_no_cells()
            return
        request = self._request()
        if request is None or not source.channels:
            self.pictures.discard()
            self._mark(np.empty(0, np.intp))
            if request is None:
                self._panel.show_no_current()
            else:
                self._panel.show_no_image()
            return
        appearances = channel_appearances(self._viewer, source.channels)
        self.pictures.draw(source, appearances, request)

    def _request(self) -> Request | None:
        selection, wanted = self._session.selection.mask, self._panel.wanted
        if wanted is None:
            if self._session.selection.current is None:
                return None
            return Request(np.empty(0, np.intp), count=SHOWN, alike=self._session.selection.current)
        chosen = np.flatnonzero(selection) if selection.any() else np.arange(len(selection))
        return Request(chosen, Choice(wanted), SHOWN)

    def _on_chosen(self, found: Chosen) -> None:
        rows = found.rows.tolist()
        texts = ["\n".join(self.describe(row)) for row in rows]
        if found.similarity is not None:
            alike = zip(texts, found.similarity, strict=True)
            texts = [f"{text}\ncosine similarity {value:.3f}" for text, value in alike]
        self._panel.show_rows(rows, texts, self._bars(rows))
        self._mark(found.rows[1:] if found.similarity is not None else found.rows[:0])

    def _mark(self, rows: NDArray[np.intp]) -> None:
        if self._model.count == len(self._session.selection.mask):
            self._model.set_marked(rows)

    def _on_drawn(self, drawn: Drawn) -> None:
        self._panel.thumbnails.show_picture(drawn.row, drawn.picture)

    def _bars(self, rows: list[int]) -> list[str]:
        colours = self._model.shown_colouring()
        if colours is None or self._model.count != len(self._session.selection.mask):
            return [GREY] * len(rows)
        return [QColor(*map(int, rgb)).name() for rgb in colours.colours(rows)]

    def describe(self, row: int) -> list[str]:
        """What is known of a cell, in a few short lines."""
        result, source = self._session.result.current, self._current_source()
        if result is None or source is None:
            return []
        cell = result.table.obs.iloc[row]
        lines = [f"Cell {cell['label']}"]
        if len(source.places.windows) > 1:
            lines.append(str(cell["image"]))
        for name in ("annotation", "cluster", "well", "area_um2"):
            text = text_of(cell[name]) if name in cell else ""
            if text:
                lines.append(with_unit(name, text))
        return lines

    def _on_hovered(self, row: int | None) -> None:
        self._hovered = row
        self._look_closer.stop()
        if row is None or self._session.result.current is None:
            self._hovering.discard()
            self.card.hide()
            return
        source = self._current_source()
        x, y = self._canvas.on_screen(row)
        pictured = source is not None and bool(source.channels)
        self.card.show_at(QPoint(round(float(x)), round(float(y))), self.describe(row), pictured)
        if source is None or not pictured:
            return
        crop = self._crops.kept.get(row)
        if crop is None:
            self._look_closer.start()
            return
        appearances = channel_appearances(self._viewer, source.channels)
        self.card.show_picture(as_pixmap(compose(crop, [appearances[c] for c in source.channels])))

    def _draw_hovered(self) -> None:
        source = self._current_source()
        if source is not None and self._hovered is not None:
            appearances = channel_appearances(self._viewer, source.channels)
            self._hovering.draw(source, appearances, Request(np.array([self._hovered])))

    def _on_hovered_drawn(self, drawn: Drawn) -> None:
        if drawn.row == self._hovered:
            self.card.show_picture(as_pixmap(drawn.picture))

    def _on_thumbnail_hovered(self, row: int | None) -> None:
        if self._model.count == len(self._session.selection.mask):
            self._model.hover(row)

    def _select_shown(self) -> None:
        mask = np.zeros(len(self._session.selection.mask), bool)
        mask[self._panel.thumbnails.rows] = True
        self._session.selection.select(mask)

    def save(self, path: str) -> None:
        """Write the cells shown to a file, reading them again at the image's own resolution."""
        source, result = self._current_source(), self._session.result.current
        rows = self._panel.thumbnails.rows
        if source is None or result is None or not rows:
            return
        appearances = channel_appearances(self._viewer, source.channels)
        obs = result.table.obs.iloc[rows]
        described = dict(zip(rows, obs.to_dict("records"), strict=True))

        def body(_: threading.Event) -> Generator[str, None, Path]:
            yield "reading the cells"
            found = dict(
                cut_cells(source.places, source.images, np.array(rows), source.channels, None)
            )
            kept = [row for row in rows if row in found]
            montage = Montage(
                tuple(found[row] for row in kept),
                tuple(described[row] for row in kept),
                source.channels,
                tuple(appearances[name] for name in source.channels),
                source.dtype,
            )
            return write_montage(montage, path)

        self._saving.start("save montage", body, self._on_saved)

    def _on_saved(self, path: Path) -> None:
        self.saved.emit(str(path))

    def _on_failed(self, _: str, line: str) -> None:
        self.failed.emit(line)

    def release(self) -> None:
        """Stop drawing and disconnect from session, map and viewer."""
        self._redraw.stop()
        self._look_closer.stop()
        for jobs in (self.pictures, self._hovering, self._saving):
            jobs.discard()
        self._unwatch_layers()
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        self._model.hovered.disconnect(self._on_hovered, missing_ok=True)
        self._model.colours_changed.disconnect(self._on_colours, missing_ok=True)
        self._viewer.layers.events.inserted.disconnect(self._on_layers)
        self._viewer.layers.events.removed.disconnect(self._on_layers)

"""The tab "Examples": names learned from those given, accepted, or gone through one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QStackedWidget, QTabWidget, QWidget

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.tiles import TileStyle
from napari_c3r.core.table.flat import SUGGESTED
from napari_c3r.session import Change, Part
from napari_c3r.session.suggestions import RELEARN_AFTER, Learned
from napari_c3r.session.walk import Walk
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.wording import counted
from napari_c3r.widgets.explorer.examples.overview_page import OverviewPage
from napari_c3r.widgets.explorer.examples.walk_page import WalkPage
from napari_c3r.widgets.explorer.montage_drawing import Brush, CellPictures, Crops, Drawn, Source
from napari_c3r.widgets.explorer.tab import ExplorerContext
from napari_c3r.widgets.viewer.appearance import channel_appearances

_WAIT_MS: Final = 60
_SIDE_PX: Final = 448
# Pictures that are read while the user looks at one.
_AHEAD: Final = 4
_NO_IMAGE: Final = "Open the image of this cell to see it."
_PARTS: Final = (Part.RESULT, Part.MAP, Part.ANNOTATION, Part.GATES)


class ExamplesTab(QObject):
    """Connects the pages with what is suggested in the session.

    Parameters
    ----------
    context
        With session, map and pictures.
    """

    def __init__(self, context: ExplorerContext) -> None:
        super().__init__(context.scatter)
        self._context, self._suggestions = context, context.session.suggestions
        self.walk = Walk(context.session.result, self._suggestions)
        self.overview, self.walk_page = OverviewPage(), WalkPage()
        self.page = QStackedWidget()
        self.page.addWidget(self.overview)
        self.page.addWidget(self.walk_page)
        self.page.installEventFilter(self)
        self._crops = Crops()
        self.pictures = CellPictures(self._crops, self)
        self._source: tuple[object, Source] | None = None
        self._jobs = Jobs(self)
        self._is_step = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self.refresh)
        self._connect()
        self.refresh()

    @property
    def busy(self) -> bool:
        """Whether names are being learned, or something is yet to be shown or written."""
        waiting = self._soon.isActive() or self._jobs.running is not None
        return waiting or self.pictures.busy or self.overview.busy

    @property
    def is_walking(self) -> bool:
        """Whether cells are gone through one by one."""
        return self.page.currentWidget() is self.walk_page

    def pages(self) -> Sequence[QWidget]:
        """The one tab."""
        return (self.page,)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        self.overview.set_theme(background, foreground)

    def release(self) -> None:
        """Stop computing and disconnect from the session."""
        self._soon.stop()
        self._jobs.discard()
        self.pictures.discard()
        self.overview.release()
        self._context.session.changed.disconnect(self._on_changed, missing_ok=True)
        self._suggestions.changed.disconnect(self._on_suggestions, missing_ok=True)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Catch up when the tab is looked at."""
        if event is not None and event.type() == QEvent.Type.Show:
            self._soon.start()
        return super().eventFilter(watched, event)

    def refresh(self) -> None:
        """Show what is suggested now; learn anew where enough names were given since."""
        suggestions = self._suggestions
        if suggestions.current is not None and self._jobs.running is None and suggestions.is_due:
            self._learn(is_step=False)
        if not self.page.isVisible():
            return
        if self.is_walking:
            self._show_cell()
        else:
            self._show_overview()

    def learn(self) -> None:
        """Learn from the names given, as a step that can be undone."""
        self._learn(is_step=True)

    def go(self) -> None:
        """Begin to go through the cells that are not sure."""
        if self._suggestions.current is None:
            self._context.say(self._suggestions.why_not() or "Suggest names first (tab Examples).")
            return
        self.walk.begin()
        self.page.setCurrentWidget(self.walk_page)
        self._show_tab()
        self.walk_page.setFocus()
        self._visit()

    def _show_tab(self) -> None:
        holder = self.page.parent()
        while holder is not None and not isinstance(holder, QTabWidget):
            holder = holder.parent()
        if holder is not None:
            holder.setCurrentWidget(self.page)

    def _connect(self) -> None:
        self._context.session.changed.connect(self._on_changed)
        self._suggestions.changed.connect(self._on_suggestions)
        self._jobs.failed.connect(self._on_failed)
        self._jobs.finished.connect(self._soon.start)
        self.pictures.drawn.connect(self._on_drawn)
        overview, page = self.overview, self.walk_page
        overview.said.connect(self._context.say)
        overview.learn_wanted.connect(self.learn)
        overview.walk_wanted.connect(self.go)
        overview.accept_wanted.connect(self._on_accept)
        overview.least_changed.connect(self._soon.start)
        overview.gate_used.connect(self._context.session.gates.use_as_name)
        page.named.connect(self._on_named)
        page.accepted.connect(self._on_step(self.walk.accept))
        page.skipped.connect(self._on_step(self.walk.skip))
        page.went_back.connect(self._on_step(self.walk.back))
        page.ended.connect(self._on_ended)

    def _learn(self, *, is_step: bool) -> None:
        try:
            body = self._suggestions.job()
        except InputError as error:
            self._context.say(str(error))
            return
        self._is_step = is_step
        self._jobs.start("learn names", body, self._on_learned)
        self.overview.show_busy()

    def _on_learned(self, learned: Learned) -> None:
        self._suggestions.take(learned, is_step=self._is_step)
        if self._is_step:
            self._context.colour_by(SUGGESTED)

    def _on_failed(self, _: str, line: str) -> None:
        self._context.say(line)

    def _on_changed(self, change: Change) -> None:
        if change.part is Part.RESULT:
            self._end()
        if change.part in _PARTS:
            self._soon.start()

    def _on_suggestions(self) -> None:
        if self._suggestions.current is None:
            self._end()
        elif self.is_walking:
            self.walk.refresh()
        self._soon.start()

    def _show_overview(self) -> None:
        self.overview.show_gates(self._suggestions.gate_rows())
        found, reason = self._suggestions.current, self._suggestions.why_not()
        if found is None:
            self.overview.show_nothing(reason, can_learn=not reason)
        else:
            changed = self._suggestions.names_changed
            self.overview.show_suggestion(found, self._suggestions.sentence(), reason, changed)
            rows = self._suggestions.acceptable(self.overview.least.value())
            right = self._suggestions.expected_right(rows) if len(rows) else 0.0
            self.overview.show_counts(self._suggestions.count_unsure(), len(rows), right)
        if self._jobs.running is not None:
            self.overview.show_busy()

    def _on_accept(self, least: float) -> None:
        rows = self._suggestions.acceptable(least)
        if len(rows):
            self._suggestions.accept(rows)
            self._context.say(
                f"Named {counted(len(rows), 'cell')} as suggested; they are no examples "
                "unless you name them yourself"
            )

    def _on_step(self, act: Callable[[], None]) -> Callable[[], None]:
        def step() -> None:
            act()
            self._visit()

        return step

    def _on_named(self, place: int) -> None:
        names = self.walk.names
        if place < len(names):
            self.walk.give(names[place])
            self._visit()

    def _on_ended(self) -> None:
        self._end()
        self._soon.start()

    def _end(self) -> None:
        self.pictures.discard()
        self.page.setCurrentWidget(self.overview)

    def _visit(self) -> None:
        """Bring the cell of the walk into view, and draw it and those to come."""
        self._show_cell()
        if self.walk.row is None:
            return
        self._context.go_to(self.walk.row)
        self._draw()

    def _show_cell(self) -> None:
        row = self.walk.row
        suggested = "" if row is None else self._suggestions.suggested_name(row)
        self.walk_page.show_names(self.walk.names, suggested)
        self.walk_page.show_cell(
            self.walk.sentence(),
            self._status(),
            has_cell=row is not None,
            can_go_back=self.walk.place > 0,
        )

    def _status(self) -> str:
        reason, changed = self._suggestions.why_not(), self._suggestions.names_changed
        if self._jobs.running is not None:
            return "Learning from what was named…"
        if reason:
            return reason
        if not changed:
            return f"What is suggested is learned anew after every {RELEARN_AFTER} names."
        left = max(RELEARN_AFTER - changed, 0)
        told = f"{counted(changed, 'example')} changed since it was learned"
        return f"{told}; learned anew after {left} more."

    def _draw(self) -> None:
        source, row = self._current_source(), self.walk.row
        if source is None or not source.channels or row is None:
            self.walk_page.picture.show_words(_NO_IMAGE)
            return
        looks = channel_appearances(self._context.viewer, source.channels)
        rows = [row, *self.walk.coming[: _AHEAD - 1]]
        self.pictures.draw(source, rows, Brush(looks, TileStyle(), _SIDE_PX))

    def _current_source(self) -> Source | None:
        result = self._context.session.result.current
        if result is None:
            return None
        if self._source is None or self._source[0] is not result.table:
            labels = self._context.session.labels.label_images(result.cells_ids)
            self._source = result.table, Source(result.table, result.images, labels)
            self._crops.kept.clear()
        return self._source[1]

    def _on_drawn(self, drawn: Drawn) -> None:
        if drawn.cell.row == self.walk.row:
            self.walk_page.picture.show_picture(drawn.picture)

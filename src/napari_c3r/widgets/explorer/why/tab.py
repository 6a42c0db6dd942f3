"""The tab "Why here": asks a cell, or a group, and shows what sets it apart."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer
from qtpy.QtGui import QHideEvent, QResizeEvent, QShowEvent
from qtpy.QtWidgets import QMenu, QPushButton, QWidget, QWidgetAction

from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.words import ALL
from napari_c3r.core.figures.drawing import Drawing, Mark, Theme
from napari_c3r.core.figures.drawing_files import svg
from napari_c3r.session import Cause, Change, Part
from napari_c3r.session.why import comparisons, cost_sentence, disabled_reason, groups
from napari_c3r.session.why_again import row_asked
from napari_c3r.session.why_answers import Answered
from napari_c3r.session.why_asked import OTHERS, Asked
from napari_c3r.widgets.common.form import titled
from napari_c3r.widgets.common.jobs import Jobs
from napari_c3r.widgets.common.option_form import OptionForm
from napari_c3r.widgets.explorer.compare.figure_panel import FigurePanel
from napari_c3r.widgets.explorer.compare.figure_tab import choice, fill, place_of, where_of
from napari_c3r.widgets.explorer.tab import ExplorerContext
from napari_c3r.widgets.explorer.why.before import BeforeButton
from napari_c3r.widgets.explorer.why.controller import WhyController
from napari_c3r.widgets.viewer.appearance import channel_appearances
from napari_c3r.widgets.viewer.places_layer import hide_places, show_places

if TYPE_CHECKING:
    from napari_c3r.core.explain import WhyGroup, WhyHere

_WAIT_MS: Final = 60
_EVERY: Final = "All channels"
_POINTED: Final = "This cell"
# Wider than this, nothing more stands side by side.
_WIDEST: Final = 760

_NOT_ASKED: Final = "Ask the cell first; then its map can be laid over the image"
_IN_IMAGE: Final = "Lay the map over the image, as a layer of its own"
_NO_MAP: Final = "A group has no map of one cell; ask a cell to lay its map over the image"


class WhyTab(FigurePanel):
    """Which channel and which place set one cell, or a group, apart from others.

    Parameters
    ----------
    context
        With session and viewer.
    """

    def __init__(self, context: ExplorerContext) -> None:
        super().__init__("Why the cell is here", "why")
        self._context, self._session = context, context.session
        self.controller = WhyController(context.session, self)
        self.ask_button = QPushButton("Ask")
        self.ask_button.setToolTip("Ask the cell that is pointed at why it is here (W)")
        self.who = choice("Asked", "Which cells are asked: the one pointed at, or a group")
        self.against = choice("Compared with", "Which cells they are compared with")
        self.channel = choice("Map", "Whose places are shown: of all channels at once, or of one")
        self.layer_button = QPushButton("In image")
        self.layer_button.setCheckable(True)
        self.layer_button.setToolTip(_NOT_ASKED)
        self.before_button = BeforeButton(context.session)
        self.form = OptionForm(WhyOptions)
        self._drawing = Jobs(self)
        self._is_old, self._room = True, 0
        self._first_shown: object = None
        self._has_chosen = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT_MS)
        self._soon.timeout.connect(self._show_now)
        # Who is asked and compared with whom, then what is shown of the answer.
        with_whom = titled("against", self.against)
        for control in (self.ask_button, self.who, with_whom, self.channel):
            self.add_control(control)
        self.who.addItem(_POINTED, None)
        self.against.addItem("All other cells", OTHERS)
        self.channel.addItem(_EVERY, None)
        self._connect()
        self.add_control(self.layer_button)
        self.add_control(self.before_button)
        self.add_control(self._options_button())
        self._choose_last()

    def _options_button(self) -> QPushButton:
        button = QPushButton("Options")
        button.setToolTip("Size of places, what covers them, and how many random ones there are")
        menu = QMenu(button)
        action = QWidgetAction(menu)
        self.form.setContentsMargins(8, 6, 8, 6)
        action.setDefaultWidget(self.form)
        menu.addAction(action)
        button.setMenu(menu)
        self.options_button = button
        return button

    def _connect(self) -> None:
        self.ask_button.clicked.connect(self._on_ask)
        self.channel.activated.connect(self.redraw)
        self.who.activated.connect(self.redraw)
        self.against.activated.connect(self._on_against)
        self.layer_button.toggled.connect(self._show_layer)
        self.form.changed.connect(self.redraw)
        self.before_button.chosen.connect(self.show_answer)
        self.view.chosen.connect(self._on_chosen)
        self.controller.changed.connect(self.redraw)
        self.controller.changed.connect(self.before_button.refresh)
        self.controller.progressed.connect(self._on_progress)
        self._drawing.failed.connect(lambda _, line: self.show_reason(line))
        self._session.changed.connect(self._on_session)

    @property
    def busy(self) -> bool:
        """Whether a cell is being asked, a figure is yet to come, or a file to be written."""
        waiting = self._soon.isActive() or self._drawing.running is not None
        return waiting or self.controller.running or super().busy

    @property
    def asked(self) -> Asked:
        """Who is asked, compared with whom, and how."""
        return Asked(self.who.currentData(), self.against.currentData(), self.form.value())

    @property
    def found(self) -> WhyHere | WhyGroup | None:
        """What was found of what is asked."""
        return self.controller.answer(self.asked)

    def ask(self) -> None:
        """Ask what was chosen, if it can be."""
        if self._soon.isActive():
            # What was chosen a moment ago counts, shown or not.
            self._soon.stop()
            self._show_now()
        if self.ask_button.isEnabled() and not self.controller.running:
            self.controller.ask(self.asked)

    def redraw(self) -> None:
        """Show what is known now, or when somebody looks."""
        self._is_old = True
        if self.isVisible() or self.layer_button.isChecked():
            self._soon.start()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        if self._is_old:
            self._soon.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._soon.stop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        # What stands side by side is decided by steps, not at every pixel of a drag.
        room = min(max(self.width() - 28, 0), _WIDEST) // 40
        if room != self._room:
            self._room = room
            self.redraw()

    def release(self) -> None:
        """Forget the work and the layer, and disconnect from the session."""
        self._soon.stop()
        self._drawing.discard()
        self.controller.release()
        self._session.changed.disconnect(self._on_session, missing_ok=True)
        hide_places(self._context.viewer)
        super().release()

    def _on_ask(self) -> None:
        if self.controller.running:
            self.controller.request_stop()
        else:
            self.ask()

    def _on_against(self) -> None:
        # Until then it is what suits best.
        self._has_chosen = True
        self.redraw()

    def show_answer(self, answered: Answered) -> None:
        """Point at the cell that was asked, or choose the group, and show what was found."""
        row = row_asked(self._session, answered)
        if row is not None:
            self._context.go_to(row)
        self._choose(answered.asked)

    def _choose_last(self) -> None:
        """Have the controls say what was asked last, if anything was."""
        asked = self._session.why_answers.asked
        if asked is not None:
            self._choose(asked)

    def _choose(self, asked: Asked) -> None:
        """Have the controls say what was asked, where that is still there."""
        self.form.set_value(asked.options)
        fill(self.who, [(_POINTED, None), *groups(self._session)])
        self.who.setCurrentIndex(max(place_of(self.who, asked.group), 0))
        fill(self.against, comparisons(self._session, self.who.currentData()))
        place = place_of(self.against, asked.against)
        self.against.setCurrentIndex(max(place, 0))
        self._has_chosen = place >= 0
        self.redraw()

    def _on_session(self, change: Change) -> None:
        if change.part is Part.WHY and change.cause is Cause.RESTORED:
            self._choose_last()
        if change.part in (Part.IMAGE, Part.CELLS):
            self.redraw()

    def _on_progress(self, line: str) -> None:
        if self.found is None:
            self.show_reason(line[:1].upper() + line[1:])

    def _on_chosen(self, marks: Sequence[Mark], _: Any) -> None:
        """A channel was clicked: show its places, or those of all when it was shown."""
        names = [where.column for where in where_of(marks)]
        if not names or not maps_of(self.found):
            return
        place = self.channel.findData(names[0])
        if place < 0:
            self.said.emit(f"There is no map of {names[0]}: choose Maps: every in the options")
            return
        self.channel.setCurrentIndex(0 if place == self.channel.currentIndex() else place)
        self.redraw()

    def _offer(self) -> None:
        """Fill the lists with the groups that there are now."""
        fill(self.who, [(_POINTED, None), *groups(self._session)])
        fill(self.against, comparisons(self._session, self.who.currentData()))
        if not self._has_chosen:
            self.against.setCurrentIndex(0)

    def _offer_maps(self, found: WhyHere | WhyGroup, maps: Sequence[str]) -> None:
        names = [name for name in maps if name != ALL]
        fill(self.channel, [(_EVERY, None), *((name, name) for name in names)])
        if self.channel.currentData() is None and self._first_shown is not found:
            # What is asked for first is where the strongest channel does it.
            self.channel.setCurrentIndex(min(1, len(names)))
        self._first_shown = found

    def _show_now(self) -> None:
        self._is_old = False
        self._offer()
        asked, running = self.asked, self.controller.running
        found = self.found
        why = "" if running else disabled_reason(self._session, asked.group)
        self.ask_button.setText("Stop" if running else "Ask")
        self.ask_button.setEnabled(not why and (running or found is None))
        knows = self.controller.knows_usual(asked)
        cost = cost_sentence(self._session, asked, knows_usual=knows)
        self.ask_button.setToolTip(_tip(why, cost, running=running, answered=found is not None))
        maps = maps_of(found)
        if found is not None:
            self._offer_maps(found, maps)
        self.channel.setEnabled(bool(maps))
        self.layer_button.setEnabled(bool(maps))
        self.layer_button.setToolTip(
            _NOT_ASKED if found is None else _IN_IMAGE if maps else _NO_MAP
        )
        self._show_layer()
        if found is not None:
            self._draw(found)
        elif not running:
            self.show_reason(self.controller.problem or why or self._invitation(cost))

    def _invitation(self, cost: str) -> str:
        against = self.against.currentText()
        against = against[:1].lower() + against[1:]
        if self.who.currentData() is not None:
            return (
                f"Which channel, and which part of the cells, sets {self.who.currentText()} apart "
                f"from {against}? Ask: it takes {cost}."
            )
        row, result = self._session.selection.current, self._session.result.current
        assert row is not None
        assert result is not None
        cell = result.table.obs.iloc[row]
        return (
            f"Which channel, and which place of it, sets cell {cell['label']} of "
            f"{cell['image']} apart from {against}? Ask: it takes {cost}."
            f"{self._gate_note(against)}"
        )

    def _gate_note(self, against: str) -> str:
        opened = self._session.gates.opened
        if opened is None or opened in against:
            return ""
        return f" Those may lie outside the open gate “{opened}”."

    def _draw(self, found: WhyHere | WhyGroup) -> None:
        channel, theme = self.channel.currentData(), self.view.theme
        width = float(min(max(self.width() - 28, 240), _WIDEST))
        shown = channel_appearances(self._context.viewer, [each.channel for each in found.channels])

        def body(_: threading.Event) -> Generator[str, None, tuple[Drawing, str, Theme]]:
            from napari_c3r.core.explain.answer import answer_figure
            from napari_c3r.core.explain.result import WhyHere
            from napari_c3r.core.figures.composites import compose

            yield "drawing"
            picture = None
            if isinstance(found, WhyHere):
                picture = compose(found.crop, [shown[name] for name in found.channel_names])
            drawing = answer_figure(found, channel or ALL, picture, width)
            return drawing, svg(drawing, theme, words=False), theme

        self._drawing.start("draw why", body, lambda made: self.show_drawing(*made))

    def _show_layer(self) -> None:
        from napari_c3r.core.explain.result import WhyHere

        found, viewer = self.found, self._context.viewer
        maps = maps_of(found)
        if not (self.layer_button.isChecked() and isinstance(found, WhyHere) and maps):
            hide_places(viewer)
            return
        name = self.channel.currentData()
        # Stopped early, there may be none of all channels.
        show_places(viewer, self._session, found, name if name in maps else maps[-1])


def maps_of(found: WhyHere | WhyGroup | None) -> list[str]:
    """The channels of which there is a map of places: none of a group, or before it was asked."""
    return [each.channel for each in getattr(found, "maps", ())]


class WhyTabs:
    """The tab, as the explorer adds it.

    Parameters
    ----------
    context
        With session and viewer.
    """

    def __init__(self, context: ExplorerContext) -> None:
        self.why = WhyTab(context)
        self.why.said.connect(context.say)

    @property
    def busy(self) -> bool:
        """Whether something is yet to be shown, or a file to be written."""
        return self.why.busy

    def pages(self) -> Sequence[QWidget]:
        """One tab."""
        return (self.why,)

    def ask(self) -> None:
        """Ask what is chosen in the tab."""
        self.why.ask()

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        self.why.set_theme(background, foreground)

    def release(self) -> None:
        """Stop computing and disconnect from the session."""
        self.why.release()


def _tip(why: str, cost: str, *, running: bool, answered: bool) -> str:
    if running:
        return "Stop after this batch; maps that are whole are kept"
    if answered:
        return "This is answered; point at another cell, or choose otherwise"
    return why or f"Exchange channels, and cover places: {cost} (W)"

"""The tab of gates, tied to the session, the map and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QMenu, QPushButton, QWidget

from napari_c3r.core.errors import InputError
from napari_c3r.core.gates import ALL_GATES, Filter, Interval, Operator, free_name
from napari_c3r.session import Change, Part
from napari_c3r.session.gate_rows import (
    NO_GATES,
    NO_RESULT,
    NO_SELECTION,
    crumbs,
    gate_rows,
    gated_line,
    wished_name,
)
from napari_c3r.widgets.common.labels import plain_tip
from napari_c3r.widgets.explorer.gates.drawn import drawn_rule, outlines_of
from napari_c3r.widgets.explorer.gates.page import GatePage, colour_menu
from napari_c3r.widgets.explorer.gates.way import Way
from napari_c3r.widgets.explorer.tab import ExplorerContext
from napari_c3r.widgets.scatter.model import SelectMode

_SHOWN = frozenset({Part.GATES, Part.SELECTION, Part.RESULT, Part.MAP, Part.ANNOTATION})
_NO_GATE = "Click a gate in the list first"
_ONLY_ONE = "There is no other gate to combine it with; “not” needs none"
_NO_RULE = "The cells of this gate were chosen one by one; select others and gate them"


class GateTab(QObject):
    """Makes gates of selections and rules, and does what the user asks of one.

    Parameters
    ----------
    context
        With gates, selection and map.
    """

    def __init__(self, context: ExplorerContext) -> None:
        super().__init__(context.scatter)
        self._context, self._session = context, context.session
        self.page = GatePage(context.session)
        self.way = Way()
        context.scatter.add_header(self.way)
        colour_menu(_menu_of(self.page.colour_button), self._recolour)
        self._connect()
        self._show()

    @property
    def busy(self) -> bool:
        """Nothing takes time."""
        return False

    def pages(self) -> Sequence[QWidget]:
        """The tab of gates."""
        return (self.page,)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw in these colours, each ``"#rrggbb"``."""
        self.page.list.setStyleSheet(
            f"QTreeWidget {{ background: {background}; color: {foreground}; border: none; }}"
        )
        self.page.list.ground = background
        self._show()

    def release(self) -> None:
        """Disconnect from the session."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        self.page.threshold.door.release()

    def gate_selection(self) -> None:
        """Keep the selected cells as a gate."""
        session = self._session
        if not session.selection.mask.any():
            self._context.say(NO_SELECTION)
            return
        rule = drawn_rule(self._context.scatter, session)
        opened, mask = session.gates.opened, session.selection.mask
        made = session.gates.add(wished_name(session), rule, mask, within=opened)
        self._current = made.name
        self._show()
        self._context.say(gated_line(session, made.name))
        if self.page.list.isVisible():
            self.page.list.setFocus()
            self.page.list.edit_name()

    def _connect(self) -> None:
        page, gates = self.page, self._session.gates
        self._current = ""
        self._session.changed.connect(self._on_changed)
        page.gate_button.clicked.connect(self.gate_selection)
        page.threshold_button.clicked.connect(lambda: self._edit(page.threshold, None))
        page.filter_button.clicked.connect(lambda: self._edit(page.filter, None))
        page.all_button.clicked.connect(lambda: self._context.colour_by(ALL_GATES))
        page.open_button.clicked.connect(lambda: gates.open(self._current))
        page.edit_button.clicked.connect(self._edit_current)
        page.delete_button.clicked.connect(self._delete)
        page.list.picked.connect(self._on_picked)
        # The list is made anew for it, which it cannot be while the name is still being taken.
        page.list.renamed.connect(self._on_renamed, Qt.ConnectionType.QueuedConnection)
        page.list.highlighted.connect(self._on_highlighted)
        for editor in page.editors:
            editor.closed.connect(self._on_edited)
        page.threshold.door.said.connect(self._context.say)
        page.list.delete_wanted.connect(self._delete)
        menu = _menu_of(page.combine_button)
        menu.aboutToShow.connect(partial(self._offer_combinations, menu))
        self.way.chosen.connect(gates.open)
        self._context.scatter.canvas.laid_out.connect(self._show_outlines)

    def _on_changed(self, change: Change) -> None:
        # Gates say themselves that they follow a column.
        told_later = change.part is Part.ANNOTATION and self._session.gates.all
        if change.part in _SHOWN and not told_later:
            self._show()

    def _show(self) -> None:
        """List the gates, and what can be done."""
        session, page = self._session, self.page
        rows = [] if session.result.current is None else gate_rows(session)
        page.list.show_rows(rows, self._current)
        self.way.show_way(crumbs(session) if rows else [])
        self._show_outlines()
        if page.is_editing and session.result.current is not None:
            page.editors[page.pages.currentIndex() - 1].tell()
        self._enable()

    def _show_outlines(self) -> None:
        scatter = self._context.scatter
        scatter.canvas.set_outlines(outlines_of(scatter, self._session))

    def _enable(self) -> None:
        """Enable what can be done, and say of the rest why not."""
        session, page = self._session, self.page
        known = session.result.current is not None
        selected = bool(session.selection.mask.any())
        name = self._current
        rule = session.gates.find(name).rule if name else None
        why_not_gate = NO_RESULT if not known else "" if selected else NO_SELECTION
        _allow(page.gate_button, why_not_gate, "Keep the selected cells as a gate (G)")
        for button in (page.threshold_button, page.filter_button):
            _allow(button, "" if known else NO_RESULT)
        _allow(page.all_button, "" if session.gates.all else NO_GATES)
        for button in (
            page.open_button,
            page.combine_button,
            page.colour_button,
            page.delete_button,
        ):
            _allow(button, "" if name else _NO_GATE)
        has_rule = isinstance(rule, Interval | Filter)
        _allow(page.edit_button, "" if has_rule else _NO_RULE if name else _NO_GATE)
        if not known:
            page.told.setText(NO_RESULT)
        elif not session.gates.all:
            page.told.setText(NO_GATES)
        else:
            page.told.setText(session.gates.words(name) if name else _NO_GATE)

    def _on_highlighted(self, name: str) -> None:
        self._current = name
        self._enable()

    def _on_picked(self, name: str, mode: str) -> None:
        """Select the cells of a gate; Shift adds them, Alt takes them away."""
        selection, mask = self._session.selection, self._session.gates.mask(name)
        if mode == SelectMode.ADD:
            mask = selection.mask | mask
        elif mode == SelectMode.REMOVE:
            mask = selection.mask & ~mask
        selection.select(mask)

    def _on_renamed(self, name: str, new: str) -> None:
        try:
            self._session.gates.rename(name, new)
            self._current = new.strip()
        except InputError as error:
            self._context.say(str(error))
        self._show()

    def _edit_current(self) -> None:
        gate = self._session.gates.find(self._current)
        editor = self.page.filter if isinstance(gate.rule, Filter) else self.page.threshold
        self._edit(editor, self._current)

    def _edit(self, editor: object, name: str | None) -> None:
        page = self.page
        chosen = page.threshold if editor is page.threshold else page.filter
        chosen.begin(None if name is None else self._session.gates.find(name))
        page.edit(chosen)

    def _on_edited(self, name: str) -> None:
        self.page.edit(None)
        self._current = name or self._current
        self._show()

    def _recolour(self, colour: str) -> None:
        if self._current:
            self._session.gates.recolour(self._current, colour)

    def _delete(self) -> None:
        if self._current:
            name, self._current = self._current, ""
            self._session.gates.delete([name])

    def _offer_combinations(self, menu: QMenu) -> None:
        """Offer the current gate with each other one."""
        menu.clear()
        name = self._current
        others = [gate.name for gate in self._session.gates.all if gate.name != name]
        for operator in (Operator.AND, Operator.OR, Operator.AND_NOT):
            part = menu.addMenu(plain_tip(f"{name} {operator} …"))
            if part is None:
                continue
            part.setEnabled(bool(others))
            part.setToolTip("" if others else _ONLY_ONE)
            for other in others:
                self._offer(part, other, operator, (name, other))
        self._offer(menu, f"not {name}", Operator.NOT, (name,))

    def _offer(self, menu: QMenu, text: str, operator: Operator, names: tuple[str, ...]) -> None:
        action = menu.addAction(text.replace("&", "&&"))
        if action is not None:
            action.triggered.connect(lambda: self._combine(operator, names))

    def _combine(self, operator: Operator, names: tuple[str, ...]) -> None:
        gates = self._session.gates
        first = f" {operator} ".join(names) if len(names) > 1 else f"not {names[0]}"
        wish = free_name(first, [gate.name for gate in gates.all])
        try:
            self._current = gates.combine(wish, operator, names).name
        except InputError as error:
            self._context.say(str(error))
        self._show()


def _allow(button: QPushButton, reason: str, tip: str = "") -> None:
    """Enable a button, or say why it is not."""
    usual = button.property("tip") or tip or button.toolTip()
    button.setProperty("tip", usual)
    button.setEnabled(not reason)
    button.setToolTip(plain_tip(f"{usual}. {reason}" if reason else usual))


def _menu_of(button: QPushButton) -> QMenu:
    menu = button.menu()
    assert menu is not None
    return menu

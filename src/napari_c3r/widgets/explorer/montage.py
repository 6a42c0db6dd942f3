"""The cells themselves: which to see, how they are drawn, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction, QActionGroup, QResizeEvent
from qtpy.QtWidgets import (
    QComboBox,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_c3r.core.figures.montage_choice import GATES, Choice
from napari_c3r.core.figures.tiles import COMPOSITE, EACH
from napari_c3r.core.table.titles import title
from napari_c3r.session.montage_view import SIZES, MontageLook
from napari_c3r.widgets.common.elision import NameBox
from napari_c3r.widgets.common.figure_door import FigureDoor, Make, Write
from napari_c3r.widgets.common.labels import PlainLabel
from napari_c3r.widgets.explorer.tile_key import TileKey
from napari_c3r.widgets.explorer.tile_list import Thumbnails

_PLAIN = MontageLook()
_STRIP_PX, _ROOM_FOR_BUTTONS_PX = _PLAIN.side_px + 28, 250
# Lower, rows of buttons would leave pictures no room.
_ROOM_FOR_ROWS_PX = 130
_BOX_PX = 140

_CHOICES = {
    Choice.RANDOM: ("Random", "Drawn at random, the same each time"),
    Choice.MEDOID: ("Typical", "Nearest the medoid: the cell most like all others"),
    Choice.OUTLIERS: ("Extreme", "Least like the medoid"),
    Choice.MOVED: ("Most moved", "By how many of their neighbours the diagnostics change"),
    Choice.ALIKE: ("Similar to cell", "Most like the cell that is pointed at, by their vectors"),
}
STACKS = {".tif": "ImageJ stack"}
"""A kind of file with every channel's own intensities."""
_NO_IMAGE = "Open the image of these cells to see them."
_NO_CURRENT = "Click a cell on the map, in the image or in the table to see those like it."
_NO_CELLS = "No cells yet. Embed some to see them here."


@dataclass(frozen=True)
class Offered:
    """What a montage may be made of at present.

    Attributes
    ----------
    columns
        Whose values can be rows.
    channels
        That can be shown alone.
    """

    columns: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


class MontagePanel(QWidget):
    """Which cells to see, the thumbnails, and what can be done with them.

    Signals
    -------
    changed
        With what the user chose: fields of `MontageLook` by name.
    select_requested
        The cells shown are to be selected.
    """

    changed = Signal(dict)
    select_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._offered: Offered | None = None
        self.choice = QComboBox()
        self.choice.setAccessibleName("Cells of the montage")
        self.choice.setToolTip("Which cells to show")
        for choice, (name, tip) in _CHOICES.items():
            self.choice.addItem(name, str(choice))
            self.choice.setItemData(self.choice.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.by, self.show_box = NameBox(), NameBox()
        self.by.setAccessibleName("Rows of the montage")
        self.by.setToolTip("A row for each cluster, well, treatment or name")
        self.show_box.setAccessibleName("Channels of the montage")
        self.show_box.setToolTip("Channels together, side by side, or one of them alone (A)")
        self.more = QPushButton("Look")
        self.select_button = QPushButton("Select these")
        self.select_button.setToolTip("Make the cells shown here the selection")
        self.save_button = QPushButton("Save…")
        self.door = FigureDoor("montage", self.save_button, STACKS)
        self._sources: tuple[Make, Callable[[], Write]] | None = None
        self.thumbnails = Thumbnails(_PLAIN.side_px)
        self.key = TileKey()
        self._reason = PlainLabel()
        self._build_menu()
        self._build()
        self.choice.activated.connect(lambda: self._tell(which=self.choice.currentData()))
        self.by.activated.connect(lambda: self._tell(by=self.by.currentData()))
        self.show_box.activated.connect(lambda: self._tell(show=self.show_box.currentData()))
        self.select_button.clicked.connect(self.select_requested)
        self.offer(Offered())
        self.show_reason(_NO_CELLS)

    def offer(self, offered: Offered) -> None:
        """Say what rows and channels may be chosen."""
        if offered == self._offered:
            return
        self._offered = offered
        rows = [("All together", "")]
        rows += [("By gate" if c == GATES else f"By {_small(c)}", c) for c in offered.columns]
        shown = [("Composite", COMPOSITE), ("Side by side", EACH)]
        shown += [(name, name) for name in offered.channels]
        for box, entries in ((self.by, rows), (self.show_box, shown)):
            chosen = box.currentData()
            box.clear()
            for text, value in entries:
                box.addItem(text, value)
            if box is self.show_box and offered.channels:
                box.insertSeparator(2)
            box.setCurrentIndex(max(box.findData(chosen), 0))

    def set_sources(self, make: Make, write: Callable[[], Write]) -> None:
        """Say what makes a figure of the cells shown, and what a stack of them."""
        self._sources = make, write
        self._enable()

    def set_theme(self, background: str) -> None:
        """Draw on this ground, ``"#rrggbb"``."""
        self.thumbnails.set_ground(background)

    def show_look(self, look: MontageLook) -> None:
        """Show what is chosen; a column or channel that is not there counts for nothing."""
        for box, value in (
            (self.choice, look.which),
            (self.by, look.by),
            (self.show_box, look.show),
        ):
            box.setCurrentIndex(max(box.findData(value), 0))
        self.outline.setChecked(look.outlined)
        self.dim.setChecked(look.dimmed)
        for action in self.sizes.actions():
            action.setChecked(action.data() == look.side_px)
        self._name_menu()

    @property
    def by_column(self) -> str:
        """The column whose values are the rows, empty for one."""
        return self.by.currentData() or ""

    @property
    def shown(self) -> str:
        """The channels shown, as of `TileStyle`."""
        return self.show_box.currentData() or COMPOSITE

    def show_reason(self, reason: str) -> None:
        """Say why there are no pictures, or show them with an empty reason."""
        self._reason.setText(reason)
        self._pages.setCurrentIndex(1 if reason else 0)
        if reason:
            self.thumbnails.show_none()
        self._enable()

    def show_no_image(self) -> None:
        """Say that the pixels are not available."""
        self.show_reason(_NO_IMAGE)

    def show_none_in_gate(self, gate: str) -> None:
        """Say that none of the selected cells is in the gate that is open."""
        self.show_reason(f"None of the selected cells is in the open gate “{gate}”.")

    def show_no_cells(self) -> None:
        """Say that there is nothing embedded."""
        self.show_reason(_NO_CELLS)

    def show_no_current(self) -> None:
        """Say that a cell must be pointed at."""
        self.show_reason(_NO_CURRENT)

    def show_rows(
        self,
        rows: Sequence[int],
        texts: Sequence[str],
        colours: Sequence[str],
        headings: Mapping[int, str] | None = None,
    ) -> None:
        """Make room for the cells of :meth:`Thumbnails.show_rows`."""
        self.show_reason("")
        self.thumbnails.show_rows(rows, texts, colours, headings)
        self._enable()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        roomy = self.width() >= _ROOM_FOR_BUTTONS_PX and self.height() >= _ROOM_FOR_ROWS_PX
        controls = (self.choice, self.by, self.show_box, self.select_button, self.save_button)
        for part in (*controls, self.key):
            part.setVisible(roomy)
        if (self._head.count() > 1) != roomy:
            self._fill_head(roomy)
        # Where there is room, they are a click nearer.
        for menu in self._folded:
            action = menu.menuAction()
            if action is not None:
                action.setVisible(not roomy)
        self.more.setMaximumWidth(_BOX_PX if roomy else max(self.width() - 2, 1))
        self._name_menu()

    def _fill_head(self, roomy: bool) -> None:
        """Lay out what is shown: what is hidden would leave its gaps before the menu."""
        before = (self.choice, self.by, self.show_box)
        after = (self.select_button, self.save_button)
        for part in (*before, self.more, *after):
            self._head.removeWidget(part)
        for part in (*before, self.more, *after) if roomy else (self.more,):
            self._head.addWidget(part)

    def _name_menu(self) -> None:
        """Alone, the menu says which cells are shown."""
        alone = self.choice.isHidden()
        self.more.setText(self.choice.currentText() if alone else "Look")

    def _enable(self) -> None:
        shown = bool(self.thumbnails.rows)
        self.select_button.setEnabled(shown)
        if shown and self._sources is not None:
            self.door.set_source(self._sources[0], "", self._sources[1])
        else:
            self.door.set_source(None, "There are no pictures to save yet")

    def _tell(self, **chosen: object) -> None:
        self.changed.emit(chosen)

    def _build_menu(self) -> None:
        menu = QMenu(self)
        self._folded = [
            _BoxMenu("Cells", self.choice, menu),
            _BoxMenu("Rows", self.by, menu),
            _BoxMenu("Channels", self.show_box, menu),
            _ButtonMenu("What is shown", (self.select_button, self.save_button), menu),
        ]
        for folded in self._folded:
            menu.addMenu(folded)
        menu.addSeparator()
        self.outline, self.dim = QAction("Outline the cell", menu), QAction("Dim all else", menu)
        for action, name in ((self.outline, "outlined"), (self.dim, "dimmed")):
            action.setCheckable(True)
            action.triggered.connect(lambda on, name=name: self._tell(**{name: on}))
            menu.addAction(action)
        menu.addSeparator()
        self.sizes = QActionGroup(menu)
        for text, side in SIZES.items():
            action = QAction(f"{text} pictures", menu)
            action.setCheckable(True)
            action.setData(side)
            action.triggered.connect(lambda _, side=side: self._tell(side_px=side))
            self.sizes.addAction(action)
            menu.addAction(action)
        self.more.setMenu(menu)
        self.more.setToolTip("Outlines, what lies around the cell, and the size of the pictures")
        self.more.setAccessibleName("Look of the pictures")

    def _build(self) -> None:
        head = QWidget()
        self._head = row = QFlowLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setHorizontalSpacing(4)
        row.setVerticalSpacing(4)
        self._fill_head(True)
        for box in (self.choice, self.by, self.show_box):
            box.setMinimumContentsLength(3)
            box.setMaximumWidth(_BOX_PX)
        self._reason.setWordWrap(True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._reason.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        # A strip of single pictures is enough beside a figure.
        self.setMinimumWidth(_STRIP_PX)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.thumbnails)
        self._pages.addWidget(self._reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(head)
        column.addWidget(self._pages, 1)
        column.addWidget(self.key)


class _BoxMenu(QMenu):
    """The entries of a list, where there is no room for it."""

    def __init__(self, text: str, box: QComboBox, parent: QWidget) -> None:
        super().__init__(text, parent)
        self._box = box
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        for number in range(self._box.count()):
            if not self._box.itemText(number):
                self.addSeparator()
                continue
            action = QAction(self._box.itemText(number).replace("&", "&&"), self)
            action.setCheckable(True)
            action.setChecked(number == self._box.currentIndex())
            action.triggered.connect(lambda _, number=number: self._choose(number))
            self.addAction(action)

    def _choose(self, number: int) -> None:
        self._box.setCurrentIndex(number)
        self._box.activated.emit(number)


class _ButtonMenu(QMenu):
    """What buttons do, where there is no room for them."""

    def __init__(self, text: str, buttons: Sequence[QPushButton], parent: QWidget) -> None:
        super().__init__(text, parent)
        for button in buttons:
            action = QAction(button.text(), self)
            action.triggered.connect(lambda _, b=button: b.click())
            self.aboutToShow.connect(lambda a=action, b=button: a.setEnabled(b.isEnabled()))
            self.addAction(action)


def _small(column: str) -> str:
    """A column's title inside a phrase; one that begins with capitals stays as it is."""
    words = title(column)
    return words if words[:2].isupper() else words[:1].lower() + words[1:]

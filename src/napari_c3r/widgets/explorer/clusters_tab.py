"""The tab "Clusters": how fine they are, which are found again, merged, split and named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QSignalBlocker, Qt, QTimer
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QPushButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_c3r.core.figures.colours import named_colours
from napari_c3r.core.figures.grounds import on_ground
from napari_c3r.core.reduce.cluster_names import COLUMN, NOISE
from napari_c3r.core.reduce.clusters import finenesses
from napari_c3r.core.reduce.cuts import leiden_problem
from napari_c3r.session import Change, Part
from napari_c3r.session.clusters import METHODS
from napari_c3r.widgets.common.cluster_words import clusters_line
from napari_c3r.widgets.common.clustering import JUDGE, ClusterController
from napari_c3r.widgets.common.fineness import FinenessBar
from napari_c3r.widgets.common.form import put_below, scrolled, shrinkable
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.low_list import LowList
from napari_c3r.widgets.common.wording import figures
from napari_c3r.widgets.explorer.tab import ExplorerContext

_NAME, _CELLS, _CHOSEN, _AGAIN = range(4)
_SWATCH_PX = 10
_MIN_BUTTON_PX = 60
# Narrower, the slider stands below the method.
_NARROW_PX = 330
_NO_MAP = "There are no clusters yet: make the map in step 5 of the C3R dock."
_TIP = "Fewer, larger clusters to the left; more, smaller ones to the right (F, Shift+F)"


class ClustersTab(QWidget):
    """Holds the controls and the list; what they do is another's.

    Attributes
    ----------
    method, fineness, list
        What is found how, how finely, and what was found.
    """

    def __init__(self) -> None:
        super().__init__()
        self.method = shrinkable(QComboBox())
        self.method.setAccessibleName("How clusters are found")
        self.method.setToolTip(
            "HDBSCAN: dense groups on the map, the rest is noise. Leiden: the graph of each "
            "cell's nearest neighbours, divided. k-means: a given number of groups"
        )
        for name, title in METHODS.items():
            self.method.addItem(title, name)
        self.fineness = FinenessBar()
        self.fineness.set_tip(_TIP)
        self.line, self.again = WrappedLabel(), WrappedLabel()
        self.line.setText(_NO_MAP)
        self.again.hide()
        self.list = LowList()
        self.merge_button = QPushButton("Merge")
        self.split_button = QPushButton("Split in two")
        self.own_button = QPushButton("From selection")
        self.judge_button = QPushButton("Found again?")
        self._make_list()
        self._build()

    @property
    def chosen(self) -> list[str]:
        """Names of the clusters that are taken up in the list."""
        return [item.data(_NAME, Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()]

    def _make_list(self) -> None:
        self.list.setAccessibleName("Clusters")
        self.list.setToolTip("A click selects the cells of a cluster; Ctrl or Shift takes more")
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.list.setHeaderLabels(["Cluster", "Cells", "Selected", "Found again"])
        tips = (
            "Double-click, or F2, to give a name; it stays with its cells when you cluster anew",
            "Cells in it",
            "Selected cells in it",
            "How alike the cluster is to the one found with other seeds among a part of the cells: "
            "Jaccard index, 1 is the same; below 0.6 it should not be trusted (Hennig 2007)",
        )
        head = self.list.headerItem()
        assert head is not None
        for column, tip in enumerate(tips):
            head.setToolTip(column, tip)
        header = self.list.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_CELLS, _CHOSEN, _AGAIN):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def _build(self) -> None:
        self.own_button.setToolTip("Make the selected cells a cluster of their own")
        self.judge_button.setToolTip(
            "Cluster anew ten times with other seeds and 80 % of the cells, and see what is "
            "found again"
        )
        self._top = top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        top.setSpacing(6)
        top.addWidget(self.method)
        top.addWidget(self.fineness, 1)
        buttons = QGridLayout()
        buttons.setSpacing(4)
        self._buttons = (self.merge_button, self.split_button, self.own_button, self.judge_button)
        self._grid = buttons
        for button in self._buttons:
            # Or a row of them would keep the dock from ever being narrower.
            button.setMinimumWidth(_MIN_BUTTON_PX)
        self._place_buttons(4)
        page = QWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(page))
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.line)
        column.addWidget(self.again)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        put_below(self._top, self.width() < _NARROW_PX)
        wide = sum(button.sizeHint().width() + 6 for button in self._buttons)
        self._place_buttons(4 if self.width() >= wide else 2)

    def _place_buttons(self, columns: int) -> None:
        for number, button in enumerate(self._buttons):
            self._grid.addWidget(button, number // columns, number % columns)

    def show_rows(self, rows: Sequence[tuple[str, str, int, int, str]]) -> None:
        """List clusters: name, colour, cells, selected cells, how surely it is found again."""
        taken = set(self.chosen)
        with QSignalBlocker(self.list):
            self.list.clear()
            for name, colour, cells, chosen, again in rows:
                item = QTreeWidgetItem([name, figures(cells), figures(chosen), again])
                item.setData(_NAME, Qt.ItemDataRole.UserRole, name)
                item.setIcon(_NAME, _swatch(colour))
                for column in (_CELLS, _CHOSEN, _AGAIN):
                    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    item.setTextAlignment(column, right)
                if name != NOISE:
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                self.list.addTopLevelItem(item)
                item.setSelected(name in taken)

    def show_chosen(self, counts: Sequence[int]) -> None:
        """Say how many cells of each cluster are selected, in the order of the list."""
        with QSignalBlocker(self.list):
            for row, count in enumerate(counts):
                item = self.list.topLevelItem(row)
                if item is not None:
                    item.setText(_CHOSEN, figures(count))


class ClusterTabs(QObject):
    """Ties the tab to the session.

    Parameters
    ----------
    context
        With result and selection.
    """

    def __init__(self, context: ExplorerContext) -> None:
        super().__init__(context.scatter)
        self._session, self._context = context.session, context
        self.controller = ClusterController(context.session, self)
        self.tab = ClustersTab()
        self._shown: list[str] = []
        # The place of each cell's cluster among those shown, −1 for none.
        self._codes: NDArray[np.integer] = np.zeros(0, np.int16)
        tab, control = self.tab, self.controller
        tab.fineness.chosen.connect(self._on_fineness)
        tab.method.activated.connect(self._on_method)
        tab.list.itemSelectionChanged.connect(self._on_list)
        tab.list.itemChanged.connect(self._on_renamed)
        tab.merge_button.clicked.connect(lambda: control.merge(tab.chosen))
        tab.split_button.clicked.connect(lambda: control.split(tab.chosen[0]))
        tab.own_button.clicked.connect(control.split_off)
        tab.judge_button.clicked.connect(self._on_judge)
        control.changed.connect(self._show_line)
        control.said.connect(self._on_said)
        self._said, self._ground = "", "#000000"
        self._session.changed.connect(self._on_changed)
        self._show()

    @property
    def busy(self) -> bool:
        """Whether clusters are being made or judged."""
        return self.controller.running is not None or self.tab.fineness.waiting

    def pages(self) -> Sequence[QWidget]:
        """The one tab."""
        return (self.tab,)

    def step(self, by: int) -> None:
        """Cluster more finely, or more coarsely."""
        self.tab.fineness.step(by)

    def set_theme(self, background: str, foreground: str) -> None:
        """Draw the clusters' colours for this ground, ``"#rrggbb"``."""
        self._ground = background
        self._show()

    def release(self) -> None:
        """Disconnect from the session."""
        self._session.changed.disconnect(self._on_changed, missing_ok=True)
        self.controller.release()

    def _on_changed(self, change: Change) -> None:
        if change.part in (Part.RESULT, Part.MAP, Part.ANNOTATION):
            if not change.touches(COLUMN):
                return
            if change.part is not Part.ANNOTATION:
                self._said = ""
            self._show()
        elif change.part is Part.SELECTION:
            self._show_selection()

    def _show(self) -> None:
        clusters, tab = self._session.clusters, self.tab
        names, method = clusters.names, clusters.method
        self._shown, column = names, clusters.column
        self._codes = np.zeros(0, np.int16)
        if column is not None:
            if list(column.cat.categories) != names:
                column = column.cat.set_categories(names)
            self._codes = column.cat.codes.to_numpy()
        with QSignalBlocker(tab.method):
            tab.method.setCurrentIndex(tab.method.findData(method))
        self._offer(method)
        colours, found = named_colours(COLUMN, names), clusters.stability
        counts, chosen = self._counts()
        tab.show_rows(
            [
                (
                    name,
                    on_ground(colours[name], self._ground),
                    int(counts[place]),
                    int(chosen[place]),
                    ""
                    if found is None or name not in found.jaccard
                    else f"{found.jaccard[name]:.2f} {found.grade(name)}",
                )
                for place, name in enumerate(names)
            ]
        )
        self._show_line()

    def _offer(self, method: str) -> None:
        clusters = self._session.clusters
        there = clusters.table is not None
        steps = finenesses(method, clusters.n_fitted()) if there else []
        self.tab.fineness.offer(steps, clusters.default(method) if there else None)
        self.tab.method.setEnabled(there)

    def _counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells of each cluster, and those selected."""
        codes, mask, n = self._codes, self._session.selection.mask, len(self._shown)
        chosen = codes.compress(mask) if len(mask) == len(codes) else codes[:0]
        every, some = (np.bincount(each + 1, minlength=n + 1)[1:] for each in (codes, chosen))
        return every, some

    def _show_selection(self) -> None:
        self.tab.show_chosen([int(count) for count in self._counts()[1]])
        self._enable()

    def _show_line(self) -> None:
        control, clusters = self.controller, self._session.clusters
        told = clusters_line(clusters) if self._shown else _NO_MAP
        self.tab.line.setText(control.doing or self._said or told)
        found = clusters.stability
        self.tab.again.setText("" if found is None else found.sentence)
        self.tab.again.setVisible(found is not None)
        judging = control.running == JUDGE
        self.tab.judge_button.setText("Stop" if judging else "Found again?")
        self._enable()

    def _enable(self) -> None:
        tab, chosen, running = self.tab, self.tab.chosen, self.controller.running
        idle, there = running is None, bool(self._shown)
        tab.merge_button.setEnabled(idle and len(chosen) > 1)
        tab.merge_button.setToolTip(
            "Make one cluster of those chosen in the list"
            if len(chosen) > 1
            else "Choose two or more clusters in the list first (with Ctrl or Shift)"
        )
        one = len(chosen) == 1 and chosen[0] != NOISE
        tab.split_button.setEnabled(idle and one)
        tab.split_button.setToolTip(
            f"Divide cluster {chosen[0]} where its own cells hang together least"
            if one
            else "Choose one cluster in the list first"
        )
        selected = bool(self._session.selection.mask.any())
        tab.own_button.setEnabled(idle and there and selected)
        tab.own_button.setToolTip(
            "Make the selected cells a cluster of their own"
            if selected
            else "Select cells first, such as with the lasso (L)"
        )
        tab.judge_button.setEnabled(there and (idle or running == JUDGE))

    def _on_fineness(self, value: object, at_rest: bool) -> None:
        self._said = ""
        self.controller.want(self.tab.method.currentData(), value, at_rest)  # type: ignore[arg-type]

    def _on_method(self) -> None:
        method = self.tab.method.currentData()
        if method == "leiden" and (problem := leiden_problem()):
            self._on_said(problem)
            self._show_method()
            return
        if method != self._session.clusters.method:
            self._said = ""
            self._offer(method)
            self.controller.want(method, self._session.clusters.default(method), True)

    def _show_method(self) -> None:
        self.tab.method.setCurrentIndex(self.tab.method.findData(self._session.clusters.method))

    def _on_list(self) -> None:
        """Select the cells of the clusters taken up in the list."""
        column, chosen = self._session.clusters.column, self.tab.chosen
        if column is not None and chosen and len(column) == len(self._session.selection.mask):
            self._session.selection.select(np.asarray(column.isin(chosen)))
        self._enable()

    def _on_renamed(self, item: QTreeWidgetItem, column: int) -> None:
        name, text = item.data(_NAME, Qt.ItemDataRole.UserRole), item.text(_NAME).strip()
        if column != _NAME or text == name:
            return
        number, *_ = name.split(" ")
        words = text.removeprefix(number).strip() if text.split(" ")[0] == number else text

        def rename() -> None:
            if not self.controller.rename(name, words):
                self._show()

        # The list is made anew, which must wait until the editor in it is gone.
        QTimer.singleShot(0, rename)

    def _on_judge(self) -> None:
        self._said = ""
        if self.controller.running == JUDGE:
            self.controller.cancel()
        else:
            self.controller.judge()

    def _on_said(self, line: str) -> None:
        self._said = line
        self._show_line()


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(QColor(colour))
    return QIcon(pixmap)

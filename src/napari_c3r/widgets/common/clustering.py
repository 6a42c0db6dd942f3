"""Clusters made finer and coarser, split and judged, without holding the window up."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_c3r.core.errors import InputError
from napari_c3r.session.clusters import ClusterState
from napari_c3r.widgets.common.jobs import Jobs

if TYPE_CHECKING:
    from napari_c3r.core.reduce.clusters import Clustering
    from napari_c3r.core.reduce.stability import Stability
    from napari_c3r.session import Session

CUT, SPLIT, JUDGE = "cluster", "split", "look for clusters again"


class ClusterController(QObject):
    """Changes the clusters of a session in the background.

    Parameters
    ----------
    session
        With the result.
    parent
        As for every object.

    Signals
    -------
    changed
        Something began or ended.
    said
        With one line for the user: what became of names, or what is wrong.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = Jobs(self)
        self._jobs.progressed.connect(self._on_progress)
        self._jobs.failed.connect(self._on_failed)
        for signal in (self._jobs.started, self._jobs.finished):
            signal.connect(self._on_running)
        self._wanted: tuple[str, int | float, bool] | None = None
        self._before: ClusterState | None = None
        self.doing = ""

    @property
    def running(self) -> str | None:
        """What is under way."""
        return self._jobs.running

    def want(self, method: str, value: int | float, at_rest: bool) -> None:
        """Make clusters of a method and fineness; of several wishes, the last one is heeded.

        Parameters
        ----------
        method, value
            As for :func:`napari_c3r.core.reduce.finenesses`.
        at_rest
            Whether it stays so: what is tried in between is no step to undo.
        """
        if self._session.clusters.table is None:
            return
        if self._before is None:
            self._before = self._session.clusters.state()
        self._wanted = method, value, at_rest
        if self._jobs.running != CUT:
            self._cut()

    def _cut(self) -> None:
        assert self._wanted is not None
        (method, value, at_rest), self._wanted = self._wanted, None
        clusters = self._session.clusters
        table = clusters.table
        if table is None:
            self._before = None
            return

        def body(_: threading.Event) -> Generator[str, None, Clustering]:
            from napari_c3r.core.reduce.clusters import clusters_at

            yield "looking at how cells lie to each other; afterwards this takes a moment only"
            return clusters_at(clusters.prepared(table, method), value)

        def take(found: Clustering) -> None:
            clusters.take(table, found)
            if self._wanted is not None:
                self._cut()
            elif at_rest:
                clusters.record(self._before)
                self._before = None
                self.said.emit(clusters.names_line)

        self._jobs.start(CUT, body, take)

    def split(self, name: str) -> None:
        """Divide a cluster in two along the thinnest place of its own cells' graph."""
        clusters, result = self._session.clusters, self._session.result.current
        if result is None:
            return
        table, chosen = result.table, clusters.rows_of(name)

        def body(_: threading.Event) -> Generator[str, None, NDArray[np.bool_]]:
            from napari_c3r.core.reduce.splitting import in_two

            yield f"dividing cluster {name}"
            return in_two(table, chosen, seen=clusters.seen(table))

        def take(part: NDArray[np.bool_]) -> None:
            now = self._session.result.current
            if now is not None and now.table is table and clusters.rows_of(name).any():
                made = self._try(lambda: clusters.split_off(part, name))
                if made:
                    self.said.emit(f"Cluster {made} has {int(part.sum()):,} cells of {name}")

        self._jobs.start(SPLIT, body, take)

    def judge(self) -> None:
        """Find out which clusters are found again with other seeds and fewer cells."""
        table = self._session.clusters.table

        def body(stop: threading.Event) -> Generator[str, None, Stability | None]:
            from napari_c3r.core.reduce.stability import stability_steps

            assert table is not None
            work = stability_steps(table)
            while True:
                try:
                    done, of = next(work)
                except StopIteration as end:
                    found: Stability = end.value
                    return found
                yield f"looking for the clusters again: {done} of {of}"
                if stop.is_set():
                    return None

        def take(found: Stability | None) -> None:
            if found is not None and table is not None:
                self._session.clusters.set_stability(table, found)

        if table is not None:
            self._jobs.start(JUDGE, body, take)

    def merge(self, names: list[str]) -> None:
        """Make one cluster of several."""
        self._try(lambda: self._session.clusters.merge(names))

    def split_off(self) -> None:
        """Make a cluster of its own of the selected cells."""
        mask = self._session.selection.mask
        self._try(lambda: self._session.clusters.split_off(mask))

    def rename(self, name: str, words: str) -> bool:
        """Call a cluster by words beside its number; returns whether that was possible."""
        try:
            self._session.clusters.rename(name, words)
        except InputError as error:
            self.said.emit(str(error))
            return False
        return True

    def cancel(self) -> None:
        """Wait for nothing that is under way."""
        self._wanted = self._before = None
        self._jobs.cancel()

    def release(self) -> None:
        """Forget what is under way."""
        self._wanted = self._before = None
        self._jobs.discard()

    def _try(self, act: Any) -> Any:
        try:
            return act()
        except InputError as error:
            self.said.emit(str(error))
            return None

    def _on_progress(self, _: str, words: object) -> None:
        self.doing = str(words)
        self.changed.emit()

    def _on_running(self, _: str) -> None:
        if self._jobs.running is None:
            self.doing = ""
        self.changed.emit()

    def _on_failed(self, _: str, line: str) -> None:
        self._wanted = self._before = None
        self.said.emit(line)

"""The clusters of the displayed result: cut anew, merged, split and named, each a step to undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.cluster_names import (
    COLUMN,
    NOISE,
    cells_of_each,
    keep_names,
    new_names,
    split_off,
    without_empty,
)
from napari_c3r.core.reduce.sample import FITTED, MAX_FITTED
from napari_c3r.core.table.annotate import renamed_rows
from napari_c3r.core.table.remembered import remembered
from napari_c3r.core.table.result import KEY
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command, History

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.reduce.clusters import Clustering
    from napari_c3r.core.reduce.cuts import Cuts, Seen, Value
    from napari_c3r.core.reduce.edits import ClusterEdit
    from napari_c3r.core.reduce.stability import Stability
    from napari_c3r.session.result import EmbeddingResult, Result

METHODS = {"hdbscan": "HDBSCAN", "leiden": "Leiden", "kmeans": "k-means"}
"""The methods, and what they are called."""

_OF_FACTS = {"resolution": "leiden", "n_clusters": "kmeans", "min_cluster_size": "hdbscan"}
_STABILITY = "stability"
_UNITS = {"hdbscan": "smallest of {} cells", "leiden": "resolution {}", "kmeans": "{} groups"}


@dataclass(frozen=True, eq=False)
class ClusterState:
    """Clusters as they are at one time, by which they can be brought back.

    Attributes
    ----------
    column
        A category for each row, hidden ones included.
    facts
        How they were made.
    """

    column: pd.Series
    facts: Mapping[str, Any]


def fineness_words(method: str, value: Value) -> str:
    """How fine clusters are, such as ``smallest of 8 cells``."""
    return _UNITS[method].format(f"{value:g}")


class Clusters:
    """The clusters of the result that is displayed.

    Parameters
    ----------
    result
        Has the table.
    history
        Takes note of what is done to them.

    Attributes
    ----------
    names_line
        What became of the names that a person gave, when cells were clustered last; may be empty.
    """

    def __init__(self, result: Result, history: History) -> None:
        self._result, self._history = result, history
        self.names_line = ""
        self._making = Lock()
        self._cuts: dict[tuple[Any, ...], tuple[ReferenceType[AnnData], Cuts]] = {}

    @property
    def column(self) -> pd.Series | None:
        """The cluster of each row shown, None where there are none."""
        result = self._result.current
        if result is None or COLUMN not in result.table.obs:
            return None
        column: pd.Series = result.table.obs[COLUMN].astype("category")
        return column

    @property
    def facts(self) -> Mapping[str, Any]:
        """How they were made; empty where there are none."""
        result = self._result.current
        if result is None or COLUMN not in result.table.obs:
            return {}
        found: Mapping[str, Any] = result.table.uns.get(KEY, {}).get(COLUMN) or {}
        return found

    @property
    def names(self) -> list[str]:
        """Their names in order, noise last, without those that no cell shown is in."""
        result = self._result.current
        if result is None or COLUMN not in result.table.obs:
            return []
        with self._result.memory.entered():
            return list(_names_in(result.table.obs[COLUMN]))

    @property
    def method(self) -> str:
        """How they were found: ``"hdbscan"``, ``"leiden"`` or ``"kmeans"``."""
        return next((kind for key, kind in _OF_FACTS.items() if key in self.facts), "hdbscan")

    @property
    def value(self) -> Value | None:
        """How fine they are, in the measure of their method."""
        found = next((self.facts[key] for key in _OF_FACTS if key in self.facts), None)
        return None if found is None else float(found) if self.method == "leiden" else int(found)

    @property
    def stability(self) -> Stability | None:
        """How surely they are found again, where that was asked."""
        kept = self.facts.get(_STABILITY)
        if kept is None:
            return None
        from napari_c3r.core.reduce.stability import Stability

        return Stability.from_dict(kept)

    @property
    def table(self) -> AnnData | None:
        """The rows to cluster: all that have a place on the map, hidden or not."""
        result = self._result.current
        if result is None or "X_umap" not in result.table.obsm:
            return None
        every = result.all_rows
        whole = "X_umap" in every.obsm and np.isfinite(every.obsm["X_umap"]).all()
        return every if whole else result.table

    def n_fitted(self) -> int:
        """How many cells are fitted."""
        table = self.table
        return 0 if table is None else min(len(table), self._max_fitted())

    def default(self, method: str) -> Value:
        """How fine clusters of a method are at first: as they are, if they are by that method."""
        value = self.value
        if value is not None and method == self.method:
            return value
        from napari_c3r.core.reduce.clusters import default_value

        return default_value(method, self.n_fitted())

    def prepared(self, table: AnnData, method: str) -> Cuts:
        """What clusters of any fineness are cut from; made once for a table. For a worker."""
        from napari_c3r.core.reduce.cuts import cuts_of

        facts = table.uns.get(KEY, {})
        map_facts, own = facts.get("map", {}), facts.get(COLUMN, {})
        seed = int(own.get("seed", map_facts.get("seed", 0)))
        seen, most = self.seen(table), self._max_fitted()
        key = method, seed, seen, most
        with self._making:
            known = self._cuts.get(key)
            if known is None or known[0]() is not table:
                made = cuts_of(table, method, seed=seed, seen=seen, max_fitted=most)
                # Those of other tables are of no use any more.
                self._cuts = {k: v for k, v in self._cuts.items() if v[0]() is table}
                known = self._cuts[key] = ref(table), made
        return known[1]

    @staticmethod
    def seen(table: AnnData) -> Seen:
        """How the cells of a table are seen on their map, and so in their clusters."""
        from napari_c3r.core.reduce.cuts import Seen

        facts = table.uns.get(KEY, {})
        return Seen.of({**facts.get("map", {}), **facts.get(COLUMN, {})})

    def _max_fitted(self) -> int:
        result = self._result.current
        facts = {} if result is None else result.table.uns.get(KEY, {})
        kept = facts.get("map", {}).get(FITTED, facts.get(COLUMN, {}).get(FITTED))
        return MAX_FITTED if kept is None else int(kept)

    def state(self) -> ClusterState | None:
        """The clusters as they are."""
        result = self._result.current
        if result is None or COLUMN not in result.all_rows.obs:
            return None
        column = result.all_rows.obs[COLUMN].astype("category")
        return ClusterState(column.copy(), dict(self.facts))

    def take(self, table: AnnData, found: Clustering) -> None:
        """Show clusters that were cut anew; they keep the names of those before.

        Parameters
        ----------
        table
            The rows that were clustered; if others are displayed by now, nothing is done.
        found
            Their clusters.
        """
        import pandas as pd

        result = self._result.current
        if result is None or not (table is result.all_rows or table is result.table):
            return
        column = pd.Series(found.column, index=table.obs_names, name=COLUMN)
        facts: Mapping[str, Any] = found.facts
        if (before := self.state()) is not None:
            column, facts = self._named_as(before.column, column, facts)
        self._put(ClusterState(column.reindex(result.all_rows.obs_names), facts), Cause.USER)

    def record(self, before: ClusterState | None) -> None:
        """Make one step of all that was taken since they were as before."""
        after = self.state()
        if before is None or after is None or before.facts == after.facts:
            return
        value = self.value
        fine = "" if value is None else f", {fineness_words(self.method, value)}"
        self._record(f"cluster by {METHODS[self.method]}{fine}", before, after)

    def carry(self, before: AnnData, after: AnnData) -> None:
        """Give the clusters of a new map the names of those before, by the cells in them."""
        self.names_line = ""
        if COLUMN in before.obs and COLUMN in after.obs:
            old, facts = before.obs[COLUMN].astype("category"), after.uns[KEY][COLUMN]
            after.obs[COLUMN], named = self._named_as(old, after.obs[COLUMN], facts)
            after.uns[KEY] = {**after.uns[KEY], COLUMN: named}

    def _named_as(
        self, before: pd.Series, cut: pd.Series, facts: Mapping[str, Any]
    ) -> tuple[pd.Series, Mapping[str, Any]]:
        """Clusters with the names of those before, and what is kept of them then."""
        from napari_c3r.core.reduce.edits import Call, with_edit

        named, kept = keep_names(before, cut)
        self.names_line = kept.sentence
        names = new_names(cut, named)
        return named, with_edit(facts, Call(names)) if names else facts

    def merge(self, names: Sequence[str]) -> None:
        """Make one cluster of several.

        Raises
        ------
        InputError
            There are not two of them.
        """
        from napari_c3r.core.reduce.edits import Merge

        self._edit(Merge(tuple(name for name in self.names if name in names)))

    def split_off(self, shown: NDArray[np.bool_], of: str = "") -> str:
        """Make a cluster of its own of some of the rows shown; returns its name.

        Parameters
        ----------
        shown
            Which rows, (rows shown,) bool.
        of
            The cluster that they are of, for the words.

        Raises
        ------
        InputError
            No row, or a whole cluster.
        """
        from napari_c3r.core.reduce.edits import SplitOff
        from napari_c3r.core.table.picked import cells_of_rows

        result, state = self._current(), self._now()
        chosen = np.asarray(result.all_rows.obs_names.isin(result.table.obs_names[shown]))
        column, name = split_off(state.column, chosen)
        words = f"divide cluster {of} in two" if of else f"make the selected cells cluster {name}"
        self._edit(SplitOff(cells_of_rows(result.all_rows, chosen), words), column)
        return name

    def rename(self, name: str, words: str) -> None:
        """Call a cluster by words beside its number, or by its number alone.

        Raises
        ------
        InputError
            There is no such cluster, or another one is called so.
        """
        from napari_c3r.core.reduce.edits import Rename

        self._edit(Rename(name, words.strip()))

    def set_stability(self, table: AnnData, found: Stability) -> None:
        """Keep how surely the clusters of a table are found again, if they are still the same."""
        result, state = self._result.current, self.state()
        if result is None or state is None or table.obs_names.size != result.table.obs_names.size:
            return
        if {*found.jaccard} == {*self.names} - {NOISE} and table.obs[COLUMN].equals(
            result.table.obs[COLUMN]
        ):
            facts = {**state.facts, _STABILITY: found.to_dict()}
            self._put(ClusterState(state.column, facts), Cause.USER)

    def rows_of(self, name: str) -> NDArray[np.bool_]:
        """Which of the rows shown are in a cluster."""
        column = self.column
        return np.zeros(0, bool) if column is None else np.asarray(column == name)

    def _current(self) -> EmbeddingResult:
        result = self._result.current
        if result is None:
            raise InputError("There are no cells yet; embed some first")
        return result

    def _now(self) -> ClusterState:
        state = self.state()
        if state is None:
            raise InputError("There are no clusters yet; make the map in step 5 first")
        return state

    def _edit(self, edit: ClusterEdit, column: pd.Series | None = None) -> None:
        from napari_c3r.core.reduce.edits import with_edit

        before = self._now()
        if column is None:
            with self._result.memory.entered():
                column = edit.apply(self._current().all_rows, before.column)
        if not renamed_rows(before.column, column).any():
            return
        facts = {k: v for k, v in before.facts.items() if k != _STABILITY}
        self.names_line = ""
        after = ClusterState(column, with_edit(facts, edit))
        self._put(after, Cause.USER)
        self._record(edit.words, before, after)

    def _record(self, words: str, before: ClusterState, after: ClusterState) -> None:
        undone = Cause.UNDONE
        self._history.record(
            Command(words, lambda: self._put(before, undone), lambda: self._put(after, undone))
        )

    def _put(self, state: ClusterState, cause: Cause) -> None:
        result = self._current()
        for table in result.tables:
            table.obs[COLUMN] = without_empty(state.column.reindex(table.obs_names))
            table.uns.setdefault(KEY, {})[COLUMN] = dict(state.facts)
        self._result.changed.emit(Change(Part.ANNOTATION, cause, frozenset({COLUMN})))


@remembered
def _names_in(column: pd.Series) -> tuple[str, ...]:
    """The clusters that cells are in, in their order."""
    column = column.astype("category")
    cells = cells_of_each(column).tolist()
    return tuple(str(name) for name, n in zip(column.cat.categories, cells, strict=True) if n)

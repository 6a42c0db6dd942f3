"""What a person does to clusters by hand: kept with the table, and done again by a script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.cluster_names import COLUMN, called, merged, renamed, split_off
from napari_c3r.core.table.picked import rows_of_cells
from napari_c3r.core.table.result import KEY
from napari_c3r.core.text import shortened

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

BY_HAND: Final = "by_hand"
"""Under which the facts of clusters say in words what was done to them."""

EDITS: Final = "edits"
"""Under which they say it so that it can be done again, an edit as JSON each."""


@dataclass(frozen=True)
class ClusterEdit:
    """One thing done to clusters."""

    kind: ClassVar[str] = ""

    @property
    def words(self) -> str:
        """What is done; empty where it is nothing that a person did."""
        return ""

    def apply(self, table: AnnData, column: pd.Series) -> pd.Series:
        """Do it.

        Parameters
        ----------
        table
            Says which cell a row is.
        column
            Clusters of its rows.

        Returns
        -------
        Series
            Other clusters.

        Raises
        ------
        InputError
            There are no such clusters or cells.
        """
        raise NotImplementedError

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps({"kind": self.kind, **asdict(self)})


@dataclass(frozen=True)
class Call(ClusterEdit):
    """Clusters that were cut anew are called as those before.

    Attributes
    ----------
    names
        What each is called, by the name that it was cut with.
    """

    kind: ClassVar[str] = "call"
    names: Mapping[str, str]

    def apply(self, table: AnnData, column: pd.Series) -> pd.Series:
        """See `ClusterEdit.apply`."""
        return called(column, self.names)


@dataclass(frozen=True)
class Merge(ClusterEdit):
    """Several clusters become one.

    Attributes
    ----------
    names
        Of the clusters.
    """

    kind: ClassVar[str] = "merge"
    names: tuple[str, ...]

    @property
    def words(self) -> str:
        """See `ClusterEdit.words`."""
        return f"merge clusters {' and '.join(self.names)}"

    def apply(self, table: AnnData, column: pd.Series) -> pd.Series:
        """See `ClusterEdit.apply`."""
        return merged(column, self.names)


@dataclass(frozen=True)
class Rename(ClusterEdit):
    """A cluster is called by words beside its number, or with none by its number alone.

    Attributes
    ----------
    name
        Of the cluster.
    to
        The words.
    """

    kind: ClassVar[str] = "rename"
    name: str
    to: str = ""

    @property
    def words(self) -> str:
        """See `ClusterEdit.words`."""
        said = self.to.strip()
        return f"call cluster {self.name} '{said}'" if said else f"unname {self.name}"

    def apply(self, table: AnnData, column: pd.Series) -> pd.Series:
        """See `ClusterEdit.apply`."""
        return renamed(column, self.name, self.to)


@dataclass(frozen=True)
class SplitOff(ClusterEdit):
    """Some cells become a cluster of their own.

    Attributes
    ----------
    cells
        Their labels by the name of their image.
    how
        What was done, in words.
    """

    kind: ClassVar[str] = "split_off"
    cells: Mapping[str, Iterable[int]] = field(default_factory=dict)
    how: str = "make some cells a cluster"

    @property
    def words(self) -> str:
        """See `ClusterEdit.words`."""
        return self.how

    def apply(self, table: AnnData, column: pd.Series) -> pd.Series:
        """See `ClusterEdit.apply`."""
        return split_off(column, rows_of_cells(table, self.cells))[0]


_KINDS: dict[str, type[ClusterEdit]] = {each.kind: each for each in (Call, Merge, Rename, SplitOff)}


def edit_clusters(adata: AnnData, *edits: ClusterEdit) -> AnnData:
    """Do to clusters by hand what one would do in the explorer.

    Parameters
    ----------
    adata
        Result with clusters; changed in place.
    *edits
        What to do, in this order.

    Returns
    -------
    AnnData
        The same object; what is kept of the clusters says what was done.

    Raises
    ------
    InputError
        There are no clusters, or not those that an edit is of.
    """
    if COLUMN not in adata.obs:
        raise InputError("There are no clusters to edit; call c3r.cluster first")
    column = adata.obs[COLUMN].astype("category")
    facts = adata.uns.setdefault(KEY, {}).get(COLUMN, {})
    for edit in edits:
        column = edit.apply(adata, column)
        facts = with_edit(facts, edit)
    adata.obs[COLUMN] = column
    adata.uns[KEY][COLUMN] = facts
    return adata


def with_edit(facts: Mapping[str, Any], edit: ClusterEdit) -> dict[str, Any]:
    """What is kept of clusters after one more thing was done to them."""
    kept = {**facts, EDITS: [*map(str, facts.get(EDITS, ())), edit.to_text()]}
    if edit.words:
        kept[BY_HAND] = [*map(str, facts.get(BY_HAND, ())), edit.words]
    return kept


def edits_of(facts: Mapping[str, Any]) -> list[ClusterEdit]:
    """What was done to clusters, by what is kept of them.

    Raises
    ------
    InputError
        It cannot be read.
    """
    return [_edit_of(str(text)) for text in facts.get(EDITS, ())]


def _edit_of(text: str) -> ClusterEdit:
    try:
        given = dict(json.loads(text))
        kind = _KINDS[given.pop("kind")]
        if kind is Merge:
            return Merge(tuple(map(str, given["names"])))
        return kind(**given)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"An edit of clusters is not known: {shortened(text)}") from error

"""Tables of the user's own that were joined to the cells, whatever is embedded afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.joined.kept import add_to, joined_tables, take_from
from napari_c3r.core.joined.match import CellMatch, JoinedColumns
from napari_c3r.core.joined.matching import codes_of, rows_by_code, rows_by_position
from napari_c3r.core.joined.values import joined_columns
from napari_c3r.core.text import shortened
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command, History
from napari_c3r.session.kept import Kept

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.session.result import EmbeddingResult, Result

_PLACE = ["image", "label", "x_px", "y_px"]


@dataclass(frozen=True, eq=False)
class _Known:
    """A joined table, and the cells that it was joined to.

    Attributes
    ----------
    joined
        What it says of them.
    places
        Their image, label and centre, row by row.
    cells_ids
        Which cells they are, by the name of their image.
    path
        Its file; None where that is not known.
    """

    joined: JoinedColumns
    places: pd.DataFrame
    cells_ids: Mapping[str, int]
    path: Path | None = None

    def rows_of(self, obs: pd.DataFrame, cells_ids: Mapping[str, int]) -> NDArray[np.intp]:
        """For each cell of another result its row, −1 for none.

        A label is a cell's while nobody segmented its image anew; else it is told by its place.
        """
        images = [("image", obs["image"])], [self.places["image"]]
        same = [name for name, number in cells_ids.items() if self.cells_ids.get(name) == number]
        by_label = codes_of(
            [*images[0], ("label", obs["label"])], [*images[1], self.places["label"]], {}
        )
        rows = rows_by_code(*by_label)
        moved = ~obs["image"].astype(str).isin(same).to_numpy()
        if moved.any():
            area = obs["area_px"] if "area_px" in obs else np.full(len(obs), 50.0)
            centres = [each[["x_px", "y_px"]].to_numpy(float) for each in (obs, self.places)]
            placed, _ = rows_by_position(
                codes_of(*images, {}),
                (centres[0], centres[1]),
                np.sqrt(np.asarray(area, float) / np.pi),
            )
            rows = np.where(moved, placed, rows)
        return rows


class JoinedTables:
    """What tables of the user's own say of the cells, with undo.

    A joined table follows its cells when they are embedded again.

    Parameters
    ----------
    result
        Whose cells they are.
    history
        Takes note of what is joined and taken away.
    """

    def __init__(self, result: Result, history: History) -> None:
        self._result, self._history = result, history
        self._known: dict[str, _Known] = {}
        result.changed.connect(self._on_result)

    @property
    def matches(self) -> dict[str, CellMatch]:
        """How each table fitted, by its name."""
        return {name: known.joined.match for name, known in self._known.items()}

    @property
    def paths(self) -> dict[str, Path]:
        """The file of each table, by its name, where that is known."""
        return {name: known.path for name, known in self._known.items() if known.path is not None}

    def join(self, joined: JoinedColumns, path: Path | None = None) -> None:
        """Add a table's columns to all rows; one of the same name makes room.

        Parameters
        ----------
        joined
            What it says of the cells.
        path
            Its file.

        Raises
        ------
        InputError
            The cells were embedded anew since it was matched.
        """
        result = self._result.current
        if result is None or not joined.values.index.equals(result.all_rows.obs_names):
            raise InputError("The cells are others than the table was matched to; match it again")
        name = joined.match.name
        before, after = self._known.get(name), replace(_known(joined, result), path=path)
        self._put(name, after, Cause.USER)
        self._record(f"add the columns of {name}", name, before, after)

    def remove(self, name: str) -> None:
        """Take a table's columns away."""
        before = self._known[name]
        self._put(name, None, Cause.USER)
        self._record(f"take away the columns of {name}", name, before, None)

    def keep(self) -> Kept | None:
        """What a saved session keeps of them beside their columns: where their files are."""
        return Kept({name: str(path) for name, path in self.paths.items()}) if self.paths else None

    def restore(self, kept: Kept) -> None:
        """Undo `keep`.

        Raises
        ------
        InputError
            What was kept names no files.
        """
        for name, path in kept.facts.items():
            if not isinstance(path, str):
                raise InputError(f"{shortened(path)} is no file")
            if name in self._known:
                self._known[name] = replace(self._known[name], path=Path(path))

    def forget(self) -> None:
        """Begin with other fields, of which these tables say nothing."""
        self._known.clear()

    def _record(self, words: str, name: str, before: _Known | None, after: _Known | None) -> None:
        held = sum(int(each.joined.values.memory_usage().sum()) for each in (before, after) if each)
        self._history.record(
            Command(
                words,
                lambda: self._put(name, before, Cause.UNDONE),
                lambda: self._put(name, after, Cause.UNDONE),
                n_bytes=held,
            )
        )

    def _put(self, name: str, known: _Known | None, cause: Cause) -> None:
        result = self._result.current
        if known is None:
            self._known.pop(name, None)
        else:
            self._known[name] = known
        if result is None:
            return
        for table in result.tables:
            take_from(table, name)
        if known is not None:
            self._add(known, result)
        self._result.changed.emit(Change(Part.ANNOTATION, cause))

    def _add(self, known: _Known, result: EmbeddingResult) -> None:
        joined = known.joined
        if not joined.values.index.equals(result.all_rows.obs_names):
            joined = self._carried(known, result)
        for table in result.tables:
            add_to(table, joined)

    def _carried(self, known: _Known, result: EmbeddingResult) -> JoinedColumns:
        obs = result.all_rows.obs
        rows = known.rows_of(obs, result.cells_ids)
        values = joined_columns(known.joined.values, rows, obs)
        matched = int(values.notna().any(axis=1).sum())
        match = replace(
            known.joined.match,
            columns=tuple(map(str, values.columns)),
            matched=matched,
            unmatched=len(obs) - matched,
        )
        facts = {
            **known.joined.facts,
            "columns": list(match.columns),
            "matched": match.matched,
            "unmatched": match.unmatched,
        }
        return JoinedColumns(values, match, facts, known.joined.theirs)

    def _on_result(self, change: Change) -> None:
        if change.part not in (Part.RESULT, Part.MAP):
            return
        result = self._result.current
        if result is None:
            return
        there = {str(facts["name"]): facts for facts in joined_tables(result.all_rows)}
        if change.cause is Cause.RESTORED:
            self._known = {
                name: _known(_read(result.all_rows, facts), result) for name, facts in there.items()
            }
            return
        for name, known in self._known.items():
            if name not in there:
                self._add(known, result)


def _known(joined: JoinedColumns, result: EmbeddingResult) -> _Known:
    places = result.all_rows.obs[_PLACE].reset_index(drop=True)
    return _Known(joined, places, dict(result.cells_ids))


def _read(table: AnnData, facts: Mapping[str, Any]) -> JoinedColumns:
    """A joined table as a result has it."""
    columns = [name for name in facts["columns"] if name in table.obs]
    match = CellMatch(
        str(facts["name"]),
        tuple(map(str, facts["keys"])),
        tuple(columns),
        int(facts["matched"]),
        int(facts["unmatched"]),
    )
    return JoinedColumns(table.obs[columns].copy(), match, facts)

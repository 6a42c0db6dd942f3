"""Names suggested for the cells of the displayed result, learned from those that have one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.core.learn.options import LearnOptions
from napari_c3r.core.options import changed as changed_options
from napari_c3r.core.table.annotate import ACCEPTED, COLUMN, name_column, renamed_rows
from napari_c3r.core.table.flat import SUGGESTED
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command, History
from napari_c3r.session.words import counted_cells

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.learn.suggestion import Suggestion
    from napari_c3r.session.gates import Gates
    from napari_c3r.session.result import EmbeddingResult, Result

RELEARN_AFTER = 10
"""Names given or taken away since, after which it is learned anew."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What a job of learning gives back.

    Attributes
    ----------
    suggestion
        For all rows of a result, hidden ones included.
    result_id
        Of which.
    names
        Which names a person had given them then.
    """

    suggestion: Suggestion
    result_id: int
    names: pd.Series


@dataclass(frozen=True, eq=False)
class _State:
    """What is suggested, and the columns that say so, to be brought back."""

    learned: Learned | None
    columns: pd.DataFrame | None
    provenance: Any = None

    @property
    def n_bytes(self) -> int:
        """Memory that it takes."""
        return 0 if self.columns is None else int(self.columns.memory_usage().sum())


class Suggestions:
    """What is suggested, what of it is still to be looked at, and how it becomes names.

    Parameters
    ----------
    result
        Has the cells and their names.
    history
        Takes note of suggestions that the user asks for and accepts.
    gates
        Gives the gates, some of which may be learned from as names.

    Attributes
    ----------
    options
        How names are learned.
    changed
        There are other suggestions, or none any more.
    """

    changed = Signal()

    def __init__(self, result: Result, history: History, gates: Callable[[], Gates]) -> None:
        self._result, self._history, self._gates = result, history, gates
        self.options = LearnOptions()
        self._learned: Learned | None = None
        self._shown: tuple[Any, NDArray[np.intp]] | None = None
        self._accepted: pd.Series | None = None
        result.changed.connect(self._on_changed)

    @property
    def current(self) -> Suggestion | None:
        """What is suggested for all rows, hidden ones included; None before it was learned."""
        return None if self._learned is None else self._learned.suggestion

    def why_not(self) -> str:
        """Why nothing can be learned yet, in a sentence; empty where it can."""
        from napari_c3r.core.learn.examples import name_counts, require_enough

        result = self._result.current
        if result is None:
            return "No cells yet. Embed some, then name a few of each kind."
        counts = name_counts(result.all_rows, self.columns)
        try:
            require_enough(list(counts), np.array(list(counts.values()), np.intp))
        except InputError as error:
            return f"{error}."
        return ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of ``obs`` that names are learned from: those given, and gates as names."""
        return (COLUMN, *self._gates().state.example_columns)

    def learned_with(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The options other than usual that suggestions were learned with.

        Parameters
        ----------
        facts
            What is kept of them with the table, for those of a session that was opened again.
        """
        if self._learned is not None:
            return changed_options(self._learned.suggestion.options)
        prior, seed = str(facts["prior"]["from"]), int(facts["seed"])
        return changed_options(LearnOptions(prior=prior, seed=seed))

    def gate_rows(self) -> list[tuple[str, str, bool]]:
        """The gates: name, how many cells it has in words, and whether it is used as a name."""
        gates = self._gates()
        if self._result.current is None:
            return []
        used = gates.state.as_names
        return [
            (gate.name, counted_cells(int(gates.mask(gate.name).sum())), gate.name in used)
            for gate in gates.all
        ]

    @property
    def names_changed(self) -> int:
        """Cells that a person gave another name, or none, since it was learned."""
        result, learned = self._result.current, self._learned
        if result is None or learned is None:
            return 0
        return int(renamed_rows(learned.names, self._example_names(result.all_rows)).sum())

    @property
    def is_due(self) -> bool:
        """Whether enough names were given since for it to be learned anew, and it can be."""
        return self.names_changed >= RELEARN_AFTER and not self.why_not()

    def job(self) -> Callable[[threading.Event], Generator[str, None, Learned]]:
        """What learns, for a worker: it holds the table as it is now.

        Raises
        ------
        InputError
            There are no cells.
        """
        result = self._result.current
        if result is None:
            raise InputError("There are no cells to learn from; embed some and name a few")
        table, options, columns = result.all_rows, self.options, self.columns
        names = self._example_names(table)
        obs, vectors, notes = table.obs.copy(deep=False), table.X, dict(table.uns)

        def body(_: threading.Event) -> Generator[str, None, Learned]:
            from anndata import AnnData

            from napari_c3r.core.learn.suggestion import learn

            yield "learning"
            found = learn(AnnData(vectors, obs=obs, uns=notes), columns, options)
            return Learned(found, result.id, names)

        return body

    def take(self, learned: Learned, *, is_step: bool = True) -> None:
        """Write suggestions into the table; those of other cells than are there now are dropped.

        Parameters
        ----------
        learned
            From `job`.
        is_step
            Whether the user asked for it, so that it can be undone; what is learned anew along
            the way replaces what was learned before.
        """
        result = self._result.current
        if result is None or learned.result_id != result.id:
            return
        before = self._state(result)
        self._learned = learned
        self._write(result)
        self._tell()
        if is_step:
            after = self._state(result)
            words = f"suggest names for {counted_cells(int(self.unnamed().sum()))}"
            undo, redo = (lambda: self._bring_back(before)), (lambda: self._bring_back(after))
            self._history.record(Command(words, undo, redo, before.n_bytes))

    def unnamed(self) -> NDArray[np.bool_]:
        """Which of the rows shown, of the open gate, have no name and are no examples."""
        result = self._result.current
        assert result is not None
        none = np.asarray(name_column(result.table).isna(), bool)
        if self._gates().state.example_columns:
            none = none & self._example_names(result.table).isna().to_numpy()
        scope = self._gates().scope()
        return none if scope is None or len(scope) != len(none) else none & scope

    def shown_rows(self) -> NDArray[np.intp]:
        """Where each row shown is among all rows, which suggestions are for."""
        result = self._result.current
        assert result is not None
        if self._shown is None or self._shown[0] is not result.table:
            if result.unfiltered is None:
                rows = np.arange(len(result.table))
            else:
                rows = result.all_rows.obs_names.get_indexer(result.table.obs_names)
            self._shown = result.table, rows
        return self._shown[1]

    def unsure(self) -> NDArray[np.intp]:
        """Rows shown to look at, the ones first that a name would help with most."""
        from napari_c3r.core.learn.choosing import unsure_rows

        return self._chosen(lambda suggestion, unnamed: unsure_rows(suggestion, unnamed))

    def count_unsure(self) -> int:
        """How many rows shown are not sure, or unlike any example; `unsure` lists the first."""
        from napari_c3r.core.learn.choosing import unsure

        return len(self._chosen(lambda found, unnamed: np.flatnonzero(unsure(found, unnamed))))

    def acceptable(self, least: float) -> NDArray[np.intp]:
        """Rows shown without a name whose suggestion has at least this probability."""
        from napari_c3r.core.learn.choosing import accepted_rows

        return self._chosen(lambda suggestion, unnamed: accepted_rows(suggestion, unnamed, least))

    def expected_right(self, rows: NDArray[np.intp]) -> float:
        """Share of the suggestions of rows shown that is right, as their probabilities tell."""
        assert self.current is not None
        return float(self.current.probability[self.shown_rows()[rows]].mean())

    def accept(self, rows: NDArray[np.intp]) -> None:
        """Let suggestions for rows shown become their names, in one step.

        They are no examples from then on: what is learned from its own suggestions only confirms
        itself.
        """
        import pandas as pd

        suggestion = self.current
        if suggestion is None or not len(rows):
            raise InputError("No suggestion is chosen; lower the probability, or name more cells")
        rows = np.sort(rows)
        codes = suggestion.codes[self.shown_rows()[rows]]
        names = pd.Categorical.from_codes(codes, pd.Index(suggestion.names))
        mask = np.zeros(len(self.shown_rows()), bool)
        mask[rows] = True
        self._result.annotate(mask, names, accepted=True)

    def _example_names(self, table: AnnData) -> pd.Series:
        from napari_c3r.core.learn.examples import example_names

        return example_names(table, self.columns)

    def suggested_name(self, row: int) -> str:
        """The name suggested for a row shown; empty where there is none."""
        suggestion = self.current
        if suggestion is None:
            return ""
        code = int(suggestion.codes[self.shown_rows()[row]])
        return suggestion.names[code] if code >= 0 else ""

    def words_on(self, row: int) -> str:
        """What is suggested for a row shown, and how sure that is."""
        from napari_c3r.core.learn.words import reason_words

        suggestion = self.current
        return "" if suggestion is None else reason_words(suggestion, self.shown_rows()[row])

    def sentence(self) -> str:
        """What is suggested, and how right it is; why nothing is where nothing is."""
        from napari_c3r.core.learn.words import sentence

        suggestion = self.current
        if suggestion is None:
            return self.why_not()
        opened = self._gates().opened
        within = "" if opened is None else f" in the open gate “{opened}”"
        return sentence(suggestion, self.waiting, within)

    @property
    def waiting(self) -> int:
        """Rows shown without a name."""
        return int(self.unnamed().sum())

    def _chosen(
        self, choose: Callable[[Suggestion, NDArray[np.bool_]], NDArray[np.intp]]
    ) -> NDArray[np.intp]:
        """Rows shown, chosen from the suggestions for them."""
        suggestion, result = self.current, self._result.current
        if suggestion is None or result is None:
            return np.zeros(0, np.intp)
        shown, unnamed = self.shown_rows(), np.zeros(len(suggestion.codes), bool)
        unnamed[shown] = self.unnamed()
        place = np.full(len(suggestion.codes), -1, np.intp)
        place[shown] = np.arange(len(shown))
        return place[choose(suggestion, unnamed)]

    def _write(self, result: EmbeddingResult) -> None:
        from napari_c3r.core.learn.columns import add_suggestion

        assert self._learned is not None
        add_suggestion(result.all_rows, self._learned.suggestion)
        if result.table is not result.all_rows:
            add_suggestion(result.table, self._learned.suggestion, self.shown_rows())

    def _state(self, result: EmbeddingResult) -> _State:
        from napari_c3r.core.learn.columns import COLUMNS, PROVENANCE
        from napari_c3r.core.table.result import KEY

        obs = result.all_rows.obs
        if SUGGESTED not in obs:
            return _State(None, None)
        kept = obs[[name for name in COLUMNS if name in obs]].copy()
        return _State(self._learned, kept, result.all_rows.uns.get(KEY, {}).get(PROVENANCE))

    def _bring_back(self, state: _State) -> None:
        from napari_c3r.core.learn.columns import PROVENANCE, forget_suggestion
        from napari_c3r.core.table.result import KEY

        result = self._result.current
        assert result is not None
        self._learned = state.learned
        for table in (result.all_rows, result.table):
            forget_suggestion(table)
            if state.columns is not None:
                for name, column in state.columns.items():
                    table.obs[name] = column.reindex(table.obs_names)
                table.uns[KEY] = {**table.uns[KEY], PROVENANCE: state.provenance}
        self._tell(Cause.UNDONE)

    def _tell(self, cause: Cause = Cause.USER) -> None:
        from napari_c3r.core.learn.columns import COLUMNS

        self._result.changed.emit(Change(Part.ANNOTATION, cause, frozenset(COLUMNS)))
        self.changed.emit()

    def _on_changed(self, change: Change) -> None:
        """Suggestions go with the cells: another map keeps them, other cells have none."""
        result, learned = self._result.current, self._learned
        if result is None:
            return
        self._carry_accepted(result, change.part)
        if change.part not in (Part.RESULT, Part.MAP) or learned is None:
            return
        if learned.result_id != result.id:
            self._learned = None
            self.changed.emit()
        elif change.part is Part.MAP:
            # The map was made on a copy, which may be older than they are.
            self._write(result)

    def _carry_accepted(self, result: EmbeddingResult, part: Part) -> None:
        """Cells that are embedded anew keep their names, and so must that nobody gave them."""
        if part not in (Part.RESULT, Part.ANNOTATION):
            return
        if ACCEPTED in result.all_rows.obs:
            self._accepted = name_column(result.all_rows, ACCEPTED)
        elif part is Part.RESULT and self._accepted is not None:
            for table in (result.all_rows, result.table):
                table.obs[ACCEPTED] = self._accepted.reindex(table.obs_names)

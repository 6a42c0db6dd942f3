"""Batches brought together before a map is made, by the methods that profiles have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata import design_of
from napari_c3r.core.profiles.batch import correct_values, require_batches, vector_corrections

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.reduce.controls import Controls

BATCH, METHOD, NOTES = "batch", "batch_method", "batch_notes"
"""In what is kept of a map or of clusters: the column, the method, and what was noticed."""

_MOST_BATCHES: Final = 100
# What names a cell, was made from its vector, or says where on a plate it lies, is no batch.
_NO_BATCH: Final = frozenset({"image", "cluster", "annotation", "well", "site"})


@dataclass(frozen=True)
class Batches:
    """What is brought together, and how.

    Attributes
    ----------
    column
        Of ``obs``, says the batch of each cell.
    method
        One of `vector_corrections`, or the folder of a kept CellPainTR.
    """

    column: str
    method: str

    @property
    def by_fit(self) -> bool:
        """Whether a kept CellPainTR does it, which takes whole vectors."""
        return self.method not in vector_corrections()

    def checked(self, table: AnnData) -> pd.Series:
        """The batch of each row of a table.

        Raises
        ------
        InputError
            An unknown method, no such column, or it tells no batches.
        """
        if self.by_fit and not Path(self.method).is_dir():
            raise InputError(
                f"batches are to be brought together by '{self.method}'; give one of "
                f"{', '.join(vector_corrections())}, or the folder of a kept CellPainTR"
            )
        if self.column not in table.obs:
            raise InputError(
                f"The table has no column '{self.column}' to tell batches by; its columns are "
                f"{', '.join(map(str, table.obs.columns))}"
            )
        require_batches(table.obs[self.column])
        return table.obs[self.column]

    def encoded(self, table: AnnData, controls: Controls | None) -> NDArray[np.float32]:
        """What the kept CellPainTR makes of a table's vectors, (rows, D) float32.

        Batches that the fit has not seen are taken with the mean of its tokens.

        Parameters
        ----------
        table
            A result; left as it is.
        controls
            To whose scale each batch is brought; where None, to that of all its rows.

        Raises
        ------
        InputError
            As `checked`; or the folder holds no fit, nothing of the table is in it, or a batch has
            too few controls.
        """
        from napari_c3r.core.profiles.cellpaintr import read_cellpaintr

        self.checked(table)
        made = read_cellpaintr(self.method).encode(table, self.column, controls=controls)
        return np.asarray(made.X, np.float32)

    def together(
        self, components: NDArray[np.float32], table: AnnData, seed: int
    ) -> NDArray[np.float32]:
        """Bring batches together in principal components, (rows, components).

        Parameters
        ----------
        components
            Of the rows of `table`.
        table
            Says the batch of each.
        seed
            Of what the method draws.

        Raises
        ------
        InputError
            As `checked`, or the method's package is not installed.
        """
        column = self.checked(table)
        found = correct_values(components.astype(np.float64), column, self.method, seed)
        return found.astype(np.float32)

    def facts(self) -> dict[str, Any]:
        """What is kept of it."""
        return {BATCH: self.column, METHOD: self.method}

    def notes(self, table: AnnData) -> dict[str, list[str]]:
        """What cannot be told after batches were brought together, under `NOTES`."""
        treatment = design_of(table).treatment
        if treatment is None or treatment not in table.obs or treatment == self.column:
            return {}
        pairs = table.obs[[treatment, self.column]].dropna().astype(str).drop_duplicates()
        counts = pairs[treatment].value_counts()
        alone = counts.index[counts == 1]
        if not len(alone):
            return {}
        what = f"'{alone[0]}' is" if len(alone) == 1 else f"{len(alone)} of {len(counts)} are"
        return {
            NOTES: [
                f"Of '{treatment}', {what} in one '{self.column}' only: what these do cannot be "
                "told from their batch, and may have been taken away with it"
            ]
        }


def batches_of(column: str | None, method: str) -> Batches | None:
    """What is brought together; None where no column says the batches."""
    return None if column is None else Batches(column, method)


def batch_columns(table: AnnData) -> list[str]:
    """Columns of a result that could tell batches, what the plate map calls a batch first.

    Parameters
    ----------
    table
        A result. Columns of numbers are none, nor are those that say what was done to a well.
    """
    design = design_of(table)
    done = (_NO_BATCH | set(design.columns)) - {design.batch}
    names = [
        str(name)
        for name, column in table.obs.items()
        if str(name) not in done and _tells_batches(column, anyhow=name == design.batch)
    ]
    return sorted(names, key=lambda name: (name != design.batch, name != "plate"))


def _tells_batches(column: pd.Series, *, anyhow: bool) -> bool:
    import pandas as pd

    number = pd.api.types.is_numeric_dtype(column.dtype) and not anyhow
    if number or pd.api.types.is_bool_dtype(column.dtype):
        return False
    return not column.isna().any() and 1 < column.nunique() <= _MOST_BATCHES


def batch_words(facts: dict[str, Any]) -> str:
    """Say of what is kept of a map how batches were brought together; empty where they were not.

    As in ``"batches of 'plate' brought together by Harmony"``.
    """
    if BATCH not in facts:
        return ""
    return f"batches of '{facts[BATCH]}' brought together by {_called(facts)}"


def corrected_words(facts: Mapping[str, Any]) -> str:
    """The same in fewer words, for below a map: ``"corrected for 'plate' by Harmony"``."""
    return f"corrected for '{facts[BATCH]}' by {_called(facts)}" if BATCH in facts else ""


def _called(facts: Mapping[str, Any]) -> str:
    """What did it, by name."""
    method = facts[METHOD]
    return vector_corrections().get(method) or f"the CellPainTR '{Path(method).name}'"


def batch_note(facts: Mapping[str, Any]) -> str:
    """Say what of a result was made of corrected vectors, and that the rest was not.

    Parameters
    ----------
    facts
        As the provenance of a result has them.

    Returns
    -------
    str
        A sentence without its full stop; empty where no batches were brought together.
    """
    told: dict[str, list[str]] = {}
    for made, called in (("map", "the map"), ("cluster", "clusters")):
        if words := batch_words(dict(facts.get(made) or {})):
            told.setdefault(words, []).append(called)
    if not told:
        return ""
    said = "; ".join(f"{words} for {' and '.join(made)}" for words, made in told.items())
    return f"{said[0].upper()}{said[1:]}; vectors and features are as embedded"

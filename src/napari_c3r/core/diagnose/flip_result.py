"""The result of a flip report: frozen, and readable without the image."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.parity import Parity, parity_and_entropy
from napari_c3r.core.diagnose.structure import Columns
from napari_c3r.core.diagnose.suggest import RoleSuggestion, suggest_roles
from napari_c3r.core.diagnose.verdict import (
    SCORES,
    VariantResult,
    headline,
    neighbour_sentence,
    score_sentence,
)
from napari_c3r.core.errors import InputError


@dataclass(frozen=True, eq=False)
class FlipReport:
    """What other roles would do to the same cells.

    Attributes
    ----------
    obs
        One row per cell that was compared: the columns of an embedding, ``focus_<channel>``, and
        the label column where one was given.
    assigned, noise
        The roles as assigned, and the noise floor.
    results
        One for every variant.
    rank_shift, cosine_shift
        Per-cell shifts, (cells, variants), columns named by variant and ``"noise floor"``.
        `cosine_shift` lacks the variants whose vectors cannot be compared.
    vectors, columns
        By variant name: (cells, D) and what each column is.
    k
        Neighbours looked at.
    kept_by_chance
        Share of neighbours that unrelated vectors would keep.
    label_column
        Or "" where no label could be used.
    skipped
        A sentence for every question that could not be asked.
    notes
        What was noticed, in sentences.
    settings
        Everything it takes to make the report again.
    alone
        (cells, channels, F), each channel embedded alone; None when not requested.
    job_id
        Of the job.
    """

    obs: pd.DataFrame
    assigned: VariantResult
    noise: VariantResult
    results: tuple[VariantResult, ...]
    rank_shift: pd.DataFrame
    cosine_shift: pd.DataFrame
    vectors: dict[str, NDArray[np.float32]]
    columns: dict[str, Columns]
    k: int
    kept_by_chance: float
    label_column: str
    skipped: tuple[str, ...]
    notes: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    alone: NDArray[np.float32] | None = None
    job_id: int = 0

    @property
    def headline(self) -> str:
        """The one sentence to read first."""
        return headline(self.results, self.assigned, self.noise, self.k)

    @cached_property
    def parity(self) -> Parity | None:
        """Parity and entropy of the channels; None where they were not embedded alone."""
        if self.alone is None:
            return None
        roles = self.assigned.variant.assignment
        return parity_and_entropy(self.alone, roles.used, roles)

    @cached_property
    def suggestion(self) -> RoleSuggestion | None:
        """Roles that the data and the names suggest; None as for `parity`."""
        if self.alone is None:
            return None
        return suggest_roles(self.alone, self.assigned.variant.assignment.used)

    def sentence(self, name: str) -> str:
        """What a variant does, in one or two sentences."""
        result = self.result(name)
        parts = [neighbour_sentence(result, self.noise, self.k)]
        if self.label_column and not result.constant:
            parts.append(score_sentence(result, self.assigned, self.label_column))
        return ". ".join(parts)

    def result(self, name: str) -> VariantResult:
        """The result of the variant called `name`; InputError when there is none."""
        for result in self.results:
            if result.variant.name == name:
                return result
        names = ", ".join(f"'{r.variant.name}'" for r in self.results)
        raise InputError(f"No variant '{name}' in the report; there are {names}")

    def most_moved(self, name: str, count: int = 20) -> NDArray[np.intp]:
        """Rows of `obs` of the cells whose neighbours a variant changes most, most first.

        Ties, which are common among ranks, are broken by the cosine shift.
        """
        self.result(name)
        order = [-self.rank_shift[name].to_numpy()]
        if name in self.cosine_shift:
            order.insert(0, -self.cosine_shift[name].to_numpy())
        return np.asarray(np.lexsort(order)[:count], np.intp)

    @property
    def table(self) -> pd.DataFrame:
        """One row per variant, the roles as assigned and the noise floor first.

        Figures have columns ``_low`` and ``_high`` with their 95 % interval; those that a
        variant or the lack of labels leaves undefined are missing values (``<NA>``).
        """
        return pd.DataFrame(
            [self._row(result) for result in (self.assigned, self.noise, *self.results)]
        ).convert_dtypes()

    def _row(self, result: VariantResult) -> dict[str, Any]:
        roles = result.variant.assignment
        row: dict[str, Any] = {
            "variant": result.variant.name,
            "kind": str(result.variant.kind),
            "channel": result.variant.channel or "",
            "context": ", ".join(roles.context),
            "concept": ", ".join(roles.concept),
        }
        figures: dict[str, Estimate | None] = {
            "neighbours_kept": result.neighbours_kept,
            "rank_shift": result.rank_shift,
            "cosine_shift": result.cosine_shift,
            "cka": result.cka,
            "rand_index": result.rand_index,
        }
        for name in SCORES if self.label_column else ():
            figures[name] = result.scores.get(name)
            figures[f"{name}_change"] = result.changes.get(name)
        figures["rank_shift_beyond_noise"] = result.beyond
        for name, estimate in figures.items():
            for suffix, bound in (("", "value"), ("_low", "low"), ("_high", "high")):
                row[name + suffix] = pd.NA if estimate is None else getattr(estimate, bound)
        is_variant = result in self.results
        row["p"] = result.p if is_variant else pd.NA
        row["matters"] = result.matters if is_variant else pd.NA
        if self.label_column:
            row["label_p"] = result.score_p if is_variant else pd.NA
            row["label_matters"] = result.score_matters if is_variant else pd.NA
        row["sentence"] = self.sentence(result.variant.name) if is_variant else ""
        return row

"""The result of a flip report: frozen, and readable without the image."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.parity import Parity, parity_and_entropy
from napari_c3r.core.diagnose.scores import SCORES
from napari_c3r.core.diagnose.second import SecondVectors
from napari_c3r.core.diagnose.structure import Columns
from napari_c3r.core.diagnose.suggest import RoleSuggestion, suggest_roles
from napari_c3r.core.diagnose.verdict import (
    VariantResult,
    Verdict,
    headline,
    label_sentence,
    neighbour_sentence,
    strongest,
)
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


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
    neighbours_changed, cosine_shift
        Per cell, (cells, variants), columns named by variant and ``"noise floor"``: how many of the
        k nearest are others than as assigned, and one minus the cosine.
        `cosine_shift` lacks the variants whose vectors cannot be compared.
    vectors, columns
        By variant name: (cells, D) and what each column is.
    k
        Neighbours looked at.
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
    perturbed
        (cells, D), roles as assigned, of crops that were turned, shifted and given noise.
    second
        What a second encoder made of the same cells; None when not requested.
    job_id
        Of the job.
    """

    obs: pd.DataFrame
    assigned: VariantResult
    noise: VariantResult
    results: tuple[VariantResult, ...]
    neighbours_changed: pd.DataFrame
    cosine_shift: pd.DataFrame
    vectors: dict[str, NDArray[np.float32]]
    columns: dict[str, Columns]
    k: int
    label_column: str
    skipped: tuple[str, ...]
    notes: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    alone: NDArray[np.float32] | None = None
    perturbed: NDArray[np.float32] | None = None
    second: SecondVectors | None = None
    job_id: int = 0

    @property
    def headline(self) -> str:
        """The one sentence to read first; empty where nothing was asked of the roles."""
        if not self.results:
            return ""
        return headline(self.results, self.k)

    @property
    def strongest(self) -> VariantResult:
        """The variant that the headline is about, where there is any."""
        return strongest(self.results)

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

    def sentences(self, name: str) -> tuple[str, ...]:
        """What a variant does to neighbours, and with labels to how alike they are."""
        result = self.result(name)
        parts = [neighbour_sentence(result, self.k)]
        if self.label_column and not result.constant:
            parts.append(label_sentence(result, self.assigned, self.label_column, self.k))
        return tuple(parts)

    def sentence(self, name: str) -> str:
        """What a variant does, in one or two sentences."""
        return ". ".join(self.sentences(name))

    def result(self, name: str) -> VariantResult:
        """The result of the variant called `name`; InputError when there is none."""
        for result in self.results:
            if result.variant.name == name:
                return result
        names = ", ".join(f"'{r.variant.name}'" for r in self.results)
        raise InputError(f"No variant '{name}' in the report; there are {names}")

    def most_moved(self, name: str, count: int = 20) -> NDArray[np.intp]:
        """Rows of `obs` of the cells whose neighbours a variant changes most, most first.

        Ties, which are common, are broken by the cosine shift.
        """
        self.result(name)
        order = [-self.neighbours_changed[name].to_numpy()]
        if name in self.cosine_shift:
            order.insert(0, -self.cosine_shift[name].to_numpy())
        return np.asarray(np.lexsort(order)[:count], np.intp)

    @property
    def table(self) -> pd.DataFrame:
        """One row per variant, the roles as assigned and the noise floor first.

        ``effect`` is what is tested and ``effect_grade`` the verdict, ``label_effect`` and
        ``label_effect_grade`` the same for labels, in neighbours of ``k``. Figures have columns
        ``_low`` and ``_high`` with their 95 % interval; those that a variant or the lack of labels
        leaves undefined are missing values (``<NA>``).
        """
        import pandas as pd

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
        is_variant = result in self.results
        row |= _spelt_out("effect", result.verdict, is_variant)
        if self.label_column:
            row |= _spelt_out("label_effect", result.on_labels, is_variant)
        row |= _bounds("neighbours_changed", result.changed)
        row |= _bounds("cosine_shift", result.cosine_shift)
        row |= _bounds("cka", result.cka) | _bounds("rand_index", result.rand_index)
        for name in SCORES if self.label_column else ():
            row |= _bounds(name, result.scores.get(name))
        row["sentence"] = self.sentence(result.variant.name) if is_variant else ""
        return row


def _spelt_out(name: str, verdict: Verdict | None, is_variant: bool) -> dict[str, Any]:
    """The columns of a verdict; roles as assigned and noise are not graded."""
    import pandas as pd

    graded = verdict if is_variant else None
    row = _bounds(name, None if verdict is None else verdict.effect)
    row[f"{name}_of_noise"] = pd.NA if verdict is None else verdict.noise
    row[f"{name}_p"] = pd.NA if graded is None else graded.p
    row[f"{name}_grade"] = pd.NA if graded is None else str(graded.grade)
    return row


def _bounds(name: str, estimate: Estimate | None) -> dict[str, Any]:
    import pandas as pd

    bounds = (("", "value"), ("_low", "low"), ("_high", "high"))
    return {
        name + suffix: pd.NA if estimate is None else getattr(estimate, bound)
        for suffix, bound in bounds
    }

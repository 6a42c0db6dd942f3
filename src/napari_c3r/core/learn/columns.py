"""Suggestions as columns of a table, with where they are from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.learn.options import LearnOptions
from napari_c3r.core.table.annotate import COLUMN
from napari_c3r.core.table.flat import SUGGESTED
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.learn.suggestion import Suggestion

PROBABILITY: Final = "suggested_p"
NOVELTY: Final = "suggested_novelty"
COLUMNS: Final = (SUGGESTED, PROBABILITY, NOVELTY)
"""What a suggestion adds to ``obs``: a name, its probability, and how unlike the examples it is."""

PROVENANCE: Final = "suggestion"
"""Under which ``uns["napari_c3r"]`` keeps where the columns are from."""


def suggest_names(
    adata: AnnData,
    names: str | Sequence[str] = COLUMN,
    *,
    prior: str = "examples",
    unit: str = "auto",
    c: float | None = None,
    seed: int = 0,
) -> AnnData:
    """Suggest a name for every cell, learned from those that have one.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`; changed in place.
    names
        The column of names, missing where a cell has none; or several columns of truth values,
        such as gates, each of which is a name, with ``"annotation"`` for those given by hand too.
    prior, unit, c, seed
        As for :class:`napari_c3r.core.learn.options.LearnOptions`.

    Returns
    -------
    AnnData
        The same object, with the columns ``obs["suggested"]``, ``obs["suggested_p"]`` (its
        probability) and ``obs["suggested_novelty"]`` (the distance to the nearest example; beyond
        1 a cell is unlike any of them). An example has what was suggested for it without its field
        or well. ``uns["napari_c3r"]["suggestion"]`` says what it was learned from and how right
        it is.

    Raises
    ------
    InputError
        No such column, fewer than two names, or a name with fewer than three cells.
    """
    from napari_c3r.core.learn.suggestion import learn

    options = LearnOptions(prior=prior, unit=unit, c=c, seed=seed)
    return add_suggestion(adata, learn(adata, names, options))


def add_suggestion(
    adata: AnnData, suggestion: Suggestion, rows: NDArray[np.intp] | None = None
) -> AnnData:
    """Write a suggestion into a table, in place.

    Parameters
    ----------
    adata
        The table, or some rows of it.
    suggestion
        Of the whole table.
    rows
        Which of its rows `adata` has; None: all.
    """
    import pandas as pd

    chosen: Any = slice(None) if rows is None else rows
    codes = suggestion.codes[chosen]
    adata.obs[SUGGESTED] = pd.Categorical.from_codes(codes, pd.Index(suggestion.names))
    adata.obs[PROBABILITY] = suggestion.probability[chosen]
    adata.obs[NOVELTY] = suggestion.novelty[chosen]
    adata.uns[KEY] = {**adata.uns.get(KEY, {}), PROVENANCE: described(adata, suggestion)}
    return adata


def forget_suggestion(adata: AnnData) -> None:
    """Take the columns of a suggestion and where they are from out of a table, in place."""
    for name in COLUMNS:
        if name in adata.obs:
            del adata.obs[name]
    adata.uns[KEY] = {n: v for n, v in adata.uns.get(KEY, {}).items() if n != PROVENANCE}


def carry_suggestion(old: AnnData, new: AnnData) -> None:
    """Let a later table of the same cells have the suggestion of an earlier one, in place."""
    forget_suggestion(new)
    if SUGGESTED not in old.obs:
        return
    for name in COLUMNS:
        if name in old.obs:
            new.obs[name] = old.obs[name].reindex(new.obs_names)
    kept = old.uns.get(KEY, {}).get(PROVENANCE)
    if kept is not None:
        new.uns[KEY] = {**new.uns.get(KEY, {}), PROVENANCE: kept}


def described(adata: AnnData, suggestion: Suggestion) -> dict[str, Any]:
    """What a suggestion was learned from, and how right it is, in plain values.

    Parameters
    ----------
    adata
        A table that says by which encoder its vectors are.
    suggestion
        With the keys of its examples.
    """
    from importlib.metadata import version

    examples, scores, made = suggestion.examples, suggestion.scores, suggestion.calibration
    images, labels = suggestion.keys
    return {
        "column": suggestion.column,
        "names": list(examples.names),
        "named": examples.counts.tolist(),
        "examples": {
            "image": images,
            "label": labels,
            "name": [examples.names[code] for code in examples.codes],
        },
        "method": "logistic regression with an L2 penalty on standardised vectors",
        "c": float(suggestion.c),
        "calibration": {
            "method": made.method,
            "slope": made.slope,
            "offsets": made.offsets.tolist(),
        },
        "prior": {"from": str(suggestion.prior_from), "shares": suggestion.prior.tolist()},
        "scores": {
            "left_out": scores.unit,
            "groups": scores.n_groups,
            "examples": scores.n,
            "accuracy": scores.accuracy.value,
            "accuracy_low": scores.accuracy.low,
            "accuracy_high": scores.accuracy.high,
            "balanced_accuracy": scores.balanced,
            "baseline": scores.baseline,
            "recall": [each.recall for each in scores.names],
            "log_loss": scores.log_loss,
            "brier": scores.brier,
            "calibration_error": scores.calibration_error,
        },
        "encoder": dict(adata.uns.get(KEY, {}).get("encoder", {})),
        "seed": suggestion.options.seed,
        "scikit-learn": version("scikit-learn"),
        "notes": list(suggestion.notes),
    }

"""Names for all cells, learned from those that have one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.learn.calibration import (
    Calibration,
    calibrate,
    estimate_prior,
    with_prior,
)
from napari_c3r.core.learn.examples import Examples, examples_of
from napari_c3r.core.learn.folds import Fold, make_folds
from napari_c3r.core.learn.logistic import Fitting, Linear, choose_c, rotated
from napari_c3r.core.learn.novelty import Novelty, learn_novelty
from napari_c3r.core.learn.options import LearnOptions, Prior
from napari_c3r.core.learn.scale import Scale, pieces
from napari_c3r.core.learn.scores import Scores, score
from napari_c3r.core.table.annotate import COLUMN

if TYPE_CHECKING:
    from anndata import AnnData

MAX_FOR_PRIOR = 50_000
"""Cells that tell how common each name is; of more, so many evenly spread over the table."""

MIN_FOR_PRIOR = 50
"""With fewer cells that have no name, names are taken to be as common as among the examples."""


@dataclass(frozen=True, eq=False)
class Suggestion:
    """A name suggested for every cell.

    An example has the name that was suggested without its field or well, so that one can see
    where it disagrees.

    Attributes
    ----------
    examples
        What it was learned from.
    keys
        Image and label of every example, two lists of n.
    codes
        The name of each cell, (cells,), as its place among the examples' names; −1 where a cell
        has no vector of finite numbers.
    probability
        That of the name suggested, (cells,) float32.
    runner_up
        That of the second, (cells,) float32.
    novelty
        Distance to the nearest example in units of what is usual among them, (cells,) float32;
        beyond 1 a cell is unlike any example.
    scores
        How right it is in groups that were left out.
    prior
        How common each name was taken to be, (names,).
    prior_from
        Where that is from: ``"examples"``, ``"table"`` or ``"equal"``.
    c
        Inverse strength of the penalty.
    calibration
        How scores were made probabilities.
    options
        What was asked for.
    column
        Where the names stand; of several columns, joined by commas.
    notes
        Sentences for the user.
    """

    examples: Examples
    keys: tuple[list[str], list[int]]
    codes: NDArray[np.intp]
    probability: NDArray[np.float32]
    runner_up: NDArray[np.float32]
    novelty: NDArray[np.float32]
    scores: Scores
    prior: NDArray[np.float64]
    prior_from: Prior
    c: float
    calibration: Calibration
    options: LearnOptions
    column: str
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are told apart."""
        return self.examples.names

    @property
    def unlike(self) -> NDArray[np.bool_]:
        """The cells that are unlike any example, (cells,)."""
        return self.novelty > 1


@dataclass(frozen=True, eq=False)
class _Model:
    """All that makes probabilities of vectors."""

    scale: Scale
    linear: Linear
    calibration: Calibration
    novelty: Novelty

    def apply(
        self, vectors: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Calibrated scores (cells, names) and novelty (cells,) of all vectors, in one pass."""
        linear, slope = self.linear, self.calibration.slope
        names = linear.weights.shape[1]
        both = np.hstack([slope * linear.weights, self.novelty.axes])
        # The spread of the columns goes into the matrix, so that vectors are only centred.
        both = (self.scale.factor[:, None] * both).astype(np.float32)
        offsets = (slope * linear.offsets + self.calibration.offsets).astype(np.float32)
        scores = np.empty((len(vectors), names), np.float32)
        novelty = np.empty(len(vectors), np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            for part in pieces(len(vectors)):
                found = (vectors[part] - self.scale.mean) @ both
                scores[part] = found[:, :names] + offsets
                novelty[part] = self.novelty(np.ascontiguousarray(found[:, names:]))
        return scores, novelty


def learn(
    adata: AnnData,
    names: str | Sequence[str] = COLUMN,
    options: LearnOptions | None = None,
) -> Suggestion:
    """Learn from the cells that have a name what the others should be called.

    Multinomial logistic regression with an L2 penalty on the vectors, standardised over the
    table; each name weighs the same, however many examples it has. The strength of the penalty is
    chosen by cross-validation, anew within each fold of the outer one, which leaves whole fields
    or wells out. On the scores of the examples left out probabilities are calibrated. They hold
    where names are as common as among the examples, unless `LearnOptions.prior` says otherwise.

    Parameters
    ----------
    adata
        Result of :func:`napari_c3r.embed`; left as it is.
    names
        The column of names, or several columns of truth values, see `examples_of`.
    options
        How; None: `LearnOptions` as they are.

    Returns
    -------
    Suggestion
        The same for the same table and options.

    Raises
    ------
    InputError
        As `examples_of`, or examples without vectors of finite numbers.
    """
    options = options or LearnOptions()
    vectors = np.asarray(adata.X)
    examples = examples_of(adata, names, options.unit, options.seed)
    scale = Scale.of(vectors)
    given = scale(vectors[examples.rows])
    _require_finite(adata, examples, given)
    turned = rotated(given.astype(np.float64))
    folds = make_folds(examples.codes, examples.groups, options.seed)
    scores = _tested(turned, examples, folds, options)
    c = options.c or choose_c(turned, examples.codes, examples.groups, options.seed)
    # With the penalty of the final fit, whose scores are as steep as these.
    raw = _left_out(turned, examples, folds, [c] * len(folds))
    calibration = calibrate(raw, examples.codes)
    left_out = calibration(raw)
    linear = Fitting(given.astype(np.float64), examples.codes).at(c)
    step = max(1, len(vectors) // 5000)
    sample = scale(vectors[::step])
    sample = sample[np.isfinite(sample).all(axis=1)]
    novelty = learn_novelty(sample, given, examples.codes, examples.groups)
    found, far = _Model(scale, linear, calibration, novelty).apply(vectors)
    # Examples say of themselves what was found without them.
    found[examples.rows] = left_out
    prior, prior_from, notes = _prior(found, far, examples, Prior(options.prior))
    codes, best, second = _ranked(found, prior)
    lacking = codes < 0
    if lacking.any():
        notes = [*notes, f"{int(lacking.sum()):,} cells have no vector and get no name"]
    cells = adata.obs.iloc[examples.rows]
    return Suggestion(
        examples,
        (cells["image"].astype(str).tolist(), cells["label"].astype(int).tolist()),
        codes,
        best,
        second,
        far,
        scores,
        prior,
        prior_from,
        c,
        calibration,
        options,
        names if isinstance(names, str) else ", ".join(names),
        (*examples.notes, *notes),
    )


def _require_finite(adata: AnnData, examples: Examples, given: NDArray[np.float32]) -> None:
    finite = np.isfinite(given).all(axis=1)
    if not finite.all():
        row = int(examples.rows[np.argmin(finite)])
        raise InputError(
            f"The named cell '{adata.obs_names[row]}' has a vector of values that are not finite; "
            "take its name away, or embed its image again"
        )


def _tested(
    standard: NDArray[np.float64],
    examples: Examples,
    folds: Sequence[Fold],
    options: LearnOptions,
) -> Scores:
    """How right suggestions are for examples left out.

    Neither what the penalty of a fold was chosen by, nor what its calibration was fitted to, has
    an example of the fold in it.
    """
    codes, groups = examples.codes, examples.groups
    strengths = [
        options.c or choose_c(standard[learned], codes[learned], groups[learned], options.seed)
        for learned, _ in folds
    ]
    scores = _left_out(standard, examples, folds, strengths)
    judged = np.zeros_like(scores)
    for learned, left in folds:
        judged[left] = calibrate(scores[learned], codes[learned])(scores[left])
    told = with_prior(judged, examples.shares)
    return score(told, codes, groups, examples.names, examples.unit, len(folds))


def _left_out(
    standard: NDArray[np.float64],
    examples: Examples,
    folds: Sequence[Fold],
    strengths: Sequence[float],
) -> NDArray[np.float64]:
    """Scores of examples, (n, names), from fits that did not see their group."""
    scores = np.zeros((len(examples), len(examples.names)))
    for (learned, left), c in zip(folds, strengths, strict=True):
        scores[left] = Fitting(standard[learned], examples.codes[learned]).at(c)(standard[left])
    return scores


def _prior(
    scores: NDArray[np.float32],
    novelty: NDArray[np.float32],
    examples: Examples,
    wanted: Prior,
) -> tuple[NDArray[np.float64], Prior, list[str]]:
    """How common each name is, where that is from, and what is to be said of it."""
    equal = np.full(len(examples.names), 1 / len(examples.names))
    if wanted is Prior.EQUAL:
        return equal, wanted, []
    if wanted is Prior.EXAMPLES:
        return examples.shares, wanted, []
    asked = np.isfinite(scores).all(axis=1) & (novelty <= 1)
    asked[examples.rows] = False
    rows = np.flatnonzero(asked)
    if len(rows) < MIN_FOR_PRIOR:
        note = (
            f"Only {len(rows)} cells like the examples have no name, too few to tell how common "
            "each is; taken to be as common as among the examples"
        )
        return examples.shares, Prior.EXAMPLES, [note]
    rows = rows[:: -(-len(rows) // MAX_FOR_PRIOR)]
    chosen = scores[rows].astype(np.float64)
    return estimate_prior(np.log(with_prior(chosen, equal))), wanted, []


def _ranked(
    scores: NDArray[np.float32], prior: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """The best name of each cell, its probability, and that of the second."""
    count = len(scores)
    codes = np.zeros(count, np.intp)
    best, second = np.empty(count, np.float32), np.empty(count, np.float32)
    log_prior = np.log(prior).astype(np.float32)[:, None]
    with np.errstate(invalid="ignore"):
        for part in pieces(count):
            # A row for each name: all cells of a piece are compared at once.
            shifted = np.ascontiguousarray(scores[part].T) + log_prior
            shifted -= shifted.max(axis=0)
            told = np.exp(shifted)
            told /= told.sum(axis=0)
            first, place = told[0], codes[part]
            next_best = np.full(len(first), -np.inf, np.float32)
            for code, each in enumerate(told[1:], start=1):
                place[each > first] = code
                next_best = np.maximum(np.minimum(each, first), next_best)
                first = np.maximum(each, first)
            best[part], second[part] = first, next_best
    codes[~np.isfinite(best)] = -1
    return codes, best, second

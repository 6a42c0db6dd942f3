"""What is said of suggestions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.learn.calibration import PLATT
from napari_c3r.core.learn.options import Prior
from napari_c3r.core.learn.scores import Scores
from napari_c3r.core.learn.suggestion import Suggestion

_MOST_NAMES = 3
_PLURAL = {"well": "wells", "field": "fields", "cell": "cells"}


def sentence(suggestion: Suggestion, waiting: int, where: str = "") -> str:
    """The sentence that comes first.

    Parameters
    ----------
    suggestion
        What is suggested.
    waiting
        Cells that have no name.
    where
        Where these are, if they are not all.
    """
    named = named_words(suggestion.names, suggestion.examples.counts)
    return f"{named} → {waiting:,} suggested{where} ({right_words(suggestion.scores)})"


def named_words(names: tuple[str, ...], counts: NDArray[np.intp]) -> str:
    """How many cells have which name: ``12 named mitotic, 15 named interphase``."""
    told = [f"{count:,} named {name}" for name, count in zip(names, counts, strict=True)]
    if len(told) <= _MOST_NAMES:
        return ", ".join(told)
    return f"{int(counts.sum()):,} cells with {len(names)} names"


def right_words(scores: Scores) -> str:
    """``right for 0.94 ± 0.03 in fields left out``."""
    share = scores.accuracy
    return (
        f"right for {share.value:.2f} ± {share.half_width:.2f} in {_PLURAL[scores.unit]} left out"
    )


def detail_lines(suggestion: Suggestion) -> Iterator[str]:
    """What stands behind the sentence, line by line."""
    scores = suggestion.scores
    share, unit = scores.accuracy, _PLURAL[scores.unit]
    yield (
        f"{scores.n:,} examples of {scores.n_groups} {unit}, each suggested from the others: "
        f"{share.value:.2f} right (95 % interval {share.low:.2f} to {share.high:.2f}); the most "
        f"common name alone gives {scores.baseline:.2f}."
    )
    found = ", ".join(f"{each.name} {each.recall:.2f} of {each.count}" for each in scores.names)
    yield f"Mean over names {scores.balanced:.2f}: {found}."
    made = "one slope for all names"
    if suggestion.calibration.method == PLATT:
        made = "one slope, and an offset for each name"
    yield (
        f"Probabilities are calibrated on those left out ({suggestion.calibration.method}: "
        f"{made}); they are off by {scores.calibration_error:.2f} on average."
    )
    yield prior_words(suggestion)
    yield from (f"{note}." for note in suggestion.notes)


def prior_words(suggestion: Suggestion) -> str:
    """How common each name is taken to be, and what follows."""
    shares = ", ".join(
        f"{name} {share:.0%}"
        for name, share in zip(suggestion.names, suggestion.prior, strict=True)
    )
    if suggestion.prior_from is Prior.TABLE:
        return f"As the other cells tell, they are {shares}."
    how = "all alike" if suggestion.prior_from is Prior.EQUAL else "as common as among the examples"
    return (
        f"Names are taken to be {how} ({shares}); where one is rarer on the plate, its "
        "probabilities are too high."
    )


def reason_words(suggestion: Suggestion, row: int) -> str:
    """Why a cell is worth a look, and what is suggested for it."""
    code = int(suggestion.codes[row])
    if code < 0:
        return "no suggestion: its vector is not finite"
    told = f"{suggestion.names[code]} {suggestion.probability[row]:.2f}"
    if suggestion.unlike[row]:
        return f"{told}, but unlike any example"
    return told

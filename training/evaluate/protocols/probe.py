"""CellRep's probe: logistic regression on embeddings, top-1 and weighted precision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_score
from sklearn.model_selection import GroupKFold

from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet
from training.data.cropset_files import ABOUT
from training.evaluate.metrics import mean_over_groups, standardised
from training.evaluate.protocols.embedding import embed_set, under
from training.evaluate.protocols.features import Features
from training.evaluate.protocols.protocol import (
    Protocol,
    ProtocolOptions,
    Result,
    Say,
    Source,
    Value,
    numbers_of,
)

FETCH: Final = (
    "make a crop set of images with python -m training.data.prepare images; the paper took BBBC036 "
    "with the mechanisms of its compounds, and internal data"
)


@dataclass(frozen=True, kw_only=True)
class ProbeOptions(ProtocolOptions):
    """Settings of the probe.

    Parameters
    ----------
    label
        Column that is predicted; rows without one are left out.
    most
        Only so many labels, those of most rows; 0 takes all.
    group
        Column whose rows stay on one side: held out in turn, in `folds` parts. A column ``split``
        with train and test in it decides instead.
    folds
        As above.
    strength
        Inverse of the regularisation, as scikit-learn's C, on standardised features.
    steps
        At most so many of the solver.
    """

    label: str = "moa"
    most: int = 40
    group: str = "plate"
    folds: int = 5
    strength: float = 1.0
    steps: int = 1000

    chosen: ClassVar[str] = (
        "The paper gives neither splits nor regularisation: here whole plates are held out, five "
        "times, C is 1, and features are standardised on the rows trained on."
    )


def score(features: Features, options: ProbeOptions) -> Result:
    """Score one representation; see `ProbeOptions`.

    Returns
    -------
    Result
        ``top-1``, its interval over the groups, and ``precision``, weighted by the rows of each
        label, over all held-out rows.
    """
    label = features.text(options.label)
    counts = pd.Series(label[label != ""]).value_counts()
    kept = counts.index[: options.most or None]
    chosen = features.take(np.isin(label, kept)).require_finite()
    label = chosen.text(options.label)
    if len(kept) < 2:
        raise InputError(f"{options.label!r} has {len(kept)} values; the probe needs two or more")
    said = predictions(chosen, options)
    asked = said != ""
    right, said = label[asked], said[asked]
    groups = groups_of(chosen, options)[asked]
    values: dict[str, Value] = {
        "top-1": mean_over_groups(np.asarray(right == said, float), groups),
        "precision": float(precision_score(right, said, average="weighted", zero_division=0)),
    }
    details = pd.crosstab(pd.Series(right, name="label"), pd.Series(said, name="said"))
    return Result(numbers_of(values), {"labels": details.reset_index()})


def predictions(features: Features, options: ProbeOptions) -> NDArray[np.str_]:
    """Label of each row by logistic regression on others, empty for rows that are not held out."""
    label = features.text(options.label)
    said = np.zeros_like(label)
    for train, test in held_out(features, options):
        if len(np.unique(label[train])) < 2:
            raise InputError(
                f"without a held-out part, {options.label!r} has a single value; name another "
                "column with --group"
            )
        like = features.vectors[train]
        model = LogisticRegression(C=options.strength, max_iter=options.steps)
        model.fit(standardised(like), label[train])
        said[test] = model.predict(standardised(features.vectors[test], like))
    return said


def held_out(
    features: Features, options: ProbeOptions
) -> Iterator[tuple[NDArray[np.generic], NDArray[np.generic]]]:
    """Rows to train on and rows to test, once or in turn."""
    if "split" in features.table:
        split = np.char.lower(features.text("split"))
        if {"train", "test"} <= set(split):
            yield split == "train", split == "test"
            return
    groups = features.text(options.group)
    count = len(np.unique(groups))
    if count < 2:
        raise InputError(
            f"all rows have the same {options.group!r}; name another column with --group, or give "
            "a column split with train and test"
        )
    yield from GroupKFold(min(options.folds, count)).split(groups, groups=groups)


def groups_of(features: Features, options: ProbeOptions) -> NDArray[np.str_]:
    """What intervals are drawn over; each row by itself where nothing groups them."""
    if options.group in features.table:
        return features.text(options.group)
    return np.arange(len(features)).astype(str)


def embed(
    source: Source, data: Path, options: ProtocolOptions, roles: str, out: Path, say: Say
) -> Features:
    """Embed a crop set."""
    if not (data / ABOUT).is_file():
        raise InputError(f"'{data}' is no crop set; {FETCH}")
    cells = CropSet.open(data)
    return embed_set(source, cells, [under(cells.assignment, roles)], options, say)


PROTOCOL: Final = Protocol(
    "probe",
    "CellRep's: logistic regression of a label (mechanism, perturbation) on embeddings, top-1 and "
    "weighted precision.",
    "moa, or another column named with --label; plate or --group, or split (train, test)",
    ProbeOptions,
    score,
    embed,
    FETCH,
)

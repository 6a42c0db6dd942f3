"""HPA-Loc: where is the protein? A perceptron on frozen features, tested on other antibodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import (
    average_precision_score,
    coverage_error,
    label_ranking_average_precision_score,
    roc_auc_score,
)

from napari_c3r.core.errors import InputError
from training.data.hpa_h5 import write_hpa_h5
from training.evaluate.protocols.embedding import cells_of, embed_set, under
from training.evaluate.protocols.features import Features
from training.evaluate.protocols.heads import (
    Fitting,
    OptimiserName,
    fit,
    focal_loss,
    outputs,
    perceptron,
)
from training.evaluate.protocols.locations import (
    CLASSES,
    LOCATIONS,
    NEGATIVE,
    SPLITS,
    class_targets,
    location_names,
    read_splits,
)
from training.evaluate.protocols.protocol import (
    Protocol,
    ProtocolOptions,
    Result,
    Say,
    Source,
    numbers_of,
)

FETCH: Final = (
    "fetch the crops of C3R (Zenodo 15489894 is a sample) and give the folder that holds "
    "train-balanced, valid-balanced and test-balanced; images as the atlas distributes them become "
    "a crop set with python -m training.data.prepare hpa-raw"
)


@dataclass(frozen=True, kw_only=True)
class HpaLocOptions(ProtocolOptions):
    """Settings of HPA-Loc.

    Parameters
    ----------
    size_px
        448, as paper and code, which is four times the tokens of 224; 0 for the encoder's own.
    classes
        31, 19 or both.
    aggregate
        ``"cell"``, as the code; or ``"field"``, as the paper: the mean of the probabilities of the
        cells of an antibody in a field of view.
    field
        Columns that together are a field of view.
    splits
        Folder of ``train_antibodies.txt`` and so on; by default the column ``split``.
    target_names
        File with the names of the digits of the column ``target``, one a line.
    seeds
        A perceptron for each.
    hidden, dropout
        Of the perceptron.
    alpha, gamma
        Of the focal loss.
    optimiser, learning_rate, batch, epochs, patience, rate_patience
        As of `training.evaluate.protocols.heads.Fitting`.
    """

    size_px: int = 448
    classes: tuple[int, ...] = (31, 19)
    aggregate: Literal["cell", "field"] = "cell"
    field: tuple[str, ...] = ("plate", "well", "site")
    splits: str = ""
    target_names: str = ""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    hidden: tuple[int, ...] = (512, 256)
    dropout: float = 0.5
    alpha: float = 0.25
    gamma: float = 2.0
    optimiser: OptimiserName = "adamw"
    learning_rate: float = 1e-3
    batch: int = 8192
    epochs: int = 200
    patience: int = 20
    rate_patience: int = 4

    paper: ClassVar[Mapping[str, Any]] = {
        "aggregate": "field",
        "optimiser": "adam",
        "epochs": 100,
    }
    chosen: ClassVar[str] = (
        "The paper does not say how cells become a field (here the mean of their probabilities) "
        "or which seeds it took; the order of a target's digits is taken to be that of the "
        "mapping file, Negative last."
    )


@dataclass(frozen=True)
class _Part:
    """Rows of one split: the vectors, classes and field of each."""

    vectors: NDArray[np.floating]
    targets: NDArray[np.float32]
    fields: NDArray[np.intp] | None

    def scored(
        self, logits: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.floating]]:
        """Targets and probabilities of what is scored, cells or fields."""
        shares = expit(logits.astype(np.float64))
        if self.fields is None:
            return self.targets, shares
        order = np.unique(self.fields, return_index=True)[1]
        member = pd.DataFrame(shares).groupby(self.fields).mean().to_numpy()
        return self.targets[order], member


def score(features: Features, options: HpaLocOptions) -> Result:
    """Score one representation; see `HpaLocOptions`.

    Returns
    -------
    Result
        ``mAP-31``, ``mAP-19``: macro average precision over classes that the test holds. For each
        also ``AUC``, ``LRAP``, ``coverage`` and ``micro AP``; by class in the details.
    """
    if unknown := [count for count in options.classes if count not in CLASSES]:
        raise InputError(f"classes is {unknown[0]}; choose 31, 19 or 31,19")
    features.require_finite()
    names = location_names(features, _target_names(options.target_names))
    splits = _splits(features, options)
    fields = _fields(features, options) if options.aggregate == "field" else None
    values: dict[str, list[float]] = {}
    details = {}
    notes = []
    for count in options.classes:
        targets = class_targets(names, count)
        some = targets.any(axis=1)
        parts = {
            split: _part(features, targets, fields, some & (splits == split))
            for split in ("train", "valid", "test")
        }
        for split, part in parts.items():
            if not len(part.targets):
                raise InputError(
                    f"no cell of the {split} split has one of the {count} classes; HPA-Loc needs "
                    "antibodies for train, valid and test, in the column split or with --splits"
                )
        tables = []
        for seed in options.seeds:
            overall, by_class = _one_seed(parts, count, options, seed)
            for name, value in overall.items():
                values.setdefault(f"{name}-{count}", []).append(value)
            tables.append(by_class.assign(seed=seed))
        details[f"classes-{count}"] = pd.concat(tables, ignore_index=True)
        if (~some).any():
            notes.append(f"{(~some).sum()} cells have none of the {count} classes; left out.")
    return Result(numbers_of(values), details, tuple(notes))


def multilabel_scores(
    targets: NDArray[np.generic], scores: NDArray[np.floating], names: tuple[str, ...] | None = None
) -> tuple[dict[str, float], pd.DataFrame]:
    """The measures of multi-label classification, over classes with a positive.

    Parameters
    ----------
    targets, scores
        ``(n, K)``.
    names
        K.

    Returns
    -------
    overall
        ``mAP`` and ``AUC`` (means over classes), ``LRAP``, ``coverage``, ``micro AP``.
    by_class
        Columns ``class``, ``AP``, ``AUC`` (NaN where all are positive), ``positives``.
    """
    kept = targets.any(axis=0)
    labels = np.array(names if names else [str(place) for place in range(targets.shape[1])])[kept]
    targets, scores = targets[:, kept].astype(int), scores[:, kept]
    mixed = ~targets.all(axis=0)
    area = np.full(len(labels), np.nan)
    each = list(zip(targets.T, scores.T, strict=True))
    area[mixed] = [roc_auc_score(*each[place]) for place in np.flatnonzero(mixed)]
    by_class = pd.DataFrame(
        {
            "class": labels,
            "AP": [average_precision_score(*pair) for pair in each],
            "AUC": area,
            "positives": targets.sum(axis=0),
        }
    )
    overall = {
        "mAP": float(by_class["AP"].mean()),
        "AUC": float(by_class["AUC"].mean()),
        "LRAP": float(label_ranking_average_precision_score(targets, scores)),
        "coverage": float(coverage_error(targets, scores)),
        "micro AP": float(average_precision_score(targets, scores, average="micro")),
    }
    return overall, by_class


def embed(
    source: Source, data: Path, options: HpaLocOptions, roles: str, out: Path, say: Say
) -> Features:
    """Embed a crop set, or the official code's files of crops; one pass, also when flipped."""
    cells = cells_of(
        data,
        out,
        lambda made: write_hpa_h5(data, made, say=say),
        holds=lambda root: any(root.glob("*[-_]balanced")),
        fetch=FETCH,
    )
    return embed_set(source, cells, [under(cells.assignment, roles)], options, say)


def _one_seed(
    parts: Mapping[str, _Part], count: int, options: HpaLocOptions, seed: int
) -> tuple[dict[str, float], pd.DataFrame]:
    train, valid, test = parts["train"], parts["valid"], parts["test"]
    sizes = (train.vectors.shape[1], *options.hidden, count)
    loss = partial(focal_loss, alpha=options.alpha, gamma=options.gamma)
    best = fit(
        lambda: perceptron(sizes, options.dropout),
        train.vectors,
        train.targets,
        lambda network, rows, wanted: loss(network(rows), wanted).mean(),
        lambda network: _macro(*valid.scored(outputs(network, valid.vectors))),
        Fitting(
            options.epochs,
            options.patience,
            options.rate_patience,
            options.batch,
            options.learning_rate,
            options.optimiser,
        ),
        seed=seed,
        device=options.run.device,
    )
    return multilabel_scores(*test.scored(outputs(best, test.vectors)), CLASSES[count])


def _macro(targets: NDArray[np.floating], scores: NDArray[np.floating]) -> float:
    kept = targets.any(axis=0)
    return float(average_precision_score(targets[:, kept].astype(int), scores[:, kept]))


def _part(
    features: Features,
    targets: NDArray[np.float32],
    fields: NDArray[np.intp] | None,
    rows: NDArray[np.bool_],
) -> _Part:
    chosen = None if fields is None else fields[rows]
    return _Part(features.vectors[rows], targets[rows], chosen)


def _splits(features: Features, options: HpaLocOptions) -> NDArray[np.str_]:
    if options.splits:
        found = read_splits(Path(options.splits))
        splits = np.array([found.get(name, "") for name in features.text("id")], str)
    else:
        splits = np.array([SPLITS.get(name.lower(), "") for name in features.text("split")], str)
    of_id = pd.Series(splits).groupby(features.text("id")).nunique()
    if (of_id > 1).any():
        raise InputError(f"antibody {of_id.idxmax()} is in two splits; give each one")
    return splits


def _fields(features: Features, options: HpaLocOptions) -> NDArray[np.intp]:
    """A number for the field and antibody of each cell."""
    columns = [name for name in options.field if name in features.table]
    if not columns:
        raise InputError(
            f"the features have none of the columns {', '.join(options.field)}; name those of a "
            "field of view with --field, or aggregate by cell"
        )
    keys = pd.DataFrame({name: features.text(name) for name in ("id", *columns)})
    return np.asarray(keys.groupby(list(keys)).ngroup(), np.intp)


def _target_names(path: str) -> tuple[str, ...]:
    if not path:
        return (*LOCATIONS, NEGATIVE)
    try:
        return tuple(line.strip() for line in Path(path).read_text("utf-8").splitlines() if line)
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror}); give a text file") from error


PROTOCOL: Final = Protocol(
    "hpa-loc",
    "Localisation of proteins of unseen antibodies by a perceptron on the features of cells, of 31 "
    "and 19 classes.",
    "id (antibody), split (train, valid, test), and locations (names) or target (digits)",
    HpaLocOptions,
    score,
    embed,
    FETCH,
)

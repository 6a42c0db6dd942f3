"""CHAMMI: nine tasks on three collections by the nearest neighbour, and CHAMMI-ZS before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

from napari_c3r.core.errors import InputError
from training.data.chammi import ROLES, write_chammi
from training.evaluate.protocols.chammi_head import HeadOptions, adapted
from training.evaluate.protocols.embedding import cells_of, embed_set, under
from training.evaluate.protocols.features import Features
from training.evaluate.protocols.protocol import Protocol, Result, Say, Source, numbers_of

FETCH: Final = "fetch Zenodo 7988357 and give the folder that holds Allen, HPA and CP"
TRAIN: Final = "train"
TASKS: Final[Mapping[str, Sequence[str]]] = {
    "Allen": ("task_one", "task_two"),
    "HPA": ("task_one", "task_two", "task_three"),
    "CP": ("task_one", "task_two", "task_three", "task_four"),
}
"""Of each collection; the first is the one within the distribution."""
LEFT_OUT: Final = {("HPA", "task_three"): "cell_line", ("CP", "task_four"): "plate"}
"""Tasks of labels that training lacks, and by what their own cells are left out in turn."""
_SHORT: Final = {"task_one": "T1", "task_two": "T2", "task_three": "T3", "task_four": "T4"}
_CALLED: Final = {"Allen": "WTC", "HPA": "HPA", "CP": "CP"}
_PIECE: Final = 2048

Metric = Literal["cosine", "l2"]


@dataclass(frozen=True, kw_only=True)
class ChammiOptions(HeadOptions):
    """Settings of CHAMMI.

    Parameters
    ----------
    head
        ``"none"``, as CHAMMI's own evaluation: neighbours of the features themselves; or ``"mlp"``,
        CHAMMI-ZS (also called CHAMMI-FE): a perceptron is trained on them first.
    metric
        Of the neighbours: ``"cosine"`` or ``"l2"``.
    """

    head: Literal["none", "mlp"] = "none"
    metric: Metric = "cosine"
    size_px: int = 224

    paper: ClassVar[Mapping[str, Any]] = {"head": "mlp"}
    chosen: ClassVar[str] = (
        "CHAMMI-ZS has no published code. Ours: perceptron of 512 and 256 with GELU, temperature "
        "1/9, 15 epochs, features standardised on the cells trained on, three seeds; all tasks by "
        "the nearest neighbour, since proxies cannot name new labels; all concept channels at "
        "once; no averaging of weights (SWAD). Where the length of a vector depends on the number "
        "of channels, --join mean makes it one. Intensities are as the encoder takes them, not "
        "CHAMMI's means and deviations of each collection."
    )


def score(features: Features, options: ChammiOptions) -> Result:
    """Score one representation; see `ChammiOptions`.

    Returns
    -------
    Result
        Macro F1 of each task, ``WTC T1`` to ``CP T4``, and ``ID``, ``OOD`` and ``CPS``; accuracies
        in the details.
    """
    features = _named(features)
    seeds = options.seeds if options.head == "mlp" else (0,)
    values: dict[str, list[float]] = {}
    tables = []
    for seed in seeds:
        shown = adapted(features, options, seed) if options.head == "mlp" else features
        scores = {
            (name, task): each
            for name in TASKS
            for task, each in collection_scores(shown, name, options.metric).items()
        }
        tables += [
            {"collection": name, "task": task, "seed": seed, **each}
            for (name, task), each in scores.items()
        ]
        f1 = {key: each["F1"] for key, each in scores.items()}
        found = {f"{_CALLED[name]} {_SHORT[task]}": value for (name, task), value in f1.items()}
        for number, value in (found | summary(f1)).items():
            values.setdefault(number, []).append(value)
    # Neighbours alone are not random.
    shown_values: Mapping[str, Any] = (
        values if options.head == "mlp" else {name: each[0] for name, each in values.items()}
    )
    return Result(numbers_of(shown_values), {"tasks": pd.DataFrame(tables)})


def summary(f1: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """The three numbers of the benchmark.

    Parameters
    ----------
    f1
        Macro F1 by collection and task, of all nine.

    Returns
    -------
    dict
        ``ID``, the mean of the three first tasks; ``OOD``, that of the six others; ``CPS``, the
        mean over collections of the mean of their others.
    """
    first = [f1[name, tasks[0]] for name, tasks in TASKS.items()]
    others = [[f1[name, task] for task in tasks[1:]] for name, tasks in TASKS.items()]
    return {
        "ID": float(np.mean(first)),
        "OOD": float(np.mean(np.concatenate(others))),
        "CPS": float(np.mean([np.mean(each) for each in others])),
    }


def collection_scores(
    features: Features, collection: str, metric: Metric
) -> dict[str, dict[str, float]]:
    """``F1`` (macro, over labels that the task holds) and ``accuracy`` of each task.

    Parameters
    ----------
    features
        Of all collections, with ``dataset``, ``split`` and ``label``.
    collection
        Which.
    metric
        Of the neighbours.
    """
    mine = features.take(features.text("dataset") == collection).require_finite()
    split, label = mine.text("split"), mine.text("label")
    vectors = _comparable(mine.vectors, metric)
    train = np.flatnonzero(split == TRAIN)
    found = {}
    for task in TASKS[collection]:
        rows = np.flatnonzero(split == task)
        if not (len(rows) and len(train)):
            raise InputError(
                f"{collection} has {len(train)} cells of train and {len(rows)} of {task}; "
                "CHAMMI needs both"
            )
        predicted = np.empty(len(rows), label.dtype)
        for asked, known in _folds(mine, collection, task, rows, train):
            nearest = known[_nearest(vectors[rows[asked]], vectors[known], metric)]
            predicted[asked] = label[nearest]
        truth = label[rows]
        found[task] = {
            "F1": float(
                f1_score(
                    truth, predicted, average="macro", labels=np.unique(truth), zero_division=0
                )
            ),
            "accuracy": float(accuracy_score(truth, predicted)),
        }
    return found


def embed(
    source: Source, data: Path, options: ChammiOptions, roles: str, out: Path, say: Say
) -> Features:
    """Embed the three collections, as crop sets of their names or as they are distributed."""
    parts = []
    for name in ROLES:

        def write(made: Path, name: str = name) -> Path:
            return write_chammi(data, name, made, square="crop", say=say)

        own = data / name if (data / name / "crop_set.json").is_file() else data
        cells = cells_of(own, out, write, holds=_holds, fetch=FETCH, name=f"cells-{name}")
        found = embed_set(source, cells, [under(cells.assignment, roles)], options, say)
        parts.append(replace(found, table=found.table.assign(dataset=name)))
    width = max(part.vectors.shape[1] for part in parts)
    padded = [
        np.pad(part.vectors, ((0, 0), (0, width - part.vectors.shape[1])), constant_values=np.nan)
        for part in parts
    ]
    table = pd.concat([part.table for part in parts], ignore_index=True)
    return Features(np.concatenate(padded), table)


def _holds(root: Path) -> bool:
    return (root / "morphem70k_v2.csv").is_file() or any(
        (root / name / "enriched_meta.csv").is_file() for name in ROLES
    )


def _named(features: Features) -> Features:
    """With the columns that CHAMMI's own tables, or our crop sets, call otherwise."""
    table = features.table.rename(
        columns={"train_test_split": "split", "chunk": "dataset", "Label": "label"}
    )
    table = table.rename(columns={"cell_type": "cell_line", "Plate": "plate"})
    if "label" not in table and "id" in table:
        table["label"] = table["id"]
    named = Features(features.vectors, table)
    table["split"] = np.char.lower(named.text("split"))
    if missing := [name for name in TASKS if name not in set(named.text("dataset"))]:
        raise InputError(
            f"no features of the collection {missing[0]} in the column dataset; give all three"
        )
    return named


def _folds(
    features: Features,
    collection: str,
    task: str,
    rows: NDArray[np.intp],
    train: NDArray[np.intp],
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Which of the task's rows are asked, and which rows of all are known then."""
    column = LEFT_OUT.get((collection, task))
    if column is None:
        return [(np.arange(len(rows)), train)]
    group = features.text(column)[rows]
    return [
        (np.flatnonzero(group == each), np.concatenate([train, rows[group != each]]))
        for each in np.unique(group)
    ]


def _comparable(vectors: NDArray[np.floating], metric: Metric) -> NDArray[np.floating]:
    if metric == "l2":
        return vectors
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norm > 0, norm, 1)


def _nearest(
    asked: NDArray[np.floating], known: NDArray[np.floating], metric: Metric
) -> NDArray[np.intp]:
    """The first of the nearest known vectors of each, in pieces that memory holds."""
    # The length of what is asked shifts all its distances alike.
    shift = (known**2).sum(axis=1) / 2 if metric == "l2" else np.zeros(len(known))
    found = [
        (asked[start : start + _PIECE] @ known.T - shift).argmax(axis=1)
        for start in range(0, len(asked), _PIECE)
    ]
    return np.concatenate(found)


PROTOCOL: Final = Protocol(
    "chammi",
    "Nine tasks on WTC-11, HPA and Cell Painting by the nearest neighbour; with --paper after a "
    "perceptron on the features (CHAMMI-ZS).",
    "dataset (Allen, HPA, CP), split (train, task_one, …), label, cell_line, plate",
    ChammiOptions,
    score,
    embed,
    FETCH,
)

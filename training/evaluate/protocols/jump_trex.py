"""JUMP-TRex: features adapted to mechanisms of action by a small network, then retrieved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import average_precision_score
from sklearn.preprocessing import MultiLabelBinarizer
from torch import Tensor, cat, nn

from napari_c3r.core.errors import InputError
from training.evaluate.metrics import standardised
from training.evaluate.protocols.features import Features, names_in
from training.evaluate.protocols.heads import Fitting, fit, focal_loss, outputs
from training.evaluate.protocols.jump_ret import (
    FETCH,
    JumpRetOptions,
    embed,
    normalised,
    retrieval_scores,
    well_profiles,
)
from training.evaluate.protocols.locations import SPLITS
from training.evaluate.protocols.protocol import Protocol, Result, numbers_of

BOTH: Final = "both"


@dataclass(frozen=True, kw_only=True)
class JumpTrexOptions(JumpRetOptions):
    """Settings of JUMP-TRex, besides those of JUMP-Ret, which scores what the network gives.

    Parameters
    ----------
    cell_lines
        Which to train on, each alone, with ``both`` for all of them together; by default all of
        these.
    valid_plates, test_plates
        Share of the plates of each cell line that stop the training, and that are scored; at least
        one of each. A column ``split`` with train, valid and test in it decides instead.
    hidden
        Width of the four layers.
    dropout
        After each of them.
    alpha, gamma
        Of the focal loss.
    seeds
        A network for each.
    learning_rate, batch, epochs, patience
        As of `training.evaluate.protocols.heads.Fitting`, with AdamW; the validation score is the
        macro average precision of the mechanisms of cells.
    """

    cell_lines: tuple[str, ...] = ()
    valid_plates: float = 0.2
    test_plates: float = 0.4
    hidden: int = 512
    dropout: float = 0.1
    alpha: float = 0.25
    gamma: float = 2.0
    seeds: tuple[int, ...] = (0, 1, 2)
    learning_rate: float = 1e-3
    batch: int = 8192
    epochs: int = 100
    patience: int = 10

    paper: ClassVar[Mapping[str, Any]] = {}
    chosen: ClassVar[str] = (
        "No code was published. Ours: four layers of 512, each h + GELU(linear) but the first, "
        "whose input is of another width; dropout 0.1, α 0.25, γ 2; plates are split 40:20:40; "
        "inputs are standardised on the cells trained on; logits and third layer are joined, and "
        "averaged over cells, fields and wells. The paper names no measure of mechanisms: given "
        "are mAP and kNN as in JUMP-Ret, and the macro average precision of the logits of wells."
    )


class Adapter(nn.Module):
    """Four layers with residual connections, and the logits of mechanisms.

    Parameters
    ----------
    width, hidden, mechanisms
        Numbers in, of a layer, and out.
    dropout
        After each layer.
    """

    def __init__(self, width: int, hidden: int, mechanisms: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(n, hidden) for n in (width, hidden, hidden, hidden))
        self.dropout = nn.Dropout(dropout)
        self.logits = nn.Linear(hidden, mechanisms)

    def forward(self, rows: Tensor) -> Tensor:
        """``(n, width)`` to the logits and the third layer side by side."""
        hidden = self.dropout(F.gelu(self.layers[0](rows)))
        third = hidden
        for number, layer in enumerate(self.layers[1:], 2):
            hidden = hidden + self.dropout(F.gelu(layer(hidden)))
            third = hidden if number == 3 else third
        return cat([self.logits(hidden), third], dim=1)


def score(features: Features, options: JumpTrexOptions) -> Result:
    """Score one representation; see `JumpTrexOptions`.

    Returns
    -------
    Result
        The numbers of JUMP-Ret on the test plates and ``MoA AP``, after the name of each cell line
        and, where there are several, of ``both``.
    """
    features = features.require_finite()
    lines = features.text("cell_line")
    names = list(options.cell_lines) or list(dict.fromkeys(lines.tolist()))
    if not options.cell_lines and len(names) > 1:
        names.append(BOTH)
    splits = plate_splits(features, options)
    values: dict[str, list[float]] = {}
    details: dict[str, Any] = {}
    notes: list[str] = []
    for name in names:
        mine = np.full(len(features), True) if name == BOTH else lines == name
        if not mine.any():
            raise InputError(f"no cell of cell line {name!r}, only {', '.join(sorted(set(lines)))}")
        for seed in options.seeds:
            found, tables, more = _one_seed(features.take(mine), splits[mine], options, seed)
            for number, value in found.items():
                values.setdefault(f"{name} {number}", []).append(value)
            details |= {f"{name}-{table}-{seed}": rows for table, rows in tables.items()}
            notes += [f"{name}: {note}" for note in more if f"{name}: {note}" not in notes]
    return Result(numbers_of(values), details, tuple(notes))


def plate_splits(features: Features, options: JumpTrexOptions) -> NDArray[np.str_]:
    """Split of each row: as its column says, or whole plates of each cell line in sorted order."""
    if "split" in features.table:
        named = features.text("split")
        if set(named) >= {"train", "test"}:
            return np.array([SPLITS.get(name.lower(), "") for name in named], str)
    plates, lines = features.text("plate"), features.text("cell_line")
    found = np.full(len(features), "train", dtype="<U5")
    for line in np.unique(lines).tolist():
        of_line = np.unique(plates[lines == line])
        n_valid = max(1, round(len(of_line) * options.valid_plates))
        n_test = max(1, round(len(of_line) * options.test_plates))
        if n_valid + n_test >= len(of_line):
            raise InputError(
                f"cell line {line!r} has {len(of_line)} plates for training, validation and test; "
                "give three or more, or a column split"
            )
        found[(lines == line) & np.isin(plates, of_line[-n_test:])] = "test"
        found[(lines == line) & np.isin(plates, of_line[-n_test - n_valid : -n_test])] = "valid"
    return found


def _one_seed(
    features: Features, splits: NDArray[np.str_], options: JumpTrexOptions, seed: int
) -> tuple[dict[str, float], dict[str, Any], list[str]]:
    binarizer = MultiLabelBinarizer()
    targets = binarizer.fit_transform([names_in(text) for text in features.text(options.moa)])
    known = targets.any(axis=1)
    train, valid, test = known & (splits == "train"), known & (splits == "valid"), splits == "test"
    if not (train.any() and valid.any() and (test & known).any()):
        raise InputError("no cell of a known mechanism in train, valid or test; give more plates")
    like = features.vectors[train]
    shown = standardised(features.vectors, like).astype(np.float32)
    n_logits = targets.shape[1]
    network = fit(
        lambda: Adapter(shown.shape[1], options.hidden, n_logits, options.dropout),
        shown[train],
        targets[train],
        lambda net, rows, wanted: focal_loss(
            net(rows)[:, :n_logits], wanted, options.alpha, options.gamma
        ).mean(),
        lambda net: _macro(targets[valid], outputs(net, shown[valid])[:, :n_logits]),
        Fitting(
            options.epochs, options.patience, None, options.batch, options.learning_rate, "adamw"
        ),
        seed=seed,
        device=options.run.device,
    )
    table = features.table[test].reset_index(drop=True)
    wells, notes = well_profiles(Features(outputs(network, shown[test]), table))
    profiles, more = normalised(wells, options)
    found, details = retrieval_scores(profiles, options)
    values = {name: each.value for name, each in found.items()}
    names = [names_in(text) for text in wells.text(options.moa)]
    of_wells = binarizer.transform(names)
    some = of_wells.any(axis=1)
    values["MoA AP"] = _macro(of_wells[some], expit(wells.vectors[some, :n_logits]))
    return values, details, notes + more


def _macro(targets: NDArray[np.generic], scores: NDArray[np.floating]) -> float:
    kept = targets.any(axis=0) & ~targets.all(axis=0)
    each: Sequence[float] = [
        average_precision_score(t, s) for t, s in zip(targets.T[kept], scores.T[kept], strict=True)
    ]
    return float(np.mean(each)) if len(each) else float("nan")


PROTOCOL: Final = Protocol(
    "jump-trex",
    "The same after a small network has learned mechanisms of action on other plates of each cell "
    "line.",
    "cell_line, plate, well, site (for cells), compound, moa; split where plates are chosen",
    JumpTrexOptions,
    score,
    embed,
    FETCH,
)

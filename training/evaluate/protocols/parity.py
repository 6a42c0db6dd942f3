"""Parity and entropy of channels (C3R, section 3.1), by any network that takes a single channel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.diagnose.parity import parity_and_entropy
from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet
from training.data.cropset_files import ABOUT
from training.evaluate.protocols.embedding import RIGHT, embed
from training.evaluate.protocols.features import Features
from training.evaluate.protocols.protocol import (
    Protocol,
    ProtocolOptions,
    Result,
    Say,
    Source,
    numbers_of,
)

FETCH: Final = (
    "make a crop set of any images with python -m training.data.prepare; the paper took cells of "
    "HPA and JUMP-CP, and a DINOv2 ViT-B/14 as a model folder made by napari-c3r convert"
)
_PIECE: Final = 256
_COLUMNS: Final = {"hungarian": "parity_one_to_one", "largest": "parity"}


@dataclass(frozen=True, kw_only=True)
class ParityOptions(ProtocolOptions):
    """Settings of parity and entropy.

    Parameters
    ----------
    cells
        How many, the first of the table; 0 takes all.
    assignment
        ``"hungarian"``, as the code: no two channels may have the same cluster; or ``"largest"``,
        as the paper's equation.
    starts
        Of k-means; the official code leaves it to scikit-learn, where it was 10 before 1.4.
    bits
        ``"official"`` brings 16 bits to 8 as the code does, whose brightest values (65,280 and
        above) wrap to 0 and 1; ``"as they are"`` leaves them.
    seed
        Of k-means.
    """

    cells: int = 1000
    assignment: Literal["hungarian", "largest"] = "hungarian"
    starts: int = 1
    bits: Literal["official", "as they are"] = "official"
    seed: int = 42

    of_features: ClassVar[tuple[str, ...]] = (*ProtocolOptions.of_features, "cells", "bits")
    paper: ClassVar[dict[str, Any]] = {"assignment": "largest"}
    chosen: ClassVar[str] = (
        "Which cells is said nowhere; here the first of the table. With another network than the "
        "paper's, figures are comparable within a data set, not with the paper's."
    )


def score(features: Features, options: ParityOptions) -> Result:
    """Parity and entropy in bits of each channel, and means over each role.

    Parameters
    ----------
    features
        A row for each channel of each cell, with ``cell``, ``channel`` and ``role``.
    options
        How.
    """
    names, roles, vectors = _by_channel(features.require_finite(), options.cells)
    found = parity_and_entropy(
        vectors, names, ChannelAssignment(roles), seed=options.seed, n_init=options.starts
    )
    column = _COLUMNS[options.assignment]
    table = found.table.assign(parity=found.table[column])
    values: dict[str, float] = {}
    for rows in (table.set_index("channel"), group_means(table)):
        for number in ("parity", "entropy"):
            values |= {f"{name} {number}": float(value) for name, value in rows[number].items()}
    return Result(numbers_of(values), {"channels": found.table})


def group_means(table: pd.DataFrame) -> pd.DataFrame:
    """Plain means of ``parity`` and ``entropy`` over the channels of each ``role``, as Table 1."""
    return table.groupby("role", sort=False)[["parity", "entropy"]].mean()


def embed_channels(
    source: Source, data: Path, options: ParityOptions, roles: str, out: Path, say: Say
) -> Features:
    """Embed every channel of the first cells of a crop set by itself."""
    if roles != RIGHT:
        raise InputError(f"parity shows each channel by itself; roles {roles!r} mean nothing to it")
    if not (data / ABOUT).is_file():
        raise InputError(f"'{data}' is no crop set; {FETCH}")
    cells = CropSet.open(data)
    count = min(len(cells), options.cells or len(cells))
    parts, tables = [], []
    for place, name in enumerate(cells.channel_names):
        role = cells.assignment.roles[name]
        if role == Role.IGNORE:
            continue
        say(f"{name}: {count} cells")

        def pieces(place: int = place) -> Iterator[NDArray[np.generic]]:
            for start in range(0, count, _PIECE):
                crops = cells.read(slice(start, min(start + _PIECE, count)))
                yield _bits(crops[:, place : place + 1], options)

        # In both groups, a channel is alone whatever a family makes of roles.
        alone = ChannelAssignment({name: Role.BOTH})
        parts.append(embed(source, pieces, alone, options))
        tables.append(pd.DataFrame({"cell": range(count), "channel": name, "role": str(role)}))
    return Features(np.concatenate(parts), pd.concat(tables, ignore_index=True))


def _bits(crops: NDArray[np.generic], options: ParityOptions) -> NDArray[np.generic]:
    if options.bits == "as they are" or crops.dtype != np.uint16:
        return crops
    return (crops.astype(np.uint16) // 255).astype(np.uint8)


def _by_channel(
    features: Features, most: int
) -> tuple[tuple[str, ...], dict[str, str], NDArray[np.float32]]:
    """Names, roles and vectors ``(cells, channels, d)`` of the cells that have every channel."""
    cell, channel = features.text("cell"), features.text("channel")
    names = tuple(dict.fromkeys(channel.tolist()))
    roles = dict(zip(channel.tolist(), features.text("role").tolist(), strict=True))
    place = pd.DataFrame({"cell": cell, "channel": channel, "row": range(len(cell))})
    if place.duplicated(["cell", "channel"]).any():
        raise InputError("a channel of a cell has two rows; give each one")
    rows = place.pivot(index="cell", columns="channel", values="row")[list(names)].dropna()
    rows = rows.loc[list(dict.fromkeys(name for name in cell.tolist() if name in rows.index))]
    if most:
        rows = rows.iloc[:most]
    return names, roles, features.vectors[rows.to_numpy(np.intp)].astype(np.float32)


PROTOCOL: Final = Protocol(
    "parity",
    "How alike each channel is from cell to cell: parity and entropy over as many clusters as "
    "channels.",
    "a row for each channel of each cell: cell, channel, role",
    ParityOptions,
    score,
    embed_channels,
    FETCH,
)

"""What a cell costs with more and more channels."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from training.evaluate.representations import untrained_like

CHANNELS = (1, 2, 4, 8, 16)
_REPEATS = 3
_READOUT = "readout"


def measure(
    configs: Mapping[str, EncoderConfig],
    *,
    cells: int = 8,
    channels: Sequence[int] = CHANNELS,
    options: RunOptions = RunOptions(concept_mode="joint"),
) -> pd.DataFrame:
    """Time encoders with initial weights, in turn, all concept channels in one vector.

    Parameters
    ----------
    configs
        By name of the entry. One that was trained for named channels gets as many names as it
        needs.
    cells
        Crops of the input size in a call.
    channels
        Numbers of channels; half are context, of an odd number the lesser half.
    options
        Where and how they run.

    Returns
    -------
    DataFrame
        ``entry``, ``channels``, ``seconds`` of a cell, the least of three calls; no number where
        the family refuses so many channels, and ``refused``, why.
    """
    rows = []
    for count in channels:
        names = tuple(f"ch{number}" for number in range(count))
        roles = ChannelAssignment(
            {
                name: "context" if number < count // 2 else "concept"
                for number, name in enumerate(names)
            }
        )
        for entry, config in configs.items():
            row = {"entry": entry, "channels": count, "seconds": float("nan"), "refused": ""}
            try:
                row["seconds"] = _seconds(_with_channels(config, roles), roles, cells, options)
            except InputError as error:
                row["refused"] = str(error)
            rows.append(row)
    return pd.DataFrame(rows)


def _with_channels(config: EncoderConfig, roles: ChannelAssignment) -> EncoderConfig:
    """The same sizes, trained for these channels where a family names them."""
    named: dict[str, Any] = {}
    if config.architecture == "fixed-stain":
        # A concept channel after the other is shown beside all the context.
        inputs = (*roles.context, _READOUT)
        named = {"channels": inputs, "concept_channel": _READOUT, "inputs": len(inputs)}
    elif any(field.name == "channels" for field in dataclasses.fields(config)):
        named = {"channels": roles.names}
    return dataclasses.replace(config, **named)


def _seconds(
    config: EncoderConfig, roles: ChannelAssignment, cells: int, options: RunOptions
) -> float:
    encoder = untrained_like(config)
    side = config.input_size
    crops = np.random.default_rng(0).random((cells, len(roles.names), side, side), np.float32)
    with encoder.start(roles, roles.names, options) as run:
        taken = []
        for _ in range(1 + _REPEATS):
            began = time.perf_counter()
            run.run(crops)
            taken.append(time.perf_counter() - began)
    return min(taken[1:]) / cells

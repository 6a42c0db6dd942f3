"""Checkpoints: one safetensors file with all that a run needs to go on as if never stopped.

Random numbers need no place in it: every step seeds all generators from the seed of the run and
its own number. Nor does the order of batches, for the same reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError

NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says in addition to the tensors it restores.

    Parameters
    ----------
    step
        Steps done.
    seconds
        Spent on them.
    processes
        That took part.
    config
        The run's configuration, as `training.config.RunConfig.to_json` writes it.
    log
        State of the log.
    """

    step: int
    seconds: float
    processes: int
    config: str
    log: Mapping[str, Any]


def write_checkpoint(
    path: Path,
    about: Checkpoint,
    objective: nn.Module,
    optimiser: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Write a checkpoint, whole or not at all.

    Parameters
    ----------
    path
        The file.
    about
        What is not a tensor.
    objective, optimiser, scaler
        What is to be restored.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    tensors = {f"objective/{name}": value for name, value in objective.state_dict().items()}
    for index, values in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{name}": value for name, value in values.items()}
    stored = {name: value.detach().to("cpu").contiguous() for name, value in tensors.items()}
    meta = {
        "step": str(about.step),
        "seconds": repr(about.seconds),
        "processes": str(about.processes),
        "config": about.config,
        "log": json.dumps(about.log),
        "scaler": json.dumps(scaler.state_dict()),
    }
    with replacing(path) as temporary:
        safetensors.torch.save_file(stored, temporary, meta)


def read_checkpoint(
    path: Path,
    objective: nn.Module,
    optimiser: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> Checkpoint:
    """Restore from a checkpoint.

    Parameters
    ----------
    path
        The file.
    objective, optimiser, scaler
        Made for the same run; changed in place.

    Raises
    ------
    InputError
        If the file is damaged or belongs to another kind of run.
    """
    try:
        with safe_open(path, framework="pt") as file:
            meta = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"'{path}' is not a checkpoint ({error}): remove it to begin anew"
        ) from error
    state: dict[str, Tensor] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        kind, _, rest = name.partition("/")
        if kind == "objective":
            state[rest] = value
        else:
            index, _, moment = rest.partition("/")
            moments.setdefault(int(index), {})[moment] = value
    try:
        objective.load_state_dict(state)
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": moments, "param_groups": groups})
    except (RuntimeError, ValueError) as error:
        line = str(error).strip().splitlines()[-1].strip()
        raise InputError(f"'{path}' is of another kind of run: {line}") from error
    scaler.load_state_dict(json.loads(meta["scaler"]))
    return Checkpoint(
        int(meta["step"]),
        float(meta["seconds"]),
        int(meta["processes"]),
        meta["config"],
        json.loads(meta["log"]),
    )

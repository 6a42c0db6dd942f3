"""The state of a fit between two epochs, as one file without anything to execute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError

_NETWORK, _OPTIMISER = "network.", "optimiser."


@dataclass(frozen=True)
class Place:
    """Where a fit is.

    Attributes
    ----------
    epoch
        Epochs done, of all stages.
    skipped
        Batches that were skipped.
    """

    epoch: int = 0
    skipped: int = 0


def write_checkpoint(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    fingerprint: str,
    place: Place,
) -> None:
    """Write the state of a fit; the old one is there until the new one is whole."""
    tensors = {_NETWORK + name: tensor for name, tensor in network.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"{_OPTIMISER}{number}.{name}": tensor for name, tensor in state.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    facts = {"fingerprint": fingerprint, "epoch": str(place.epoch), "skipped": str(place.skipped)}
    with replacing(path) as temporary:
        safetensors.torch.save_file(tensors, temporary, facts)


def read_checkpoint(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, fingerprint: str
) -> Place:
    """Bring a network and its optimiser to where a checkpoint is; the start where there is none.

    Raises
    ------
    InputError
        The file is damaged, or of another table or other settings.
    """
    if not path.exists():
        return Place()
    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
            if facts.get("fingerprint") != fingerprint:
                raise InputError(
                    f"'{path}' is of another table or other settings: give another name, or "
                    "delete it to start anew"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        network.load_state_dict(_under(tensors, _NETWORK))
        state = optimiser.state_dict()
        for name, tensor in _under(tensors, _OPTIMISER).items():
            number, _, part = name.partition(".")
            state["state"].setdefault(int(number), {})[part] = tensor
        optimiser.load_state_dict(state)
        return Place(int(facts["epoch"]), int(facts["skipped"]))
    except (SafetensorError, OSError, RuntimeError, KeyError) as error:
        raise InputError(
            f"'{path}' is no checkpoint that can be read ({next(iter(str(error).splitlines()), '')}"
            "): delete it to start anew"
        ) from error


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }

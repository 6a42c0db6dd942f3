"""Cells as vectors, with channels in their roles, in the wrong ones, and with one left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.encoder import Encoder, EncoderConfig
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.encoder.runtime import choose_device
from training.augment import to_unit_range
from training.baselines import PlainViT
from training.data.cropset import CropSet
from training.evaluate.representations import resampled

RIGHT: Final = "right"
FLIPPED: Final = "flipped"
WITHOUT: Final = "without "
_PIECE: Final = 512

Assignments = Mapping[str, ChannelAssignment]
Vectors = dict[str, NDArray[np.float32]]


class Embedder(Protocol):
    """Turns crops into vectors under several assignments of roles."""

    @property
    def size(self) -> int:
        """Side of the crops that it takes, in pixels."""

    def __call__(self, crops: NDArray[np.generic], assignments: Assignments) -> Vectors:
        """Embed crops.

        Parameters
        ----------
        crops
            ``(n, C, size, size)``, any real type and scale.
        assignments
            By name, each with all C channels.

        Returns
        -------
        dict
            ``(n, d)`` by name. A column whose channel is left out is NaN.
        """


@dataclass(frozen=True)
class RoleEmbedder:
    """The class token of a context-concept encoder.

    Parameters
    ----------
    encoder
        The encoder.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, …
    """

    encoder: Encoder
    device: str = "auto"

    @property
    def size(self) -> int:
        """See `Embedder`."""
        return self.encoder.config.input_size

    def __call__(self, crops: NDArray[np.generic], assignments: Assignments) -> Vectors:
        """Embed crops, all concept channels together; see `Embedder`."""
        vectors = {}
        for name, roles in assignments.items():
            with self.encoder.start(
                roles, roles.names, RunOptions(self.device, concept_mode="joint", readout="cls")
            ) as run:
                vectors[name] = run.run(crops)
        return vectors


@dataclass(frozen=True)
class SingleChannelEmbedder:
    """The class tokens of Base-SC for each channel alone, one after the other.

    Parameters
    ----------
    network
        In evaluation mode.
    size
        Side of the crops that it takes.
    """

    network: PlainViT
    size: int

    @torch.inference_mode()
    def __call__(self, crops: NDArray[np.generic], assignments: Assignments) -> Vectors:
        """Embed crops; see `Embedder`."""
        device = self.network.proj.weight.device
        images = to_unit_range(torch.from_numpy(np.asarray(crops, np.float32)).to(device))
        channels = range(images.shape[1])
        everything = self.network.embed_channels(images, channels).cpu().numpy()
        vectors = {}
        for name, roles in assignments.items():
            absent = np.isin(roles.names, roles.ignored).repeat(
                everything.shape[1] // len(channels)
            )
            vectors[name] = np.where(absent, np.float32(np.nan), everything)
        return vectors


def read_single_channel(path: Path, device: str = "auto") -> SingleChannelEmbedder:
    """Open the file that a run of Base-SC left behind."""
    with safe_open(path, framework="pt") as file:
        config = EncoderConfig.from_json(file.metadata()["config"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    network = PlainViT(config).eval()
    network.load_state_dict(weights)
    return SingleChannelEmbedder(network.to(choose_device(device)), config.input_size)


def assignments_of(roles: ChannelAssignment) -> dict[str, ChannelAssignment]:
    """All assignments under which cells are embedded, by name, the right one first.

    Parameters
    ----------
    roles
        The right ones. With a single context channel there is none that could be left out.
    """
    left_out = {
        f"{WITHOUT}{name}": roles.with_role(name, Role.IGNORE)
        for name in (roles.context if len(roles.context) > 1 else ())
    }
    return {RIGHT: roles, FLIPPED: roles.flipped(), **left_out}


def embed_set(cells: CropSet, embedder: Embedder) -> Vectors:
    """Embed all cells of a set under all assignments: ``(n, d)`` by name."""
    assignments = assignments_of(cells.assignment)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in assignments}
    for start in range(0, len(cells), _PIECE):
        crops = resampled(cells.read(slice(start, start + _PIECE)), embedder.size)
        for name, vectors in embedder(crops, assignments).items():
            parts[name].append(vectors)
    return {name: np.concatenate(each) for name, each in parts.items()}

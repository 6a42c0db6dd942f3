"""Cells as vectors, with channels in their roles, in the wrong ones, and with one left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.encoder import Encoder
from napari_c3r.core.encoder.options import RunOptions
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
            options = replace(RunOptions(self.device), concept_mode="joint", readout="cls")
            with self.encoder.start(roles, roles.names, options) as run:
                vectors[name] = run.run(crops)
        return vectors


@dataclass(frozen=True)
class SingleChannelEmbedder:
    """The class tokens of Base-SC for each channel alone, one after the other.

    Parameters
    ----------
    encoder
        Of that family.
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
        """Embed crops, every channel once; see `Embedder`."""
        names = next(iter(assignments.values())).names
        every = ChannelAssignment(dict.fromkeys(names, Role.CONCEPT))
        options = replace(RunOptions(self.device), precision="float32", readout="cls")
        with self.encoder.start(every, names, options) as run:
            together = run.run(crops)
            channel = np.array([label for label, _ in run.columns])
        return {
            name: np.where(np.isin(channel, roles.ignored), np.float32(np.nan), together)
            for name, roles in assignments.items()
        }


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

"""What a run of an encoder offers, wherever it computes."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, Readout

Assigned = ChannelAssignment | tuple[ChannelAssignment, ...]
"""Roles to embed with; several are passes, each read out jointly, whose vectors are joined."""


class Run(Protocol):
    """An encoder ready to embed crops; see :class:`napari_c3r.core.encoder.InferenceRun`."""

    concept_mode: ConceptMode
    readout: Readout
    columns: tuple[tuple[str, str], ...]
    numbers: tuple[str, ...]

    @property
    def device(self) -> str:
        """Where it computes."""

    @property
    def precision(self) -> str:
        """Data type of the matrix products."""

    @property
    def batch_size(self) -> int:
        """Crops that are computed at once."""

    @property
    def notes(self) -> list[str]:
        """What the user should know of how it went, in sentences."""

    def run(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Embed crops ``(n, C, H, W)``, as float32 ``(n, len(columns))``."""

    def run_with_numbers(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Vectors and, behind them, `numbers`: ``(n, len(columns) + len(numbers))``."""

    def tokens(self, crops: ArrayLike) -> NDArray[np.float32]:
        """Every token of crops, float32 ``(n, 1 + N, passes * D)``."""

    def close(self) -> None:
        """Give the memory of the device back."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...


class VariantsRun(Run, Protocol):
    """A run under several assignments at once."""

    all_columns: tuple[tuple[tuple[str, str], ...], ...]

    def run_all(self, crops: ArrayLike) -> list[NDArray[np.float32]]:
        """Embed crops under every assignment: float32 (n, D) for each."""

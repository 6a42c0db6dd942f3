"""A golden case: an input, and what the official network made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from napari_c3r.core.encoder.families.cce.config import Aggregation

CASES = "ABCDFG"


def tiny_config(aggregation: Aggregation = "post") -> CceConfig:
    return CceConfig(
        name="tiny", width=64, heads=4, branch_depth=2, joint_depth=3, aggregation=aggregation
    )


@dataclass(frozen=True)
class Case:
    """One forward pass of the official network, with its intermediate results."""

    network: ContextConceptEncoder
    pixels: NDArray[np.uint8]
    context: list[int]
    concept: list[int]
    expected: dict[str, NDArray[np.generic]]

    def images(self, dtype: torch.dtype) -> Tensor:
        return torch.from_numpy(self.pixels).to(dtype) / 255

    @property
    def mask(self) -> Tensor | None:
        mask = self.expected.get("mask")
        return None if mask is None else torch.from_numpy(mask)

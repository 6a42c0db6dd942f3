"""A family of encoders that no file of the package knows, for tests of everything that runs one.

`registered` makes it known for as long as a test takes; the fixture `toy_family` does just that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import families, write_model_folder
from napari_c3r.core.encoder.config import ConceptMode, EncoderConfig, Readout
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.plan import Channels, Pass, Plan
from napari_c3r.core.errors import InputError

HERE = "tests.core.encoder.toy:ToyFamily"


@dataclass(frozen=True, kw_only=True)
class ToyConfig(EncoderConfig):
    """As simple as it can be: one size more than every encoder has."""

    architecture: ClassVar[str] = "toy"

    scale: int = 2


class ToyNetwork(nn.Module):
    """Patches by their mean over pixels and channels, the class token by the mean of all."""

    def __init__(self, config: ToyConfig) -> None:
        super().__init__()
        self.patch_size, self.scale = config.patch_size, config.scale
        self.linear = nn.Linear(1, config.width)

    def forward(self, images: Tensor) -> Tensor:
        """``(B, C, H, W)`` to ``(B, 1 + N, D)``."""
        means = F.avg_pool2d(images.mean(1, keepdim=True), self.patch_size).flatten(2).mT
        tokens = torch.cat([means.mean(1, keepdim=True), means], dim=1)
        return self.scale * self.linear(tokens.to(self.linear.weight.dtype))


class ToyFamily(EncoderFamily[ToyConfig, ToyNetwork]):
    """One pass of all concept channels; it knows no context."""

    label = "Toy encoder"
    description = "Averages the concept channels."
    config_type = ToyConfig

    def make_network(self, config: ToyConfig) -> ToyNetwork:
        """Build the network."""
        return ToyNetwork(config)

    def make_plan(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Plan one pass."""
        roles = assignment.for_channels(channel_names)
        if not roles.concept:
            raise InputError("The toy encoder needs a concept channel; tag one")
        if readout != "cls":
            raise InputError(f"The toy encoder has no readout '{readout}'; choose cls")
        concept = tuple(roles.used.index(name) for name in roles.concept)
        return Plan(roles.used, (Pass("all", (concept,)),), readout)

    def activation_bytes(self, config: ToyConfig, plan: Plan, height: int, width: int) -> int:
        """As much as the crop itself."""
        return 4 * len(plan.channels) * height * width

    def tokens(self, network: ToyNetwork, images: Tensor, groups: Sequence[Channels]) -> Tensor:
        """Run the pass."""
        (concept,) = groups
        return network(images[:, list(concept)])


@contextmanager
def registered() -> Iterator[ToyFamily]:
    """Make the family known, and forget it afterwards."""
    family = ToyFamily()
    with patch.dict(families._registered):
        families.register_family(family)
        yield family


def write_toy_folder(path: Path) -> Path:
    """Write a model folder of the family, which must be known."""
    config = ToyConfig(name="toy", width=6, input_size=32, field_um=20.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = ToyNetwork(config).state_dict()
    return write_model_folder(path, config, weights, "# Toy\n")

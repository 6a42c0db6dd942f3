"""How SubCell encoders are planned, run and recognised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from napari_c3r.core.encoder.config import Readout
from napari_c3r.core.encoder.families.fixed_stain.family import FixedInputs
from napari_c3r.core.encoder.families.subcell import checkpoint
from napari_c3r.core.encoder.families.subcell.config import SubcellConfig
from napari_c3r.core.encoder.plan import Pass, Plan

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.subcell.network import SubcellViT


class SubcellFamily(FixedInputs[SubcellConfig, "SubcellViT"]):
    """SubCell, whose vector is a trained pooling over all tokens."""

    label: ClassVar[str] = "SubCell"
    description: ClassVar[str] = (
        "Takes the stains of the Human Protein Atlas that it was trained on, by name, and refuses "
        "images that lack one; every concept channel of another stain has its turn as the protein. "
        "With classifiers it says where in the cell the protein is."
    )
    config_type = SubcellConfig
    recipes: ClassVar[tuple[str, ...]] = tuple(checkpoint.CHANNELS)

    def make_network(self, config: SubcellConfig) -> SubcellViT:
        """Build the network with initial weights."""
        from napari_c3r.core.encoder.families.subcell.network import SubcellViT

        return SubcellViT(config)

    def columns(self, config: SubcellConfig, plan: Plan) -> tuple[tuple[str, str], ...]:
        """As for every encoder, but for the pooling, which gives several times as many."""
        times = config.pool_heads if plan.readout == "pool" else 1
        return plan.columns(times * config.width)

    def numbers(self, config: SubcellConfig, plan: Plan) -> tuple[str, ...]:
        """A probability for each location, as ``location_nucleoplasm``.

        Where several channels have their turn as the protein, the channel is in the name:
        ``location_RNA_nucleoplasm``.
        """
        classes = [re.sub(r"\W+", "_", name.lower()).strip("_") for name in config.classes]
        several = len(plan.passes) > 1
        labels = [f"{each.label}_" if several else "" for each in plan.passes]
        return tuple(f"location_{label}{name}" for label in labels for name in classes)

    def vectors_and_numbers(self, network: SubcellViT, images: Tensor, plan: Plan) -> Tensor:
        """Run all passes of a plan; the probabilities follow the vectors."""
        import torch

        vectors, numbers = [], []
        for each in plan.passes:
            tokens = self.tokens(network, images, each.groups)
            pooled = network.pool(tokens)
            by_pool = plan.readout == "pool"
            vectors.append(pooled if by_pool else self.read_out(tokens, plan.readout))
            if len(network.classifiers):
                numbers.append(network.probabilities(pooled))
        return torch.cat([*vectors, *numbers], dim=1)

    def _vector(self, network: SubcellViT, images: Tensor, each: Pass, readout: Readout) -> Tensor:
        tokens = self.tokens(network, images, each.groups)
        if readout == "pool":
            pooled: Tensor = network.pool(tokens)
            return pooled
        return self.read_out(tokens, readout)

    def describe_network(self, config: SubcellConfig) -> str:
        """Describe sizes, inputs and classifiers, for a model card."""
        told = (
            f"the mean of classifiers ({config.classifiers}) tells {len(config.classes)} locations"
            if config.classifiers
            else "no classifiers"
        )
        return f"{super().describe_network(config)}; pooling by {config.pool_heads} heads; {told}"

    def config_from_checkpoint(
        self, weights: Mapping[str, Tensor], values: Mapping[str, Any]
    ) -> SubcellConfig | None:
        """Read sizes from a published file.

        Raises
        ------
        InputError
            If a value is missing or wrong.
        """
        return checkpoint.config_of(weights, values)

    def weights_from_checkpoint(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring published weights to the names of ours."""
        return checkpoint.weights_of(weights)

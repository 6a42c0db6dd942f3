"""How context-concept encoders are planned, run and recognised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from napari_c3r.core.channels import ChannelAssignment, check_channel_names
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families.cce.config import CceConfig
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.networks.sizes import heads_of
from napari_c3r.core.encoder.plan import Channels, Pass, Plan, check_modes
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.cce.network import ContextConceptEncoder

# Parts that networks of no other family have.
_OWN_NAMES: Final = ("patch_embed.proj.0.", "cnt_blocks.", "stn_blocks.", "cmb_blocks.")


class CceFamily(EncoderFamily[CceConfig, "ContextConceptEncoder"]):
    """The context-concept encoder. The groups of a pass are the context and the concept."""

    label: ClassVar[str] = "Context-concept encoder (CCE)"
    description: ClassVar[str] = (
        "Takes any number of context and concept channels, each with a branch of its own, and "
        "gives one vector for each concept channel with all the context, or one for all together."
    )
    config_type = CceConfig

    def make_network(self, config: CceConfig) -> ContextConceptEncoder:
        """Build the network with initial weights, without the mask token of the training."""
        from napari_c3r.core.encoder.families.cce.network import ContextConceptEncoder

        return ContextConceptEncoder(config)

    def make_plan(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Plan for an assignment: a pass for each concept channel, or one for all of them.

        Raises
        ------
        InputError
            If a group is empty, a channel is unknown or named twice, or a mode is unknown.
        """
        check_modes(concept_mode, readout)
        check_channel_names(channel_names)
        roles = assignment.for_channels(channel_names).require_usable()
        channels = roles.used
        context = tuple(channels.index(name) for name in roles.context)
        concept = tuple(channels.index(name) for name in roles.concept)
        if concept_mode == "each":
            passes = tuple(Pass(channels[index], (context, (index,))) for index in concept)
        else:
            passes = (Pass("+".join(roles.concept), (context, concept)),)
        return Plan(channels, passes, readout)

    def activation_bytes(self, config: CceConfig, plan: Plan, height: int, width: int) -> int:
        """Size of the hidden layer of an MLP, or of all tokens that leave a branch."""
        tokens = 1 + (height // config.patch_size) * (width // config.patch_size)
        # 4 bytes a number; the hidden layer is 4 times as wide as the tokens, whether they are of
        # one image in the joint encoder or of the channels that run through a branch at once.
        return 4 * tokens * max(4 * config.width, plan.largest_group * config.width // 2)

    def tokens(
        self, network: ContextConceptEncoder, images: Tensor, groups: Sequence[Channels]
    ) -> Tensor:
        """Encode images with a context and a concept: ``(B, C, H, W)`` to ``(B, T, D)``."""
        context, concept = groups
        return network(images, context, concept)

    def vectors(self, network: ContextConceptEncoder, images: Tensor, plan: Plan) -> Tensor:
        """Run all passes of a plan; the context, the same in all, runs once."""
        import torch

        from napari_c3r.core.encoder.families.cce.network import CONCEPT, CONTEXT

        context = network.encode_channels(images, plan.passes[0].groups[CONTEXT], CONTEXT)
        vectors = []
        for each in plan.passes:
            concept = network.encode_channels(images, each.groups[CONCEPT], CONCEPT)
            tokens = network.encode_joint(context, concept)
            vectors.append(self.read_out(tokens, plan.readout))
        return torch.cat(vectors, dim=1)

    def vectors_of_variants(
        self, network: ContextConceptEncoder, images: Tensor, plans: Sequence[Plan]
    ) -> Tensor:
        """Run several plans, sharing branches and the joint encoder.

        A channel runs once through a branch whatever the number of plans that have it there, and
        two plans that join the same context with the same concept share the joint encoder's work:
        leaving a context channel out is contained in using it as a concept when concepts are read
        out one at a time.
        """
        import torch

        from napari_c3r.core.encoder.families.cce.network import CONCEPT, CONTEXT

        pairs = [each.groups for plan in plans for each in plan.passes]
        contexts = _branch(network, images, {pair[0] for pair in pairs}, CONTEXT)
        concepts = _branch(network, images, {pair[1] for pair in pairs}, CONCEPT)
        joined: dict[tuple[Channels, ...], Tensor] = {}
        for pair in dict.fromkeys(pairs):
            tokens = network.encode_joint(contexts[pair[0]], concepts[pair[1]])
            joined[pair] = self.read_out(tokens, plans[0].readout)
        return torch.cat([joined[pair] for pair in pairs], dim=1)

    def describe_network(self, config: CceConfig) -> str:
        """Describe the sizes of the network in a few words, for a model card."""
        return (
            f"width {config.width}, {config.heads} heads, {config.branch_depth} blocks in each "
            f"branch, {config.joint_depth} in the joint encoder"
        )

    def config_from_checkpoint(
        self, weights: Mapping[str, Tensor], values: Mapping[str, Any]
    ) -> CceConfig | None:
        """Read the sizes of the network from the shapes and names of its weights.

        The number of heads, which no weight tells, is that of the published network of the same
        width unless `values` has it.

        Raises
        ------
        InputError
            If a value is missing or wrong.
        """
        if not any(name.startswith(_OWN_NAMES) for name in weights):
            return None
        if "channels" in values:
            raise InputError("a context-concept encoder takes any channels: leave out channels")
        positions = weights.get("pos_embed")
        kernel = weights.get("patch_embed.proj.0.weight")
        if positions is None or positions.ndim != 3 or kernel is None or kernel.ndim != 4:
            raise InputError(
                "lacks 'pos_embed' or 'patch_embed.proj.0.weight' in their usual shapes, so "
                "it is not a context-concept encoder"
            )
        width = positions.shape[2]
        if positions.shape[1] < 2 or not kernel.numel():
            raise InputError(
                f"'pos_embed' has shape {tuple(positions.shape)} and "
                f"'patch_embed.proj.0.weight' {tuple(kernel.shape)}, which no network has"
            )
        sizes = {
            "width": width,
            "heads": heads_of(width, values),
            "branch_depth": _depth(weights, "cnt_blocks"),
            "joint_depth": _depth(weights, "cmb_blocks"),
            "patch_size": kernel.shape[2],
            "position_grid": round((positions.shape[1] - 1) ** 0.5),
        }
        return CceConfig(**{**sizes, **values})


def _branch(
    network: ContextConceptEncoder,
    images: Tensor,
    sets: Iterable[Channels],
    group: int,
) -> dict[Channels, Tensor]:
    """Branch tokens ``(B, C, T, d)`` of every set of channels."""
    if network.aggregation == "pre":
        # The channels of a set are averaged before the branch, so sets share nothing.
        return {each: network.encode_channels(images, each, group) for each in sets}
    channels = sorted({channel for each in sets for channel in each})
    tokens = network.encode_channels(images, channels, group)
    return {each: tokens[:, [channels.index(channel) for channel in each]] for each in sets}


def _depth(weights: Mapping[str, Tensor], blocks: str) -> int:
    """Count the blocks of a part."""
    found = (re.match(rf"{blocks}\.(\d+)\.", name) for name in weights)
    return len({match[1] for match in found if match})

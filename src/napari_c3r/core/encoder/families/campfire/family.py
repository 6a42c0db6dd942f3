"""How Campfire encoders are planned and run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families.campfire.config import CampfireConfig
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.plan import Channels, Plan, check_modes, plan_of_all

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.campfire.network import CampfireEncoder


class CampfireFamily(EncoderFamily[CampfireConfig, "CampfireEncoder"]):
    """Campfire. The one group of its one pass are all channels that are not ignored.

    Its tokens ``(B, C * N, D)`` have no class token: the N patches of each channel follow one
    another.
    """

    label: ClassVar[str] = "Channel-agnostic masked autoencoder (Campfire)"
    description: ClassVar[str] = (
        "Takes any set of channels, all that are not ignored together, and averages their patches; "
        "which role a channel has makes no difference, and time grows with the square of their "
        "number."
    )
    config_type = CampfireConfig

    def make_network(self, config: CampfireConfig) -> CampfireEncoder:
        """Build the network with initial weights, without the decoder of the training."""
        from napari_c3r.core.encoder.families.campfire.network import CampfireEncoder

        return CampfireEncoder(config)

    def make_plan(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Plan one pass of all channels that are not ignored.

        Raises
        ------
        InputError
            If all are ignored, a channel is unknown or named twice, the concept mode is unknown, or
            the readout needs a class token.
        """
        check_modes(concept_mode, readout, CampfireConfig.readouts)
        return plan_of_all(assignment, channel_names, readout)

    def activation_bytes(self, config: CampfireConfig, plan: Plan, height: int, width: int) -> int:
        """Size of the hidden layer of an MLP, over the patches of all channels."""
        tokens = (height // config.patch_size) * (width // config.patch_size)
        # 4 bytes for each of 4 times the width of the tokens. The attention between all pairs of
        # tokens is larger, but computed in pieces.
        return 4 * 4 * plan.largest_group * tokens * config.width

    def tokens(
        self, network: CampfireEncoder, images: Tensor, groups: Sequence[Channels]
    ) -> Tensor:
        """Encode channels of images together: ``(B, C, H, W)`` to ``(B, C * N, D)``."""
        from napari_c3r.core.encoder.networks.patches import take_channels

        (channels,) = groups
        return network(take_channels(images, channels))

    def read_out(self, tokens: Tensor, readout: Readout) -> Tensor:
        """Average the patch tokens: ``(B, C * N, D)`` to ``(B, D)``."""
        return tokens.mean(dim=1)

    def describe_network(self, config: CampfireConfig) -> str:
        """Describe the sizes of the network in a few words, for a model card."""
        return f"width {config.width}, {config.heads} heads, {config.depth} blocks"

"""How single-channel encoders are planned and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families.base_sc.config import BaseScConfig
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.networks.vit_weights import (
    is_of_transformers,
    is_plain,
    n_inputs,
    plain_sizes,
    plain_weights,
)
from napari_c3r.core.encoder.plan import Channels, Plan, check_modes, plan_of_each
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.base_sc.network import PlainViT


class BaseScFamily(EncoderFamily[BaseScConfig, "PlainViT"]):
    """Base-SC. The one group of a pass is a single channel.

    Neither paper nor code say how the channels of an image are put together; here the class tokens
    follow one another in image order, so that no channel is lost.
    """

    label: ClassVar[str] = "Single-channel encoder (Base-SC)"
    description: ClassVar[str] = (
        "Embeds every channel alone and joins the vectors in image order; the roles do not matter, "
        "except that an ignored channel is left out."
    )
    config_type = BaseScConfig

    def make_network(self, config: BaseScConfig) -> PlainViT:
        """Build the network with initial weights, without the mask token of the training."""
        from napari_c3r.core.encoder.families.base_sc.network import PlainViT

        return PlainViT(config)

    def make_plan(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Plan a pass for each channel that is not ignored, in image order.

        Raises
        ------
        InputError
            If all are ignored, a channel is unknown or named twice, or a mode is unknown.
        """
        check_modes(concept_mode, readout)
        return plan_of_each(assignment, channel_names, readout)

    def activation_bytes(self, config: BaseScConfig, plan: Plan, height: int, width: int) -> int:
        """Size of the hidden layer of an MLP; channels run one after the other."""
        tokens = 1 + (height // config.patch_size) * (width // config.patch_size)
        # 4 bytes for each of 4 times the width of the tokens.
        return 4 * 4 * tokens * config.width

    def tokens(self, network: PlainViT, images: Tensor, groups: Sequence[Channels]) -> Tensor:
        """Encode one channel of images: ``(B, C, H, W)`` to ``(B, T, D)``."""
        ((channel,),) = groups
        return network(images[:, channel : channel + 1])

    def describe_network(self, config: BaseScConfig) -> str:
        """Describe the sizes of the network in a few words, for a model card."""
        return f"width {config.width}, {config.heads} heads, {config.depth} blocks"

    def config_from_checkpoint(
        self, weights: Mapping[str, Tensor], values: Mapping[str, Any]
    ) -> BaseScConfig | None:
        """Read the sizes of a plain vision transformer of one channel.

        Raises
        ------
        InputError
            If a value is missing or wrong.
        """
        if not is_plain(weights) or is_of_transformers(weights) or n_inputs(weights) != 1:
            return None
        if "channels" in values:
            raise InputError("Base-SC takes any channel: leave out channels")
        sizes = plain_sizes(plain_weights(weights), values)
        if sizes.pop("registers"):
            raise InputError("has registers, which Base-SC has not")
        return BaseScConfig(**{**sizes, **values})

    def weights_from_checkpoint(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring the weights of a plain vision transformer to the names of ours."""
        return plain_weights(weights)

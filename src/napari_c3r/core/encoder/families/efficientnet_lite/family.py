"""How EfficientNet-Lites are planned, run and recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families.efficientnet_lite import checkpoint
from napari_c3r.core.encoder.families.efficientnet_lite.config import EfficientNetLiteConfig
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.plan import Channels, Plan, check_modes, plan_of_each

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.efficientnet_lite.network import EfficientNetLite


class EfficientNetLiteFamily(EncoderFamily[EfficientNetLiteConfig, "EfficientNetLite"]):
    """EfficientNet-Lite. The one group of a pass is a single channel, seen as a grey photograph.

    Its tokens ``(B, N, D)`` are the places of the last layer; there is no class token.
    """

    label: ClassVar[str] = "Convolutional network of photographs (EfficientNet-Lite)"
    description: ClassVar[str] = (
        "Sees every channel alone, as a grey photograph, and joins the vectors in image order; the "
        "roles do not matter, except that an ignored channel is left out."
    )
    config_type = EfficientNetLiteConfig

    def make_network(self, config: EfficientNetLiteConfig) -> EfficientNetLite:
        """Build the network with initial weights."""
        from napari_c3r.core.encoder.families.efficientnet_lite.network import EfficientNetLite

        return EfficientNetLite(config)

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
            If all are ignored, a channel is unknown or named twice, the concept mode is unknown, or
            the readout needs a class token.
        """
        check_modes(concept_mode, readout, EfficientNetLiteConfig.readouts)
        return plan_of_each(assignment, channel_names, readout)

    def activation_bytes(
        self, config: EfficientNetLiteConfig, plan: Plan, height: int, width: int
    ) -> int:
        """Size of the largest planes; channels run one after the other."""
        pixels = height * width // 4
        largest = pixels * config.stem
        for block in config.blocks:
            largest = max(largest, pixels * block.hidden)
            pixels //= block.stride**2
        return 4 * max(largest, pixels * config.width)

    def tokens(
        self, network: EfficientNetLite, images: Tensor, groups: Sequence[Channels]
    ) -> Tensor:
        """See one channel of images: ``(B, C, H, W)`` to ``(B, N, D)``."""
        ((channel,),) = groups
        return network(images[:, channel : channel + 1])

    def read_out(self, tokens: Tensor, readout: Readout) -> Tensor:
        """Average over places: ``(B, N, D)`` to ``(B, D)``."""
        return tokens.mean(dim=1)

    def describe_network(self, config: EfficientNetLiteConfig) -> str:
        """Describe the sizes of the network in a few words, for a model card."""
        return f"width {config.width}, {len(config.blocks)} inverted residual blocks"

    def config_from_checkpoint(
        self, weights: Mapping[str, Tensor], values: Mapping[str, Any]
    ) -> EfficientNetLiteConfig | None:
        """Read the sizes of a published network.

        Raises
        ------
        InputError
            If it has squeeze and excitation, or a value is missing or wrong.
        """
        return checkpoint.config_of(weights, values)

    def weights_from_checkpoint(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Fold the batch norms of a published network into its convolutions."""
        return checkpoint.weights_of(weights)

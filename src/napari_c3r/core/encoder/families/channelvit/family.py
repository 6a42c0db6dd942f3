"""How encoders with an embedding for every trained channel are planned, run and recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.channel_map import match_channels
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families.channelvit import checkpoint
from napari_c3r.core.encoder.families.channelvit.config import ChannelVitConfig
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.plan import Channels, Pass, Plan, check_modes, used_channels
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.channelvit.network import ChannelViT

AnyConfig = TypeVar("AnyConfig", bound=ChannelVitConfig)

_STANDS_IN = {
    "mean": "the mean of the trained channels stands",
    "protein": "the channel of the protein of interest stands",
    "zero": "nothing stands",
}


class ChannelEmbeddingFamily(EncoderFamily[AnyConfig, "ChannelViT"], Generic[AnyConfig]):
    """Encoders that know each channel by its stain.

    The one pass has a group for every trained channel, with the image's channel that it is or
    nothing, and last a group of the channels of other stains.

    Attributes
    ----------
    has_proxies : bool
        Whether official weights have a proxy for each channel.
    """

    has_proxies: ClassVar[bool]

    def make_network(self, config: AnyConfig) -> ChannelViT:
        """Build the network with initial weights, without the mask token of the training."""
        from napari_c3r.core.encoder.families.channelvit.network import ChannelViT

        return ChannelViT(config)

    def plan_for(
        self,
        config: AnyConfig,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Plan one pass of all channels that are not ignored.

        Raises
        ------
        InputError
            If all are ignored, a channel is unknown or named twice, a mode is unknown, two
            channels are the same trained one, or a stain was not trained and such are refused.
        """
        check_modes(concept_mode, readout, config.readouts)
        channels = used_channels(assignment, channel_names)
        places = match_channels(config.channels, channels)
        groups: list[list[int]] = [[] for _ in range(len(config.channels) + 1)]
        for index, name in enumerate(channels):
            place = places[name]
            groups[len(config.channels) if place is None else place].append(index)
        passes = (Pass("+".join(channels), tuple(map(tuple, groups))),)
        unseen = [channels[index] for index in groups[-1]]
        return Plan(channels, passes, readout, _notes(config, unseen))

    def activation_bytes(self, config: AnyConfig, plan: Plan, height: int, width: int) -> int:
        """Size of the hidden layer of an MLP, which has the patches of all channels."""
        patches = (height // config.patch_size) * (width // config.patch_size)
        # 4 bytes for each of 4 times the width of the tokens.
        return 4 * 4 * (1 + len(plan.channels) * patches) * config.width

    def tokens(self, network: ChannelViT, images: Tensor, groups: Sequence[Channels]) -> Tensor:
        """Encode images, channels in image order: ``(B, C, H, W)`` to ``(B, 1 + C N, D)``."""
        pairs = sorted((channel, place) for place, each in enumerate(groups) for channel in each)
        wanted = [channel for channel, _ in pairs]
        whole = wanted == list(range(images.shape[1]))
        return network(images if whole else images[:, wanted], [place for _, place in pairs])

    def describe_network(self, config: AnyConfig) -> str:
        """Describe the network and what stands for stains it does not know, for a model card."""
        return (
            f"width {config.width}, {config.heads} heads, {config.depth} blocks; trained channels "
            f"in order: {', '.join(config.channels)}; positions {config.positions}; the embedding "
            f"of other stains: {config.unseen}"
        )

    def config_from_checkpoint(
        self, weights: Mapping[str, Tensor], values: Mapping[str, Any]
    ) -> AnyConfig | None:
        """Read sizes from an official checkpoint.

        Parameters
        ----------
        weights
            By name, without the prefixes of the training.
        values
            Fields that no weight tells: `channels`, the index of every trained channel by its name,
            and the number of heads unless the width is a published one.

        Raises
        ------
        InputError
            If a value is missing or wrong.
        """
        if not checkpoint.is_known(weights) or checkpoint.has_proxies(weights) != self.has_proxies:
            return None
        return self.config_type(**checkpoint.values_of(weights, values))

    def weights_from_checkpoint(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring official weights to the names and shapes of the network."""
        return checkpoint.weights_of(weights)


class ChannelVitFamily(ChannelEmbeddingFamily[ChannelVitConfig]):
    """ChannelViT, of the official code and as the authors of C3R adapted it."""

    label: ClassVar[str] = "Channel vision transformer (ChannelViT)"
    description: ClassVar[str] = (
        "Takes the channels whose stains it was trained on, all at once and whatever their roles, "
        "and gives one vector; an ignored channel is left out, and the cost grows with the square "
        "of the number of channels."
    )
    config_type = ChannelVitConfig
    has_proxies: ClassVar[bool] = False


def _notes(config: ChannelVitConfig, unseen: Sequence[str]) -> tuple[str, ...]:
    """Refuse channels of other stains, or say what stands for them."""
    if not unseen:
        return ()
    known = ", ".join(config.channels)
    if config.unseen == "refuse":
        raise InputError(
            f"{config.name} was not trained on {', '.join(unseen)}, only on {known}: ignore such "
            "channels, or name them by one of those stains"
        )
    return (
        f"{config.name} was not trained on {', '.join(unseen)}, only on {known}; "
        f"{_STANDS_IN[config.unseen]} for the missing embedding, which no paper has tried.",
    )

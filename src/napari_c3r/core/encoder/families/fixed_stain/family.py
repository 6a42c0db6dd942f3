"""How encoders of a fixed list of stains are planned, run and recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.channel_map import match_channels, missing_channels, say_missing
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families.fixed_stain import checkpoint
from napari_c3r.core.encoder.families.fixed_stain.config import (
    ALL_CHANNELS,
    STANDARDISED,
    FixedStainConfig,
)
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.plan import (
    Channels,
    Pass,
    Plan,
    check_modes,
    plan_of_each,
    used_channels,
)
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.fixed_stain.network import FixedStainViT

AnyConfig = TypeVar("AnyConfig", bound=FixedStainConfig)
AnyNetwork = TypeVar("AnyNetwork", bound="FixedStainViT")


class FixedInputs(EncoderFamily[AnyConfig, AnyNetwork], Generic[AnyConfig, AnyNetwork]):
    """Encoders with an input for each of a fixed list of stains.

    The one group of a pass are the channels in the order of the inputs, or a single channel that
    enters them all.
    """

    def plan_for(
        self,
        config: AnyConfig,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Plan a pass for each channel that enters by itself.

        Where one input is for the readout, these are the concept channels that are none of the
        fixed stains, or, with none such, all other channels; where no input has a name, each
        channel, whatever its role. Else there is one pass of all inputs.

        Raises
        ------
        InputError
            If a stain is missing or there twice, all channels are ignored, one is unknown or named
            twice, or a mode is unknown.
        """
        check_modes(concept_mode, readout, config.readouts)
        if not config.channels:
            return plan_of_each(assignment, channel_names, readout)
        channels = used_channels(assignment, channel_names)
        found = match_channels(config.fixed_channels, channels)
        if missing_channels(config.fixed_channels, found):
            raise InputError(say_missing(config.name, config.fixed_channels, found))
        others = [name for name in channels if found[name] is None]
        place_of = {config.fixed_channels[p]: channels.index(n) for n, p in _found(found)}
        if not config.concept_channel:
            group = tuple(place_of[name] for name in config.channels)
            whole = Pass("+".join(config.channels), (group,))
            return Plan(channels, (whole,), readout, _left(others))
        if not others:
            raise InputError(
                f"{config.name} needs a channel for its input '{config.concept_channel}' beside "
                f"{', '.join(config.fixed_channels)}: give one more channel a role"
            )
        concept = assignment.for_channels(channel_names).concept
        shown = [name for name in others if name in concept] or others
        passes = []
        for name in shown:
            here = channels.index(name)
            passes.append(Pass(name, (tuple(place_of.get(n, here) for n in config.channels),)))
        left = [name for name in others if name not in shown]
        return Plan(channels, tuple(passes), readout, _left(left))

    def activation_bytes(self, config: AnyConfig, plan: Plan, height: int, width: int) -> int:
        """Size of the hidden layer of an MLP; passes run one after the other."""
        patches = (height // config.patch_size) * (width // config.patch_size)
        # 4 bytes for each of 4 times the width of the tokens.
        return 4 * 4 * (1 + config.registers + patches) * config.width

    def prepare(self, crops: Tensor, config: AnyConfig) -> Tensor:
        """Bring crops to the input size, and to a range in which float32 holds them.

        The rest of the normalisation depends on which channels enter together, so `tokens` does it.
        """
        from napari_c3r.core.encoder.crops import prepare, resample
        from napari_c3r.core.encoder.families.fixed_stain.network import scale_together

        if config.normalisation == ALL_CHANNELS:
            return resample(scale_together(crops), config)
        return prepare(crops, config)

    def scales_intensities(self, config: AnyConfig) -> bool:
        """Whether the official network scales its images itself, as SubCell and DINO4Cells do."""
        return config.normalisation in (ALL_CHANNELS, STANDARDISED)

    def tokens(self, network: AnyNetwork, images: Tensor, groups: Sequence[Channels]) -> Tensor:
        """Encode the channels of a pass: ``(B, C, H, W)`` to ``(B, T, D)``."""
        from napari_c3r.core.encoder.networks.patches import take_channels

        (channels,) = groups
        return network.encode(take_channels(images, channels))

    def describe_network(self, config: AnyConfig) -> str:
        """Describe sizes, inputs and normalisation, for a model card."""
        inputs = ", ".join(config.channels) or f"one channel at a time, in all {config.inputs}"
        if config.concept_channel:
            inputs += (
                f", of which {config.concept_channel} takes each concept channel of another stain"
            )
        scaled = f", then mean {config.mean} and deviation {config.deviation}"
        return (
            f"width {config.width}, {config.heads} heads, {config.depth} blocks, patches of "
            f"{config.patch_size} pixels; inputs: {inputs}; "
            f"intensities: {config.normalisation}{scaled if config.mean else ''}; positions "
            f"resampled by: {config.positions}"
        )


class FixedStainFamily(FixedInputs[FixedStainConfig, "FixedStainViT"]):
    """Base-HPA, Base-CP, DINO4Cells, and networks that were trained on photographs."""

    label: ClassVar[str] = "Vision transformer of fixed stains"
    description: ClassVar[str] = (
        "Takes the stains it was trained on, by name, and refuses images that lack one; where one "
        "input is for the readout, every concept channel of another stain has its turn in it; "
        "networks trained on photographs see each channel alone."
    )
    config_type = FixedStainConfig
    recipes: ClassVar[tuple[str, ...]] = tuple(checkpoint.RECIPES)

    def make_network(self, config: FixedStainConfig) -> FixedStainViT:
        """Build the network with initial weights, without the mask token of the training."""
        from napari_c3r.core.encoder.families.fixed_stain.network import FixedStainViT

        return FixedStainViT(config)

    def config_from_checkpoint(
        self, weights: Mapping[str, Tensor], values: Mapping[str, Any]
    ) -> FixedStainConfig | None:
        """Read sizes from a checkpoint, and by what it was trained with tell which inputs it has.

        Raises
        ------
        InputError
            If a value is missing or wrong.
        """
        return checkpoint.config_of(weights, values)

    def weights_from_checkpoint(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring the weights of a plain vision transformer to the names of ours."""
        from napari_c3r.core.encoder.networks.vit_weights import plain_weights

        return plain_weights(weights)


def _found(found: Mapping[str, int | None]) -> list[tuple[str, int]]:
    return [(name, place) for name, place in found.items() if place is not None]


def _left(unused: Sequence[str]) -> tuple[str, ...]:
    """Say which channels the encoder has no input for."""
    if not unused:
        return ()
    return (f"The encoder has no input for {', '.join(unused)}, which it did not see.",)

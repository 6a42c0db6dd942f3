"""How CellRep encoders are planned and run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, Readout
from napari_c3r.core.encoder.families.cellrep.config import CellRepConfig
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.encoder.plan import Channels, Plan, check_modes, plan_of_all

if TYPE_CHECKING:
    from torch import Tensor

    from napari_c3r.core.encoder.families.cellrep.network import CellRepEncoder


class CellRepFamily(EncoderFamily[CellRepConfig, "CellRepEncoder"]):
    """CellRep. The one group of its one pass are all channels that are not ignored."""

    label: ClassVar[str] = "Channel-mixing encoder (CellRep)"
    description: ClassVar[str] = (
        "Takes any set of channels, mixes all that are not ignored and averages them at every "
        "place; which role a channel has makes no difference."
    )
    config_type = CellRepConfig

    def make_network(self, config: CellRepConfig) -> CellRepEncoder:
        """Build the network with initial weights."""
        from napari_c3r.core.encoder.families.cellrep.network import CellRepEncoder

        return CellRepEncoder(config)

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
            If all are ignored, a channel is unknown or named twice, or a mode is unknown.
        """
        check_modes(concept_mode, readout, CellRepConfig.readouts)
        return plan_of_all(assignment, channel_names, readout)

    def activation_bytes(self, config: CellRepConfig, plan: Plan, height: int, width: int) -> int:
        """Size of what is largest: the hidden layer of an MLP over the patches of all channels.

        Or of the convolution that looks at the content of the channels, or of the places of pixels
        in the curves of their tiles; or of the hidden layer after the channels were averaged.
        """
        channels, pixels = plan.largest_group, height * width
        patches = (height // config.patch_size) * (width // config.patch_size)
        # Numbers of 4 bytes; a place in a curve has 8. The attention between all pairs of tokens is
        # larger, but computed in pieces.
        hidden = 4 * config.width * (channels * patches if config.mixer_depth else 1 + patches)
        content = channels * (pixels // config.content_kernel**2) * config.content_channels
        places = 2 * channels * pixels if config.histogram_tiles else 0
        return 4 * max(hidden, content, places)

    def prepare(self, crops: Tensor, config: CellRepConfig) -> Tensor:
        """Bring crops to [0, 1], clip and equalise them, and resample them where needed."""
        from napari_c3r.core.encoder.crops import resample, to_unit_range
        from napari_c3r.core.encoder.families.cellrep.normalise import normalise

        return resample(normalise(to_unit_range(crops), config), config)

    def scales_intensities(self, config: CellRepConfig) -> bool:
        """The network's own clip and histograms are made for crops in [0, 1]."""
        return True

    def tokens(self, network: CellRepEncoder, images: Tensor, groups: Sequence[Channels]) -> Tensor:
        """Encode channels of images together: ``(B, C, H, W)`` to ``(B, 1 + N, D)``."""
        from napari_c3r.core.encoder.networks.patches import take_channels

        (channels,) = groups
        return network(take_channels(images, channels))

    def describe_network(self, config: CellRepConfig) -> str:
        """Describe the sizes of the network in a few words, for a model card."""
        return (
            f"width {config.width}, {config.heads} heads, {config.mixer_depth} blocks over all "
            f"channels, {config.depth} after they are averaged"
        )

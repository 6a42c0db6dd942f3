"""What a family of encoders provides; everything else runs any family the same way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.config import ConceptMode, EncoderConfig, Readout
from napari_c3r.core.encoder.plan import Channels, Pass, Plan

if TYPE_CHECKING:
    from torch import Tensor, nn

Config = TypeVar("Config", bound=EncoderConfig)
Network = TypeVar("Network", bound="nn.Module")


class EncoderFamily(ABC, Generic[Config, Network]):
    """Encoders of one kind: how their networks are built and what they make of channels and roles.

    `napari_c3r.core.encoder.families.register_family` makes an instance known; from then on model
    folders with its architecture load, embed and are diagnosed like all others. PyTorch must not be
    loaded before a method needs it: plans are also made in windows that cannot load it.

    Symbols in the shapes: ``B`` crops of a batch, ``C`` channels of a plan, ``T = 1 + N`` tokens,
    class token first, of ``D`` features.

    Attributes
    ----------
    label : str
        What it is called, for example in model cards.
    description : str
        One sentence on what it does with channels and roles.
    config_type : type
        Of its configurations.
    recipes : tuple of str
        Names of published encoders that the family tells apart where their weights do not: by which
        channels they were trained on and what is done to the intensities.
    """

    label: ClassVar[str]
    description: ClassVar[str]
    config_type: type[Config]
    recipes: ClassVar[tuple[str, ...]] = ()

    @property
    def architecture(self) -> str:
        """Its name in ``config.json``."""
        return self.config_type.architecture

    @abstractmethod
    def make_network(self, config: Config) -> Network:
        """Build the network with initial weights.

        The names and shapes of its parameters are those of the weights in a model folder.
        """

    def plan_for(
        self,
        config: Config,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Turn an assignment into passes of the network of a configuration.

        By default `make_plan`: a family whose networks take whatever channels there are needs no
        configuration for it. One whose networks were trained on certain stains overrides this.

        Parameters
        ----------
        config
            Of the encoder.
        assignment, channel_names, concept_mode, readout
            As in `make_plan`.

        Raises
        ------
        InputError
            As `make_plan`.
        """
        return self.make_plan(assignment, channel_names, concept_mode, readout)

    def make_plan(
        self,
        assignment: ChannelAssignment,
        channel_names: Sequence[str],
        concept_mode: ConceptMode,
        readout: Readout,
    ) -> Plan:
        """Turn an assignment into passes of any network of the family.

        Parameters
        ----------
        assignment
            Role of each channel.
        channel_names
            Name of every channel of the crops.
        concept_mode, readout
            As for :class:`napari_c3r.core.encoder.options.RunOptions`, chosen or recommended.

        Raises
        ------
        InputError
            If the family cannot embed that; one line that says why and what to do. A channel is
            unknown or named twice, or a mode is unknown (`check_modes`).
        """
        raise NotImplementedError("override make_plan or plan_for")

    def columns(self, config: Config, plan: Plan) -> tuple[tuple[str, str], ...]:
        """Label of the pass and part of the readout, for every column of the result.

        By default `width` of the configuration for every part.
        """
        return plan.columns(config.width)

    @abstractmethod
    def activation_bytes(self, config: Config, plan: Plan, height: int, width: int) -> int:
        """Size of the largest activation while one crop is embedded, in float32.

        The batch size is chosen by it.

        Parameters
        ----------
        config, plan
            What is computed.
        height, width
            Size of the crop in pixels as it enters the network.
        """

    @abstractmethod
    def tokens(self, network: Network, images: Tensor, groups: Sequence[Channels]) -> Tensor:
        """Run a pass: ``(B, C, H, W)`` to ``(B, T, D)``.

        Parameters
        ----------
        network
            From `make_network`, on the device of the images, its matrix products maybe in half
            precision.
        images
            From `prepare`.
        groups
            `Pass.groups`, indices of channels of `images`.
        """

    def read_out(self, tokens: Tensor, readout: Readout) -> Tensor:
        """Turn the tokens ``(B, T, D)`` of a pass into vectors, ``D`` numbers for each part.

        By default as `napari_c3r.core.encoder.networks.readout.read_out`.
        """
        from napari_c3r.core.encoder.networks.readout import read_out

        return read_out(tokens, readout)

    def prepare(self, crops: Tensor, config: Config) -> Tensor:
        """Bring crops to the intensities and the size that the network takes.

        By default every channel of every crop to [0, 1] by its own minimum and maximum; and to the
        input size unless the crop is made of whole patches.

        Parameters
        ----------
        crops
            ``(B, C, h, w)``, any real dtype, on the device of the network. Pixels that are no
            numbers must stay such.
        config
            Says the input size and the patch size.

        Returns
        -------
        Tensor
            float32 ``(B, C, H, W)`` on the same device.
        """
        from napari_c3r.core.encoder.crops import prepare

        return prepare(crops, config)

    def scales_intensities(self, config: Config) -> bool:
        """Whether `prepare` is part of what the official code calls its network.

        If so, it stands before `tokens` too; if not, as by default, those are of crops as they are.
        """
        return False

    def vectors(self, network: Network, images: Tensor, plan: Plan) -> Tensor:
        """Run all passes of a plan: ``(B, C, H, W)`` to ``(B, len(plan.columns(D)))``.

        A family whose passes have work in common does that once by overriding this.
        """
        import torch

        parts = [self._vector(network, images, each, plan.readout) for each in plan.passes]
        return torch.cat(parts, dim=1)

    def numbers(self, config: Config, plan: Plan) -> tuple[str, ...]:
        """Names of what the encoder says of a cell beside its vector, such as probabilities.

        They become columns of the table. By default there are none.
        """
        return ()

    def vectors_and_numbers(self, network: Network, images: Tensor, plan: Plan) -> Tensor:
        """As `vectors`, with the `numbers` behind them: ``(B, columns + numbers)``.

        A family that has such numbers overrides this.
        """
        return self.vectors(network, images, plan)

    def vectors_of_variants(
        self, network: Network, images: Tensor, plans: Sequence[Plan]
    ) -> Tensor:
        """Run several plans over the same images, their vectors next to each other.

        By default passes that plans have in common run once. A family whose passes share branches
        of the network does those once by overriding this.

        Parameters
        ----------
        network, images
            As in `tokens`.
        plans
            All with the channels of `images` and the same readout. The batch size was chosen for
            the first.

        Returns
        -------
        Tensor
            ``(B, columns of all plans)``.
        """
        import torch

        passes = [each for plan in plans for each in plan.passes]
        found: dict[tuple[Channels, ...], Tensor] = {}
        for each in passes:
            if each.groups not in found:
                found[each.groups] = self._vector(network, images, each, plans[0].readout)
        return torch.cat([found[each.groups] for each in passes], dim=1)

    def _vector(self, network: Network, images: Tensor, each: Pass, readout: Readout) -> Tensor:
        return self.read_out(self.tokens(network, images, each.groups), readout)

    def describe_network(self, config: Config) -> str:
        """Describe the sizes of the network in a few words, for a model card."""
        return f"width {config.width}"

    def config_from_checkpoint(
        self, weights: Mapping[str, Tensor], values: Mapping[str, Any]
    ) -> Config | None:
        """Recognise the weights of an official checkpoint and read the sizes from them.

        Parameters
        ----------
        weights
            By name, without the prefixes of the training.
        values
            Fields of the configuration that no weight tells. ``channels``, where the user named
            them, holds the index of each of the network's inputs by the name of its channel. For a
            family with `recipes` also ``recipe``, the one that the user named, or None, and
            ``beside``, the names of what the file holds beside the weights.

        Returns
        -------
        Config or None
            None if these are not weights of the family, as by default.

        Raises
        ------
        InputError
            If they are, and yet a value is missing or wrong; one line that says why.
        """
        return None

    def weights_from_checkpoint(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Bring the weights of a recognised checkpoint to the names and shapes of the network.

        By default they have these already. What serves training only may be left out.
        """
        return weights

"""The families that masked context distillation trains, and which channels each is shown.

To add one, write a `Backbone` and name it in `BACKBONES` and in `training.mcd_options`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.encoder.channel_map import match_channels
from napari_c3r.core.encoder.families.base_sc import BaseScConfig
from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from napari_c3r.core.encoder.families.channelvit import ChannelVitConfig
from napari_c3r.core.encoder.families.dichavit import DichavitConfig
from napari_c3r.core.encoder.families.fixed_stain import FixedStainConfig
from napari_c3r.core.errors import InputError
from training.baselines import SingleChannelBackbone, one_channel_each, single_channel_config
from training.channel_vits import ChannelBackbone, DiverseBackbone
from training.diversity import draw_channels, scores_of_channels
from training.fixed_stains import (
    fixed_and_readout,
    fixed_stain_config,
    make_fixed_stains,
    stains_in_all,
    with_stains,
)
from training.mcd_options import Channels, McdOptions
from training.objectives import Batch, Progress
from training.sizes import plain_depth, plain_values
from training.transfer import indices

Shown = tuple[Channels, ...] | Tensor
"""Channels of all images, one set for all views or one for each; or int64 ``(views, n, k)``, those
of every image of every view."""


@dataclass(frozen=True)
class Material:
    """A batch as views are made of it.

    Parameters
    ----------
    images
        ``(n, C, H, W)`` in [0, 1].
    readout
        Channels whose brightness an augmentation changes.
    context, concept
        What a backbone is told of the channels, of which it is shown part of the first. Of a
        context-concept encoder its groups; of a ChannelViT all channels, and which trained channel
        each is.
    """

    images: Tensor
    readout: Channels
    context: Channels
    concept: Channels


@dataclass(frozen=True)
class Draws:
    """Channels that the teacher sees, and the student in the large and in the small views."""

    teacher: Shown
    large: Shown
    small: Shown


class Backbone(ABC):
    """How one family is trained by masked context distillation.

    Parameters
    ----------
    options
        Of the objective.
    """

    def __init__(self, options: McdOptions) -> None:
        self.options = options

    @abstractmethod
    def describe(self, encoder: CceConfig) -> EncoderConfig:
        """Describe the encoder, from the sizes that the run gives."""

    def describe_for(self, encoder: EncoderConfig, names: Sequence[Sequence[str]]) -> EncoderConfig:
        """Complete a description with what the crop sets decide."""
        return encoder

    @abstractmethod
    def make(self, encoder: EncoderConfig, drop_path: float, *, mask_token: bool) -> nn.Module:
        """Make a network that takes images, channels shown, `Material.concept` and a mask."""

    @abstractmethod
    def prepare(
        self, batch: Batch, images: Tensor, encoder: EncoderConfig, random: torch.Generator
    ) -> Material:
        """Choose what of a batch views are made of; `images` are its own in [0, 1]."""

    @abstractmethod
    def draw(
        self, material: Material, progress: Progress, teacher: nn.Module, student: nn.Module
    ) -> Draws:
        """Draw the channels that are shown."""

    def extra_losses(
        self, student: nn.Module, large: Tensor, small: Tensor, draws: Draws, concept: Channels
    ) -> dict[str, tuple[float, Tensor]]:
        """Weight and value of losses of the family's own, by name; by default none."""
        return {}


class CceBackbone(Backbone):
    """C3R: the context is dropped, for the whole batch, from the shared stream of randomness."""

    def describe(self, encoder: CceConfig) -> EncoderConfig:
        """As the run gives it."""
        return encoder

    def make(self, encoder: EncoderConfig, drop_path: float, *, mask_token: bool) -> nn.Module:
        """Make a context-concept encoder."""
        assert isinstance(encoder, CceConfig)
        return ContextConceptEncoder(encoder, drop_path=drop_path, mask_token=mask_token)

    def prepare(
        self, batch: Batch, images: Tensor, encoder: EncoderConfig, random: torch.Generator
    ) -> Material:
        """All channels, in their groups."""
        return Material(images, batch.concept, batch.context, batch.concept)

    def draw(
        self, material: Material, progress: Progress, teacher: nn.Module, student: nn.Module
    ) -> Draws:
        """Draw the context channels that stay."""
        options = self.options

        def each(keep: Channels, views: int) -> tuple[Channels, ...]:
            count = 1 if options.context_draw == "forward" else views
            return tuple(
                draw_context(material.context, keep, progress.shared) for _ in range(count)
            )

        return Draws(
            each(options.teacher_keep, 2),
            each(options.student_keep, 2),
            each(options.student_keep, options.local_views),
        )


class SingleBackbone(CceBackbone):
    """Base-SC: one channel of each antibody; see `training.baselines`."""

    def describe(self, encoder: CceConfig) -> EncoderConfig:
        """Describe the plain transformer of as many parameters."""
        return single_channel_config(encoder)

    def make(self, encoder: EncoderConfig, drop_path: float, *, mask_token: bool) -> nn.Module:
        """Make a plain transformer."""
        assert isinstance(encoder, BaseScConfig)
        return SingleChannelBackbone(encoder, drop_path=drop_path, mask_token=mask_token)

    def prepare(
        self, batch: Batch, images: Tensor, encoder: EncoderConfig, random: torch.Generator
    ) -> Material:
        """One channel, which is the readout, whatever it is."""
        return Material(one_channel_each(images, batch.ids, random), (0,), (0,), (0,))


class FixedStainsBackbone(CceBackbone):
    """Base-HPA and Base-CP: always the same stains and the readout; see `training.fixed_stains`."""

    def describe(self, encoder: CceConfig) -> EncoderConfig:
        """Describe the plain transformer of as many parameters."""
        return fixed_stain_config(encoder, self.options.channels)

    def describe_for(self, encoder: EncoderConfig, names: Sequence[Sequence[str]]) -> EncoderConfig:
        """Train on the structural stains that all crop sets have, unless some were named."""
        assert isinstance(encoder, FixedStainConfig)
        return encoder if encoder.channels else with_stains(encoder, stains_in_all(names))

    def make(self, encoder: EncoderConfig, drop_path: float, *, mask_token: bool) -> nn.Module:
        """Make a plain transformer."""
        return make_fixed_stains(encoder, drop_path, mask_token=mask_token)

    def prepare(
        self, batch: Batch, images: Tensor, encoder: EncoderConfig, random: torch.Generator
    ) -> Material:
        """The channels in the order of the inputs, the readout last."""
        assert isinstance(encoder, FixedStainConfig)
        ordered = fixed_and_readout(batch, images, encoder, random)
        return Material(ordered, (encoder.inputs - 1,), tuple(range(encoder.inputs)), ())

    def draw(
        self, material: Material, progress: Progress, teacher: nn.Module, student: nn.Module
    ) -> Draws:
        """All channels, always."""
        return Draws(*((material.context,) for _ in range(3)))


class ChannelVitBackbone(Backbone):
    """ChannelViT: each image, in each view, shows some of its channels in random order."""

    config_type: type[ChannelVitConfig] = ChannelVitConfig

    def describe(self, encoder: CceConfig) -> EncoderConfig:
        """Describe the transformer of as many parameters."""
        options = self.options
        return self.config_type(
            **plain_values(encoder, self.config_type.label),
            depth=plain_depth(encoder),
            position_grid=encoder.position_grid,
            channels=options.channels,
            unseen=options.unseen,
        )

    def describe_for(self, encoder: EncoderConfig, names: Sequence[Sequence[str]]) -> EncoderConfig:
        """Train on all channels of the crop sets, one for each stain, unless some were named."""
        assert isinstance(encoder, ChannelVitConfig)
        found = list(encoder.channels)
        if found:
            return encoder
        for each in names:
            found += [name for name, place in match_channels(found, each).items() if place is None]
        return replace(encoder, channels=tuple(found))

    def make(self, encoder: EncoderConfig, drop_path: float, *, mask_token: bool) -> nn.Module:
        """Make the transformer."""
        assert isinstance(encoder, ChannelVitConfig)
        return ChannelBackbone(encoder, drop_path=drop_path, mask_token=mask_token)

    def prepare(
        self, batch: Batch, images: Tensor, encoder: EncoderConfig, random: torch.Generator
    ) -> Material:
        """Take the channels that are trained.

        Raises
        ------
        InputError
            If none of the batch's is.
        """
        assert isinstance(encoder, ChannelVitConfig)
        places = match_channels(encoder.channels, batch.channel_names)
        known = [index for index, place in enumerate(places.values()) if place is not None]
        trained = tuple(place for place in places.values() if place is not None)
        if not known:
            raise InputError(
                f"crop set '{batch.name}' has channels {', '.join(batch.channel_names)}, and the "
                f"run trains {', '.join(encoder.channels)}: name some of its own in mcd.channels"
            )
        readout = tuple(known.index(each) for each in batch.concept if each in known)
        if len(known) < images.shape[1]:
            images = images.index_select(1, indices(tuple(known), images.device))
        return Material(images, readout, tuple(range(len(known))), trained)

    def draw(
        self, material: Material, progress: Progress, teacher: nn.Module, student: nn.Module
    ) -> Draws:
        """Draw for every image and view; teacher and student see the same."""
        n, count = len(material.images), self._count(material, progress)
        large, small = (
            _ranks(views, n, len(material.context), progress.generator)[:, :, :count]
            for views in (2, self.options.local_views)
        )
        return Draws(large, large, small)

    def _count(self, material: Material, progress: Progress) -> int:
        """Channels to show."""
        there, wanted = len(material.context), self.options.channels_shown
        if wanted:
            return min(there, wanted)
        return 1 + int(torch.randint(there, (), generator=progress.shared))


class DichavitBackbone(ChannelVitBackbone):
    """DiChaViT: one draw for a whole forward pass, and losses that keep channels apart."""

    config_type = DichavitConfig

    def make(self, encoder: EncoderConfig, drop_path: float, *, mask_token: bool) -> nn.Module:
        """Make the transformer, with proxies of channels."""
        assert isinstance(encoder, ChannelVitConfig)
        return DiverseBackbone(
            encoder, self.options.dichavit, drop_path=drop_path, mask_token=mask_token
        )

    def draw(
        self, material: Material, progress: Progress, teacher: nn.Module, student: nn.Module
    ) -> Draws:
        """Draw the first channel for all, and the others for each pass."""
        assert isinstance(teacher, DiverseBackbone)
        assert isinstance(student, DiverseBackbone)
        count, n = self._count(material, progress), len(material.images)
        device, random = material.images.device, progress.generator
        first = torch.randint(len(material.context), (), generator=random, device=device)
        places = indices(material.concept, device)
        shared = self.options.dichavit.draw == "shared"

        def channels(network: DiverseBackbone) -> Tensor:
            embeddings = network.patch_embed.channel_embed[places]
            temperature = self.options.dichavit.sampling_temperature
            scores = scores_of_channels(embeddings, first, temperature)
            return draw_channels(scores, first, count, random)

        drawn = [channels(teacher)]
        drawn += [drawn[0] if shared else channels(student) for _ in range(2)]
        views = (2, 2, self.options.local_views)
        return Draws(*(each.expand(many, n, -1) for each, many in zip(drawn, views, strict=True)))

    def extra_losses(
        self, student: nn.Module, large: Tensor, small: Tensor, draws: Draws, concept: Channels
    ) -> dict[str, tuple[float, Tensor]]:
        """Losses of tokens and proxies, each summed over large and small views."""
        assert isinstance(student, DiverseBackbone)
        found = []
        for views, shown in ((large, draws.large), (small, draws.small)):
            if len(views):
                assert isinstance(shown, Tensor)
                found.append(student.diversity(views.flatten(0, 1), shown[0, 0], concept))
        tokens, proxies = (torch.stack(each).sum() for each in zip(*found, strict=True))
        weights = self.options.dichavit
        return {
            "tokens": (weights.token_weight, tokens),
            "proxies": (weights.proxy_weight, proxies),
        }


def draw_context(context: Channels, keep: Channels, random: torch.Generator) -> Channels:
    """Draw the context channels that stay.

    Parameters
    ----------
    context
        The context group.
    keep
        Numbers of channels to choose from, uniformly; those above the size of the group are left
        out, and with none left all channels stay.
    random
        Source of randomness, on the CPU.

    Returns
    -------
    tuple of int
        Part of `context`, in its order.
    """
    possible = [count for count in keep if 1 <= count <= len(context)]
    if not possible:
        return context
    count = possible[int(torch.randint(len(possible), (), generator=random))]
    kept = torch.randperm(len(context), generator=random)[:count].tolist()
    return tuple(context[index] for index in sorted(kept))


def _ranks(views: int, n: int, channels: int, random: torch.Generator) -> Tensor:
    """Channels in random order, for every image of every view: int64 ``(views, n, channels)``."""
    shape = (views, n, channels)
    return torch.rand(shape, generator=random, device=random.device).argsort(dim=-1)


BACKBONES: Final[dict[str, Callable[[McdOptions], Backbone]]] = {
    "cce": CceBackbone,
    "base-sc": SingleBackbone,
    "fixed-stain": FixedStainsBackbone,
    "channelvit": ChannelVitBackbone,
    "dichavit": DichavitBackbone,
}
"""By the name that `McdOptions.backbone` gives."""

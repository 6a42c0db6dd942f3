"""The training of Campfire: a masked autoencoder of any channels.

Most patches of every channel are hidden. The encoder sees the others, of all channels in one
sequence; from its tokens a decoder, which is no part of the encoder that a run leaves behind, draws
all patches. Every batch shows some of its channels only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder.families.campfire import CampfireConfig, CampfireEncoder
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.encoder.networks.patches import take_channels
from napari_c3r.core.errors import InputError
from training.augment import to_unit_range
from training.geometry import random_flips, random_resized_crop
from training.losses import effective_rank
from training.objectives import Batch, Objective, Progress
from training.reconstruction import (
    Decoder,
    band_errors,
    draw_visible,
    standardise_patches,
    take_patches,
)
from training.schedules import Plan
from training.sizes import plain_depth, plain_values


@dataclass(frozen=True, kw_only=True)
class CampfireOptions:
    """Settings of `Reconstruction`.

    From the paper are the share of hidden patches, one subset of channels for a batch, the weights
    of the three losses and the threshold's number. All else, and the unit of the threshold, are
    this project's choice.

    Parameters
    ----------
    depth
        Blocks of the encoder; 0 for those of a plain transformer of the run's size.
    position_temperature, rotary_base
        As in `CampfireConfig`; the decoder has the same.
    drop_path
        Stochastic depth of the encoder.
    decoder_width, decoder_heads, decoder_depth
        Of the decoder; 0 for half the encoder's width, and for its heads.

    hidden
        Share of the patches of every channel that is hidden.
    hidden_alike
        Whether the same places are hidden in all channels of an image, rather than others in each.
    channel_subsets
        Whether a batch shows a subset of its channels, uniform over those that are not empty.
    channel_mean
        Which patches of a channel its embedding is made from: ``"all"``, as there are when an image
        is encoded, or the ``"visible"`` ones.
    crop_scale
        Area of a view as a share of the crop's, from and to; views are mirrored too.

    spatial_weight, high_pass_weight, low_pass_weight
        Of the squared errors of images, and of what the two filters leave of them.
    frequency_threshold, frequency_unit
        Between low and high frequencies: in cycles per pixel (``"sampling"``, a share of the
        sampling rate), or as a share of the highest, 0.5 cycles per pixel (``"nyquist"``).
    loss_on
        ``"all"`` patches, or the ``"hidden"`` ones: then the visible ones are put in place of what
        was drawn there, and add nothing.
    standardise
        Whether to draw patches of mean 0 and variance 1 rather than intensities in [0, 1].
    """

    depth: int = 0
    position_temperature: float = 10000.0
    rotary_base: float = 100.0
    drop_path: float = 0.0
    decoder_width: int = 0
    decoder_heads: int = 0
    decoder_depth: int = 4

    hidden: float = 0.8
    hidden_alike: bool = False
    channel_subsets: bool = True
    channel_mean: Literal["all", "visible"] = "all"
    crop_scale: tuple[float, ...] = (0.5, 1.0)

    spatial_weight: float = 0.75
    high_pass_weight: float = 0.01
    low_pass_weight: float = 0.25
    frequency_threshold: float = 0.1
    frequency_unit: Literal["sampling", "nyquist"] = "sampling"
    loss_on: Literal["all", "hidden"] = "all"
    standardise: bool = False

    def __post_init__(self) -> None:
        self._check("hidden", 0 < self.hidden < 1, "must be above 0 and below 1")
        scale = self.crop_scale
        in_order = len(scale) == 2 and 0 < scale[0] <= scale[1] <= 1
        self._check("crop_scale", in_order, "must be two shares of the area, such as 0.5, 1.0")
        self._check("frequency_threshold", self.frequency_threshold >= 0, "must be 0 or more")
        self._check("decoder_depth", self.decoder_depth >= 1, "must be 1 or more")

    def _check(self, name: str, valid: bool, wanted: str) -> None:
        if not valid:
            raise InputError(f"config: campfire.{name} {wanted}, not {getattr(self, name)!r}")

    @property
    def cycles_per_pixel(self) -> float:
        """The threshold between low and high frequencies."""
        return self.frequency_threshold * (0.5 if self.frequency_unit == "nyquist" else 1.0)


class Autoencoder(nn.Module):
    """What is trained: the encoder and its decoder.

    Parameters
    ----------
    encoder
        Sizes of the encoder.
    options
        Say those of the decoder.
    """

    def __init__(self, encoder: CampfireConfig, options: CampfireOptions) -> None:
        super().__init__()
        self.encoder = CampfireEncoder(encoder, drop_path=options.drop_path)
        width = options.decoder_width or encoder.width // 2
        heads = options.decoder_heads or encoder.heads
        if width % (4 * heads):
            raise InputError(
                f"config: campfire.decoder_width is {width} with {heads} heads: give a multiple of "
                "4 * decoder_heads"
            )
        self.decoder = Decoder(
            encoder.width,
            width=width,
            heads=heads,
            depth=options.decoder_depth,
            patch_size=encoder.patch_size,
            position_temperature=encoder.position_temperature,
            rotary_base=encoder.rotary_base,
        )
        self._mean_of_all = options.channel_mean == "all"

    def forward(self, images: Tensor, visible: Tensor) -> tuple[Tensor, Tensor]:
        """Encode the visible patches, and draw all.

        Parameters
        ----------
        images
            ``(n, C, H, W)`` in [0, 1], of whole patches.
        visible
            ``(n, C, K)``.

        Returns
        -------
        tokens : Tensor
            ``(n, C, K, D)`` of the encoder.
        drawn : Tensor
            ``(n, C, H, W)``.
        """
        encoder, size = self.encoder, self.encoder.patch_size
        patches, places = encoder.embed_patches(images), encoder.places(images)
        entering = take_patches(encoder.add_positions(patches, places), visible)
        found = encoder.encode(entering.flatten(1, 2), places[visible].flatten(1, 2))
        tokens = found.unflatten(1, visible.shape[1:])
        known = patches if self._mean_of_all else take_patches(patches, visible)
        grid = images.shape[2] // size, images.shape[3] // size
        return tokens, self.decoder(tokens, visible, known.mean(2), grid)


class Reconstruction(Objective):
    """The objective of Campfire; see the module's text.

    Parameters
    ----------
    encoder, options, plan
        As in `Objective`.
    """

    Options = CampfireOptions
    note = (
        "Campfire's authors published neither code nor weights: sizes, views, schedules and the "
        "unit of the frequency threshold are choices of this project, listed below, and not the "
        "paper's."
    )

    @classmethod
    def encoder_config(cls, encoder: CceConfig, options: CampfireOptions) -> CampfireConfig:
        """Describe the encoder of the run's size, which has no class token to read out.

        Raises
        ------
        InputError
            If the run asks for the deviation over the patches.
        """
        if encoder.readout != "cls":
            raise InputError(
                f"config: readout is {encoder.readout!r}, but Campfire has only 'mean': leave the "
                "setting out"
            )
        return CampfireConfig(
            **plain_values(encoder, "Campfire") | {"readout": "mean"},
            depth=options.depth or plain_depth(encoder),
            position_temperature=options.position_temperature,
            rotary_base=options.rotary_base,
        )

    def __init__(self, encoder: CampfireConfig, options: CampfireOptions, plan: Plan) -> None:
        super().__init__()
        self.options, self.side = options, encoder.input_size
        self.autoencoder = Autoencoder(encoder, options)

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Compute the loss of a batch.

        Returns
        -------
        dict
            ``loss``, and its parts ``spatial``, ``high_pass`` and ``low_pass``; on steps to be
            reported also ``rank``, the effective rank of the means of the visible tokens.
        """
        options = self.options
        size = self.autoencoder.encoder.patch_size
        images = self.make_views(batch, progress)
        n, channels = images.shape[:2]
        patches = (self.side // size) ** 2
        visible = draw_visible(
            n, channels, patches, options.hidden, options.hidden_alike, progress.generator
        )
        tokens, drawn = self.autoencoder(images, visible)
        wanted = standardise_patches(images, size) if options.standardise else images
        if options.loss_on == "hidden":
            drawn = put_visible(drawn, wanted, visible, size)
        parts = band_errors(drawn, wanted, options.cycles_per_pixel)
        loss = torch.stack(
            [getattr(options, f"{name}_weight") * part for name, part in parts.items()]
        ).sum()
        rank = {"rank": effective_rank(tokens.detach().mean((1, 2)))} if progress.report else {}
        return {"loss": loss, **parts, **rank}

    @torch.no_grad()
    def make_views(self, batch: Batch, progress: Progress) -> Tensor:
        """Draw channels and one view of each cell: ``(n, C, side, side)`` in [0, 1]."""
        options, generator = self.options, progress.generator
        images = batch.images
        if options.channel_subsets:
            images = take_channels(images, draw_subset(images.shape[1], progress.shared))
        least, largest = options.crop_scale
        with torch.autocast(images.device.type, enabled=False):
            views = random_resized_crop(
                to_unit_range(images), self.side, (least, largest), "bilinear", generator
            )
            return random_flips(views, generator)

    def trainable(self) -> nn.Module:
        """Encoder and decoder."""
        return self.autoencoder

    def encoder_weights(self) -> dict[str, Tensor]:
        """The encoder, without the decoder."""
        return self.autoencoder.encoder.state_dict()

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with these in the encoder."""
        self.autoencoder.encoder.load_state_dict(weights)


def draw_subset(count: int, random: torch.Generator) -> tuple[int, ...]:
    """Draw a subset of channels, uniformly over all that are not empty.

    Parameters
    ----------
    count
        Channels that there are.
    random
        Source of randomness, on the CPU.

    Returns
    -------
    tuple of int
        In rising order.
    """
    while True:
        drawn = torch.randint(2, (count,), generator=random)
        if chosen := drawn.nonzero()[:, 0].tolist():
            return tuple(chosen)


def put_visible(drawn: Tensor, wanted: Tensor, visible: Tensor, size: int) -> Tensor:
    """Put visible patches ``(n, C, K)`` in place of what was drawn there, ``(n, C, H, W)``."""
    rows, columns = drawn.shape[2] // size, drawn.shape[3] // size
    shown = torch.zeros((*visible.shape[:2], rows * columns), dtype=torch.bool, device=drawn.device)
    shown = shown.scatter(2, visible, True).unflatten(2, (rows, columns))
    whole = shown.repeat_interleave(size, 2).repeat_interleave(size, 3)
    return torch.where(whole, wanted, drawn)

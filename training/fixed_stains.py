"""Training of Base-HPA and Base-CP, the paper's baselines of fixed stains.

The inputs are the stains that structures of the cell have in the crop sets, or those that the
settings name, and last one for the readout: the concept channel, of several one that is drawn for
each antibody or treatment, the same in all its cells and views.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor, nn

from napari_c3r.core.channels.stains import INFO, Stain, identify_all
from napari_c3r.core.encoder import EncoderConfig
from napari_c3r.core.encoder.channel_map import match_channels, missing_channels
from napari_c3r.core.encoder.config import MIN_MAX
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.encoder.families.fixed_stain import FixedStainConfig, FixedStainViT
from napari_c3r.core.encoder.families.fixed_stain.checkpoint import PROTEIN
from napari_c3r.core.errors import InputError
from training.baselines import one_channel_each
from training.objectives import Batch
from training.sizes import plain_depth, plain_values
from training.transfer import indices

# The order of the official baselines.
_ORDER: Final = (Stain.MICROTUBULES, Stain.ER, Stain.DNA)


def fixed_stain_config(encoder: CceConfig, channels: Sequence[str]) -> FixedStainConfig:
    """Describe the plain transformer of as many parameters as a context-concept encoder.

    Parameters
    ----------
    encoder
        Of which sizes and all that is recommended are taken.
    channels
        Stains that are fixed, in the order of the inputs; none where the crop sets decide.
    """
    values = plain_values(encoder, "Fixed stains")
    values["normalisation"] = MIN_MAX
    config = FixedStainConfig(
        **values, inputs=1, depth=plain_depth(encoder), position_grid=encoder.position_grid
    )
    return with_stains(config, channels) if channels else config


def with_stains(config: FixedStainConfig, channels: Sequence[str]) -> FixedStainConfig:
    """Name the inputs: the fixed stains, and last the readout."""
    named = (*channels, PROTEIN)
    return replace(config, inputs=len(named), channels=named, concept_channel=PROTEIN)


def stains_in_all(names: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Structural stains that all crop sets have, by their names in the first.

    Raises
    ------
    InputError
        If there is none.
    """
    kinds = [{stain for stain in identify_all(each).values() if stain} for each in names]
    shared = {stain for stain in set.intersection(*kinds) if INFO[stain].structural}
    first = {stain: name for name, stain in reversed(identify_all(names[0]).items()) if stain}
    order = [*(stain for stain in _ORDER if stain in shared), *sorted(shared - {*_ORDER})]
    if not order:
        raise InputError(
            "config: the crop sets have no structural stain in common, which fixed inputs need: "
            "name some of their channels in mcd.channels"
        )
    return tuple(first[stain] for stain in order)


def fixed_and_readout(
    batch: Batch, images: Tensor, encoder: FixedStainConfig, random: torch.Generator
) -> Tensor:
    """Bring the channels of a batch into the order of the inputs.

    Parameters
    ----------
    batch
        Says what the channels are.
    images
        Its own in [0, 1], ``(n, C, H, W)``.
    encoder
        Names the inputs.
    random
        Source of randomness, on the device of the images.

    Returns
    -------
    Tensor
        ``(n, inputs, H, W)``, the readout last.

    Raises
    ------
    InputError
        If a stain is missing, or there is no other channel.
    """
    found = match_channels(encoder.fixed_channels, batch.channel_names)
    if missing := missing_channels(encoder.fixed_channels, found):
        raise InputError(
            f"crop set '{batch.name}' has channels {', '.join(batch.channel_names)}, and the run "
            f"trains on {', '.join(missing)} too: leave the set out, or these in mcd.channels"
        )
    places = list(found.values())
    fixed = tuple(places.index(place) for place in range(len(encoder.fixed_channels)))
    others = [index for index, place in enumerate(places) if place is None]
    readouts = [index for index in others if index in batch.concept] or others
    if not readouts:
        raise InputError(
            f"crop set '{batch.name}' has no channel beside {', '.join(encoder.fixed_channels)}, "
            "and the run trains one for the readout: leave the set out"
        )
    free = images.index_select(1, indices(tuple(readouts), images.device))
    if len(readouts) > 1:
        free = one_channel_each(free, batch.ids, random)
    return torch.cat([images.index_select(1, indices(fixed, images.device)), free], dim=1)


class FixedStainBackbone(FixedStainViT):
    """The network where an objective has a context-concept encoder."""

    def forward(  # type: ignore[override]
        self,
        images: Tensor,
        context: Sequence[int],
        concept: Sequence[int],
        mask: Tensor | None = None,
    ) -> Tensor:
        """Encode images ``(B, inputs, H, W)`` in [0, 1]; groups have no meaning."""
        return super().forward(images, mask)


def make_fixed_stains(encoder: EncoderConfig, drop_path: float, *, mask_token: bool) -> nn.Module:
    """Make the network of a training."""
    assert isinstance(encoder, FixedStainConfig)
    return FixedStainBackbone(encoder, drop_path=drop_path, mask_token=mask_token)

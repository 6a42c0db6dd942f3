"""The network of a fixed list of stains: what is done to intensities, and a plain transformer."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor

from napari_c3r.core.encoder.crops import to_unit_range
from napari_c3r.core.encoder.families.fixed_stain.config import (
    ALL_CHANNELS,
    STANDARDISED,
    FixedStainConfig,
)
from napari_c3r.core.encoder.networks.vit import VisionTransformer

# What the official code adds to a deviation, so that a constant channel gives zeros.
_DEVIATION_EPS = 1e-7

AnyConfig = TypeVar("AnyConfig", bound=FixedStainConfig)


class FixedStainViT(VisionTransformer):
    """A plain vision transformer that knows what its weights want of intensities.

    Parameters
    ----------
    config
        Its sizes, and the normalisation.
    drop_path, mask_token
        As for `VisionTransformer`.
    """

    def __init__(
        self, config: FixedStainConfig, *, drop_path: float = 0.0, mask_token: bool = False
    ) -> None:
        super().__init__(
            inputs=config.inputs,
            width=config.width,
            heads=config.heads,
            depth=config.depth,
            patch_size=config.patch_size,
            position_grid=config.position_grid,
            norm_eps=config.norm_eps,
            registers=config.registers,
            positions=config.positions,
            drop_path=drop_path,
            mask_token=mask_token,
        )
        self.inputs, self.normalisation = config.inputs, config.normalisation
        self.scales = tuple(zip(config.mean, config.deviation, strict=True))

    def encode(self, images: Tensor) -> Tensor:
        """Normalise images and encode them.

        Parameters
        ----------
        images
            ``(B, inputs, H, W)`` in the order of the inputs, or ``(B, 1, H, W)`` for one channel
            that enters them all, from `scale_together` or each channel in [0, 1].

        Returns
        -------
        Tensor
            ``(B, 1 + N, D)``.
        """
        if self.normalisation == ALL_CHANNELS:
            images = scale_together(images)
        elif self.normalisation == STANDARDISED:
            spread, mean = torch.std_mean(images, dim=(2, 3), keepdim=True, correction=0)
            images = (images - mean) / (spread + _DEVIATION_EPS)
        images = images.expand(-1, self.inputs, -1, -1)
        if self.scales:
            # Numbers, not tensors, which a graphics card would have to wait for.
            planes = [
                (images[:, place] - mean) / deviation
                for place, (mean, deviation) in enumerate(self.scales)
            ]
            images = torch.stack(planes, dim=1)
        return self(images)


def scale_together(images: Tensor) -> Tensor:
    """Rescale images ``(B, C, H, W)`` to [0, 1] by the least and the largest pixel of all channels.

    What `to_unit_range` says of precision holds here too.
    """
    as_one = images.flatten(1, 2)[:, None]
    return to_unit_range(as_one)[:, 0].unflatten(1, images.shape[1:3])

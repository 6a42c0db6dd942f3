"""Training of Base-SC, the paper's single-channel baseline.

In training, every antibody of a batch shows one of its channels, drawn uniformly, the same in all
its cells and views and for student and teacher. What becomes of the channels afterwards is up to
`napari_c3r.core.encoder.families.base_sc`.

The paper's other steps towards C3R need nothing of their own. Without MCD: ``mcd.student_keep``
empty. Grouped stems only: ``branch_depth`` 0, and no MCD either.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from napari_c3r.core.encoder.config import MIN_MAX
from napari_c3r.core.encoder.families.base_sc import BaseScConfig, PlainViT
from napari_c3r.core.encoder.families.cce import CceConfig
from training.sizes import plain_depth, plain_values


def single_channel_config(encoder: CceConfig) -> BaseScConfig:
    """Describe the plain transformer of as many parameters as a context-concept encoder.

    Parameters
    ----------
    encoder
        Of which width, heads, patch size, grid of positions and all that is recommended are taken.
    """
    values = plain_values(encoder, "Base-SC")
    values["normalisation"] = MIN_MAX
    return BaseScConfig(**values, depth=plain_depth(encoder), position_grid=encoder.position_grid)


class SingleChannelBackbone(PlainViT):
    """The network of Base-SC where an objective has a context-concept encoder."""

    def forward(  # type: ignore[override]
        self,
        images: Tensor,
        context: Sequence[int],
        concept: Sequence[int],
        mask: Tensor | None = None,
    ) -> Tensor:
        """Encode images of one channel ``(B, 1, H, W)``; groups have no meaning."""
        return super().forward(images, mask)


def one_channel_each(images: Tensor, ids: Tensor, random: torch.Generator) -> Tensor:
    """Leave one channel of every image, the same for all images of an id.

    Parameters
    ----------
    images
        ``(n, C, H, W)``.
    ids
        ``(n,)``.
    random
        Source of randomness, on the device of the images.

    Returns
    -------
    Tensor
        ``(n, 1, H, W)``.
    """
    # Every image takes what was drawn for the first of its id.
    first = (ids[:, None] == ids).int().argmax(1)
    drawn = torch.randint(images.shape[1], ids.shape, generator=random, device=images.device)
    chosen = drawn[first][:, None, None, None]
    return images.gather(1, chosen.expand(-1, 1, *images.shape[2:]))

"""From pixels to patch tokens: instance norm and patch embedding."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from napari_c3r.core.encoder.networks.patches import project_patches


class PatchEmbed(nn.Module):
    """Embed the patches of every channel alone, with one projection per group.

    All channels of a group share the group's projection, so a group may hold any number of
    channels. Each channel of each image is first brought to mean 0 and variance 1 over its pixels
    (instance norm: no parameters, eps 1e-5, the same in training and evaluation). A constant
    channel becomes zeros, and its tokens the bias.

    Parameters
    ----------
    width
        Features ``d`` of a branch token.
    patch_size
        Side of a patch in pixels.
    """

    def __init__(self, width: int, patch_size: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.proj = nn.ModuleList(
            nn.Conv2d(1, width, kernel_size=patch_size, stride=patch_size) for _ in range(2)
        )

    def forward(self, images: Tensor, group: int) -> Tensor:
        """Embed channels that belong to one group.

        Parameters
        ----------
        images
            ``(B, C, H, W)``. Pixels right of and below the last whole patch count for the
            instance norm and are otherwise not seen, as in any strided convolution.
        group
            0 for context, 1 for concept.

        Returns
        -------
        Tensor
            ``(B, C, N, d)`` with ``N = (H // patch_size) * (W // patch_size)``, rows first.
        """
        kernel, bias = self.proj[group].parameters()
        return project_patches(F.instance_norm(images, eps=1e-5), kernel, bias)

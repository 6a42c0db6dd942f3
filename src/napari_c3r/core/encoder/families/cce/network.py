"""The context-concept encoder (CCE), the network of C3R.

A stem embeds the patches of every channel alone. Each channel then runs through the branch of its
group as a sequence of its own; the combiner averages each group over its channels and joins the
two; the joint encoder refines the result. Any number of channels fits into either group.

Symbols in the shapes: ``B`` images; ``C`` channels of one group; ``N`` patches, which is
``(H // patch) * (W // patch)``; ``T = 1 + N`` tokens, class token first; ``d = D / 2`` features in
a branch and ``D`` in the joint encoder.

The names of the parameters are those of the official checkpoints, so that weights load by name:
``cnt_blocks`` is the context branch, ``stn_blocks`` the concept ("stain") branch, ``cmb_blocks``
the joint encoder. `cls_token`, `pos_embed` and `masked_embed` hold the context's features in their
first half and the concept's in their second.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder.families.cce.combiner import Combiner
from napari_c3r.core.encoder.families.cce.config import CceConfig
from napari_c3r.core.encoder.families.cce.stem import PatchEmbed
from napari_c3r.core.encoder.networks.block import NORM_EPS, Block, draw_weights
from napari_c3r.core.encoder.networks.patches import replace_masked, take_channels
from napari_c3r.core.encoder.networks.positions import interpolate_positions

CONTEXT, CONCEPT = 0, 1

CHANNELS_AT_ONCE = 2
"""Channels that run through a branch together where nothing is trained.

Two are as wide as one image in the joint encoder, so that a batch which is right for that is right
for a branch too, however many channels there are."""


class ContextConceptEncoder(nn.Module):
    """The network.

    Parameters
    ----------
    config
        Its sizes.
    drop_path
        Stochastic-depth rate of the last block in training; it rises linearly from 0 at the first.
    mask_token
        Whether to have the learned tokens that stand for masked patches in training.
    """

    def __init__(
        self, config: CceConfig, *, drop_path: float = 0.0, mask_token: bool = False
    ) -> None:
        super().__init__()
        width, heads, n_branch = config.width, config.heads, config.branch_depth
        rates = torch.linspace(0, drop_path, n_branch + config.joint_depth, device="cpu").tolist()

        self.aggregation = config.aggregation
        self.patch_embed = PatchEmbed(width // 2, config.patch_size)
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + config.position_grid**2, width))
        self.masked_embed = nn.Parameter(torch.empty(1, width)) if mask_token else None
        self.cnt_blocks = nn.ModuleList(Block(width // 2, heads, r) for r in rates[:n_branch])
        self.stn_blocks = nn.ModuleList(Block(width // 2, heads, r) for r in rates[:n_branch])
        self.combiner = Combiner(width)
        self.cmb_blocks = nn.ModuleList(Block(width, heads, r) for r in rates[n_branch:])
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights, as the official training does.

        Class token and positions as linear layers are, mask tokens 0.
        """
        draw_weights(self)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        if self.masked_embed is not None:
            nn.init.zeros_(self.masked_embed)

    def forward(
        self,
        images: Tensor,
        context: Sequence[int],
        concept: Sequence[int],
        mask: Tensor | None = None,
    ) -> Tensor:
        """Encode images, all concept channels together with all context channels.

        Parameters
        ----------
        images
            ``(B, channels, H, W)``, ``H`` and ``W`` at least one patch. Pixels beyond the last
            whole patch are not seen.
        context, concept
            Which channels of `images` form the groups, each at least one, in any order. Context
            dropping in training (MCD) passes the channels that it kept.
        mask
            ``(B, H // patch, W // patch)`` boolean, True where a patch is hidden behind the mask
            token in every channel. Needs a network made with ``mask_token=True``.

        Returns
        -------
        Tensor
            ``(B, T, D)``; token 0 is the class token, the embedding of the image.
        """
        return self.encode_joint(
            self.encode_channels(images, context, CONTEXT, mask),
            self.encode_channels(images, concept, CONCEPT, mask),
        )

    def encode_channels(
        self, images: Tensor, channels: Sequence[int], group: int, mask: Tensor | None = None
    ) -> Tensor:
        """Run channels through the branch of a group.

        The result for one group does not depend on the other, so the context can be encoded once
        and joined with several sets of concept channels.

        Parameters
        ----------
        images, mask
            As in `forward`.
        channels
            Which channels of `images`.
        group
            `CONTEXT` or `CONCEPT`.

        Returns
        -------
        Tensor
            ``(B, C, T, d)``, every channel alone. With ``aggregation="pre"``, ``C`` is 1: the
            mean of the channels ran through the branch.
        """
        together = self.aggregation == "pre" or torch.is_grad_enabled()
        step = len(channels) if together else CHANNELS_AT_ONCE
        parts = [
            self.encode_branch(
                self.embed_channels(images, channels[start : start + step], group, mask), group
            )
            for start in range(0, len(channels), step)
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def encode_branch(self, tokens: Tensor, group: int) -> Tensor:
        """Run embedded channels through the branch of a group.

        Parameters
        ----------
        tokens
            ``(B, C, T, d)`` from `embed_channels`, or some tokens of it: training may leave
            patches out.
        group
            `CONTEXT` or `CONCEPT`.

        Returns
        -------
        Tensor
            ``(B, C, T, d)``.
        """
        sequences = tokens.flatten(0, 1)
        for block in self.cnt_blocks if group == CONTEXT else self.stn_blocks:
            sequences = block(sequences)
        return sequences.unflatten(0, tokens.shape[:2])

    def embed_channels(
        self, images: Tensor, channels: Sequence[int], group: int, mask: Tensor | None = None
    ) -> Tensor:
        """Make the tokens that enter a branch.

        Parameters
        ----------
        images, channels, group, mask
            As in `encode_channels`.

        Returns
        -------
        Tensor
            ``(B, C, T, d)``: patches, masked where asked, after a class token, with positions.
        """
        patches = self.patch_embed(take_channels(images, channels), group)
        if self.aggregation == "pre":
            patches = patches.mean(dim=1, keepdim=True)
        if mask is not None:
            if self.masked_embed is None:
                raise ValueError("a mask needs a network made with mask_token=True")
            patches = replace_masked(patches, mask, self._half(self.masked_embed, group)[0])

        height, width = images.shape[2:]
        positions = interpolate_positions(
            self._half(self.pos_embed, group), height, width, self.patch_embed.patch_size
        )
        cls_token = self._half(self.cls_token, group).expand(*patches.shape[:2], -1, -1)
        return torch.cat([cls_token, patches], dim=2) + positions

    def encode_joint(self, context: Tensor, concept: Tensor) -> Tensor:
        """Combine the two groups and run the joint encoder.

        Parameters
        ----------
        context, concept
            Branch tokens ``(B, C, T, d)`` from `encode_channels`.

        Returns
        -------
        Tensor
            ``(B, T, D)`` after the final layer norm.
        """
        tokens = self.combiner(context, concept)
        for block in self.cmb_blocks:
            tokens = block(tokens)
        return self.norm(tokens)

    @staticmethod
    def _half(parameter: Tensor, group: int) -> Tensor:
        """Features of a parameter that belong to a group: ``(..., D)`` to ``(..., d)``."""
        return parameter.chunk(2, dim=-1)[group]

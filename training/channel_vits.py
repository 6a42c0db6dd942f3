"""ChannelViT and DiChaViT where an objective has a context-concept encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from napari_c3r.core.encoder.families.channelvit import ChannelViT, ChannelVitConfig
from training.diversity import DiversityOptions, proxy_loss, token_loss
from training.transfer import indices


class ChannelBackbone(ChannelViT):
    """The network of both; channels are chosen by index, for all images or for each."""

    def forward(  # type: ignore[override]
        self,
        images: Tensor,
        shown: Sequence[int] | Tensor,
        trained: Sequence[int],
        mask: Tensor | None = None,
    ) -> Tensor:
        """Encode some channels of images.

        Parameters
        ----------
        images
            ``(B, C, H, W)`` in [0, 1].
        shown
            Channels of all images, or ``(B, k)`` of each, on the device.
        trained
            Which trained channel each of the C is.
        mask
            As in `ChannelViT.forward`.

        Returns
        -------
        Tensor
            ``(B, 1 + k N, D)``.
        """
        return super().forward(*self.choose(images, shown, trained), mask)

    @staticmethod
    def choose(
        images: Tensor, shown: Sequence[int] | Tensor, trained: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """Take the channels that are shown: ``(B, k, H, W)``, and their trained ones."""
        places = indices(tuple(trained), images.device)
        if not isinstance(shown, Tensor):
            chosen = indices(tuple(shown), images.device)
            return images.index_select(1, chosen), places[chosen]
        wanted = shown[:, :, None, None].expand(-1, -1, *images.shape[2:])
        return images.gather(1, wanted), places[shown]


class DiverseBackbone(ChannelBackbone):
    """DiChaViT, with the proxies of channels, which an encoder does not keep.

    Parameters
    ----------
    config
        Its sizes and trained channels.
    options
        Of DiChaViT.
    drop_path, mask_token
        As of `ChannelViT`.
    """

    def __init__(
        self,
        config: ChannelVitConfig,
        options: DiversityOptions,
        *,
        drop_path: float = 0.0,
        mask_token: bool = False,
    ) -> None:
        super().__init__(config, drop_path=drop_path, mask_token=mask_token)
        self.options = options
        self.proxies = nn.Parameter(torch.randn(len(config.channels), config.width) / 8)
        draw = nn.init.orthogonal_ if options.embedding_init == "orthogonal" else nn.init.normal_
        draw(self.patch_embed.channel_embed)

    def diversity(
        self, images: Tensor, shown: Tensor, trained: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """Loss of tokens, and of proxies, for what `forward` was given.

        Parameters
        ----------
        images, trained
            As in `forward`.
        shown
            ``(k,)``, the same channels of all images.

        Returns
        -------
        tuple of Tensor
            Scalars, without their weights.
        """
        chosen, places = self.choose(images, shown.expand(len(images), -1), trained)
        options = self.options
        tokens = token_loss(
            self.patch_embed.project(chosen), options.same_channel, options.other_channel
        )
        own = torch.arange(len(shown), device=shown.device)
        proxies = proxy_loss(
            self.patch_embed.channel_embed[places[0]],
            self.proxies[places[0]],
            own,
            options.proxy_temperature,
        )
        return tokens, proxies

"""The network of Base-SC: the vision transformer of iBOT for images of one channel."""

from __future__ import annotations

from napari_c3r.core.encoder.families.base_sc.config import BaseScConfig
from napari_c3r.core.encoder.networks.vit import VisionTransformer


class PlainViT(VisionTransformer):
    """A plain vision transformer for one channel, without instance norm.

    Parameters
    ----------
    config
        Its sizes.
    drop_path, mask_token
        As for `VisionTransformer`.
    """

    def __init__(
        self, config: BaseScConfig, *, drop_path: float = 0.0, mask_token: bool = False
    ) -> None:
        super().__init__(
            inputs=1,
            width=config.width,
            heads=config.heads,
            depth=config.depth,
            patch_size=config.patch_size,
            position_grid=config.position_grid,
            drop_path=drop_path,
            mask_token=mask_token,
        )

"""How DiChaViT is planned, run and recognised: as ChannelViT, whose network it has."""

from __future__ import annotations

from typing import ClassVar

from napari_c3r.core.encoder.families.channelvit.family import ChannelEmbeddingFamily
from napari_c3r.core.encoder.families.dichavit.config import DichavitConfig


class DichavitFamily(ChannelEmbeddingFamily[DichavitConfig]):
    """DiChaViT; what sets it apart is in its training."""

    label: ClassVar[str] = "Diverse channel vision transformer (DiChaViT)"
    description: ClassVar[str] = (
        "Takes channels as ChannelViT does, those whose stains it was trained on in one pass "
        "whatever their roles; its training keeps the tokens of different channels apart."
    )
    config_type = DichavitConfig
    has_proxies: ClassVar[bool] = True

"""ChannelViT: a vision transformer over the patches of all channels, each with its stain's mark.

The names below load on first use, since the network needs PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.channelvit.config import ChannelVitConfig
    from napari_c3r.core.encoder.families.channelvit.family import ChannelVitFamily
    from napari_c3r.core.encoder.families.channelvit.network import ChannelViT

_HOMES = {"ChannelVitConfig": "config", "ChannelVitFamily": "family", "ChannelViT": "network"}

__all__ = ["ChannelViT", "ChannelVitConfig", "ChannelVitFamily"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""Plain vision transformers for a fixed list of stains, or for one channel as a photograph.

The names below load on first use, since the network needs PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.fixed_stain.config import FixedStainConfig
    from napari_c3r.core.encoder.families.fixed_stain.family import FixedStainFamily
    from napari_c3r.core.encoder.families.fixed_stain.network import FixedStainViT

_HOMES = {
    "FixedStainConfig": "config",
    "FixedStainFamily": "family",
    "FixedStainViT": "network",
}

__all__ = ["FixedStainConfig", "FixedStainFamily", "FixedStainViT"]

__getattr__ = lazy_names(__name__, _HOMES)

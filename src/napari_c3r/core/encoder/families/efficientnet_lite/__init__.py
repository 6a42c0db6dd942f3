"""EfficientNet-Lite, a convolutional network trained on photographs.

The names below load on first use, since the network needs PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.efficientnet_lite.config import EfficientNetLiteConfig
    from napari_c3r.core.encoder.families.efficientnet_lite.family import EfficientNetLiteFamily
    from napari_c3r.core.encoder.families.efficientnet_lite.network import EfficientNetLite

_HOMES = {
    "EfficientNetLiteConfig": "config",
    "EfficientNetLiteFamily": "family",
    "EfficientNetLite": "network",
}

__all__ = ["EfficientNetLite", "EfficientNetLiteConfig", "EfficientNetLiteFamily"]

__getattr__ = lazy_names(__name__, _HOMES)

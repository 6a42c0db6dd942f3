"""Base-SC, the paper's single-channel baseline: a plain vision transformer for one channel.

The names below load on first use, since the network needs PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.base_sc.config import BaseScConfig
    from napari_c3r.core.encoder.families.base_sc.family import BaseScFamily
    from napari_c3r.core.encoder.families.base_sc.network import PlainViT

_HOMES = {"BaseScConfig": "config", "BaseScFamily": "family", "PlainViT": "network"}

__all__ = ["BaseScConfig", "BaseScFamily", "PlainViT"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

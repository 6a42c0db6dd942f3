"""Campfire, a channel-agnostic masked autoencoder: its encoder.

The names below load on first use, since the network needs PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.campfire.config import CampfireConfig
    from napari_c3r.core.encoder.families.campfire.family import CampfireFamily
    from napari_c3r.core.encoder.families.campfire.network import CampfireEncoder

_HOMES = {"CampfireConfig": "config", "CampfireFamily": "family", "CampfireEncoder": "network"}

__all__ = ["CampfireConfig", "CampfireEncoder", "CampfireFamily"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

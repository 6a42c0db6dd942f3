"""DiChaViT: the network of ChannelViT, trained so that channels are told apart.

The names below load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.dichavit.config import DichavitConfig
    from napari_c3r.core.encoder.families.dichavit.family import DichavitFamily

_HOMES = {"DichavitConfig": "config", "DichavitFamily": "family"}

__all__ = ["DichavitConfig", "DichavitFamily"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

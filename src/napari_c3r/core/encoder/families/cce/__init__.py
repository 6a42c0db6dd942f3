"""The context-concept encoder (CCE), the encoder of C3R.

Each part of the network is one file: `stem` and `combiner` here, blocks and positions in
`napari_c3r.core.encoder.networks`, put together in `network`. The names below load on first use,
since the network needs PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.cce.config import CceConfig
    from napari_c3r.core.encoder.families.cce.family import CceFamily
    from napari_c3r.core.encoder.families.cce.network import ContextConceptEncoder

_HOMES = {"CceConfig": "config", "CceFamily": "family", "ContextConceptEncoder": "network"}

__all__ = ["CceConfig", "CceFamily", "ContextConceptEncoder"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

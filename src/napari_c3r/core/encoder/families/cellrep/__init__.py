"""CellRep, a transformer that mixes any channels into one sequence of patches.

The names below load on first use, since the network needs PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.cellrep.config import CellRepConfig
    from napari_c3r.core.encoder.families.cellrep.family import CellRepFamily
    from napari_c3r.core.encoder.families.cellrep.network import CellRepEncoder

_HOMES = {"CellRepConfig": "config", "CellRepFamily": "family", "CellRepEncoder": "network"}

__all__ = ["CellRepConfig", "CellRepEncoder", "CellRepFamily"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

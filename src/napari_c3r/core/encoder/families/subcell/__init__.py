"""SubCell: a vision transformer with a trained pooling, and classifiers of where a protein is.

The names below load on first use, since the network needs PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.encoder.families.subcell.config import SubcellConfig
    from napari_c3r.core.encoder.families.subcell.family import SubcellFamily
    from napari_c3r.core.encoder.families.subcell.network import SubcellViT

_HOMES = {"SubcellConfig": "config", "SubcellFamily": "family", "SubcellViT": "network"}

__all__ = ["SubcellConfig", "SubcellFamily", "SubcellViT"]

__getattr__ = lazy_names(__name__, _HOMES)

"""Pictures: montages, composites, overviews, and the colours of categories and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.figures.montages import montage

__all__ = ["montage"]

__getattr__ = lazy_names(__name__, {"montage": "montages"})

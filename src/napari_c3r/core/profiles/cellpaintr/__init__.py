"""CellPainTR: a network over the features of a profile that is told where the profile is from.

After "CellPainTR: Generalizable Representation Learning for Cross-Dataset Cell Painting Analysis"
(arXiv:2509.06986), written from published facts. What these leave open is chosen here, and named
in the options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.profiles.cellpaintr.config import CellPainTRConfig, FitOptions
    from napari_c3r.core.profiles.cellpaintr.corrector import CellPainTR
    from napari_c3r.core.profiles.cellpaintr.fitting import fit_cellpaintr, fit_steps
    from napari_c3r.core.profiles.cellpaintr.folder import read_cellpaintr, write_cellpaintr

__getattr__ = lazy_names(
    __name__,
    {
        "CellPainTR": "corrector",
        "CellPainTRConfig": "config",
        "FitOptions": "config",
        "fit_cellpaintr": "fitting",
        "fit_steps": "fitting",
        "read_cellpaintr": "folder",
        "write_cellpaintr": "folder",
    },
)

__all__ = [
    "CellPainTR",
    "CellPainTRConfig",
    "FitOptions",
    "fit_cellpaintr",
    "fit_steps",
    "read_cellpaintr",
    "write_cellpaintr",
]

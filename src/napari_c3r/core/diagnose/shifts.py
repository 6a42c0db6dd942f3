"""How far each cell moves under other roles, as a column of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.table.titles import MOVED

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.diagnose.flip_result import FlipReport


def shift_name(variant: str) -> str:
    """Name of the column of a variant."""
    # HDF5 would take a stroke in a name for a folder.
    return f"{MOVED}_{variant.replace(' ', '_').replace('/', '_')}"


def shift_of(report: FlipReport, variant: str) -> pd.Series:
    """How many of each cell's neighbours a variant changes, by the name of its row."""
    return report.neighbours_changed[variant].rename(shift_name(variant))


def add_shift(adata: AnnData, report: FlipReport, variant: str) -> AnnData:
    """Add how many of each cell's neighbours a variant changes to a result.

    Parameters
    ----------
    adata
        The result, changed in place; cells that were not asked have no value.
    report
        On its cells.
    variant
        One of the report.

    Raises
    ------
    InputError
        There is no such variant.
    """
    report.result(variant)
    values = shift_of(report, variant)
    adata.obs[str(values.name)] = values.reindex(adata.obs_names)
    return adata

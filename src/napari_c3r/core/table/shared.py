"""A table that shares its numbers with another, for what only reads them."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anndata import AnnData


def shared(table: AnnData) -> AnnData:
    """Take a table as it is now, without copying its vectors.

    Columns that are replaced in `table` later stay here as they were; values that are changed in
    place do not.
    """
    from anndata import AnnData

    return AnnData(
        X=table.X,
        obs=table.obs.copy(deep=False),
        var=table.var.copy(deep=False),
        obsm=dict(table.obsm),
        uns=deepcopy(dict(table.uns)),
    )

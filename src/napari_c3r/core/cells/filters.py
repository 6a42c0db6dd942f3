"""Cells that are hidden from maps and tables, without ever being deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.quality import SUMMARY, flagged_rows
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

MAX_DEVIATIONS = 3.0
_MAD_TO_DEVIATION = 1.4826

_MAP_COLUMNS = ("cluster",)
_MAP_FACTS = ("map", "cluster")


@dataclass(frozen=True)
class CellFilter:
    """Which cells to hide.

    Parameters
    ----------
    border
        Those that touch the image's border, whose shape is cut.
    unusual_size
        Those whose area is far from the usual one: more than three robust standard deviations
        (1.4826 times the median absolute deviation) of its logarithm, image by image.
    flagged
        Those with a quality flag, or in a field that has one (`quality.flag_cells`).
    """

    border: bool = False
    unusual_size: bool = False
    flagged: bool = False

    @property
    def active(self) -> bool:
        """Whether anything may be hidden."""
        return self.border or self.unusual_size or self.flagged

    def hidden(self, obs: pd.DataFrame) -> NDArray[np.bool_]:
        """Which rows are hidden.

        Parameters
        ----------
        obs
            Cells with ``image``, ``touches_border`` and ``area_px``. A cell of which either is
            missing is not hidden for it, and none is for flags where there are none.
        """
        import pandas as pd

        mask = np.zeros(len(obs), bool)
        if self.border:
            mask |= (obs["touches_border"] == 1).to_numpy(bool, na_value=False)
        if self.unusual_size:
            image = obs["image"].astype(str).to_numpy()
            size = pd.Series(np.log(obs["area_px"].to_numpy(float)))
            away = (size - size.groupby(image).transform("median")).abs()
            spread = away.groupby(image).transform("median")
            mask |= (away > MAX_DEVIATIONS * _MAD_TO_DEVIATION * spread).to_numpy()
        if self.flagged and SUMMARY in obs:
            mask |= flagged_rows(obs)
        return mask

    def words(self) -> str:
        """What is hidden, as text."""
        parts = [
            words
            for wanted, words in (
                (self.border, "cells at the border"),
                (self.unusual_size, "cells of unusual size"),
                (self.flagged, "flagged cells"),
            )
            if wanted
        ]
        return " and ".join(parts)


def shown_part(result: AnnData, hidden: NDArray[np.bool_]) -> AnnData:
    """The rows of a result that are not hidden.

    Map and clusters stay only if every shown cell has its place on the map.
    """
    part = result[~hidden].copy() if hidden.any() else result
    if "X_umap" not in part.obsm or np.isfinite(part.obsm["X_umap"]).all():
        return part
    part = part.copy()
    del part.obsm["X_umap"]
    part.obs = part.obs.drop(columns=[name for name in _MAP_COLUMNS if name in part.obs])
    part.uns[KEY] = {k: v for k, v in part.uns[KEY].items() if k not in _MAP_FACTS}
    return part


def _same(one: pd.Series, other: pd.Series) -> bool:
    """Whether two columns have the same values; a part of a table loses unused categories."""
    import pandas as pd

    if isinstance(one.dtype, pd.CategoricalDtype) and isinstance(other.dtype, pd.CategoricalDtype):
        other = other.cat.set_categories(one.cat.categories)
    return one.equals(other)


def keep_with_hidden(everything: AnnData, shown: AnnData) -> AnnData:
    """Carry map, clusters and columns of the shown rows over to the table of all rows.

    Hidden rows get no place on the map (NaN) and no cluster.
    """
    merged = everything.copy()
    rows = merged.obs_names.get_indexer(shown.obs_names)
    for name in shown.obs.columns:
        if name in merged.obs and _same(merged.obs[name].iloc[rows], shown.obs[name]):
            continue
        merged.obs[name] = shown.obs[name].reindex(merged.obs_names)
    if "X_umap" in shown.obsm:
        places = np.full((len(merged), 2), np.nan, np.float32)
        places[rows] = shown.obsm["X_umap"]
        merged.obsm["X_umap"] = places
    facts = {name: shown.uns[KEY][name] for name in _MAP_FACTS if name in shown.uns[KEY]}
    merged.uns[KEY] = {**merged.uns[KEY], **facts}
    return merged

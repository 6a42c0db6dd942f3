"""The selected cells as cells, not as rows: in another result, and in a saved session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.session.changes import Cause
from napari_c3r.session.kept import Kept
from napari_c3r.session.labels import Cells, LabelStore
from napari_c3r.session.same_cells import same_cells

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.session.result import EmbeddingResult, Result
    from napari_c3r.session.selection import Selection

_SELECTED, _CURRENT = "selected", "current"


def still_selected(
    labels: LabelStore,
    before: EmbeddingResult | None,
    mask: NDArray[np.bool_],
    table: AnnData,
    cells: Sequence[Cells],
) -> NDArray[np.bool_]:
    """Which rows of a new table are cells that were selected, wherever their labels went.

    Parameters
    ----------
    labels
        Has the cells of both.
    before, mask
        The result until now, and its selected rows.
    table
        The new rows shown.
    cells
        What they were made of.
    """
    selected = np.zeros(len(table), bool)
    if before is None or not mask.any():
        return selected
    old = before.table.obs[mask]
    for now in cells:
        then = labels.find(before.cells_ids.get(now.image_name))
        if then is not None:
            chosen = old["label"][old["image"] == now.image_name].tolist()
            still = list(same_cells(then, now, chosen).values())
            here = (table.obs["image"] == now.image_name) & table.obs["label"].isin(still)
            selected |= here.to_numpy()
    return selected


def keep_selection(result: Result, selection: Selection) -> Kept | None:
    """What a saved session keeps of the selection: a truth value for each of all rows."""
    shown = result.current
    if shown is None or not (selection.mask.any() or selection.current is not None):
        return None
    every, names = shown.all_rows.obs_names, shown.table.obs_names
    current = None if selection.current is None else str(names[selection.current])
    selected = np.asarray(every.isin(names[selection.mask]))
    return Kept({_CURRENT: current}, {_SELECTED: selected})


def restore_selection(kept: Kept, result: Result, selection: Selection) -> None:
    """Select again what was selected when the session was saved.

    Raises
    ------
    InputError
        It was kept of other rows.
    """
    shown = result.current
    if shown is None or not kept.arrays:
        return
    every, names = shown.all_rows.obs_names, shown.table.obs_names
    selected = kept.arrays.get(_SELECTED)
    if selected is None or selected.dtype != bool or selected.shape != (len(every),):
        raise InputError(f"it is not of its {len(every)} cells, so nothing is selected")
    selection.reset(np.asarray(names.isin(every[selected])), Cause.RESTORED)
    current = kept.facts.get(_CURRENT)
    if current is not None and current in names:
        selection.set_current(int(names.get_loc(current)), Cause.RESTORED)

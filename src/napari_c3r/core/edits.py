"""Which cells were edited by hand, and their new vectors put into a result that has the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from napari_c3r.core.annotate import carry_over
from napari_c3r.core.errors import InputError
from napari_c3r.core.labels import ArrayLike, blocks, read
from napari_c3r.core.table.result import KEY, make_result

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True)
class Edits:
    """What differs between two label images.

    Attributes
    ----------
    changed
        Labels that are there now and have gained or lost pixels, new ones included.
    removed
        Labels that are gone.
    """

    changed: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        """How many cells differ."""
        return len(self.changed) + len(self.removed)


def compare_labels(before: ArrayLike, after: ArrayLike) -> Edits:
    """Find the cells that differ between two label images, block by block.

    Parameters
    ----------
    before, after
        (Y, X) integers of one size.

    Raises
    ------
    InputError
        The two differ in size.
    """
    if tuple(before.shape) != tuple(after.shape):
        raise InputError(
            f"The labels were {before.shape} and are {after.shape} pixels now; "
            "take them as the cells again"
        )
    touched: set[int] = set()
    present: set[int] = set()
    for box in blocks((before.shape[0], before.shape[1])):
        old, new = read(before, *box), read(after, *box)
        differs = old != new
        if differs.any():
            touched |= set(np.unique(old[differs]).tolist()) | set(np.unique(new[differs]).tolist())
    touched.discard(0)
    if not touched:
        return Edits()
    for box in blocks((after.shape[0], after.shape[1])):
        here = read(after, *box)
        present |= set(np.unique(here[np.isin(here, list(touched))]).tolist())
    return Edits(frozenset(touched & present), frozenset(touched - present))


def update_result(result: AnnData, image: str, edits: Edits, part: AnnData | None) -> AnnData:
    """Replace the edited cells of one image in a result; all others stay to the bit.

    Map and clusters are left out, as they were made of other cells.

    Parameters
    ----------
    result
        All cells.
    image
        Name of the edited image.
    edits
        What was edited.
    part
        The changed cells embedded anew with the same settings; None when cells were only
        removed.

    Returns
    -------
    AnnData
        A new table, the cells of each image in label order.

    Raises
    ------
    InputError
        The new vectors were made with another encoder or other roles, or no cell is left.
    """
    stale = [*edits.changed, *edits.removed]
    gone = (result.obs["image"] == image) & result.obs["label"].isin(stale)
    kept = result[~gone.to_numpy()]
    provenance = dict(result.uns[KEY])
    for name in ("map", "cluster"):
        provenance.pop(name, None)
    vectors, obs = np.asarray(kept.X), kept.obs
    if part is not None:
        _require_same(result, part)
        obs = pd.concat([obs, part.obs], ignore_index=True)
        vectors = np.concatenate([vectors, np.asarray(part.X)])
    if not len(obs):
        raise InputError("Every cell of the result was removed; segment the image again")
    obs = obs.drop(columns=[name for name in ("cluster",) if name in obs])
    order = _in_order(obs, list(dict.fromkeys(result.obs["image"])))
    note = f"{edits.count} cells of '{image}' were edited by hand and embedded again or removed"
    provenance["notes"] = [*provenance.get("notes", []), note]
    columns = result.var[["concept_channel", "readout"]].itertuples(index=False, name=None)
    updated = make_result(obs.iloc[order], vectors[order], list(columns), provenance)
    carry_over(result, updated)
    return updated


def _in_order(obs: pd.DataFrame, images: list[str]) -> np.ndarray:
    place = {name: number for number, name in enumerate(images)}
    ranks = obs["image"].map(lambda name: place.get(name, len(place))).to_numpy()
    return np.lexsort((obs["label"].to_numpy(), ranks))


def _require_same(result: AnnData, part: AnnData) -> None:
    for what in ("roles", "encoder", "concept_mode", "readout"):
        if result.uns[KEY].get(what) != part.uns[KEY].get(what):
            raise InputError(
                f"The edited cells were embedded with another {what}; embed all cells again"
            )

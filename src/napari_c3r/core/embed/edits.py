"""Which cells an edit by hand made stale, and new vectors put in among those of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.cells.labels import ArrayLike, blocks, read
from napari_c3r.core.cells.measure import neighbour_distance
from napari_c3r.core.crops.place import crop_corners
from napari_c3r.core.errors import InputError
from napari_c3r.core.table.annotate import carry_over
from napari_c3r.core.table.result import KEY, make_result, window_px

if TYPE_CHECKING:
    import pandas as pd
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
    beside
        Labels that are as they were, but in whose crops other pixels are masked than before.
    """

    changed: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()
    affected_neighbours: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        """How many cells were edited."""
        return len(self.changed) + len(self.removed)

    @property
    def stale(self) -> frozenset[int]:
        """Labels whose vectors no longer are those of their pixels."""
        return self.changed | self.affected_neighbours


@dataclass(frozen=True, eq=False)
class Windows:
    """Where in the image the crops lie in which other cells are masked.

    Attributes
    ----------
    labels
        Of the cells, (n,).
    corner_y, corner_x
        First row and column of their crops, (n,), in pixels.
    side_px
        Side of the crops.
    """

    labels: NDArray[np.int64]
    corner_y: NDArray[np.intp]
    corner_x: NDArray[np.intp]
    side_px: int

    @classmethod
    def of(cls, result: AnnData, image: str) -> Windows | None:
        """Those of one image of a result; None where its crops show other cells as they are."""
        if result.uns[KEY].get("crop", {}).get("neighbours") != "mask":
            return None
        cells = result.obs[(result.obs["image"] == image).to_numpy()]
        side = window_px(result, image)
        return cls(cells["label"].to_numpy(), *crop_corners(cells, side), side)

    def holding(self, pixels: NDArray[np.bool_], y: int, x: int) -> NDArray[np.bool_]:
        """Which crops, (n,), hold a pixel of a block (Y, X) that begins at a place."""
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        if not len(rows):
            return np.zeros(len(self.labels), bool)
        part = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        # With the number of pixels above and to the left of every place, that in any crop is a
        # sum of four, however many cells there are.
        sums = np.zeros((part.shape[0] + 1, part.shape[1] + 1), np.int32)
        np.cumsum(np.cumsum(part, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
        top = np.clip(self.corner_y - y - rows[0], 0, part.shape[0])
        bottom = np.clip(self.corner_y - y - rows[0] + self.side_px, 0, part.shape[0])
        left = np.clip(self.corner_x - x - columns[0], 0, part.shape[1])
        right = np.clip(self.corner_x - x - columns[0] + self.side_px, 0, part.shape[1])
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return np.asarray(inside > 0)


def compare_labels(before: ArrayLike, after: ArrayLike, windows: Windows | None = None) -> Edits:
    """Find the cells that differ between two label images, block by block.

    A cell that was not edited is stale too where a pixel of its crop was taken by another cell
    or freed: it was shown and is masked, or the reverse. Which other cell has it is all the same.

    Parameters
    ----------
    before, after
        (Y, X) integers of one size.
    windows
        Crops made of the cells before in which other cells are masked, if there are any.

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
    reached = np.zeros(len(windows.labels) if windows is not None else 0, bool)
    for box in blocks((before.shape[0], before.shape[1])):
        old, new = read(before, *box), read(after, *box)
        differs = old != new
        if differs.any():
            touched |= set(np.unique(old[differs]).tolist()) | set(np.unique(new[differs]).tolist())
            if windows is not None:
                masked = (old > 0) != (new > 0)
                reached |= windows.holding(masked, box[0].start, box[1].start)
    touched.discard(0)
    if not touched:
        return Edits()
    for box in blocks((after.shape[0], after.shape[1])):
        here = read(after, *box)
        present |= set(np.unique(here[np.isin(here, list(touched))]).tolist())
    affected_neighbours = (
        set() if windows is None else set(windows.labels[reached].tolist()) - touched
    )
    return Edits(
        frozenset(touched & present), frozenset(touched - present), frozenset(affected_neighbours)
    )


def update_result(result: AnnData, image: str, edits: Edits, part: AnnData | None) -> AnnData:
    """Replace the stale cells of one image in a result; all others stay to the bit.

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
        The stale cells embedded anew with the same settings; None when there are none, as
        cells were only removed.

    Returns
    -------
    AnnData
        A new table, the cells of each image in label order.

    Raises
    ------
    InputError
        The new vectors were made with another encoder or other roles, or no cell is left.
    """
    import pandas as pd

    gone = result.obs["label"].isin([*edits.stale, *edits.removed])
    gone &= result.obs["image"] == image
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
    if "neighbours_px" in obs:
        # What a cell lies beside may be edited though the cell is not.
        here = (obs["image"] == image).to_numpy()
        places = obs.loc[here, ["y_px", "x_px"]].to_numpy(float)
        obs.loc[here, "neighbours_px"] = neighbour_distance(places)
    order = _in_order(obs, list(dict.fromkeys(result.obs["image"])))
    note = f"{edits.count} cells of '{image}' were edited by hand and embedded again or removed"
    note += (
        f", with {len(edits.affected_neighbours)} in whose crops they lie"
        if edits.affected_neighbours
        else ""
    )
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

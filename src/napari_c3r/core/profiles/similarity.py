"""Which groups of wells resemble which: cosines of their profiles, in the order of a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.profiles.compare import less_the_plate
from napari_c3r.core.profiles.comparison import Group, groups_by
from napari_c3r.core.profiles.frame import plate_codes
from napari_c3r.core.profiles.sentences import counted
from napari_c3r.core.profiles.wells import Grouping, Wells, control_wells

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

MOST: Final = 200
"""Groups above which a heat map can no longer be read."""


@dataclass(frozen=True, eq=False)
class Similarity:
    """How much groups of wells are alike.

    Attributes
    ----------
    groups
        In the order of the tree: those that are alike are neighbours.
    cosines
        (n, n): between the mean profiles of two groups, −1 to 1; on the diagonal the mean over
        pairs of wells of one group, NaN where it has a single well.
    wells
        The wells of the table.
    relative_to
        What profiles are relative to, in words.
    """

    groups: tuple[Group, ...]
    cosines: NDArray[np.float64]
    wells: Wells
    relative_to: str

    @property
    def sentence(self) -> str:
        """Which two are most alike, beside wells of one group."""
        among = self.cosines[~np.eye(len(self.groups), dtype=bool)]
        if not np.isfinite(among).any():
            return "The groups cannot be compared: they do not differ from the controls at all."
        between = np.where(np.eye(len(self.groups), dtype=bool), -np.inf, self.cosines)
        i, j = np.unravel_index(int(np.nanargmax(between)), between.shape)
        one, other = sorted((int(i), int(j)))
        within = np.diag(self.cosines)
        told = ""
        if np.isfinite(within).any():
            told = f"; two {self.wells.noun}s of one group: {np.nanmean(within):.2f} on average"
        pair = f"{self.groups[one].name} and {self.groups[other].name}"
        return f"Most alike are {pair} (cosine {between[i, j]:.2f}{told})."

    @property
    def caption(self) -> str:
        """How the figure is to be read."""
        return (
            f"Cosine of the mean vectors of {counted(len(self.groups), 'group')}, relative to "
            f"{self.relative_to}; on the diagonal the mean over pairs of {self.wells.noun}s of "
            "one group. Ordered by average linkage. Not tested: means over few wells are alike by "
            "chance too, as the diagonal shows."
        )


def similarity(cells: AnnData, wells: Wells, grouping: Grouping, design: Design) -> Similarity:
    """Compare the profiles of groups of wells with each other.

    Parameters
    ----------
    cells
        A result with one row per cell.
    wells
        Of those cells.
    grouping
        By what; the controls are no group here, as profiles are relative to them.
    design
        Which wells are controls; without any, profiles are relative to all wells of the plate.

    Raises
    ------
    InputError
        Fewer than two groups, or more than `MOST`.
    """
    is_control = control_wells(wells, design)
    groups = [g for g in groups_by(wells, grouping, is_control, design) if not g.is_control]
    if len(groups) < 2:
        raise InputError(f"{counted(len(groups), 'group')} besides the controls: two are the least")
    if len(groups) > MOST:
        raise InputError(
            f"{len(groups)} groups are too many to be read on a heat map ({MOST}); group by less"
        )
    reference, words = is_control, "the controls of the plate"
    if not is_control.any():
        reference, words = np.ones(len(wells), bool), "all wells of the plate"
    codes = plate_codes(wells.table, wells.plate)
    profiles = less_the_plate(wells.mean(cells.X), codes, reference)
    cosines = _cosines(profiles, groups)
    order = _order(cosines)
    return Similarity(
        tuple(groups[place] for place in order), cosines[np.ix_(order, order)], wells, words
    )


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, np.nan)


def _cosines(profiles: NDArray[np.float64], groups: list[Group]) -> NDArray[np.float64]:
    known = np.asarray(np.isfinite(profiles).all(axis=1))
    rows = [group.wells[known[group.wells]] for group in groups]
    nothing = np.full(profiles.shape[1], np.nan)
    means = np.stack([profiles[mine].mean(axis=0) if len(mine) else nothing for mine in rows])
    units = _unit(means)
    cosines = units @ units.T
    for place, mine in enumerate(rows):
        pairs = _unit(profiles[mine]) @ _unit(profiles[mine]).T
        apart = ~np.eye(len(mine), dtype=bool)
        cosines[place, place] = pairs[apart].mean() if len(mine) > 1 else np.nan
    return np.clip(cosines, -1, 1)


def _order(cosines: NDArray[np.float64]) -> NDArray[np.intp]:
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    apart = 1 - np.nan_to_num(cosines, nan=0.0)
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    return np.asarray(leaves_list(tree), np.intp)


def similarity_table(found: Similarity) -> pd.DataFrame:
    """The numbers behind the heat map: one row per pair of groups."""
    import pandas as pd

    names = [group.name for group in found.groups]
    frame = pd.DataFrame(found.cosines, index=pd.Index(names, name="group"), columns=names)
    return frame.reset_index()

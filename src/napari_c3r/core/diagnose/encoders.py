"""Two encoders on the same cells: which neighbours they share, and which tells labels better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.intervals import half_samples
from napari_c3r.core.diagnose.sample import label_values, stratified_rows
from napari_c3r.core.diagnose.scores import labelled_cells
from napari_c3r.core.diagnose.separation import SCORE_NAMES, Separation, separate
from napari_c3r.core.diagnose.structure import centred_directions, cka, nearest, neighbours_changed
from napari_c3r.core.diagnose.units import Units
from napari_c3r.core.errors import InputError
from napari_c3r.core.options import check_setting
from napari_c3r.core.reduce.options import MapOptions
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

NEIGHBOURS = 15
"""Nearest neighbours that are looked at, as the map looks at so many."""

MIN_CELLS = 8
MOST_CELLS = 2000


@dataclass(frozen=True, eq=False)
class EncoderComparison:
    """What two encoders make of the same cells.

    Attributes
    ----------
    names
        Of the encoders.
    k
        Nearest neighbours looked at.
    shared
        How many of a cell's k nearest are the same with both, (n,).
    agreement
        The mean of that as a share, 0 to 1, with its interval over wells or fields.
    chance
        The share that unrelated vectors have in common on average.
    itself
        The share that the first encoder has in common with itself when crops are turned, shifted
        and given noise: more than that is not to be expected. None where that was not asked.
    cka
        Alignment of all similarities, 1 for the same arrangement and 0 for unrelated ones.
    units
        What the interval is over, in words: ``"12 wells"``.
    separation
        How well labels are told, None without labels.
    notes
        Sentences.
    """

    names: tuple[str, str]
    k: int
    shared: NDArray[np.float64]
    agreement: Estimate
    chance: float
    itself: float | None
    cka: Estimate
    units: str
    separation: Separation | None
    notes: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, in plain words and without full stops."""
        found = self.agreement
        itself = (
            ""
            if self.itself is None
            else f", {self.names[0]} with itself on turned and shifted crops {self.itself:.0%}"
        )
        agreement = (
            f"{self.names[0]} and {self.names[1]} have {found.value:.0%} of a cell's {self.k} "
            f"nearest neighbours in common (95\u00a0% interval {found.low:.0%} to {found.high:.0%} "
            f"over {self.units}; chance {self.chance:.0%}{itself})"
        )
        if self.separation is None:
            return (agreement,)
        return agreement, self.separation.sentence(self.names)

    @property
    def table(self) -> pd.DataFrame:
        """A row for each figure: ``measure``, ``encoder``, ``value``, ``low``, ``high``."""
        import pandas as pd

        both = " and ".join(self.names)
        rows: list[tuple[str, str, float, float, float]] = []

        def add(measure: str, encoder: str, found: Estimate) -> None:
            rows.append((measure, encoder, found.value, found.low, found.high))

        add(f"share of {self.k} nearest in common", both, self.agreement)
        for name, share in (("by chance", self.chance), (f"{self.names[0]} itself", self.itself)):
            if share is not None:
                add(f"share of {self.k} nearest in common", name, Estimate(share, share, share))
        add("CKA", both, self.cka)
        for pair in self.separation.scores if self.separation else ():
            assert self.separation is not None
            measure = f"{SCORE_NAMES[pair.name]}, {self.separation.column}"
            add(measure, self.names[0], pair.first)
            add(measure, self.names[1], pair.second)
            add(measure, "difference", pair.difference)
        return pd.DataFrame(rows, columns=["measure", "encoder", "value", "low", "high"])


def compare_vectors(
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]],
    names: tuple[str, str],
    obs: pd.DataFrame,
    *,
    label_column: str | None = None,
    perturbed: NDArray[np.float32] | None = None,
    k: int = NEIGHBOURS,
    seed: int = 0,
) -> EncoderComparison:
    """Compare the vectors of two encoders, cell by cell.

    Parameters
    ----------
    vectors
        (n, D) and (n, D') of the same cells in the same order.
    names
        Of the encoders.
    obs
        One row per cell: ``image``, where known ``plate`` and ``well``, and the labels.
    label_column
        Column of `obs` that the encoders are judged by.
    perturbed
        Vectors of the first encoder (n, D) of crops that were turned, shifted and given noise.
    k
        Nearest neighbours to look at; lowered where there are few cells.
    seed
        Of all draws.

    Raises
    ------
    InputError
        Too few cells, or numbers out of range.
    """
    n = len(obs)
    if n < MIN_CELLS:
        raise InputError(f"There are {n} cells, too few to compare encoders; give {MIN_CELLS}")
    if k < 1:
        raise InputError(f"k is {k}; give a whole number of 1 or more")
    notes = []
    used = min(k, (n - 1) // 2)
    if used < k:
        notes.append(f"{used} instead of {k} nearest neighbours, as there are only {n} cells")
    units = Units.of(obs)
    directions = [centred_directions(each) for each in vectors]
    first, second = (each @ each.T for each in directions)
    member = nearest(first, used)
    shared = used - neighbours_changed(member, nearest(second, used))
    itself = None
    if perturbed is not None:
        turned = centred_directions(perturbed)
        changed = neighbours_changed(member, nearest(turned @ turned.T, used))
        itself = float(1 - changed.mean() / used)

    def alignment(rows: NDArray[np.intp]) -> float:
        block = np.ix_(rows, rows)
        return cka(first[block], second[block])

    aligned = Estimate(cka(first, second), *half_samples(alignment, n, np.random.default_rng(seed)))
    separation = None
    if label_column is not None:
        labelled, problem = labelled_cells(obs[label_column], label_column)
        if labelled is None:
            notes.append(f"{problem}; neighbours are compared without")
        else:
            separation = separate((first, second), labelled, units, label_column, seed)
    judged = () if separation is None else separation.notes
    return EncoderComparison(
        names,
        used,
        shared,
        units.mean(shared / used, seed),
        used / (n - 1),
        itself,
        aligned,
        units.words,
        separation,
        tuple(dict.fromkeys(filter(None, (*notes, units.note, *judged)))),
    )


def compare_encoders(
    first: AnnData,
    second: AnnData,
    *,
    label_column: str | None = None,
    label_table: pd.DataFrame | None = None,
    max_cells: int = MOST_CELLS,
    k: int = NEIGHBOURS,
    seed: int = 0,
) -> EncoderComparison:
    """Compare what two encoders make of the same cells.

    Parameters
    ----------
    first, second
        The cells embedded with each, as by :func:`napari_c3r.embed`, a plate, or
        :func:`napari_c3r.read`. Cells are matched by image and label; others take no part.
    label_column, label_table
        Labels that the encoders are judged by: a column of `label_table`, looked up by whichever
        of image, label, plate, well and site it has, or without one of `first`.
    max_cells
        Most cells to compare, drawn in proportion from every label, or image without labels.
    k
        Nearest neighbours to look at.
    seed
        Of the sample and all draws.

    Returns
    -------
    EncoderComparison
        ``.sentences`` in words, ``.table`` with every figure and its interval, ``.shared`` with one
        number for each cell.

    Raises
    ------
    InputError
        No cell in common, too few of them, no such column, or numbers out of range.
    """
    import pandas as pd

    if max_cells < 1:
        raise InputError(f"max_cells is {max_cells}; give a whole number of 1 or more")
    check_setting(MapOptions, "seed", seed)
    key = ["image", "label"]
    tables = [each.obs[key].astype(str).agg("\n".join, axis=1) for each in (first, second)]
    places = pd.Index(tables[1]).get_indexer(pd.Index(tables[0]))
    rows = np.flatnonzero(places >= 0)
    if not len(rows):
        raise InputError(
            f"None of the {first.n_obs} cells of one table is among the {second.n_obs} of the "
            "other by image and label; embed the same cells with both encoders"
        )
    obs = first.obs.iloc[rows].reset_index(drop=True)
    match = label_values(obs, label_column, label_table)
    if label_column is not None and match is not None:
        obs = obs.assign(**{label_column: match.values})
    strata = obs["image"] if match is None else match.values
    drawn = stratified_rows(strata, max_cells, seed)
    found = compare_vectors(
        (
            np.asarray(first.X[rows[drawn]], np.float32),
            np.asarray(second.X[places[rows[drawn]]], np.float32),
        ),
        distinct_names(*(str(each.uns[KEY]["encoder"]["name"]) for each in (first, second))),
        obs.iloc[drawn].reset_index(drop=True),
        label_column=label_column,
        k=k,
        seed=seed,
    )
    notes = list(match.notes) if match is not None else []
    apart = first.n_obs + second.n_obs - 2 * len(rows)
    if apart:
        notes.append(f"{apart} cells are in one of the tables only and take no part")
    if len(drawn) < len(rows):
        by = label_column or "image"
        notes.append(
            f"{len(drawn)} of {len(rows)} cells are compared, drawn in proportion from every {by}"
        )
    return replace(found, notes=(*notes, *found.notes))


def distinct_names(first: str, second: str) -> tuple[str, str]:
    """Names of two encoders that can be told apart in a sentence."""
    return (first, second) if first != second else (first, f"{second} (second)")

"""Judge an experiment: wells from cells, groups against controls, doses, places, confounds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.experiment import cautions
from napari_c3r.core.experiment.by_hand import explored
from napari_c3r.core.experiment.page import write_experiment
from napari_c3r.core.experiment.result import ExperimentReport
from napari_c3r.core.experiment.words import summary
from napari_c3r.core.metadata.join import match_of
from napari_c3r.core.metadata.roles import Design, design_of
from napari_c3r.core.profiles.aggregation import aggregate
from napari_c3r.core.profiles.compare import compare_groups, compare_wells
from napari_c3r.core.profiles.comparison import SHARES, Comparison, Quantity, compare, groups_by
from napari_c3r.core.profiles.distance import COLUMN as DISTANCE
from napari_c3r.core.profiles.distance import distance_to_controls
from napari_c3r.core.profiles.dose_series import DoseCurves, dose_curves
from napari_c3r.core.profiles.frame import as_profiles, control_rows
from napari_c3r.core.profiles.normalisation import normalise
from napari_c3r.core.profiles.permutation import differ_from_controls
from napari_c3r.core.profiles.replicates import activity
from napari_c3r.core.profiles.sentences import LEVEL
from napari_c3r.core.profiles.wells import Grouping, Wells, control_wells, groupings, wells_of
from napari_c3r.core.reduce.batches import batch_note
from napari_c3r.core.report.page import require_html
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd

GROUP: Final = "group"
"""Column of the wells that names treatment and dose together."""

_JUDGED: Final = ("p_value", "adjusted_p_value")
_MOST_CLUSTERS: Final = 20
_OF_NO_INTEREST: Final = ("bbox", "crop_", "y_", "x_", "label", "index")


def experiment_report(
    cells: AnnData | pd.DataFrame,
    path: str | Path | None = None,
    *,
    design: Design | None = None,
    method: str = "mean",
    keep: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> ExperimentReport:
    """Say which wells differ from the controls, at which dose, and how surely.

    Parameters
    ----------
    cells
        A result of `napari_c3r.embed` to which a plate map was joined by `napari_c3r.annotate`,
        or a table of cells or wells of another tool.
    path
        Where to write the report, one HTML page; None to write none.
    design
        What the columns mean; as they say themselves when None.
    method
        How a well is made of its cells; see `napari_c3r.aggregate`.
    keep
        Cells to use, bool (cells,); all by default.
    seed
        Of everything drawn at random.

    Returns
    -------
    ExperimentReport
        Its ``summary`` is a paragraph in plain words; ``groups`` the table behind it.

    Raises
    ------
    InputError
        The table has neither wells nor images, or a path that cannot be written.
    """
    if path is not None:
        require_html(Path(path))
    table = cells if isinstance(cells, AnnData) else as_profiles(cells)
    if keep is not None:
        table = table[np.asarray(keep, bool)]
    design = design or design_of(table)
    columns = wells_of(table).columns
    wells, notes = _without_gaps(aggregate(table, columns, method=method))
    places = wells_of(wells)
    grouping = _grouping(places, design)
    wells.obs[GROUP] = _group_names(places, grouping, design)
    wells, groups, said = _judged(wells, design, places.plate, seed)
    found_places = cautions.positions(wells, places.plate, seed=seed)
    found = ExperimentReport(
        design=design,
        wells=wells,
        places=places,
        grouping=grouping,
        groups=groups,
        curves=_curves(wells, places, design),
        shares=_shares(table, grouping, design),
        measures=_measures(table, wells, groups, design, places.plate),
        positions=found_places,
        confounds=cautions.of_control_cells(table, design, seed=seed),
        notes=(*notes, *said, *_metadata_notes(table), *_batch_notes(table)),
        warnings=cautions.warnings(wells, groups, found_places, design, places.noun),
        settings=_settings(table, len(cells), design, columns, method, seed),
    )
    found = replace(found, summary=summary(found))
    if path is not None:
        write_experiment(found, path, more=explored(table))
    return found


def _batch_notes(table: AnnData) -> list[str]:
    """What of the page is made of corrected vectors, where any is."""
    note = batch_note(table.uns.get(KEY, {}))
    return [note] if note else []


def _grouping(places: Wells, design: Design) -> Grouping | None:
    """By treatment and dose, as far as they are known."""
    first = groupings(places, design)[0]
    return first if first.columns[0] in (design.treatment, design.dose) else None


def _group_names(places: Wells, grouping: Grouping | None, design: Design) -> list[str | None]:
    """Treatment and dose of each well as one name; None of controls and where nothing is known."""
    names: list[str | None] = [None] * len(places)
    if grouping is not None:
        for group in groups_by(places, grouping, control_wells(places, design), design):
            for row in group.wells:
                names[row] = None if group.is_control else group.name
    return names


def _without_gaps(wells: AnnData) -> tuple[AnnData, list[str]]:
    """Wells without the features that some of them lack."""
    whole = np.isfinite(np.asarray(wells.X)).all(axis=0)
    if whole.all():
        return wells, []
    if not whole.any():
        raise InputError("Every feature is missing in some well, so wells cannot be compared")
    left = f"{(~whole).sum()} of {len(whole)} features are missing in some well and left out"
    return wells[:, whole].copy(), [left]


def _judged(
    wells: AnnData, design: Design, plate: str | None, seed: int
) -> tuple[AnnData, pd.DataFrame, list[str]]:
    """Wells with their distances, every group against the controls, and what was left out."""
    notes: list[str] = []
    if design.negative is None:
        return wells, _described(wells, np.zeros(len(wells), bool), design, plate), notes
    is_control = control_rows(wells, design.negative)
    groups = _described(wells, is_control, design, plate)
    if not len(groups):
        return wells, groups, notes
    tested = differ_from_controls(wells, GROUP, design.negative, plate=plate, seed=seed)
    groups = groups.drop(columns="n_wells").merge(tested, on=GROUP, how="left")
    groups["differs"] = (groups["adjusted_p_value"] < LEVEL).to_numpy(bool)
    try:
        wells = distance_to_controls(wells, design.negative, per=plate)
        wells = _single_wells(wells, design, plate)
    except InputError as error:
        notes.append(f"No distances of single wells: {error}")
    if DISTANCE in wells.obs:
        means = wells.obs.groupby(GROUP, observed=True)[DISTANCE].mean()
        groups[DISTANCE] = groups[GROUP].map(means).astype(float)
    try:
        scale = normalise(wells, design.negative, "mad", plate)
        found = activity(scale, GROUP, design.negative, per=plate, seed=seed).obs
        precision = found.set_index(GROUP)
        for name, column in (
            ("mean_average_precision", "mean_average_precision"),
            ("activity_p_value", "corrected_p_value"),
        ):
            groups[name] = groups[GROUP].map(precision[column]).astype(float)
    except InputError as error:
        notes.append(f"Mean average precision is left out: {error}")
    unnamed = int(wells.obs[GROUP].isna().to_numpy()[~is_control].sum())
    if unnamed:
        notes.append(f"For {unnamed} of {len(wells)} nothing says what was done to them")
    return wells, groups, notes


def _single_wells(wells: AnnData, design: Design, plate: str | None) -> AnnData:
    """With a p-value for each well, taken for one more control."""
    assert design.negative is not None
    found = compare_wells(wells, [DISTANCE], design.negative, plate=plate)
    for name in ("p_value", "adjusted_p_value"):
        column = np.full(len(wells), np.nan)
        column[found[GROUP].to_numpy(int)] = found[name].to_numpy(float)
        wells.obs[name] = column
    return wells


def _described(
    wells: AnnData, is_control: NDArray[np.bool_], design: Design, plate: str | None
) -> pd.DataFrame:
    """One row per group that is no control: what it is, before anything is tested."""
    import pandas as pd

    obs = wells.obs[~is_control]
    positive = np.zeros(len(wells), bool)
    if design.positive is not None and design.positive[0] in wells.obs:
        with suppress(InputError):
            positive = control_rows(wells, design.positive)
    rows = []
    for name, part in obs.groupby(GROUP, observed=True, sort=False):
        rows.append(
            {
                GROUP: name,
                "treatment": _only(part, design.treatment),
                "dose": _only(part, design.dose),
                "is_positive_control": bool(positive[~is_control][obs[GROUP] == name].all()),
                "n_wells": len(part),
                "n_plates": int(part[plate].nunique()) if plate else 1,
                "cells_per_well": float(part["n_cells"].mean()),
            }
        )
    columns = [GROUP, "treatment", "dose", "is_positive_control", "n_wells", "n_plates"]
    found = pd.DataFrame(rows, columns=[*columns, "cells_per_well"])
    order = pd.DataFrame({"t": found["treatment"].astype(str)})
    order["d"] = pd.to_numeric(found["dose"], errors="coerce")
    return found.loc[order.sort_values(["t", "d"], kind="stable").index].reset_index(drop=True)


def _only(part: pd.DataFrame, column: str | None) -> Any:
    return None if column is None or column not in part else part[column].iloc[0]


def _curves(wells: AnnData, places: Wells, design: Design) -> DoseCurves | None:
    """Curves of the distance to the controls; None where there are no doses or distances."""
    if DISTANCE not in wells.obs or design.dose not in places.table:
        return None
    values = wells.obs[DISTANCE].to_numpy(float)
    found = dose_curves(places, values, "distance to the controls", design)
    return found if any(each.curve is not None for each in found.series) else None


def _shares(cells: AnnData, grouping: Grouping | None, design: Design) -> Comparison | None:
    """Shares of clusters in each group; None without clusters, or as many as wells have cells."""
    if grouping is None or "cluster" not in cells.obs or "label" not in cells.obs:
        return None
    if not 1 < cells.obs["cluster"].nunique() <= _MOST_CLUSTERS:
        return None
    return compare(cells, wells_of(cells), Quantity(SHARES, "cluster"), grouping, design)


def _measures(
    cells: AnnData,
    wells: AnnData,
    groups: pd.DataFrame,
    design: Design,
    plate: str | None,
) -> pd.DataFrame:
    """Measures of the cells that are other in the groups that differ."""
    import pandas as pd

    if design.negative is None or "differs" not in groups or not groups["differs"].any():
        return pd.DataFrame()
    known = {design.dose, design.treatment, design.negative[0], design.batch, DISTANCE, *_JUDGED}
    names = [
        str(name)
        for name, kind in wells.obs.dtypes.items()
        if pd.api.types.is_numeric_dtype(kind)
        and not pd.api.types.is_bool_dtype(kind)
        and not str(name).startswith(_OF_NO_INTEREST)
        and name not in known
        and (name == "n_cells" or cells.obs[name].nunique() > len(wells))
    ]
    values = wells.obs[names].reset_index(drop=True)
    values = values.loc[:, values.nunique() > 1]
    if values.empty or control_rows(wells, design.negative).sum() < 2:
        return pd.DataFrame()
    found = compare_groups(wells, values, GROUP, design.negative, plate=plate)
    differing = set(groups[GROUP][groups["differs"]])
    return found[found[GROUP].isin(differing)].reset_index(drop=True)


def _metadata_notes(table: AnnData) -> list[str]:
    match = match_of(table)
    return [match.words] if match is not None and (match.missing or match.unused) else []


def _settings(
    table: AnnData, total: int, design: Design, columns: Sequence[str], method: str, seed: int
) -> dict[str, Any]:
    made = table.uns.get(KEY, {})
    settings: dict[str, Any] = {
        "cells": total if len(table) == total else f"{len(table)} of {total}",
        "features": table.n_vars,
        "a well is": " and ".join(columns),
        "wells from cells": method,
        "level": LEVEL,
        "seed": seed,
    }
    settings |= {f"design: {name}": value for name, value in design.to_dict().items()}
    for name in ("roles", "encoder", "crop", "concept_mode", "readout", "device", "precision"):
        if made.get(name):
            settings[name] = made[name]
    settings |= {f"version: {n}": v for n, v in dict(made.get("versions", {})).items()}
    sources = made.get("sources", {}).get("path", [])
    if len(sources):
        settings["source files"] = len(sources)
    return settings

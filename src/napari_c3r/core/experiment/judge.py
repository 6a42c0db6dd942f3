"""Judge an experiment: wells from cells, groups against controls, doses, places, confounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.experiment import cautions
from napari_c3r.core.experiment.doses import dose_curves, positive_rows
from napari_c3r.core.experiment.page import write_experiment
from napari_c3r.core.experiment.result import LEVEL, ExperimentReport
from napari_c3r.core.experiment.words import summary
from napari_c3r.core.metadata.join import match_of
from napari_c3r.core.metadata.roles import Design, design_of
from napari_c3r.core.profiles.aggregation import aggregate
from napari_c3r.core.profiles.compare import compare_groups, shares
from napari_c3r.core.profiles.distance import COLUMN as DISTANCE
from napari_c3r.core.profiles.distance import distance_to_controls
from napari_c3r.core.profiles.frame import as_profiles, control_rows
from napari_c3r.core.profiles.normalisation import normalise
from napari_c3r.core.profiles.permutation import differ_from_controls
from napari_c3r.core.profiles.replicates import activity
from napari_c3r.core.report.page import require_html
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

GROUP: Final = "group"
"""Column of the wells that names treatment and dose together."""

_OF_NO_INTEREST: Final = ("bbox", "crop_", "y_", "x_", "label", "index")


def experiment_report(
    cells: AnnData | pd.DataFrame,
    path: str | Path | None = None,
    *,
    design: Design | None = None,
    by: Sequence[str] = ("plate", "well"),
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
    by
        Columns that make a well together, as far as the table has them; else each image is one.
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
    table = as_profiles(cells)
    design = design or design_of(table)
    columns, noun = _well_columns(table, by)
    wells, notes = _without_gaps(aggregate(table, columns, method=method, keep=keep))
    plate = "plate" if "plate" in columns else None
    wells.obs[GROUP] = group_names(wells.obs, design)
    wells, groups, said = _judged(wells, design, plate, seed)
    curves, fits = dose_curves(wells, design)
    measures = _measures(table, wells, groups, design, columns, plate, keep)
    places = cautions.positions(wells, plate, seed=seed)
    confounds = cautions.of_control_cells(table, design, keep=keep, seed=seed)
    found = ExperimentReport(
        design=design,
        noun=noun,
        by=tuple(columns),
        wells=wells,
        groups=groups,
        curves=curves,
        fits=fits,
        measures=measures,
        positions=places,
        confounds=confounds,
        notes=(*notes, *said, *_metadata_notes(table)),
        warnings=cautions.warnings(wells, groups, places, design, noun),
        settings=_settings(table, design, columns, method, keep, seed),
    )
    found = replace(found, summary=summary(found))
    if path is not None:
        write_experiment(found, path)
    return found


def group_names(obs: pd.DataFrame, design: Design) -> list[str | None]:
    """Treatment and dose of each row as one name, None where neither is known."""
    parts = [_named(obs, design.treatment, ""), _named(obs, design.dose, _unit(design))]
    return [" ".join(filter(None, pair)) or None for pair in zip(*parts, strict=True)]


def _unit(design: Design) -> str:
    return design.dose_unit or ("" if design.treatment else "dose")


def _named(obs: pd.DataFrame, column: str | None, unit: str) -> list[str]:
    if column is None or column not in obs:
        return [""] * len(obs)
    known = obs[column].notna()
    names = []
    for value, there in zip(obs[column], known, strict=True):
        text = number_name(value) if there else ""
        ahead = unit == "dose"
        names.append(text and (f"{unit} {text}" if ahead else f"{text} {unit}".strip()))
    return names


def number_name(value: Any) -> str:
    """A value as text; a number without needless digits."""
    if isinstance(value, bool | np.bool_ | str):
        return str(value)
    try:
        return f"{float(value):g}"
    except (TypeError, ValueError):
        return str(value)


def _well_columns(table: AnnData, by: Sequence[str]) -> tuple[list[str], str]:
    known = [name for name in by if name in table.obs and table.obs[name].notna().any()]
    if "well" in known or (known and "well" not in by):
        return known, "well"
    if "image" not in table.obs:
        shown = ", ".join(f"'{name}'" for name in table.obs.columns)
        raise InputError(f"The table has no column 'well' to compare by; its columns are {shown}")
    return ["image"], "image"


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
    names = wells.obs[GROUP]
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
    except InputError as error:
        notes.append(f"No distances of single wells: {error}")
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
    unnamed = int(names.isna().to_numpy()[~is_control].sum())
    if unnamed:
        notes.append(f"{unnamed} of {len(wells)} have neither treatment nor dose and are left out")
    return wells, groups, notes


def _described(
    wells: AnnData, is_control: NDArray[np.bool_], design: Design, plate: str | None
) -> pd.DataFrame:
    """One row per group that is no control: what it is, before anything is tested."""
    import pandas as pd

    obs = wells.obs[~is_control]
    positive = positive_rows(wells, design)
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


def _measures(
    cells: AnnData,
    wells: AnnData,
    groups: pd.DataFrame,
    design: Design,
    columns: list[str],
    plate: str | None,
    keep: NDArray[np.bool_] | None,
) -> pd.DataFrame:
    """What of the cells is other in the groups that differ: measures, and shares of clusters."""
    import pandas as pd

    if design.negative is None or "differs" not in groups or not groups["differs"].any():
        return pd.DataFrame()
    names = [
        str(name)
        for name in wells.obs.columns
        if pd.api.types.is_numeric_dtype(wells.obs[name])
        and not pd.api.types.is_bool_dtype(wells.obs[name])
        and not str(name).startswith(_OF_NO_INTEREST)
        and name not in (design.dose, design.treatment, design.negative[0], DISTANCE, design.batch)
        and (name == "n_cells" or cells.obs[name].nunique() > len(wells))
    ]
    values = wells.obs[names].reset_index(drop=True)
    if "cluster" in cells.obs:
        used = cells if keep is None else cells[np.asarray(keep, bool)]
        found = shares(used, "cluster", columns).reset_index(drop=True)
        values = pd.concat([values, found.add_prefix("share of cluster ")], axis=1)
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
    table: AnnData,
    design: Design,
    columns: list[str],
    method: str,
    keep: NDArray[np.bool_] | None,
    seed: int,
) -> dict[str, Any]:
    made = table.uns.get(KEY, {})
    settings: dict[str, Any] = {
        "cells": len(table) if keep is None else f"{int(np.sum(keep))} of {len(table)}",
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

"""Whether the replicates of a treatment resemble each other more than the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import (
    TOLD,
    Controls,
    as_profiles,
    control_rows,
    finite_values,
    groups_of,
    require_columns,
    require_package,
    with_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

NULL_SIZE: Final = 10_000
"""Draws of the null distribution, so that p-values go down to 1e-4."""


def activity(
    table: AnnData | pd.DataFrame,
    treatment: str,
    controls: Controls,
    *,
    per: str | None = "plate",
    null_size: int = NULL_SIZE,
    threshold: float = 0.05,
    seed: int = 0,
) -> AnnData:
    """Mean average precision of the replicates of each treatment against the controls.

    Parameters
    ----------
    table
        Profiles of wells, normalised; any table that `as_profiles` takes.
    treatment
        Column of ``obs`` whose values are compared: compound, or compound and dose as one.
    controls
        Column of ``obs`` and the value that controls have there.
    per
        Column that controls must share with a well to be compared with it; None for any.
    null_size
        Draws of the null distribution.
    threshold
        Corrected p-value (Benjamini and Hochberg) below which a treatment is active.
    seed
        Of the null distribution.

    Returns
    -------
    AnnData
        One row per treatment with at least two wells: ``X`` its mean profile; ``obs`` has the
        treatment, ``n_wells``, ``mean_average_precision``, ``p_value``, ``corrected_p_value``
        and ``active``. The average precision of each well is in
        ``uns["average_precision"]``.

    Raises
    ------
    InputError
        An unknown column, no controls, no treatment with two wells, missing values, profiles of a
        fit that was told these treatments, or copairs is not installed.

    Notes
    -----
    Kalinin et al. 2025, Nature Communications, "A versatile information retrieval framework for
    evaluating profile strength and similarity"; computed by copairs with cosine similarity.
    """
    from anndata import AnnData

    profiles = as_profiles(table)
    require_columns(profiles, [treatment, *([per] if per else [])])
    is_control = control_rows(profiles, controls)
    _refuse_told(profiles, treatment, is_control)
    values = finite_values(profiles)
    groups, alone = _replicates(profiles, treatment, is_control)
    used, meta = _compared(profiles, treatment, is_control, list(groups), per)
    precision = _average_precision(meta, values[used])
    scored = _against_chance(precision, null_size, threshold, seed)
    order = [name for name in groups if str(name) in scored.index]
    found = AnnData(
        X=np.stack([values[groups[name]].mean(axis=0) for name in order]),
        obs=_judged(scored, treatment, {name: len(groups[name]) for name in order}),
        var=profiles.var.copy(),
        uns={**profiles.uns, "average_precision": precision},
    )
    notes = [f"'{name}' has a single well and is not judged" for name in alone]
    return with_step(
        found,
        "activity",
        notes,
        treatment=treatment,
        controls=f"{controls[0]} = {controls[1]}",
        per=per or "",
        null_size=null_size,
        threshold=threshold,
        seed=seed,
    )


def _refuse_told(profiles: AnnData, treatment: str, is_control: NDArray[np.bool_]) -> None:
    """Refuse to judge treatments that a fit was told: it made their replicates alike."""
    if TOLD not in profiles.obs:
        return
    rows = ~is_control & profiles.obs[TOLD].astype(bool).to_numpy()
    told = sorted(set(profiles.obs[treatment][rows].dropna().astype(str)))
    if told:
        raise InputError(
            f"The profiles are of a fit that was told {len(told)} of these treatments, such as "
            f"'{told[0]}', and made their replicates alike: judge the profiles before it, or fit "
            "on a table where these treatments have no name"
        )


def _replicates(
    profiles: AnnData, treatment: str, is_control: NDArray[np.bool_]
) -> tuple[dict[Any, NDArray[np.intp]], list[Any]]:
    """Wells of each treatment that has two of them, and the treatments that have one."""
    found = groups_of(profiles, [treatment])
    groups = {key[0]: rows[~is_control[rows]] for key, rows in found.items()}
    alone = [name for name, rows in groups.items() if len(rows) == 1]
    groups = {name: rows for name, rows in groups.items() if len(rows) > 1}
    if not groups:
        raise InputError(
            f"No value of '{treatment}' has two wells that are no controls, so there are no "
            "replicates to compare"
        )
    return groups, alone


def _compared(
    profiles: AnnData,
    treatment: str,
    is_control: NDArray[np.bool_],
    treatments: list[Any],
    per: str | None,
) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Which rows take part, bool (rows,), and what copairs has to know of those."""
    import pandas as pd

    names = profiles.obs[treatment].astype(str).to_numpy(object)
    known = profiles.obs[treatment].notna().to_numpy()
    used = is_control | (known & np.isin(names, [str(name) for name in treatments]))
    # Controls are no replicates of each other here: each has a name of its own.
    alone = [f"control {number}" for number in range(len(names))]
    meta = pd.DataFrame({"treatment": np.where(is_control, alone, names), "control": is_control})
    meta["per"] = profiles.obs[per].astype(str).to_numpy(object) if per else "all"
    return used, meta[used].reset_index(drop=True)


def _judged(scored: pd.DataFrame, treatment: str, wells: dict[Any, int]) -> pd.DataFrame:
    import pandas as pd

    names = [str(name) for name in wells]
    rows = scored.loc[names]
    measures = ["mean_average_precision", "p_value", "corrected_p_value"]
    return pd.DataFrame(
        {
            treatment: list(wells),
            "n_wells": list(wells.values()),
            **{name: rows[name].to_numpy(float) for name in measures},
            "active": rows["below_corrected_p"].to_numpy(bool),
        },
        index=pd.Index(names, dtype=object),
    )


def _average_precision(meta: pd.DataFrame, values: NDArray[np.float64]) -> pd.DataFrame:
    map_module = require_package("copairs.map", "Judging activity")
    if not set(meta["per"][meta["control"]]) & set(meta["per"][~meta["control"]]):
        raise InputError("No treatment shares 'per' with a control: choose others, or per=None")
    found = map_module.average_precision(
        meta,
        values,
        pos_sameby=["treatment"],
        pos_diffby=[],
        neg_sameby=["per"],
        neg_diffby=["control"],
        progress_bar=False,
    )
    return found[~found["control"] & (found["n_pos_pairs"] > 0)].reset_index(drop=True)


def _against_chance(
    precision: pd.DataFrame, null_size: int, threshold: float, seed: int
) -> pd.DataFrame:
    map_module = require_package("copairs.map", "Judging activity")
    usable = precision[precision["average_precision"].notna()]
    found = map_module.mean_average_precision(
        usable,
        sameby=["treatment"],
        null_size=null_size,
        threshold=threshold,
        seed=seed,
        progress_bar=False,
    )
    return found.set_index("treatment")

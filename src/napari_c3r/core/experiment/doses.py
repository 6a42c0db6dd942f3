"""How the distance to the controls follows the dose of each treatment."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.profiles.distance import COLUMN as DISTANCE
from napari_c3r.core.profiles.doses import DoseCurve, fit_dose_curve
from napari_c3r.core.profiles.frame import control_rows

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def positive_rows(wells: AnnData, design: Design) -> NDArray[np.bool_]:
    """Which wells are positive controls, bool (wells,)."""
    if design.positive is not None and design.positive[0] in wells.obs:
        with suppress(InputError):
            return control_rows(wells, design.positive)
    return np.zeros(len(wells), bool)


def dose_curves(wells: AnnData, design: Design) -> tuple[pd.DataFrame, dict[str, DoseCurve]]:
    """A curve of the distance to the controls for each treatment with doses enough."""
    import pandas as pd
    from scipy.stats import false_discovery_control

    fits: dict[str, DoseCurve] = {}
    columns = ["treatment", "ec50", "low", "high", "p_value", "n_wells", "n_doses"]
    for name, rows in dose_series(wells, design).items():
        try:
            fits[name] = fit_dose_curve(rows["dose"], rows["value"])
        except InputError:
            continue
    found = pd.DataFrame(
        [
            (name, fit.ec50, *fit.ec50_interval, fit.p_value, fit.n_wells, fit.n_doses)
            for name, fit in fits.items()
        ],
        columns=columns,
    )
    found["adjusted_p_value"] = (
        false_discovery_control(found["p_value"]) if len(found) else np.array([], float)
    )
    return found, fits


def dose_series(wells: AnnData, design: Design) -> dict[str, pd.DataFrame]:
    """Dose and distance to the controls of the wells of each treatment; controls have no dose.

    A positive control is no part of a series: it is there to work.
    """
    import pandas as pd

    obs = wells.obs
    if design.negative is None or design.dose not in obs or DISTANCE not in obs:
        return {}
    is_control = control_rows(wells, design.negative)
    left_out = is_control | positive_rows(wells, design)
    doses = pd.to_numeric(obs[design.dose], errors="coerce").to_numpy(float)
    doses = np.where(is_control, 0.0, doses)
    names = np.full(len(wells), "all", object)
    if design.treatment is not None:
        names = obs[design.treatment].astype(str).to_numpy(object)
    values = obs[DISTANCE].to_numpy(float)
    series = {}
    for name in dict.fromkeys(names[~left_out & (doses > 0)]):
        mine = (~left_out & (names == name) & (doses > 0)) | is_control
        series[str(name)] = pd.DataFrame({"dose": doses[mine], "value": values[mine]})
    return series

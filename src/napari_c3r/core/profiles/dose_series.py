"""Dose curves of every treatment of a table, with the wells that they go through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import number_words
from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.profiles.doses import DoseCurve, fit_dose_curve
from napari_c3r.core.profiles.frame import same_value
from napari_c3r.core.profiles.sentences import LEVEL, counted, p_words
from napari_c3r.core.profiles.wells import Wells, control_wells

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DoseSeries:
    """A treatment at several doses.

    Attributes
    ----------
    name
        The treatment; empty where the table tells none apart.
    wells
        Rows of the table of wells, (n,): those of the treatment, then the negative controls.
    doses, values
        (n,); the dose of controls is nought.
    curve
        The fit; None where none could be made.
    adjusted_p_value
        Of the curve against no effect of dose, corrected for all treatments.
    reason
        Why there is no curve.
    """

    name: str
    wells: NDArray[np.intp]
    doses: NDArray[np.float64]
    values: NDArray[np.float64]
    curve: DoseCurve | None
    adjusted_p_value: float
    reason: str = ""


@dataclass(frozen=True, eq=False)
class DoseCurves:
    """The series of all treatments, the surest first.

    Attributes
    ----------
    title
        What was measured.
    unit
        Of the doses; empty where it is not known.
    wells
        The wells of the table.
    series
        One for each treatment.
    """

    title: str
    unit: str
    wells: Wells
    series: tuple[DoseSeries, ...]

    @property
    def sentence(self) -> str:
        """What the surest curve shows, or that there is none."""
        fitted = [each for each in self.series if each.curve is not None]
        if not fitted:
            return f"No dose curve: {self.series[0].reason}" if self.series else "No doses"
        sure = [each for each in fitted if each.adjusted_p_value < LEVEL]
        if not sure:
            least = fitted[0]
            return (
                f"{self.title} follows no dose beyond chance (smallest adjusted p "
                f"{p_words(least.adjusted_p_value)}{f', {least.name}' if least.name else ''})."
            )
        more = f" {len(sure)} of {len(self.series)} treatments have a curve."
        return self._one(sure[0]) + (more if len(self.series) > 1 else "")

    def _one(self, series: DoseSeries) -> str:
        curve = series.curve
        assert curve is not None
        unit = f" {self.unit}" if self.unit else ""
        low, high = curve.ec50_interval
        between = f"95 %: {number_words(low)} to {number_words(high)}{unit}"
        if not np.isfinite(high) or high > 1e3 * series.doses.max():
            between = "the doses do not bound it"
        name = f"{series.name}: " if series.name else ""
        half = f"half of the effect at {number_words(curve.ec50)}{unit} ({between})"
        wells = counted(curve.n_wells, self.wells.noun)
        sure = f"adjusted p {p_words(series.adjusted_p_value)}"
        text = f"{name}{half}, {wells} of {curve.n_doses} doses, {sure}."
        return text if name else text[:1].upper() + text[1:]


def dose_curves(wells: Wells, values: Any, title: str, design: Design) -> DoseCurves:
    """Fit a curve to every treatment.

    Parameters
    ----------
    wells
        From `wells_of`.
    values
        (wells,) numbers, such as a column of a comparison's values.
    title
        What they are.
    design
        Which columns are treatment and dose, and which wells are controls. Negative controls
        count as dose nought of every treatment; positive ones are left out.

    Raises
    ------
    InputError
        No column of doses.
    """
    import pandas as pd
    from scipy.stats import false_discovery_control

    if design.dose is None or design.dose not in wells.table:
        raise InputError("No column of doses is known: say which one it is")
    table = wells.table
    numbers = np.asarray(values, np.float64)
    doses = pd.to_numeric(table[design.dose], errors="coerce").to_numpy(np.float64)
    is_control = control_wells(wells, design)
    used = ~is_control & np.isfinite(doses) & (doses >= 0) & ~_positive(wells, design)
    names = np.full(len(wells), "", object)
    if design.treatment is not None and design.treatment in table:
        names = table[design.treatment].astype(str).to_numpy(object)
    found: list[tuple[str, Any, Any, Any, DoseCurve | None, str]] = []
    controls = np.flatnonzero(is_control & np.isfinite(numbers))
    for name in dict.fromkeys(names[used]):
        mine = np.flatnonzero(used & (names == name) & np.isfinite(numbers))
        rows = np.concatenate([mine, controls])
        at = np.concatenate([doses[mine], np.zeros(len(controls))])
        try:
            found.append((name, rows, at, numbers[rows], fit_dose_curve(at, numbers[rows]), ""))
        except InputError as error:
            found.append((name, rows, at, numbers[rows], None, str(error)))
    p_values = [each[4].p_value for each in found if each[4] is not None]
    adjusted = iter(false_discovery_control(p_values).tolist() if p_values else ())
    series = [
        DoseSeries(
            name, rows, at, seen, curve, float("nan") if curve is None else next(adjusted), why
        )
        for name, rows, at, seen, curve, why in found
    ]
    surest = sorted(series, key=lambda s: np.nan_to_num(s.adjusted_p_value, nan=2.0))
    return DoseCurves(title, design.dose_unit, wells, tuple(surest))


def _positive(wells: Wells, design: Design) -> NDArray[np.bool_]:
    if design.positive is None or design.positive[0] not in wells.table:
        return np.zeros(len(wells), bool)
    column, value = design.positive
    return np.array([same_value(one, value) for one in wells.table[column]], bool)


def dose_table(curves: DoseCurves) -> pd.DataFrame:
    """The numbers behind dose curves: one row per treatment and well, with the fit."""
    import pandas as pd

    parts = []
    for series in curves.series:
        part = curves.wells.table.iloc[series.wells][list(curves.wells.columns)].copy()
        part["treatment"], part["dose"] = series.name, series.doses
        part["dose_unit"], part["value_of"] = curves.unit, curves.title
        part["value"] = series.values
        curve = series.curve
        if curve is not None:
            for name in ("bottom", "top", "ec50", "slope", "p_value"):
                part[f"curve_{name}"] = getattr(curve, name)
            part["curve_ec50_low"], part["curve_ec50_high"] = curve.ec50_interval
            part["curve_adjusted_p_value"] = series.adjusted_p_value
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

"""What was found of an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_c3r.core.metadata.roles import Design

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.diagnose.confounds_result import Confounds
    from napari_c3r.core.profiles.comparison import Comparison
    from napari_c3r.core.profiles.dose_series import DoseCurves
    from napari_c3r.core.profiles.wells import Grouping, Wells


@dataclass(frozen=True, eq=False)
class ExperimentReport:
    """Which wells differ from the controls, at which dose, and how surely.

    Attributes
    ----------
    design
        What the columns mean.
    wells
        One row per well, or per image where no wells are known, features as they are; ``obs`` has
        ``group``, ``n_cells`` and, where there are controls enough, ``distance_to_controls`` with
        ``p_value`` and ``adjusted_p_value`` of each single well.
    places
        The same wells as figures and comparisons take them.
    grouping
        By what wells were grouped; None where nothing says what was done to them.
    groups
        One row per treatment and dose: ``group``, ``treatment``, ``dose``, ``n_wells``,
        ``n_plates``, ``n_controls``, ``cells_per_well``, ``distance``, ``p_value``,
        ``least_p_value``, ``adjusted_p_value``, ``differs``, the mean ``distance_to_controls`` of
        its wells, ``mean_average_precision`` and ``activity_p_value``. See
        `napari_c3r.core.profiles.differ_from_controls`.
    curves
        Of the distance to the controls by dose; None where no doses are known.
    shares
        Shares of clusters in each group; None where cells have no clusters.
    measures
        One row per group that differs and measure of its cells; as `compare_groups` gives it.
    positions
        One row per kind of place on the plate: ``place``, ``distance``, ``p_value``; whether
        wells that had the same differ by where they lie.
    confounds
        What explains the differences between cells of the controls; None where it was not asked.
    warnings
        What speaks against taking the findings for what the treatments do, in sentences.
    notes
        What was left out and why, in sentences.
    settings
        Everything it takes to do the same again.
    summary
        Which treatments differ, at which dose and how surely, in a paragraph.
    """

    design: Design
    wells: AnnData
    places: Wells
    grouping: Grouping | None
    groups: pd.DataFrame
    curves: DoseCurves | None
    shares: Comparison | None
    measures: pd.DataFrame
    positions: pd.DataFrame
    confounds: Confounds | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    summary: str = ""

    @property
    def noun(self) -> str:
        """What was compared: ``"well"``, or ``"image"`` where no wells are known."""
        return self.places.noun

"""From cells to wells: profiles, normalisation, activity and statistics.

A profile table is an AnnData whose rows are wells (or other groups of cells): features in ``X``
as float64, what is known of each well in ``obs``. `as_profiles` makes one of the tables that
other tools write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.profiles.aggregation import aggregate
    from napari_c3r.core.profiles.batch import correct_batches
    from napari_c3r.core.profiles.compare import compare_groups
    from napari_c3r.core.profiles.distance import distance_to_controls
    from napari_c3r.core.profiles.doses import DoseCurve, fit_dose_curve
    from napari_c3r.core.profiles.frame import as_profiles, to_profile_frame
    from napari_c3r.core.profiles.normalisation import normalise
    from napari_c3r.core.profiles.permutation import differ_from_controls
    from napari_c3r.core.profiles.replicates import activity
    from napari_c3r.core.profiles.select import select_features

__getattr__ = lazy_names(
    __name__,
    {
        "DoseCurve": "doses",
        "activity": "replicates",
        "aggregate": "aggregation",
        "as_profiles": "frame",
        "compare_groups": "compare",
        "correct_batches": "batch",
        "differ_from_controls": "permutation",
        "distance_to_controls": "distance",
        "fit_dose_curve": "doses",
        "normalise": "normalisation",
        "select_features": "select",
        "to_profile_frame": "frame",
    },
)

__all__ = [
    "DoseCurve",
    "activity",
    "aggregate",
    "as_profiles",
    "compare_groups",
    "correct_batches",
    "differ_from_controls",
    "distance_to_controls",
    "fit_dose_curve",
    "normalise",
    "select_features",
    "to_profile_frame",
]

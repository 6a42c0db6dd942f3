"""Leaving out features that say nothing, or what others say already, through pycytominer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import as_profiles, require_package, with_step

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

OPERATIONS: Final = {
    "drop_na_columns": "features of which more than a share is missing",
    "variance_threshold": "features of hardly any value but one",
    "correlation_threshold": "one of two features that correlate above a bound",
    "drop_outliers": "features with a value beyond a bound",
}
"""What may be done, as pycytominer calls it, and what it leaves out."""


def select_features(
    table: AnnData | pd.DataFrame,
    operations: Sequence[str] = ("drop_na_columns", "variance_threshold", "correlation_threshold"),
    *,
    missing: float = 0.0,
    correlation: float = 0.9,
    outlier: float = 500.0,
) -> AnnData:
    """Leave out features.

    Parameters
    ----------
    table
        Any table that `as_profiles` takes.
    operations
        Some of `OPERATIONS`, in the order in which they are done.
    missing
        Share of missing values, 0 to 1, above which a feature goes.
    correlation
        Pearson correlation, 0 to 1, above which one of two features goes.
    outlier
        Absolute value above which a feature goes.

    Returns
    -------
    AnnData
        The same rows with fewer features, float64.

    Raises
    ------
    InputError
        An unknown operation, or no feature is left.
    """
    for name in operations:
        if name not in OPERATIONS:
            raise InputError(f"Unknown operation '{name}'; use some of {', '.join(OPERATIONS)}")
    import pandas as pd

    pycytominer = require_package("pycytominer", "Selecting features")
    profiles = as_profiles(table)
    names = [f"feature_{number}" for number in range(profiles.n_vars)]
    frame = pd.DataFrame(np.asarray(profiles.X), columns=names)
    left = frame
    for operation in operations:
        left = pycytominer.feature_select(
            left,
            features=list(left.columns),
            operation=operation,
            na_cutoff=missing,
            corr_threshold=correlation,
            outlier_cutoff=outlier,
        )
        if not len(left.columns):
            raise InputError(f"No feature is left after '{operation}'; choose a wider bound")
    places = [int(name.removeprefix("feature_")) for name in left.columns]
    kept = profiles[:, sorted(places)].copy()
    return with_step(
        kept,
        "select_features",
        [f"{profiles.n_vars - kept.n_vars} of {profiles.n_vars} features are left out"],
        operations=list(operations),
        missing=missing,
        correlation=correlation,
        outlier=outlier,
    )

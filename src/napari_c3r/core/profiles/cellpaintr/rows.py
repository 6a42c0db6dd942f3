"""The rows of a profile table as the network takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.cellpaintr.config import CellPainTRConfig
from napari_c3r.core.profiles.cellpaintr.names import plain_names
from napari_c3r.core.profiles.cellpaintr.preparation import prepare
from napari_c3r.core.profiles.frame import Controls, control_rows, groups_of, require_columns

if TYPE_CHECKING:
    from anndata import AnnData


@dataclass(frozen=True)
class Rows:
    """Prepared rows.

    Attributes
    ----------
    values
        float32 ``(n, F)``, 0 where not measured.
    measured
        bool ``(n, F)``.
    is_control
        bool ``(n,)``; None where no row is known to be one.
    """

    values: NDArray[np.float32]
    measured: NDArray[np.bool_]
    is_control: NDArray[np.bool_] | None

    def spread(self) -> float:
        """Standard deviation of all measured values together; 1 where they do not vary."""
        found = (
            float(self.values[self.measured].std(dtype=np.float64)) if self.measured.any() else 0
        )
        return found or 1.0

    def divided(self, scale: float) -> Rows:
        """The same rows with all values divided by a number."""
        return replace(self, values=self.values / np.float32(scale))


def rows_of(
    profiles: AnnData,
    features: Sequence[str],
    plate: str | None,
    controls: Controls | None,
    clip_percent: float,
    config: CellPainTRConfig,
) -> Rows:
    """Prepare the rows of a table.

    Parameters
    ----------
    profiles
        A profile table.
    features
        Plain names of the features of the network, in its order; the table may lack some.
    plate
        Column of what is brought to scale by itself; all rows together where None.
    controls
        Column and value of the controls; where None, all rows of a plate stand for them.
    clip_percent
        As for `prepare`.
    config
        What a feature that was not measured is to the network.

    Raises
    ------
    InputError
        None of the features is there, a row without a plate, or too few controls.
    """
    places = plain_names([str(name) for name in profiles.var_names])
    known = [number for number, name in enumerate(features) if name in places]
    if not known:
        raise InputError(
            f"None of the {len(features)} features of the fit is in the table, which has "
            f"'{profiles.var_names[0]}' and others: give a table of the same kind of features"
        )
    is_control = None if controls is None else control_rows(profiles, controls)
    values = np.full((len(profiles), len(features)), np.nan, np.float32)
    chosen = np.asarray(profiles.X, np.float64)[:, [places[features[number]] for number in known]]
    groups = groups_of(profiles, [require_complete(profiles, plate)] if plate else [])
    values[:, known] = prepare(chosen, groups, is_control, clip_percent)
    measured = np.isfinite(values)
    values = np.where(measured, values, np.float32(0))
    if config.missing == "zero":
        measured = values != 0
    return Rows(values, measured, is_control)


def require_complete(profiles: AnnData, column: str) -> str:
    """Refuse a column that is missing, or in which a row has no value; give it back."""
    require_columns(profiles, [column])
    lacking = int(profiles.obs[column].isna().sum())
    if lacking:
        raise InputError(f"{lacking} rows have no '{column}': give them one first")
    return column

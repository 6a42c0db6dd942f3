"""Profiles relative to the controls, plate by plate, through pycytominer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.frame import (
    Controls,
    as_profiles,
    control_rows,
    finite_values,
    groups_of,
    require_package,
    with_step,
)

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


@dataclass(frozen=True)
class NormaliseMethod:
    """A way to bring profiles to the scale of the controls.

    Attributes
    ----------
    pycytominer
        What `pycytominer.normalize` calls it.
    words
        What it does, for people.
    settings
        More arguments of that function.
    """

    pycytominer: str
    words: str
    settings: tuple[tuple[str, Any], ...] = ()


METHODS: Final[dict[str, NormaliseMethod]] = {
    "mad": NormaliseMethod("mad_robustize", "median and median absolute deviation of the controls"),
    "standardise": NormaliseMethod("standardize", "mean and standard deviation of the controls"),
    "spherize": NormaliseMethod(
        "spherize",
        "the controls made to vary alike in every direction (ZCA-cor)",
        (("spherize_method", "ZCA-cor"),),
    ),
}


def normalise(
    table: AnnData | pd.DataFrame,
    controls: Controls | None = None,
    method: str = "mad",
    per: str | None = "plate",
) -> AnnData:
    """Bring profiles to the scale of the controls.

    Parameters
    ----------
    table
        Any table that `as_profiles` takes; rows are wells or cells.
    controls
        Column of ``obs`` and the value that controls have there; all rows when None.
    method
        ``"mad"``: (x − median) / (1.4826 × median absolute deviation). ``"standardise"``:
        (x − mean) / standard deviation. ``"spherize"``: ZCA-cor whitening (Kessy et al. 2016,
        arXiv:1512.00809).
    per
        Column whose values are normalised each by itself; None for all rows together.

    Returns
    -------
    AnnData
        The same rows, float64. Features that do not vary among the controls of some group have no
        scale: they are left out, and the provenance says how many.

    Raises
    ------
    InputError
        An unknown method or column, no controls in a group, fewer than two of them, features that
        are missing, or pycytominer is not installed.
    """
    if method not in METHODS:
        raise InputError(f"Unknown method '{method}'; use one of {', '.join(METHODS)}")
    profiles = as_profiles(table)
    chosen = np.ones(len(profiles), bool) if controls is None else control_rows(profiles, controls)
    groups = groups_of(profiles, [per] if per else [])
    values = finite_values(profiles)
    spread = np.ones(values.shape[1], bool)
    for key, rows in groups.items():
        reference = rows[chosen[rows]]
        if len(reference) < 2:
            where = f" on the {per} '{key[0]}'" if per else ""
            some = "1 control" if len(reference) == 1 else f"{len(reference)} controls"
            raise InputError(
                f"{some}{where}, where two are the least: choose other controls, or normalise all "
                "rows together"
            )
        spread &= _varies(values[reference], method)
    if not spread.any():
        raise InputError("No feature varies among the controls, so there is no scale to bring to")
    kept = profiles[:, spread].copy()
    kept.X = _normalised(values[:, spread], chosen, groups, METHODS[method])
    notes = []
    if not spread.all():
        notes.append(f"{(~spread).sum()} features do not vary among the controls and are left out")
    grouped = sum(map(len, groups.values()))
    if grouped < len(profiles):
        kept = kept[np.sort(np.concatenate(list(groups.values())))].copy()
        notes.append(f"{len(profiles) - grouped} rows without '{per}' are left out")
    return with_step(
        kept,
        "normalise",
        notes,
        method=method,
        per=per or "",
        controls="" if controls is None else f"{controls[0]} = {controls[1]}",
    )


def _varies(reference: NDArray[np.float64], method: str) -> NDArray[np.bool_]:
    if method == "mad":
        middle = np.median(reference, axis=0)
        return np.asarray(np.median(np.abs(reference - middle), axis=0) > 0)
    return np.ptp(reference, axis=0) > 0


def _normalised(
    values: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    groups: dict[tuple[Any, ...], NDArray[np.intp]],
    method: NormaliseMethod,
) -> NDArray[np.float64]:
    import pandas as pd

    pycytominer = require_package("pycytominer", "Normalising")
    names = [f"feature_{number}" for number in range(values.shape[1])]
    done = np.full_like(values, np.nan)
    for rows in groups.values():
        frame = pd.DataFrame(values[rows], columns=names)
        frame["Metadata_control"] = chosen[rows]
        try:
            normalised = pycytominer.normalize(
                frame,
                features=names,
                meta_features=["Metadata_control"],
                samples="Metadata_control == True",
                method=method.pycytominer,
                **dict(method.settings),
            )
        except ValueError as error:
            raise InputError(
                f"The controls cannot be made to vary alike ({error}): choose more controls, "
                "fewer features, or another method"
            ) from error
        done[rows] = normalised[names].to_numpy(np.float64)
    return done

"""What speaks against taking a difference for what a treatment does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.metadata.roles import Design
from napari_c3r.core.profiles.frame import control_rows
from napari_c3r.core.profiles.permutation import how_far_apart
from napari_c3r.core.profiles.plates import format_of, place_of
from napari_c3r.core.profiles.sentences import LEVEL

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.diagnose.confounds_result import Confounds

_MOST_CELLS: Final = 2000
_FEW_CONTROLS: Final = 4
_FEW_CELLS: Final = 20
_SHOWN: Final = 5


def places(obs: pd.DataFrame) -> NDArray[np.intp] | None:
    """Row and column of each well on its plate, (wells, 2); None where wells are not so named."""
    if "well" not in obs:
        return None
    found = [place_of(str(name)) for name in obs["well"]]
    known = [each for each in found if each is not None]
    return np.array(known, np.intp) if len(known) == len(found) else None


def on_the_edge(at: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which places (wells, 2) lie on the rim of the smallest usual plate that has them all."""
    return np.asarray(((at == 0) | (at == np.array(format_of(at)) - 1)).any(axis=1))


def positions(wells: AnnData, plate: str | None, *, seed: int = 0) -> pd.DataFrame:
    """Whether wells that had the same differ by where they lie.

    Parameters
    ----------
    wells
        One row per well, with ``group`` (missing for none) and names of wells such as ``"B03"``.
    plate
        Column of plates, None for one plate.
    seed
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        One row for the edge, the left and the upper half: ``place``, ``n_wells``, ``distance``,
        ``p_value`` (labels dealt out anew among wells of one plate and group) and
        ``adjusted_p_value`` (Bonferroni); empty where wells have no places.
    """
    import pandas as pd

    columns = ["place", "n_wells", "distance", "p_value", "adjusted_p_value"]
    at = places(wells.obs)
    if at is None:
        return pd.DataFrame(columns=columns)
    of_plate = wells.obs[plate].astype(str) if plate else pd.Series("", wells.obs.index)
    scales = np.asarray(pd.factorize(of_plate)[0], np.intp)
    names = of_plate + "\x1f" + wells.obs["group"].astype(object).fillna("").astype(str)
    strata = np.asarray(pd.factorize(names)[0], np.intp)
    kinds = {
        "edge": on_the_edge(at),
        "left half": at[:, 1] <= np.median(at[:, 1]),
        "upper half": at[:, 0] <= np.median(at[:, 0]),
    }
    values, rows = np.asarray(wells.X, np.float64), []
    for name, inside in kinds.items():
        apart = how_far_apart(values, inside, strata, scales=scales, seed=seed)
        if np.isfinite(apart.p_value):
            adjusted = min(1.0, len(kinds) * apart.p_value)
            rows.append((name, int(inside.sum()), apart.distance, apart.p_value, adjusted))
    return pd.DataFrame(rows, columns=columns)


def of_control_cells(cells: AnnData, design: Design, *, seed: int) -> Confounds | None:
    """What explains the differences between cells of the controls, where no treatment can."""
    from napari_c3r.core.diagnose.confounds import MIN_CELLS, confounds

    if design.negative is None or "label" not in cells.obs or "image" not in cells.obs:
        return None
    rows = np.flatnonzero(control_rows(cells, design.negative))
    if len(rows) > _MOST_CELLS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST_CELLS, replace=False))
    vectors = np.asarray(cells.X[rows], np.float32)
    if len(rows) < MIN_CELLS or not np.isfinite(vectors).all():
        return None
    return confounds(vectors, cells.obs.iloc[rows].reset_index(drop=True), seed=seed)


def warnings(
    wells: AnnData, groups: pd.DataFrame, found: pd.DataFrame, design: Design, noun: str
) -> tuple[str, ...]:
    """Sentences on what could pass for an effect, or hide one."""
    if design.negative is None:
        return (
            f"Nothing says which {noun}s are controls, so that nothing could be compared: "
            "say which column and value they have",
        )
    is_control = control_rows(wells, design.negative)
    said = [
        *_of_controls(wells, is_control, noun),
        *_of_layout(wells, groups, is_control, design),
        *_of_replicates(groups, noun, "plate" in wells.obs and wells.obs["plate"].nunique() > 1),
        *_of_cells(wells, groups, is_control, noun),
    ]
    for row in found.to_dict("records"):
        if row["adjusted_p_value"] < LEVEL:
            said.append(
                f"Wells that had the same differ by place ({row['place']}: p = "
                f"{row['adjusted_p_value']:.2g}): what lies there may differ for that alone"
            )
    return tuple(said)


def _of_controls(wells: AnnData, is_control: NDArray[np.bool_], noun: str) -> list[str]:
    count = int(is_control.sum())
    if "plate" in wells.obs and wells.obs["plate"].nunique() > 1:
        counts = wells.obs["plate"][is_control].value_counts()
        few = [
            str(name)
            for name in dict.fromkeys(wells.obs["plate"])
            if counts.get(name, 0) < _FEW_CONTROLS
        ]
        if few:
            return [f"Fewer than {_FEW_CONTROLS} control {noun}s on {_listed(few)}"]
        return []
    if count < _FEW_CONTROLS:
        told = "is a single" if count == 1 else f"are {count}"
        several = "" if count == 1 else "s"
        return [
            f"There {told} control {noun}{several}: how {noun}s differ by chance is hardly known"
        ]
    return []


def _of_layout(
    wells: AnnData, groups: pd.DataFrame, is_control: NDArray[np.bool_], design: Design
) -> list[str]:
    """Treatments that go with a place on the plate, so that one cannot be told from the other."""
    at = places(wells.obs)
    if at is None or len(groups) < 2:
        return []
    edge = on_the_edge(at)
    said = []
    names = wells.obs["group"].astype(object).to_numpy()
    several = groups["group"][groups["n_wells"] > 1].tolist()
    what = "dose" if design.treatment is None else "treatment"
    for side, axis in (("column", 1), ("row", 0)):
        alone = [name for name in several if len(set(at[names == name, axis])) == 1]
        spread = [name for name in several if len(set(at[names == name, 1 - axis])) > 1]
        if several and len(alone) == len(several) and spread:
            said.append(
                f"All wells of a {what} lie in one {side}: what the "
                f"{side}s of a plate do cannot be told from what {what}s do"
            )
    rim = [name for name in several if edge[names == name].all()]
    if rim and len(rim) < len(several) and not edge[is_control].all():
        said.append(f"All wells of {_listed(rim)} lie on the edge of the plate; controls do not")
    return said


def _of_replicates(groups: pd.DataFrame, noun: str, several_plates: bool) -> list[str]:
    said = []
    if "least_p_value" in groups:
        hopeless = groups[groups["least_p_value"] > LEVEL]
        if len(hopeless):
            least = hopeless["least_p_value"].min()
            said.append(
                f"{_listed(list(hopeless['group']))}: too few {noun}s for any certainty; the "
                f"smallest p-value that they could give is {least:.2g}"
            )
        alone = groups[groups["p_value"].isna()]
        if len(alone):
            said.append(f"No control on the plates of {_listed(list(alone['group']))}: not tested")
    single = groups[(groups["n_plates"] == 1) & (groups["n_wells"] > 1)]
    if several_plates and len(single):
        said.append(f"On one plate alone: {_listed(list(single['group']))}")
    return said


def _of_cells(
    wells: AnnData, groups: pd.DataFrame, is_control: NDArray[np.bool_], noun: str
) -> list[str]:
    said = []
    few = int((wells.obs["n_cells"] < _FEW_CELLS).sum())
    if few:
        said.append(
            f"{few} of {len(wells)} {noun}s have fewer than {_FEW_CELLS} cells: their profiles "
            "are uncertain"
        )
    usual = float(wells.obs["n_cells"][is_control].mean())
    if usual:
        dying = groups[groups["cells_per_well"] < 0.5 * usual]
        if len(dying):
            said.append(
                f"Fewer than half as many cells as in controls: {_listed(list(dying['group']))}; "
                "fewer neighbours alone change how cells look"
            )
    return said


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(str, names[:_SHOWN]))
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"

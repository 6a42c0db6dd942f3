"""Flags for cells and fields that are out of focus, saturated, debris, cut off, empty or crowded.

A cell is told from the others of its plate by robust z-scores of what was measured of it, as
coSMicQC does (Way lab, github.com/cytomining/coSMicQC); nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.options import Checked, described, option
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

QUALITY: Final = "quality"
"""Key under which a table says at which thresholds its cells were flagged, in its provenance."""

SUMMARY: Final = "qc_flags"
"""Column of ``obs`` with all flags of a cell in words, `CLEAN` where it has none."""

FIELD: Final = "qc_field"
"""Column of ``obs`` with the flags of a cell's field in words."""

CLEAN: Final = "clean"
FIELD_SHARE: Final = 0.5
"""A field is flagged where at least so many of its cells are."""

FEW, MANY = 0.5, 2.0
"""An empty field has fewer cells than so many times those of a usual one, a crowded one more."""

MIN_CELLS, MIN_FIELDS = 20, 6
"""With fewer cells or fields there is no telling what is usual."""

_MAD_TO_DEVIATION: Final = 1.4826
_DEVIATIONS = {"unit": "deviations", "minimum": 0.0, "maximum": 100.0, "unset": "not flagged"}


@dataclass(frozen=True)
class QualityOptions(Checked):
    """From which score on a cell is flagged; None never flags for that.

    Scores of ``clipped`` are 0 or 1, those of ``saturated`` the share of the cell's pixels at the
    greatest value in its worst channel, all others robust deviations from the median of the plate.
    """

    out_of_focus: float | None = option(
        3.0, "Out of focus", "Less fine detail than usual, in most channels", **_DEVIATIONS
    )
    saturated: float | None = option(
        0.05,
        "Saturated",
        "Share of its pixels that are clipped, in its worst channel",
        minimum=0.0,
        maximum=1.0,
        unset="not flagged",
    )
    debris: float | None = option(
        4.0, "Debris", "Cell or nucleus smaller than usual", **_DEVIATIONS
    )
    clipped: float | None = option(
        0.5,
        "Clipped",
        "Cut off by the image's border: 1, or 0",
        minimum=0.0,
        maximum=1.0,
        unset="not flagged",
    )
    empty: float | None = option(
        3.0, "Empty", "Less structure than usual in every channel", **_DEVIATIONS
    )
    too_dense: float | None = option(
        4.0, "Too dense", "Nearer to its neighbours than usual", **_DEVIATIONS
    )


FLAGS: Final = tuple(name for name, _ in described(QualityOptions))
"""What is flagged; the columns of ``obs`` are called ``qc_`` and this."""

_OF_FIELDS: Final = tuple(name for name in FLAGS if name != "clipped")


def quality_scores(table: AnnData) -> pd.DataFrame:
    """How far each cell is on the way to each flag.

    Parameters
    ----------
    table
        A result of `napari_c3r.embed`, any number of images.

    Returns
    -------
    DataFrame
        A column for each of `FLAGS` and a row for each cell; higher is worse, NaN where it was not
        measured or there are fewer than `MIN_CELLS` cells on the plate.

    Raises
    ------
    InputError
        It is no table of cells.
    """
    import pandas as pd

    obs, channels = table.obs, _channels(table)
    if "touches_border" not in obs:
        raise InputError("The table has no column 'touches_border'; give cells as embedded")
    plates = _plates(obs)

    def deviations(columns: list[str], log: bool) -> list[NDArray[np.float64]]:
        return [
            robust_z(_numbers(obs[name], log), plates)
            for name in columns
            if name in obs and obs[name].notna().any()
        ]

    def per_channel(kind: str) -> list[str]:
        return [f"{kind}_{channel}" for channel in channels]

    focus = deviations(per_channel("focus"), log=False)
    contrast = deviations(per_channel("contrast"), log=True)
    sizes = deviations(["area_px", "nucleus_area_px"], log=True)
    # Of a cell that is cut off, the size is not known.
    whole = ~(obs["touches_border"] == 1).to_numpy(bool, na_value=False)
    sizes = [np.where(whole, size, np.nan) for size in sizes]
    near = deviations(["neighbours_px"], log=True)
    clipped = [obs[name].to_numpy(float) for name in per_channel("saturated") if name in obs]
    scores = {
        "out_of_focus": -_combined(np.nanmedian, focus, len(obs)),
        "saturated": _combined(np.nanmax, clipped, len(obs)),
        "debris": -_combined(np.nanmin, sizes, len(obs)),
        "clipped": (~whole).astype(float),
        "empty": -_combined(np.nanmax, contrast, len(obs)),
        "too_dense": -_combined(np.nanmin, near, len(obs)),
    }
    return pd.DataFrame(scores, index=obs.index)[list(FLAGS)]


def flag_cells(
    table: AnnData, options: QualityOptions | None = None, scores: pd.DataFrame | None = None
) -> AnnData:
    """Flag the cells and fields of a result; all of them stay in it.

    Parameters
    ----------
    table
        A result of `napari_c3r.embed`, any number of images; changed in place.
    options
        Thresholds.
    scores
        From `quality_scores`, where they are known.

    Returns
    -------
    AnnData
        The same object, with a column ``qc_<flag>`` of true and false for each of `FLAGS`;
        ``qc_field``, why the whole field is flagged; and ``qc_flags``, all of it in words, or
        ``"clean"``.
    """
    import pandas as pd

    options = options or QualityOptions()
    scores = quality_scores(table) if scores is None else scores
    flags = flagged(scores, options)
    for name in FLAGS:
        table.obs[f"qc_{name}"] = flags[name].to_numpy()
    images = table.obs["image"]
    of_fields = _field_flags(flags, images, _plates(table.obs), options)
    fields = of_fields.loc[images.astype(str)]
    table.obs[FIELD] = _in_words(fields)
    both = pd.concat(
        [flags.reset_index(drop=True), fields.add_prefix("field ").reset_index(drop=True)], axis=1
    )
    table.obs[SUMMARY] = _in_words(both)
    table.uns[KEY] = {**table.uns.get(KEY, {}), QUALITY: _described(options)}
    return table


def carry_flags(every: AnnData, part: AnnData) -> None:
    """Give some of the rows of a table the flags that they have in it, in place."""
    for name in (*(f"qc_{flag}" for flag in FLAGS), FIELD, SUMMARY):
        part.obs[name] = every.obs[name].reindex(part.obs_names)
    part.uns[KEY] = {**part.uns[KEY], QUALITY: every.uns[KEY][QUALITY]}


def flagged(scores: pd.DataFrame, options: QualityOptions) -> pd.DataFrame:
    """Which cells are flagged for what, bool, from their scores."""
    import pandas as pd

    limits = asdict(options)
    return pd.DataFrame(
        {
            name: np.zeros(len(scores), bool)
            if limits[name] is None
            else (scores[name] > limits[name]).to_numpy()
            for name in FLAGS
        },
        index=scores.index,
    )


def flagged_rows(obs: pd.DataFrame) -> NDArray[np.bool_]:
    """Which cells have a flag, or lie in a field that has one, bool (cells,).

    Raises
    ------
    InputError
        The table was never flagged.
    """
    if SUMMARY not in obs:
        raise InputError(
            f"The table has no column '{SUMMARY}', so no cell of it can be left out for its "
            "quality; flag it with napari_c3r.core.cells.quality.flag_cells"
        )
    summary = obs[SUMMARY]
    return np.asarray((summary.notna() & (summary.astype(str) != CLEAN)).to_numpy(bool))


def options_of(table: AnnData) -> QualityOptions | None:
    """The thresholds at which a table was flagged, None where it never was."""
    facts = table.uns.get(KEY, {}).get(QUALITY)
    if facts is None or SUMMARY not in table.obs:
        return None
    # What is not flagged stands as text, which every format keeps.
    return QualityOptions(
        **{name: None if facts[name] == "off" else float(facts[name]) for name in FLAGS}
    )


def robust_z(values: NDArray[np.float64], groups: NDArray[np.intp]) -> NDArray[np.float64]:
    """Deviations from the median of a group, in its robust standard deviations.

    Parameters
    ----------
    values
        (n,), NaN where missing.
    groups
        The group of each, from 0.

    Returns
    -------
    ndarray
        (n,), NaN in groups of fewer than `MIN_CELLS` values, 0 where a group does not vary.
    """
    import pandas as pd

    column = pd.Series(values)
    away = column - column.groupby(groups).transform("median")
    spread = _MAD_TO_DEVIATION * away.abs().groupby(groups).transform("median")
    count = column.groupby(groups).transform("count")
    z = np.where(spread > 0, away / spread.where(spread > 0, 1), 0.0)
    return np.where((count >= MIN_CELLS) & column.notna(), z, np.nan)


def _field_flags(
    flags: pd.DataFrame, images: pd.Series, plates: NDArray[np.intp], options: QualityOptions
) -> pd.DataFrame:
    """Which fields are flagged for what: a row for each, by its name."""
    import pandas as pd

    names = images.astype(str).to_numpy()
    shares = flags[list(_OF_FIELDS)].groupby(names, sort=False).mean()
    found = shares >= FIELD_SHARE
    counts = pd.Series(1.0, images.index).groupby(names, sort=False).sum().map(np.log)
    plate = pd.Series(plates).groupby(names, sort=False).first()
    away = counts - counts.groupby(plate).transform("median")
    spread = _MAD_TO_DEVIATION * away.abs().groupby(plate).transform("median")
    # Counts vary by chance at the least.
    chance = np.exp(-counts.groupby(plate).transform("median") / 2)
    known = counts.groupby(plate).transform("count") >= MIN_FIELDS
    z = (away / np.maximum(spread, chance)).where(known, 0.0)
    if options.empty is not None:
        found["empty"] |= (z < -options.empty) & (away < np.log(FEW))
    if options.too_dense is not None:
        found["too_dense"] |= (z > options.too_dense) & (away > np.log(MANY))
    return found


def _combined(how: Any, parts: list[NDArray[np.float64]], count: int) -> NDArray[np.float64]:
    if not parts:
        return np.full(count, np.nan)
    together = np.stack(parts)
    known = np.isfinite(together).any(axis=0)
    combined = np.full(count, np.nan)
    combined[known] = how(together[:, known], axis=0)
    return combined


def _in_words(flags: pd.DataFrame) -> pd.Categorical[str]:
    """The names of the true columns of each row, as a category."""
    import pandas as pd

    weights = 1 << np.arange(flags.shape[1])
    codes = flags.to_numpy(np.int64) @ weights
    known, rows = np.unique(np.append(codes, 0), return_inverse=True)
    titles = [str(name).replace("_", " ") for name in flags.columns]
    words = [
        ", ".join(t for t, w in zip(titles, weights, strict=True) if code & w) or CLEAN
        for code in known
    ]
    return pd.Categorical.from_codes(rows[:-1], pd.Index(words))


def _channels(table: AnnData) -> list[str]:
    """Channels that were embedded; all that were measured where roles are not known."""
    roles: Mapping[str, str] = table.uns.get(KEY, {}).get("roles", {})
    measured = [
        str(name).removeprefix("focus_") for name in table.obs if str(name).startswith("focus_")
    ]
    return [name for name in measured if roles.get(name, "both") != "ignore"]


def _plates(obs: pd.DataFrame) -> NDArray[np.intp]:
    """The plate of each cell as a number; one where plates are not known."""
    import pandas as pd

    if "plate" not in obs:
        return np.zeros(len(obs), np.intp)
    return np.asarray(pd.factorize(obs["plate"], use_na_sentinel=False)[0], np.intp)


def _numbers(column: pd.Series, log: bool) -> NDArray[np.float64]:
    values = column.to_numpy(np.float64, na_value=np.nan)
    if not log:
        return values
    # Of what is 0, as nothing is left of a nucleus, the logarithm is that of the least.
    least = values[values > 0].min(initial=1.0)
    return np.log(np.maximum(values, least / 2))


def _described(options: QualityOptions) -> dict[str, float | str]:
    return {name: "off" if value is None else value for name, value in asdict(options).items()}

"""Which rows of a table are the same cell at other times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

TRACK: Final = "track_id"
"""Column of ``obs`` with the number of the cell's track; missing where it is on none."""

SECONDS: Final = "time_s"
"""Column of ``obs`` with the seconds after the first frame, where the files or a user say them."""

_POINT = ("track_id", "t", "y", "x")


def add_tracks(
    table: AnnData,
    tracks: pd.DataFrame | NDArray[Any] | None = None,
    *,
    interval_s: float | None = None,
    pixel_size: float = 1.0,
) -> AnnData:
    """Say which rows are one cell over time.

    Parameters
    ----------
    table
        Result of :func:`napari_c3r.embed` of the frames of a movie, or of several; changed in
        place. Its column ``t`` has the frame.
    tracks
        None: labels are tracks, the same label at all times of an image being one cell, as
        trackers write them. Points ``track_id, t, y, x``, as the data of a napari Tracks layer
        (n, 4) or a table with these columns: a cell is on the track whose point, at its time, is
        nearest to its centre and in its box. Or a table with ``image``, ``label`` and
        ``track_id``.
    interval_s
        Seconds from one frame to the next, in place of what the files say; None takes that.
    pixel_size
        Size of a pixel in the units of the points, such as the scale of their layer.

    Returns
    -------
    AnnData
        The same object with ``obs["track_id"]`` and, with an interval, a new ``obs["time_s"]``.
        Tracks of several movies have numbers of their own. How many cells are on none is in its
        notes.

    Raises
    ------
    InputError
        No column ``t``, points of another shape or whose times are counted from another number,
        or a point or cell that would be twice at a time.
    """
    import pandas as pd

    obs = table.obs
    if "t" not in obs:
        raise InputError(
            "The table has no column 't': embed the frames of a time series, each at its time"
        )
    series = series_of(obs)
    if tracks is None:
        found = obs["label"].to_numpy(np.int64).astype(np.float64)
    elif isinstance(tracks, pd.DataFrame) and {"image", "label", TRACK} <= set(tracks.columns):
        found = _by_key(obs, tracks)
    else:
        points = _points(tracks)
        _require_times(obs["t"].to_numpy(np.int64), np.round(points[:, 1]))
        if len(np.unique(series)) > 1:
            raise InputError(
                f"The table has {len(np.unique(series))} movies and points belong to one; give a "
                "table with image, label and track_id"
            )
        found = _by_place(obs, points, pixel_size)
    numbers = _numbered(found, series)
    _require_once(obs, numbers)
    obs[TRACK] = numbers
    if interval_s is not None:
        if not interval_s > 0:
            raise InputError(f"interval_s is {interval_s}; give seconds above 0, or None")
        obs[SECONDS] = obs["t"].to_numpy(np.float64) * interval_s
    lacking = int(numbers.isna().sum())
    if lacking:
        _note(table, f"{lacking} of {len(obs)} cells are on no track")
    return table


def series_of(obs: pd.DataFrame) -> NDArray[np.intp]:
    """Which movie each row is of, as numbers from 0: frames of one differ in ``t`` alone.

    Parameters
    ----------
    obs
        With ``image`` and ``t``.
    """
    import pandas as pd

    images, names = pd.factorize(obs["image"].astype(str).to_numpy())
    times, values = pd.factorize(obs["t"].to_numpy())
    # A million rows are of a few frames, whose names alone are looked at.
    frames, of_row = np.unique(images * len(values) + times, return_inverse=True)
    movies = [
        re.sub(rf" t={int(values[frame % len(values)])}(?=,|$)", "", names[frame // len(values)])
        for frame in frames
    ]
    return np.asarray(pd.factorize(np.array(movies, object))[0][of_row], np.intp)


def _by_key(obs: pd.DataFrame, tracks: pd.DataFrame) -> NDArray[np.float64]:
    """The track of each row by image and label, NaN for none."""
    import pandas as pd

    keys = pd.MultiIndex.from_arrays([tracks["image"].astype(str), tracks["label"]])
    if keys.has_duplicates:
        image, label = keys[keys.duplicated()][0]
        raise InputError(f"The tracks have cell {label} of '{image}' twice; give it once")
    known = pd.Series(tracks[TRACK].to_numpy(np.float64), keys)
    wanted = pd.MultiIndex.from_arrays([obs["image"].astype(str), obs["label"]])
    return np.asarray(known.reindex(wanted), np.float64)


def _points(tracks: Any) -> NDArray[np.float64]:
    """Points as (n, 4): track, time, row, column."""
    import pandas as pd

    if isinstance(tracks, pd.DataFrame):
        lacking = [name for name in _POINT if name not in tracks.columns]
        if lacking:
            raise InputError(
                f"The tracks have no column '{lacking[0]}'; give track_id, t, y and x, or image, "
                "label and track_id"
            )
        return tracks[list(_POINT)].to_numpy(np.float64)
    points = np.asarray(tracks, np.float64)
    if points.ndim != 2 or points.shape[1] not in (4, 5):
        raise InputError(
            f"The tracks have the shape {points.shape}; give (n, 4): track, time, y, x, as a "
            "napari Tracks layer has them"
        )
    # Of a stack over Z, a cell is where its projection is.
    return points[:, [0, 1, -2, -1]]


def _require_times(of_cells: NDArray[np.int64], of_points: NDArray[np.float64]) -> None:
    """Refuse points of a movie whose times are counted from another number."""
    if not len(of_points) or not len(of_cells):
        return
    cells, points = (f"{int(t.min())} to {int(t.max())}" for t in (of_cells, of_points))
    as_long = np.ptp(of_cells) == np.ptp(of_points)
    if not np.isin(of_points, of_cells).any() or (as_long and cells != points):
        raise InputError(
            f"The tracks have times {points} and the cells {cells}, as their column t says; "
            "number the times of the tracks as those of the cells"
        )


def _by_place(
    obs: pd.DataFrame, points: NDArray[np.float64], pixel_size: float
) -> NDArray[np.float64]:
    """The track of each row by the nearest point in its box at its time, NaN for none."""
    from scipy.spatial import cKDTree

    found = np.full(len(obs), np.nan)
    centres = obs[["y_px", "x_px"]].to_numpy(np.float64)
    boxes = obs[["bbox_y0_px", "bbox_x0_px", "bbox_y1_px", "bbox_x1_px"]].to_numpy(np.float64)
    times = obs["t"].to_numpy(np.int64)
    for t in np.unique(times):
        rows, here = np.flatnonzero(times == t), points[np.round(points[:, 1]) == t]
        if not len(here):
            continue
        places = here[:, 2:] / pixel_size
        distance, nearest = cKDTree(places).query(centres[rows])
        y, x = places[nearest].T
        low_y, low_x, high_y, high_x = boxes[rows].T
        inside = (y >= low_y - 0.5) & (y < high_y) & (x >= low_x - 0.5) & (x < high_x)
        # A point is one cell's: that of which it is nearest to the centre.
        order = np.argsort(distance, kind="stable")
        order = order[inside[order]]
        _, first = np.unique(nearest[order], return_index=True)
        taken = order[first]
        found[rows[taken]] = here[nearest[taken], 0]
    return found


def _numbered(found: NDArray[np.float64], series: NDArray[np.intp]) -> Any:
    """Tracks as whole numbers, missing for none; where movies share some, each has its own."""
    import pandas as pd

    numbers = found.copy()
    if _are_shared(found, series):
        above = 0.0
        for each in np.unique(series):
            here = (series == each) & np.isfinite(found)
            numbers[here] += above
            above = max(above, float(numbers[here].max(initial=above)) + 1)
    known = np.isfinite(numbers)
    return pd.arrays.IntegerArray(np.where(known, numbers, 0).astype(np.int64), ~known)


def _are_shared(found: NDArray[np.float64], series: NDArray[np.intp]) -> bool:
    """Whether a number is that of tracks in two movies."""
    import pandas as pd

    pairs = pd.DataFrame({"track": found, "movie": series}).dropna().drop_duplicates()
    return bool(pairs["track"].duplicated().any())


def _require_once(obs: pd.DataFrame, numbers: Any) -> None:
    """A cell is in one place at a time."""
    import pandas as pd

    both = pd.DataFrame({"track": numbers, "t": obs["t"].to_numpy()})
    twice = both["track"].notna() & both.duplicated()
    if twice.any():
        track, t = both[twice].iloc[0]
        raise InputError(
            f"Track {track} has two cells at t = {t}; give each cell a track of its own"
        )


def _note(table: AnnData, note: str) -> None:
    about = table.uns.setdefault(KEY, {})
    about["notes"] = [*(each for each in about.get("notes", ()) if "on no track" not in each), note]

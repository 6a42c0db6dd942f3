"""Tracks: which rows are one cell over time, and the way it goes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.images.image import at_time
from napari_c3r.core.table import KEY, make_result
from napari_c3r.core.tracks import TrackOrder, add_tracks


def table_of(movies=("movie",), frames=4, cells=3):
    """Cells that walk to the right, labelled anew at every time but for the movie's own tracks."""
    rng = np.random.default_rng(0)
    rows = []
    for movie in movies:
        for t in range(frames):
            for label, cell in enumerate(rng.permutation(cells) + 1, start=1):
                y, x = 20.0 * cell, 10.0 + 8 * t
                rows.append((at_time(movie, t), label, t, cell, y, x))
    obs = pd.DataFrame(rows, columns=["image", "label", "t", "cell", "y_px", "x_px"])
    for axis in "yx":
        obs[f"bbox_{axis}0_px"] = obs[f"{axis}_px"] - 4
        obs[f"bbox_{axis}1_px"] = obs[f"{axis}_px"] + 5
    obs = obs.sample(frac=1, random_state=1)
    vectors = rng.normal(size=(len(obs), 3)).astype(np.float32)
    return make_result(obs, vectors, [("RNA", "cls")] * 3, {"notes": []})


def points_of(table, scale=1.0):
    """As a napari Tracks layer has them, a little beside the centres."""
    obs = table.obs
    places = scale * (obs[["y_px", "x_px"]].to_numpy() + 1.5)
    return np.column_stack([obs["cell"] * 10, obs["t"], places])


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_points_of_a_tracks_layer_name_the_cells_they_lie_in(scale):
    table = table_of()
    points = points_of(table, scale)
    far = np.array([[99, 0, 5000, 5000]])
    add_tracks(table, np.concatenate([points, far]), pixel_size=scale, interval_s=30)
    assert (table.obs["track_id"] == table.obs["cell"] * 10).all()
    assert (table.obs["time_s"] == table.obs["t"] * 30).all()
    as_frame = pd.DataFrame(points, columns=["track_id", "t", "y", "x"])
    assert (add_tracks(table_of(), as_frame, pixel_size=scale).obs["track_id"] >= 10).all()


def test_cells_without_a_point_are_on_no_track_and_that_is_said(tmp_path):
    table = table_of()
    points = points_of(table)
    add_tracks(table, points[points[:, 0] != 20])
    none = table.obs["track_id"].isna()
    assert none.equals(table.obs["cell"] == 2)
    assert table.uns[KEY]["notes"] == ["4 of 12 cells are on no track"]
    for name in ("cells.h5ad", "cells.csv", "cells.parquet"):
        again = c3r.read(c3r.write(table, tmp_path / name)).obs["track_id"]
        assert again.isna().tolist() == none.tolist()
        assert again.dropna().astype(int).tolist() == table.obs["track_id"].dropna().tolist()


def test_tracks_have_gaps_and_begin_and_end_within_the_movie():
    table = table_of()
    points = points_of(table)
    late = (points[:, 0] == 10) & (points[:, 1] == 0)
    gap = (points[:, 0] == 20) & (points[:, 1] == 2)
    # The halves of a cell that divides are tracks of their own.
    halves = points[:, 0] + 1000 * ((points[:, 0] == 30) & (points[:, 1] >= 2))
    points[:, 0] = halves
    add_tracks(table, points[~(late | gap)])
    order, obs = TrackOrder(table.obs), table.obs
    assert order.n_without == 2

    def row(cell, t):
        return int(np.flatnonzero((obs["cell"] == cell) & (obs["t"] == t))[0])

    assert order.step(row(2, 1), 1) == row(2, 3)
    assert order.step(row(1, 1), -1) is None
    assert order.step(row(3, 1), 1) is None
    assert order.step(row(3, 3), -1) == row(3, 2)


def test_labels_may_be_tracks_and_movies_do_not_share_them():
    table = table_of(("a", "b"))
    add_tracks(table)
    tracks = table.obs.groupby("track_id")
    assert len(tracks) == 6
    assert (tracks["label"].nunique() == 1).all()
    assert (tracks["t"].nunique() == 4).all()
    assert tracks["image"].apply(lambda names: names.str[0].nunique() == 1).all()


def test_a_table_of_image_label_and_track_is_joined_by_the_key():
    table = table_of()
    given = table.obs[["image", "label"]].assign(track_id=table.obs["cell"] + 5)
    add_tracks(table, given.sample(frac=1, random_state=3))
    assert (table.obs["track_id"] == table.obs["cell"] + 5).all()


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda t: np.zeros((3, 3)), r"have the shape \(3, 3\); give \(n, 4\)"),
        (lambda t: pd.DataFrame({"track_id": [1]}), "have no column 't'"),
        (
            lambda t: t.obs[["image", "label"]].assign(track_id=1),
            "Track 1 has two cells at t = ",
        ),
        # As other tools number the frames of the same movie.
        (lambda t: points_of(t) + np.array([0, 1, 0, 0]), "have times 1 to 4 and the cells 0 to 3"),
        (
            lambda t: (points_of(t) + np.array([0, 1, 0, 0])) * np.array([1, 60, 1, 1]),
            "have times 60 to 240",
        ),
        (
            lambda t: pd.concat([t.obs[["image", "label"]].assign(track_id=t.obs["cell"])] * 2),
            "twice; give it once",
        ),
    ],
)
def test_tracks_that_cannot_be_are_refused(give, said):
    table = table_of()
    with pytest.raises(c3r.InputError, match=said):
        add_tracks(table, give(table))
    assert "track_id" not in table.obs


def test_a_table_of_no_series_has_no_tracks():
    table = table_of()
    del table.obs["t"]
    with pytest.raises(c3r.InputError, match="no column 't'"):
        add_tracks(table)
    with pytest.raises(c3r.InputError, match="no column 'track_id'"):
        TrackOrder(table.obs)
    two = table_of(("a", "b"))
    with pytest.raises(c3r.InputError, match="2 movies and points belong to one"):
        add_tracks(two, points_of(two))


def test_the_way_of_a_cell_is_in_the_order_of_time():
    table = add_tracks(table_of(), points_of(table_of()))
    table.obs.loc[table.obs["cell"] == 3, "track_id"] = pd.NA
    order = TrackOrder(table.obs)
    assert (order.count, order.n_without) == (2, 4)
    cell, t = table.obs["cell"].to_numpy(), table.obs["t"].to_numpy()
    row = int(np.flatnonzero((cell == 2) & (t == 1))[0])
    way = order.rows(row)
    assert t[way].tolist() == [0, 1, 2, 3]
    assert set(cell[way]) == {2}
    assert order.step(row, 1) == way[2]
    assert order.step(row, -1) == way[0]
    assert order.step(int(way[3]), 1) is None
    assert order.step(int(way[0]), -1) is None
    mask = np.zeros(len(cell), bool)
    mask[row] = True
    alone = int(np.flatnonzero((cell == 3) & (t == 0))[0])
    mask[alone] = True
    assert set(np.flatnonzero(order.whole(mask))) == {*way.tolist(), alone}
    (path,) = order.paths(mask, 5)
    assert path.tolist() == way.tolist()
    assert order.rows(alone).tolist() == [alone]
    assert order.step(alone, 1) is None
    assert order.paths(np.ones(len(cell), bool), 1)[0].tolist() != way.tolist()

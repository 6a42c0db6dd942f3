"""Clusters of a session: cut anew, merged, split, named; all of it is undone and kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.clusters import clusters_at
from napari_c3r.core.reduce.stability import Stability
from napari_c3r.core.table import KEY, make_result
from napari_c3r.session import Cells, EmbeddingResult, Part, Session
from napari_c3r.session.changes import Cause

GROUPS = np.repeat(np.arange(4), 15)


def made():
    """Sixty cells: four groups on the map, which pairs of them make two far apart."""
    rng = np.random.default_rng(0)
    places = np.column_stack([GROUPS // 2 * 60 + GROUPS % 2 * 6, GROUPS % 2 * 6.0])
    places = places + rng.normal(0, 0.5, (60, 2))
    obs = pd.DataFrame(
        {
            "image": "a",
            "label": np.arange(60) + 1,
            "y_px": 0.0,
            "x_px": 0.0,
            "area_px": 100.0,
            "touches_border": np.arange(60) % 5 == 0,
        }
    )
    vectors = np.column_stack([places, rng.normal(0, 0.1, (60, 2))]).astype(np.float32)
    table = make_result(obs, vectors, [("RNA", "cls")] * 4, {"map": {"seed": 0}})
    table.obsm["X_umap"] = places.astype(np.float32)
    return c3r.cluster(table, min_cluster_size=20)


ROLES = c3r.ChannelAssignment({"DNA": "context", "RNA": "concept"})


def show(session, table):
    cells = Cells(np.zeros((4, 4), np.int32), 60, "a", "drawn")
    session.set_result(EmbeddingResult(table, {"a": cells.id}, ROLES, "", 0.0, True), [cells])


@pytest.fixture
def session():
    session = Session()
    show(session, made())
    return session


def recut(session, value, method="hdbscan"):
    before, table = session.clusters.state(), session.clusters.table
    session.clusters.take(table, clusters_at(session.clusters.prepared(table, method), value))
    session.clusters.record(before)


def now(session):
    table = session.result.current.all_rows
    return list(table.obs["cluster"]), dict(table.uns[KEY]["cluster"])


def test_every_step_is_undone_and_done_again_and_kept_in_words(session):
    clusters = session.clusters
    assert clusters.names == ["0", "1"]

    def split_off():
        clusters.split_off(clusters.rows_of("0") & (np.arange(60) % 2 == 0))

    steps = {
        "cluster by HDBSCAN, smallest of 8 cells": lambda: recut(session, 8),
        "call cluster 1 'round'": lambda: clusters.rename("1", " round "),
        "merge clusters 0 and 2": lambda: clusters.merge(["2", "0"]),
        "make the selected cells cluster 2": split_off,
        "unname 1 round": lambda: clusters.rename("1 round", ""),
        "cluster by k-means, 3 groups": lambda: recut(session, 3, "kmeans"),
    }
    states = [now(session)]
    for sentence, act in steps.items():
        act()
        assert session.history.undo_sentence == sentence
        states.append(now(session))
        assert list(session.result.current.table.obs["cluster"]) == states[-1][0]
    assert states[3][1]["by_hand"] == ["call cluster 1 'round'", "merge clusters 0 and 2"]
    # Cut anew, nothing of it is by hand any more.
    assert "by_hand" not in states[-1][1]
    for _ in range(2):
        for before in reversed(states[:-1]):
            session.history.undo()
            assert now(session) == before
        for after in states[1:]:
            session.history.redo()
            assert now(session) == after


def test_finer_clusters_keep_the_names_of_those_they_come_from(session):
    clusters = session.clusters
    first = np.asarray(clusters.column == "0")
    clusters.rename("0", "left")
    recut(session, 8)
    assert len(clusters.names) == 4
    kept = np.asarray(clusters.column == "0 left")
    assert kept.sum() == 15
    assert not kept[~first].any()
    assert "‘0 left’ is where 50% of its cells are" in clusters.names_line
    assert (clusters.method, clusters.value) == ("hdbscan", 8)
    assert clusters.default("hdbscan") == 8
    assert clusters.default("kmeans") == 4
    # The same fineness again is no step.
    said = session.history.undo_sentence
    recut(session, 8)
    assert session.history.undo_sentence == said


def test_the_tree_is_made_once_for_a_table_and_method(session, monkeypatch):
    clusters, table = session.clusters, session.clusters.table
    first = clusters.prepared(table, "hdbscan")
    assert clusters.prepared(table, "hdbscan") is first
    assert clusters.prepared(table, "kmeans") is not first
    assert clusters.prepared(table.copy(), "hdbscan") is not first


def test_hidden_cells_are_clustered_too_and_come_back_in_their_cluster(session):
    session.set_filter(CellFilter(border=True))
    assert len(session.result.current.table) == 48
    recut(session, 8)
    session.clusters.merge(session.clusters.names[:2])
    session.set_filter(CellFilter())
    column = session.clusters.column
    assert column.notna().all()
    assert pd.crosstab(column, GROUPS).gt(0).sum().max() == 1
    # Those that were hidden when the map was made have no place, and no cluster.
    table = session.result.current.all_rows
    table.obsm["X_umap"][0] = np.nan
    session.set_filter(CellFilter(border=True))
    assert session.clusters.table is session.result.current.table
    recut(session, 9)
    assert pd.isna(session.result.current.all_rows.obs["cluster"].iloc[0])


def test_a_cluster_is_split_in_two(session):
    clusters = session.clusters
    left = clusters.rows_of("0") & (np.arange(60) % 2 == 0)
    assert clusters.split_off(left, "0") == "2"
    assert session.history.undo_sentence == "divide cluster 0 in two"
    np.testing.assert_array_equal(clusters.rows_of("2"), left)


def test_stability_is_kept_until_the_clusters_change(session):
    clusters = session.clusters
    found = Stability({"0": 0.9, "1": 0.5}, 0.7, 10, 48)
    stale = clusters.table.copy()
    clusters.set_stability(clusters.table, found)
    assert clusters.stability == found
    assert not session.history.undo_sentence
    clusters.merge(["0", "1"])
    assert clusters.stability is None
    clusters.set_stability(stale, found)
    assert clusters.stability is None
    session.history.undo()
    assert clusters.stability == found


def test_all_is_in_the_file_and_read_back(session, tmp_path):
    recut(session, 8)
    session.clusters.rename("1", "round")
    found = Stability(dict.fromkeys(session.clusters.names, 0.25), 0.5, 10, 48)
    session.clusters.set_stability(session.clusters.table, found)
    assert session.clusters.stability == found
    table = session.result.current.table
    for suffix in (".h5ad", ".parquet", ".csv"):
        back = c3r.read(c3r.write(table, tmp_path / f"cells{suffix}"))
        assert list(back.obs["cluster"].astype(str)) == list(table.obs["cluster"])
        other = Session()
        show(other, back)
        assert other.clusters.names == session.clusters.names
        assert other.clusters.stability == session.clusters.stability
        other.clusters.merge(other.clusters.names[:2])
        assert next(iter(other.clusters.facts["by_hand"])) == "call cluster 1 'round'"


def test_what_cannot_be_done_is_one_line_and_changes_nothing(session):
    clusters, before = session.clusters, now(session)
    with pytest.raises(InputError, match="takes two"):
        clusters.merge(["0"])
    with pytest.raises(InputError, match="cluster 0 already"):
        clusters.split_off(clusters.rows_of("0"))
    with pytest.raises(InputError, match="no cluster '9'"):
        clusters.rename("9", "x")
    assert now(session) == before
    assert not session.history.undo_sentence
    with pytest.raises(InputError, match="embed some first"):
        Session().clusters._current()
    with pytest.raises(InputError, match="map in step 5"):
        Session().clusters.merge(["0", "1"])


def test_views_are_told_once_for_a_change(session):
    told = []
    session.changed.connect(told.append)
    session.clusters.rename("0", "x")
    assert [(change.part, change.cause) for change in told] == [(Part.ANNOTATION, Cause.USER)]
    session.history.undo()
    assert told[-1].cause is Cause.UNDONE


def test_clusters_of_a_table_that_is_not_shown_any_more_are_dropped(session):
    table = session.clusters.table
    found = clusters_at(session.clusters.prepared(table, "hdbscan"), 8)
    show(session, made())
    before = now(session)
    session.clusters.take(table, found)
    assert now(session) == before

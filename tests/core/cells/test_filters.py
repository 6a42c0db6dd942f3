from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.cells.filters import CellFilter, keep_with_hidden, shown_part
from napari_c3r.core.table import KEY, make_result, read, write


def result(areas, border=()):
    count = len(areas)
    obs = pd.DataFrame(
        {
            "image": "a",
            "label": np.arange(1, count + 1),
            "y_px": 0.0,
            "x_px": 0.0,
            "area_px": areas,
            "touches_border": [number in border for number in range(count)],
        }
    )
    vectors = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
    return make_result(obs, vectors, [("RNA", "cls")] * 2, {"notes": []})


def test_what_is_hidden():
    rng = np.random.default_rng(0)
    areas = rng.lognormal(6, 0.2, 100)
    areas[[3, 50]] = 5, 90_000
    table = result(areas, border={0, 3})
    assert not CellFilter().hidden(table.obs).any()
    assert np.flatnonzero(CellFilter(border=True).hidden(table.obs)).tolist() == [0, 3]
    unusual = np.flatnonzero(CellFilter(unusual_size=True).hidden(table.obs))
    assert {3, 50} <= set(unusual)
    assert len(unusual) <= 5
    assert CellFilter(True, True).words() == "cells at the border and cells of unusual size"


def test_sizes_are_compared_within_their_image():
    obs = pd.DataFrame(
        {
            "image": ["a"] * 9 + ["b"] * 9,
            "area_px": [*range(95, 104), *range(995, 1004)],
            "touches_border": False,
        }
    )
    assert not CellFilter(unusual_size=True).hidden(obs).any()


AREAS = st.one_of(st.none(), st.floats(80, 120), st.just(9_000.0))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(AREAS, st.sampled_from([True, False, None])), min_size=3))
def test_what_is_missing_hides_nothing_and_changes_nothing_for_the_others(cells):
    areas, border = zip(*cells, strict=True)
    obs = pd.DataFrame({"image": "a", "area_px": pd.Series(areas, dtype=float)})
    obs["touches_border"] = pd.Series(border, dtype=object)
    known = obs["area_px"].notna().to_numpy()
    unusual = CellFilter(unusual_size=True)
    assert not unusual.hidden(obs)[~known].any()
    np.testing.assert_array_equal(unusual.hidden(obs)[known], unusual.hidden(obs[known]))
    expected = [at is True for at in border]
    for kind in (object, "boolean"):
        typed = obs.assign(touches_border=obs["touches_border"].astype(kind))
        assert CellFilter(border=True).hidden(typed).tolist() == expected


def test_hiding_and_showing_again_changes_nothing(tmp_path):
    everything = result([100.0, 101, 99, 100], border={1})
    hidden = CellFilter(border=True).hidden(everything.obs)
    shown = shown_part(everything, hidden).copy()
    shown.obsm["X_umap"] = np.ones((3, 2), np.float32)
    shown.obs["cluster"] = pd.Categorical(["0", "0", "1"])
    shown.uns[KEY] = {**shown.uns[KEY], "map": {"seed": 4}}
    kept = keep_with_hidden(everything, shown)
    np.testing.assert_array_equal(kept.X, everything.X)
    assert np.isnan(kept.obsm["X_umap"][1]).all()
    # The cell that was hidden has no place on the map, so the map is not shown with it …
    whole = shown_part(kept, np.zeros(4, bool))
    assert "X_umap" not in whole.obsm
    assert "cluster" not in whole.obs
    assert "map" not in whole.uns[KEY]
    # … and comes back with the filter, from a file too.
    path = write(kept, tmp_path / "r.h5ad")
    again = shown_part(read(path), hidden)
    np.testing.assert_array_equal(again.obsm["X_umap"], shown.obsm["X_umap"])
    assert again.obs["cluster"].tolist() == ["0", "0", "1"]
    assert again.uns[KEY]["map"] == {"seed": 4}

"""What is done to clusters by hand is kept with the table, and done again from there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.cluster_names import keep_names, new_names
from napari_c3r.core.reduce.edits import Call, Merge, Rename, SplitOff, edit_clusters, edits_of
from napari_c3r.core.table import make_result
from napari_c3r.core.table.picked import cells_of_rows, rows_of_cells

EDITS = (
    Call({"0": "2 old", "1": "0"}),
    Merge(("0", "2")),
    SplitOff({"b": (1, 3), "a": (2,)}, "take three"),
    Rename("1", "odd 'ones'"),
)


@pytest.fixture
def table():
    obs = pd.DataFrame({"image": list("aabbbbaa"), "label": [1, 2, 1, 2, 3, 9, 3, 4]})
    obs["y_px"] = obs["x_px"] = 1.0
    made = make_result(obs, np.zeros((8, 2), np.float32), [("RNA", "cls")] * 2, {"cluster": {}})
    made.obs["cluster"] = pd.Categorical(list("01201221"))
    return made


def test_edits_are_kept_in_a_file_and_done_again(table, tmp_path):
    fresh = table.copy()
    edit_clusters(table, *EDITS)
    # What was called 0 before it was merged with 2, and of which three cells were taken.
    assert table.obs["cluster"].astype(str).tolist() == [
        "2 old", "1 odd 'ones'", "1 odd 'ones'", "2 old", "1 odd 'ones'", "0", "0", "0",
    ]  # fmt: skip
    c3r.write(table, tmp_path / "edited.h5ad")
    facts = c3r.read(tmp_path / "edited.h5ad").uns["napari_c3r"]["cluster"]
    assert list(facts["by_hand"]) == [
        "merge clusters 0 and 2",
        "take three",
        "call cluster 1 'odd 'ones''",
    ]
    edit_clusters(fresh, *edits_of(facts))
    assert fresh.obs["cluster"].tolist() == table.obs["cluster"].tolist()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (Call({"7": "1"}), "no cluster '7' to call '1'; they are 0, 1, 2"),
        (Merge(("0", "9")), "Merging takes two clusters"),
        (SplitOff({"a": [2, 7]}), r"1 of 2 picked cells are not in the table.*'a:7'"),
    ],
)
def test_what_an_edit_is_not_of_is_refused(table, edit, said):
    with pytest.raises(InputError, match=said):
        edit_clusters(table, edit)
    del table.obs["cluster"]
    with pytest.raises(InputError, match="There are no clusters to edit"):
        edit_clusters(table, edit)


def test_names_that_were_kept_are_told_by_those_cut(table):
    before, cut = table.obs["cluster"], pd.Series(pd.Categorical(list("10210221")))
    named, _ = keep_names(before.set_axis(cut.index), cut)
    told = new_names(cut, named)
    assert told["0"] == "1"
    assert Call(told).apply(table, cut).tolist() == named.tolist()
    assert new_names(named, named) == {}


def test_cells_are_picked_in_a_table_of_any_order(table):
    chosen = np.array([1, 0, 0, 1, 1, 0, 0, 1], bool)
    picked = cells_of_rows(table, chosen)
    assert picked == {"a": [1, 4], "b": [2, 3]}
    turned = table[::-1].copy()
    np.testing.assert_array_equal(rows_of_cells(turned, picked), chosen[::-1])
    assert not rows_of_cells(table, {}).any()

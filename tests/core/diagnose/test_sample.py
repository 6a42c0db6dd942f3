from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.diagnose.sample import label_values, stratified_rows
from napari_c3r.core.errors import InputError

OBS = pd.DataFrame({"image": ["one"] * 3 + ["two"] * 2, "label": [1, 2, 5, 1, 9]})


def test_a_sample_keeps_every_group_in_its_share():
    strata = pd.Series(["a"] * 800 + ["b"] * 195 + ["c"] * 5)
    rows = stratified_rows(strata, 100, seed=0)
    counts = strata.iloc[rows].value_counts()
    assert len(rows) in (100, 101)
    assert 78 <= counts["a"] <= 81
    assert counts["c"] == 2
    assert (np.diff(rows) > 0).all()
    assert stratified_rows(strata, 100, seed=0).tolist() == rows.tolist()
    assert len(stratified_rows(strata, 2000, seed=0)) == 1000


def test_labels_are_looked_up_by_the_columns_that_a_table_has():
    by_image = pd.DataFrame({"image": ["two", "one"], "dose": [3, 0]})
    assert label_values(OBS, "dose", by_image).values.tolist() == [0, 0, 0, 3, 3]
    by_cell = pd.DataFrame(
        {"image": ["one", "two"], "label": [5, 1], "type": ["mitotic", "resting"]}
    )
    found = label_values(OBS, "type", by_cell)
    assert found.values.isna().tolist() == [True, True, False, False, True]
    assert label_values(OBS, "image", None).values.tolist() == OBS["image"].tolist()
    assert label_values(OBS, None, None) is None


@pytest.mark.parametrize(
    ("column", "table", "said"),
    [
        ("type", None, "No label column 'type'"),
        ("dose", pd.DataFrame({"dose": [1]}), "none of the columns image, label"),
        ("dose", pd.DataFrame({"image": ["one", "one"], "dose": [1, 2]}), "several values"),
        ("dose", pd.DataFrame({"image": ["three"], "dose": [1]}), "fits none of the 5 cells"),
    ],
)
def test_a_table_that_does_not_fit_is_one_line(column, table, said):
    with pytest.raises(InputError, match=said):
        label_values(OBS, column, table)

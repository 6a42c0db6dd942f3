"""Keys of wells, fields and cells: however they are spelt, the right label or none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.keys import key_of, match_labels


@pytest.mark.parametrize(
    ("column", "spelt", "key"),
    [
        ("well", ["A9", "a9", "A09", "a009", "A - 9", "A-09", " A_9 ", "A 9"], "A09"),
        ("well", ["AA1", "aa01", "AA - 001"], "AA01"),
        ("well", ["r02c03", "R2C3", "B03"], "B03"),
        ("site", ["1", "01", "s1", "S01", "field 1", "f1", "1.0", 1, 1.0], "1"),
        ("label", ["7", "007", "7.0", 7, 7.0, np.int64(7)], "7"),
        ("plate", ["Plate 1", "plate  1", " PLATE 1 "], "plate 1"),
        ("plate", ["0041"], "0041"),
        ("plate", ["1E05"], "1e05"),
        ("plate", ["None"], "none"),
        ("image", ["A B.tif"], "a b.tif"),
        ("well", [None, np.nan, ""], ""),
    ],
)
def test_spellings_of_one_key(column, spelt, key):
    assert {key_of(column, each) for each in spelt} == {key}


def test_zeros_of_a_plate_count():
    assert key_of("plate", "0041") != key_of("plate", "41")


def cells(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


OBS = cells(plate=["P1"] * 4, well=["A08", "A09", "A10", "A10"], label=[1, 2, 1, 2])


@pytest.mark.parametrize(
    "columns",
    [
        ("well", "treatment"),
        ("Well", "Treatment"),
        (" WELL ", "TREATMENT"),
        ("Metadata_Well", "Metadata_Treatment"),
    ],
)
def test_columns_are_found_however_they_are_written(columns):
    rows = [["a8", "None"], ["A - 9", "NA"], ["A010", "0041"]]
    match = match_labels(OBS, "treatment", pd.DataFrame(rows, columns=list(columns)))
    assert match.values.tolist() == ["None", "NA", "0041", "0041"]
    assert not match.notes


def test_cells_without_a_label_and_rows_without_a_cell_are_counted():
    table = cells(well=["A8", "B01", "B02", "A9"], drug=["x", "y", None, None])
    match = match_labels(OBS, "drug", table)
    assert match.values.tolist() == ["x", None, None, None]
    assert match.notes == (
        "3 of 4 cells got no 'drug' from the table of labels: well A09; well A10",
        "1 of 2 keys in the table of labels fit no cell: well B01",
    )


def test_a_key_is_used_where_both_have_it():
    table = cells(plate=["P1", "P2"], well=["A8", "A8"], label=["1", "1"], drug=["x", "y"])
    assert match_labels(OBS, "drug", table).values.tolist() == ["x", None, None, None]
    unknown = OBS.assign(plate=None)
    with pytest.raises(InputError, match="several values of 'drug' for label 1, well A08"):
        match_labels(unknown, "drug", table)


def test_names_that_differ_in_case_alone_stay_apart():
    obs = cells(image=["a", "A", "b"])
    table = cells(image=["A", "a"], kind=["large", "small"])
    assert match_labels(obs, "kind", table).values.tolist() == ["small", "large", None]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (cells(well=["A8", "A08"], drug=["x", "y"]), "for well A08: 'x' and 'y'; keep one"),
        (cells(well=["B1"], drug=["x"]), r"fits none of the 4 cells by well.*A08.*'B1'"),
        (cells(drug=["x"]), "none of the columns image, label"),
        (cells(well=["A8"], dose=["x"]), "No label column 'drug'; the columns are 'well', 'dose'"),
        (cells(well=["A8"], Drug=["x"], DRUG=["y"]), "Several columns could be 'drug'"),
        (cells(Well=["A8"], WELL=["A9"], drug=["x"]), "Several columns could be 'well'"),
        (cells(well=[None], drug=["x"]), "fits none"),
    ],
)
def test_what_does_not_fit_is_one_line(table, said):
    with pytest.raises(InputError, match=said):
        match_labels(OBS, "drug", table)


def test_the_same_label_twice_is_no_matter():
    table = cells(well=["A8", "a08"], drug=["x", "x"])
    assert match_labels(OBS, "drug", table).values.tolist()[0] == "x"

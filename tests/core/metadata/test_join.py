"""Plate maps joined to cells by the keys that people write."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata import annotate, match_of


def cells():
    obs = pd.DataFrame(
        {
            "image": ["p1_A01_1", "p1_A01_2", "p1_B09_1", "p2_A01_1"],
            "label": 1,
            "plate": ["0041", "0041", "0041", "0042"],
            "well": ["A01", "A01", "B09", "A01"],
            "area_px": [1.0, 2.0, 3.0, 4.0],
        },
        index=list("abcd"),
    )
    return AnnData(np.zeros((4, 2), np.float32), obs=obs)


def plate_map(**columns):
    return pd.DataFrame(columns, dtype=object)


@pytest.mark.parametrize(
    "spelling", [("A1", "B9"), ("a01", "b09"), ("A - 1", "B - 9"), ("A001", "B009")]
)
@pytest.mark.parametrize("name", ["well", "Well", "Metadata_Well", "well_position", "Well ID"])
def test_wells_of_any_spelling(spelling, name):
    table = annotate(cells(), plate_map(**{name: spelling, "drug": ["x", "y"]}))
    assert table.obs["drug"].tolist() == ["x", "x", "y", "x"]
    assert match_of(table).words == "drug for 4 of 4 rows, by well."


def test_rows_and_columns_of_their_own():
    table = annotate(cells(), plate_map(Row=["A", "2"], Column=["01", "9"], dose=["0.1", "10"]))
    assert table.obs["dose"].tolist() == [0.1, 0.1, 10.0, 0.1]


def test_plates_too_where_the_plate_map_has_them():
    table = annotate(
        cells(),
        plate_map(Barcode=["0041", "0042", "0043"], well=["A1", "A1", "A1"], drug=["x", "y", "z"]),
    )
    assert table.obs["drug"].astype(object).where(table.obs["drug"].notna(), None).tolist() == [
        "x",
        "x",
        None,
        "y",
    ]
    match = match_of(table)
    assert (match.matched, match.unmatched) == (3, 1)
    assert (match.missing, match.unused) == (("0041 B09",), ("0043 A01",))
    assert "Not in the plate map: '0041 B09'." in match.words


def test_by_file():
    table = annotate(
        cells(),
        plate_map(FileName=["P1_A01_1.tif", "dir/p1_B09_1.ome.tif"], patient=["007", "None"]),
    )
    assert table.obs["patient"].isna().tolist() == [False, True, False, True]
    assert table.obs["patient"].dropna().tolist() == ["007", "None"]


def test_text_stays_as_written_and_plain_numbers_are_numbers():
    table = annotate(
        cells(),
        plate_map(
            well=["A01", "B09"],
            batch=["0041", "0042"],
            clone=["1E05", "2"],
            count=["3", "4"],
            dose=["0.5", ""],
            area_px=["7", "8"],
        ),
    )
    obs = table.obs
    assert obs["batch"].tolist() == ["0041", "0041", "0042", "0041"]
    assert obs["clone"].tolist() == ["1E05", "1E05", "2", "1E05"]
    assert obs["count"].dtype.kind == "i"
    np.testing.assert_array_equal(obs["dose"], [0.5, 0.5, np.nan, 0.5])
    assert obs["area_px"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert obs["area_px (metadata)"].tolist() == [7, 7, 8, 7]


def test_a_later_plate_map_takes_the_place_of_the_earlier():
    table = annotate(cells(), plate_map(well=["A01"], drug=["x"], old=["1"]))
    annotate(table, plate_map(well=["A01"], drug=["y"]))
    assert table.obs["drug"].tolist()[0] == "y"
    assert "old" not in table.obs
    assert "drug (metadata)" not in table.obs


@pytest.mark.parametrize(
    ("columns", "on", "said"),
    [
        ({"well": ["A1", "a01"], "drug": ["x", "y"]}, None, "'A01' twice, with drug 'x' and 'y'"),
        ({"well": ["H12"], "drug": ["x"]}, None, "Nothing of the plate map matches: it has 'H12'"),
        ({"position x": ["A1"], "drug": ["x"]}, None, "no column that says which"),
        ({"well": ["A01"]}, None, "no column beside 'well'"),
        ({"well": ["A01"], "drug": ["x"]}, "dose", "The plate map has no column 'dose'"),
        ({"key": ["A01"], "drug": ["x"]}, {"key": "row"}, "The table has no column 'row'"),
    ],
)
def test_mistakes_are_one_line(columns, on, said):
    with pytest.raises(InputError, match=said):
        annotate(cells(), plate_map(**columns), on)


def test_equal_rows_are_one_and_keys_of_one_s_own():
    table = annotate(
        cells(), plate_map(key=["A01", "A01", "B09"], drug=["x", "x", "y"]), {"key": "well"}
    )
    assert table.obs["drug"].tolist() == ["x", "x", "y", "x"]


def test_a_column_called_name_need_not_be_the_images_name():
    table = annotate(cells(), plate_map(Name=["taxol", "DMSO"], Well=["A1", "B9"]))
    assert table.obs["Name"].tolist() == ["taxol", "taxol", "DMSO", "taxol"]


def test_the_map_of_another_plate_is_refused_although_it_has_the_same_wells():
    other = plate_map(plate=["7", "7"], well=["A1", "B9"], drug=["x", "y"])
    with pytest.raises(InputError, match="Nothing of the plate map matches"):
        annotate(cells(), other)


def test_a_plate_map_that_is_refused_leaves_the_one_before():
    table = annotate(cells(), plate_map(well=["A1", "B9"], drug=["x", "y"]))
    with pytest.raises(InputError):
        annotate(table, plate_map(well=["C1"], dose=["1"]))
    assert table.obs["drug"].tolist() == ["x", "x", "y", "x"]
    assert match_of(table).columns == ("drug",)

"""Rows chosen by expressions: against conditions written in pandas, and the words of mistakes."""

from __future__ import annotations

import re
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.expressions import (
    ExpressionError,
    TableRows,
    rows_where,
    spell_column,
    spell_value,
)


@pytest.fixture(scope="module")
def obs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [1, 2, 3, 4, 5, 6],
            "well": pd.Categorical(["A09", "B13", "B02", None, "B13", "A10"]),
            "area_um2": [100.0, 600.0, 700.0, 800.0, np.nan, 500.0],
            "nucleus_area_um2": [10.0, 700.0, 70.0, 80.0, 50.0, 50.0],
            "intensity_mean_DNA": np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], np.float32),
            "touches_border": [True, False, False, True, False, False],
            "treatment": ["DMSO", "Taxol 5", "Taxol  5", "", None, "rock & roll"],
            "gene": ["Abl", "ABL", "abl", "Abl", "x", None],
            "cluster": pd.Categorical(["0", "1", "10", "1", "0", None]),
            "count": pd.array([1, None, 3, 4, 5, 6], "Int64"),
            "dose": ["0.1", "1", "10", "3", None, "10"],
            "odd (name)": [1, 2, 3, 4, 5, 6],
            "in": [0, 1, 0, 1, 0, 1],
        }
    )


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("area_um2 > 500", [1, 2, 3]),
        ("area_um2 >= 500 and well = B13", [1]),
        ("AREA_UM2 ≥ 5e2", [1, 2, 3, 5]),
        ("Area (µm²) < 500", [0]),
        ("DNA intensity <= .3", [0, 1, 2]),
        ("intensity_mean_DNA = 0.3", [2]),
        ("100 < area_um2 <= 700", [1, 2, 5]),
        ("600 = area_um2", [1]),
        ("700 > area_um2 ≥ 500", [1, 5]),
        ("area_um2 between 500 and 700 and label < 6", [1, 2]),
        ("area_um2 not between 500 and 700", [0, 3]),
        ("area_um2 is missing", [4]),
        ("area_um2 is not missing and not label in (1, 2)", [2, 3, 5]),
        ("area_um2 != 600", [0, 2, 3, 5]),
        ("not area_um2 = 600", [0, 2, 3, 5]),
        ("not (area_um2 > 500 or label = 6)", [0]),
        ("area_um2 < `nucleus_area_um2`", [1]),
        ("not area_um2 < `nucleus_area_um2`", [0, 2, 3, 5]),
        ("well = a9", [0]),
        ("well in (b2, B - 13)", [1, 2, 4]),
        ("well not in (b2, B13)", [0, 5]),
        ("well <> B13", [0, 2, 5]),
        ("well starts with b0", [2]),
        ("treatment = dmso", [0]),
        ("treatment = Taxol 5 and label > 2", [2]),
        ("treatment ends with ' 5' or treatment = 'rock & roll'", [1, 2, 5]),
        ("treatment is missing", [3, 4]),
        ("treatment != DMSO", [1, 2, 5]),
        ("treatment not contains TAX", [0, 5]),
        ("gene = abl", [2]),
        ("gene = Abl", [0, 3]),
        ("cluster = 1", [1, 3]),
        ("cluster > 1", [2]),
        ("cluster is missing", [5]),
        ("count > 3", [3, 4, 5]),
        ("count is missing", [1]),
        ("not count > 3", [0, 2]),
        ("dose >= 3", [2, 3, 5]),
        ("touches_border", [0, 3]),
        ("not touches_border and label < 4", [1, 2]),
        ("touches_border = no", [1, 2, 4, 5]),
        ("touches_border in (yes)", [0, 3]),
        ('"odd (name)" = 3', [2]),
        ("odd (name) = 3", [2]),
        ("in", [1, 3, 5]),
        ("in in (1) AND label=2", [1]),
        ("label = 1 or label = 2 and label = 3", [0]),
        ("(label = 1 or label = 2) and label = 2", [1]),
        ("not not label = 1", [0]),
        ("label=-1", []),
    ],
)
def test_rows(obs, expression, rows):
    assert list(np.flatnonzero(rows_where(obs, expression))) == rows


@pytest.mark.parametrize(
    ("expression", "place", "words"),
    [
        ("", 1, "Write a condition"),
        ("label = 2 and aera_um2 > 5", 15, "No column 'aera_um2'; did you mean 'area_um2'"),
        ("label = 2 and DNA intensty > 5", 15, "did you mean 'intensity_mean_DNA'"),
        ("area > 5", 1, "No column 'area'; did you mean 'area_um2' or 'nucleus_area_um2'?"),
        ("zzz = 1", 1, "No column 'zzz'; the table has 'label', 'well'"),
        ("area_um2 > big", 12, "'area_um2' holds numbers, and 'big' is none"),
        ("area_um2 > 5 label = 2", 20, "follows a whole condition"),
        ("area_um2 >", 11, "A value for 'area_um2' is missing"),
        ("area_um2 is big", 13, "Here comes 'missing', not 'big'"),
        ("area_um2 500", 10, "After 'area_um2' comes one of ="),
        ("well > B02", 1, "'well' holds text, which has no order"),
        ("area_um2 contains 5", 1, "'area_um2' holds numbers; compare it"),
        ("(label = 1", 11, "Here comes ')'"),
        ("label = 1)", 10, "closed that was not opened"),
        ("treatment = 'DMSO", 13, "A quote is not closed; add '"),
        ("label in 1, 2", 10, "Here comes '(', not '1'"),
        ("label and label = 2", 1, "'label' does not hold yes and no"),
        ("1 < label > 2", 11, "point the same way"),
        ("1 != label", 3, "Write the column first"),
        ("label = 1 and", 14, "A column is missing before the end"),
        ("label = `well`", 9, "'well' holds text, and only columns of numbers"),
        ("label in (`area_um2`)", 11, "Two columns are compared by"),
        ("not " * 99 + "label = 1", 241, "within each other"),
        ("(" * 99 + "label = 1", 61, "within each other"),
        ("__import__('os')", 1, "No column '__import__'"),
    ],
)
def test_mistakes_are_told_with_their_place(obs, expression, place, words):
    with pytest.raises(InputError, match=re.escape(words)) as error:
        rows_where(obs, expression)
    assert str(error.value).endswith(f"(at letter {place})")
    assert "\n" not in str(error.value)
    assert isinstance(error.value, ExpressionError)
    assert error.value.start + 1 == place


def test_a_name_that_only_its_case_or_title_tells_apart():
    obs = pd.DataFrame({"Area": [1, 2], "AREA": [3, 4]})
    assert list(rows_where(obs, "Area = 1")) == [True, False]
    with pytest.raises(InputError, match="'area' could be 'Area', 'AREA'"):
        rows_where(obs, "area = 1")


def test_values_that_no_row_has_are_noted(obs):
    rows = TableRows(obs)
    found = rows.where("well in (B13, B31) or treatment = DMS")
    assert found.notes == (
        "No well is 'B31'; did you mean 'B13'?",
        "No treatment is 'DMS'; did you mean 'DMSO'?",
    )
    assert list(np.flatnonzero(found.mask)) == [1, 4]


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("nuc", 0, ["nucleus_area_um2"]),
        ("label = 1 and touch", 14, ["touches_border"]),
        ("label = 1 and odd", 14, ['"odd (name)"']),
        ("well = b", 7, ["B02", "B13"]),
        ("treatment = ", 12, ["DMSO", "Taxol 5", "rock & roll"]),
        ("well in (A09, A", 14, ["A09", "A10"]),
        ("well st", 5, ["starts with"]),
        ("well = B13 a", 11, ["and"]),
        ("area_um2 > 500 ", 15, ["and", "or"]),
        ("(label = 1) o", 12, ["or"]),
        ("touches_border = ", 17, ["yes", "no"]),
        ("area_um", 0, ["area_um2", "nucleus_area_um2"]),
    ],
)
def test_completions(obs, text, start, words):
    assert TableRows(obs).completions(text) == (start, words)


@pytest.mark.parametrize("name", ["ß", "Größe", "ŉ", "İ", "ﬁt", "STRASSE", "ά ßß"])
def test_names_with_letters_that_fold_into_two(name):
    obs = pd.DataFrame({name: [1, 5], "b": [1, 1]})
    for written in (spell_column(name), name, name.casefold()):
        kept = rows_where(obs, f"b = 1 and {written} > 2 and {written} < 9")
        assert kept.tolist() == [False, True]


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(min_size=1, max_size=8).filter(str.strip),
    value=st.text(min_size=1, max_size=8).filter(str.strip),
)
def test_any_name_and_any_text_can_be_written(name, value):
    obs = pd.DataFrame({name: [value, None, " other than that "]})
    kept = rows_where(obs, f"{spell_column(name)} = {spell_value(value)}")
    assert kept[0]
    assert not kept[1]


@settings(max_examples=150, deadline=None)
@given(st.text("ab <>=!()'\"`,1.notrd≥ ", max_size=24))
def test_any_text_gives_rows_or_a_mistake_of_the_users(text):
    obs = pd.DataFrame({"a": [1.0, np.nan], "b": ["or", None]})
    rows = TableRows(obs)
    rows.completions(text)
    with suppress(ExpressionError):
        assert rows.where(text).mask.shape == (2,)

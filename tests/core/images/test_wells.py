"""Wells of any spelling are read as one."""

from __future__ import annotations

import pytest

from napari_c3r.core.images.wells import row_letters, well_at, well_name


@pytest.mark.parametrize(
    "spelt", ["B2", "b02", "B002", "b-2", "B - 2", "B_02", "r2c2", "R02C02", "r02-c02"]
)
def test_spellings(spelt):
    assert well_name(spelt) == "B02"


@pytest.mark.parametrize("other", ["W00001", "Q1", "A0", "A49", "AG1", "r33c1", "r1c0", "B²", ""])
def test_what_is_no_well_stays(other):
    assert well_name(other) == other


def test_rows_of_large_plates():
    assert [row_letters(n) for n in (1, 26, 27, 32, 0, 33)] == ["A", "Z", "AA", "AF", None, None]
    assert well_at("27", "7") == well_at("aa", "07") == "AA07"

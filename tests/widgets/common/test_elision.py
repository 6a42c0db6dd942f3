"""Names that differ are seen to differ, however little room there is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_c3r.widgets.common.elision import elided_apart, with_short_names


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["DAPI", "GFP"], ["DAPI", "GFP"]),
        (["a" * 30 + "1", "b" * 30 + "2"], ["aaaaaa…aaaaa1", "bbbbbb…bbbbb2"]),
        (
            [f"treated with compound K000{n} for 24 hours" for n in (1, 2)],
            ["… K0001 for …", "… K0002 for …"],
        ),
    ],
)
def test_a_name_is_cut_in_the_middle_or_around_what_differs(names, shown):
    assert elided_apart(names, 13, len) == shown


@settings(deadline=None, max_examples=200)
@given(
    st.text("abc", min_size=0, max_size=40),
    st.text("abc", min_size=0, max_size=40),
    st.lists(st.text("0123456789", min_size=1, max_size=4), min_size=2, max_size=8, unique=True),
    st.integers(12, 30),
)
def test_names_that_differ_in_one_place_are_never_shown_alike(before, after, cores, room):
    names = [f"{before}{core}{after}" for core in cores]
    found = elided_apart(names, room, len)
    assert all(len(text) <= room for text in found)
    assert len(set(found)) == len(set(names))


LONG = "12 wells · Compound given to the cells (vendor name), Dose (uM), 6 controls"


@pytest.mark.parametrize(
    ("line", "width", "shown"),
    [
        ("5 channels · 320 × 320 px · 0.6 µm/px", 40, "5 channels · 320 × 320 px · 0.6 µm/px"),
        ("5 channels · 320 × 320 px · 0.6 µm/px", 36, "5 channels · 320 × 320 px\n0.6 µm/px"),
        (LONG, 60, "12 wells · Compound give…vendor name), Dose (uM), 6 controls"),
        (LONG, 36, "12 wells · Compound giv…endor name),\nDose (uM), 6 controls"),
    ],
)
def test_a_line_that_says_several_things_loses_parts_of_names_but_no_number(line, width, shown):
    assert with_short_names(line, width, len) == shown


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.text("ab 1", min_size=1, max_size=30), min_size=1, max_size=6),
    st.integers(5, 60),
)
def test_a_line_that_says_several_things_has_room(parts, width):
    shown = with_short_names(" · ".join(parts), width, len)
    assert all(len(line) <= width for line in shown.split("\n"))

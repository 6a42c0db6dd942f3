"""Names as every terminal, file and window may have them."""

from __future__ import annotations

import pytest

from napari_c3r.core.text import readable, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Ünïcode ² 细胞 👩‍🔬", "plain, Ünïcode ² 细胞 👩‍🔬"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\r\nb\tc\x00\x7f\x9b", "a\\x0d\\x0ab\\x09c\\x00\\x7f\\x9b"),
        ("a\u202etxt.exe", "a\\u202etxt.exe"),
        ("\u2066\u2069\u200f\ufeff\u200b", "\\u2066\\u2069\\u200f\\ufeff\\u200b"),
        ("a\u2028b\x85", "a\\u2028b\\x85"),
        ("a\udcff", "a\\xff"),
        ("a\ud800", "a\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_steers_or_hides_is_escaped(text, shown):
    assert readable(text) == shown
    assert readable(shown) == shown


def test_long_values_are_shortened():
    for value in ("x" * 5000, 10**5000, -(10**5000), list(range(2000)), [10**5000]):
        assert len(shortened(value)) < 90


def test_short_values_are_whole():
    assert shortened("a'b") == repr("a'b")
    assert shortened(7) == "7"

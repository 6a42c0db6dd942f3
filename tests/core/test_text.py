"""Text that every file takes, and numbers in it."""

from __future__ import annotations

import os

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.text import natural_key, readable, shortened, whole_number, without_middle


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"\xff\xfe.tif", r"\xff\xfe.tif"),
        ("Zellkern µ 細胞 \u3000.tif".encode(), "Zellkern µ 細胞 \u3000.tif"),
        (b"a\x1b[2Jb\nc\td", r"a\x1b[2Jb\x0ac\x09d"),
        ("a\u2028b".encode(), r"a\u2028b"),
    ],
)
def test_names_become_text(raw, shown):
    text = readable(os.fsdecode(raw))
    assert text == shown
    text.encode("utf-8")
    assert str(InputError(os.fsdecode(raw))) == shown


def test_only_plain_digits_are_numbers():
    assert whole_number("007") == 7
    assert [whole_number(t) for t in ("", None, "²", "①", "٣", "-1", "1_0", " 1")] == [None] * 8


def test_natural_order():
    assert sorted(["ch10", "ch2", "ch²", "1a", "ch"], key=natural_key)[1:] == [
        "ch",
        "ch2",
        "ch10",
        "ch²",
    ]


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


def test_long_names_lose_their_middle():
    name = "plate_2026-11-21_experiment_with_a_long_name_A01_site1.ome.tiff"
    short = without_middle(name, 20)
    assert len(short) == 20
    assert short.startswith("plate_2026")
    assert short.endswith(".ome.tiff")
    assert without_middle("short", 20) == "short"


def test_long_values_are_shortened():
    for value in ("x" * 5000, 10**5000, -(10**5000), list(range(2000)), [10**5000]):
        assert len(shortened(value)) < 90


def test_short_values_are_whole():
    assert shortened("a'b") == repr("a'b")
    assert shortened(7) == "7"

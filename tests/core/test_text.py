"""Text that every file takes, and numbers in it."""

from __future__ import annotations

import os

import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.text import natural_key, readable, whole_number


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

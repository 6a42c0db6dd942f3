"""Users' names in reports: nothing in them is markup, a link, or breaks a line or a table."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from napari_c3r.core.diagnose.report import require_report
from napari_c3r.core.errors import InputError
from napari_c3r.core.report.page import (
    Section,
    escape_markdown,
    html,
    markdown,
    write_page,
)

EVIL = [
    "<script>alert(1)</script>",
    "[bold](javascript:x)",
    "![a](http://x/y.png)",
    "`code` *b* _i_ ~s~",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "a | b",
    "$x^2$",
    "&lt;",
    "a\nb\r\n# c",
    "\x1b[2J",
    "a\u202eb",
    "back\\slash",
    "\udcff",
    '" onload="x',
]


@pytest.mark.parametrize("name", EVIL)
def test_names_are_shown_as_they_are(name):
    table = pd.DataFrame({name: [name], "n": [1.0]})
    figure = ("flips", b"", name)
    section = Section(name, (name, f"The channel {name}."), (name,), figure, table)
    page, words = html(name, [section, section]), markdown(name, [section, section], "r")
    for text in (page, words):
        text.encode("utf-8")
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    body = page.partition("<body>")[2]
    known = "h1|h2|p|ul|li|div|table|tr|th|td|img|body|html"
    assert not re.search(rf"<(?!/?({known})\b)", body)
    assert "onload" not in re.sub(r"&quot;[^<>]*", "", body)
    # Every sign that could be markup has a backslash, wherever the name stands.
    bare = re.sub(r"\\.", "", words.replace("![", "", 2).replace("](r-flips", "(r-flips"))
    assert not re.search(r"[`*<>$&]", bare)
    # Neither a line nor a cell more than a harmless name gives.
    plain = pd.DataFrame({"c": ["c"], "n": [1.0]})
    usual = markdown("c", [Section("c", ("c", "c"), ("c",), figure, plain)] * 2, "r")
    assert words.count("\n") == usual.count("\n")
    unescaped = re.compile(r"(?<!\\)\|")
    assert len(unescaped.findall(words)) == len(unescaped.findall(usual))


def test_words_inside_lines_stay_readable():
    told = "8 of 16 cells have no 'treatment' (intensity_mean_DNA), -0.5 to 1.5."
    assert escape_markdown(told) == told


@pytest.mark.parametrize("name", ["a b", "a) b", "ünï", "50%", "a'b", "[x](y"])
def test_pictures_of_any_name_are_found_again(tmp_path, name):
    path = tmp_path / f"{name}.html"
    for content in (b"one", b"two"):
        section = Section("s", figure=("flips", content, "bars"))
        _, picture, words = write_page("t", [section], path)
        assert picture.read_bytes() == content
        (link,) = re.findall(r"\]\((\S+)\)$", words.read_text("utf-8"), re.MULTILINE)
        assert not set(link) & set(" ()[]")
    assert sum(each.suffix == ".png" for each in tmp_path.iterdir()) == 1


def test_a_report_whose_parts_could_not_be_written_is_refused_first(tmp_path):
    (tmp_path / "r.md").mkdir()
    with pytest.raises(InputError, match=r"r\.md' is a folder"):
        require_report(tmp_path / "r.html")
    with pytest.raises(InputError, match="Could not write"):
        require_report(tmp_path / ("x" * 245 + ".html"))
    require_report(tmp_path / "fine.html")
    assert [each.name for each in tmp_path.iterdir()] == ["r.md"]

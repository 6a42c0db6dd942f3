from __future__ import annotations

import os
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.diagnose import FlipJob, FlipRun
from napari_c3r.core.diagnose.report import require_report, write_report
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.errors import InputError
from napari_c3r.core.report.page import Section, cell_text, html, markdown, write_page

from .small import ROLES

pytestmark = pytest.mark.usefixtures("compiled_once")


class Checker(HTMLParser):
    """Notes what a page loads, and that every tag is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.sources = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.sources += [v for k, v in attributes if k in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_stands_alone(field, deaf, tmp_path):
    one = EmbedJob(field.image, field.cells, ROLES, deaf, nuclei=field.nuclei)
    run = FlipRun(
        FlipJob((one,), label_column="phenotype", label_table=field.truth, single_channels=True)
    )
    list(run.steps())
    written = write_report(run, tmp_path / "report.html")
    assert {path.suffix for path in written} == {".html", ".md", ".png"}
    page = (tmp_path / "report.html").read_text("utf-8")
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert len(checker.sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in checker.sources)
    assert "<script" not in page
    for said in (run.result().headline.split(":")[0], "share its label", "Settings", "32"):
        assert said.replace("'", "&#x27;") in page
    words = (tmp_path / "report.md").read_text("utf-8")
    shown = re.findall(r"\]\((report-[a-z-]+-[0-9a-f]{8}\.png)\)", words)
    assert len(shown) == 5
    for name in shown:
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert not re.search(r"\bnan\b|NaN|None|<NA>", words)


def test_names_cannot_inject_anything():
    table = pd.DataFrame({"channel": ["<b>|x"], "n": [0.12345], "ok": [np.True_], "p": [None]})
    section = Section("a < b", ("<script>",), table=table)
    page = html("t", [section, section])
    assert "<script>" not in page
    assert "<b>" not in page
    assert "0.123" in page
    assert "\\|x" in markdown("t", [section], "report")
    assert [cell_text(v) for v in (None, pd.NA, float("nan"), True, 2)] == ["–"] * 3 + ["yes", "2"]


def test_another_suffix_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"ends in \.html"):
        require_report(tmp_path / "report.pdf")


def test_a_report_written_over_another_keeps_each_page_with_its_own_pictures(tmp_path):
    def sections(picture):
        return [Section("lead"), Section("map", figure=("map", picture, "the map"))]

    def shown():
        words = (tmp_path / "r.md").read_text("utf-8")
        return (tmp_path / re.search(r"\]\((.*)\)", words)[1]).read_bytes()

    write_page("one", sections(b"old"), tmp_path / "r.html")
    (tmp_path / "r-mine.png").touch()
    with pytest.MonkeyPatch.context() as patch:
        real, moved = os.replace, []

        def fail_at_the_second(one, other):
            moved.append(other)
            if len(moved) == 2:
                raise OSError(28, "No space left on device")
            real(one, other)

        patch.setattr("os.replace", fail_at_the_second)
        with pytest.raises(InputError, match="No space"):
            write_page("two", sections(b"new"), tmp_path / "r.html")
    assert shown() == b"old"
    write_page("two", sections(b"new"), tmp_path / "r.html")
    assert shown() == b"new"
    assert len(list(tmp_path.glob("r-map-*.png"))) == 1
    assert (tmp_path / "r-mine.png").exists()

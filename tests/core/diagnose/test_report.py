from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.diagnose import FlipJob, FlipRun
from napari_c3r.core.diagnose.report import require_report, write_report
from napari_c3r.core.diagnose.report.page import Section, cell_text, html, markdown
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.errors import InputError

from .small import ROLES


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
    for name in re.findall(r"\]\((report-[a-z]+\.png)\)", words):
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

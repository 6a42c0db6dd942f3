"""What the answers say is so: snippets run, links lead somewhere, sentences are said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tifffile

from tests.widgets.fields import labels, planes

ROOT = Path(__file__).resolve().parents[1]
FAQ = (ROOT / "docs" / "faq.md").read_text("utf-8")


def test_the_python_of_the_answers_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite(
        "field.ome.tiff",
        planes(),
        metadata={
            "axes": "CYX",
            "Channel": {"Name": ["DNA", "ER", "RNA"]},
            "PhysicalSizeX": 0.5,
            "PhysicalSizeY": 0.5,
        },
    )
    tifffile.imwrite("cells.tif", labels())
    blocks = re.findall(r"```python\n(.*?)```", FAQ, re.DOTALL)
    assert len(blocks) == 3
    there: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "faq.md", "exec"), there)
    said = capsys.readouterr().out
    assert "'RNA': 'concept'" in said
    assert "labels that were given" in said


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)]+)\)", FAQ))))
def test_every_link_leads_somewhere(target):
    path, _, anchor = target.partition("#")
    file = (ROOT / "docs" / path).resolve()
    assert file.exists()
    assert not anchor or anchor in anchors(file.read_text("utf-8"))


SOURCES = "\n".join(
    path.read_text("utf-8") for path in (ROOT / "src" / "napari_c3r" / "widgets").rglob("*.py")
)


def test_the_sentences_it_quotes_are_said():
    quoted = {" ".join(text.split()) for text in re.findall(r'"([^"]+)"', FAQ.split("```")[0])}
    for sentence in quoted:
        assert sentence in SOURCES or sentence.lower() in SOURCES, sentence


def test_answers_are_short():
    for answer in FAQ.split("\n### ")[1:]:
        prose = re.sub(r"```.*?```", "", answer, flags=re.DOTALL)
        assert len(prose.split()) <= 150, answer.splitlines()[0]

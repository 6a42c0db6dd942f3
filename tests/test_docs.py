"""The site of the documentation: every page in its order, every public name on a page."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import napari_c3r as c3r
from tools.docs_pages import (
    OUTSIDE,
    listed,
    on_config,
    on_page_content,
    pages,
    public_names,
    rooms,
    title,
)

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
TAKEN = "\n".join(path.read_text("utf-8") for path in (ROOT / "tools").rglob("*.py"))
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def test_every_page_has_its_place():
    config = SimpleNamespace(nav=CONFIG["nav"])
    found = [page for page in listed(on_config(config).nav) if not page.startswith("api/")]
    assert sorted(found) == sorted([*PAGES, *OUTSIDE.values()])


def test_the_build_is_strict_and_fetches_nothing():
    assert CONFIG["strict"] is True
    assert CONFIG["theme"]["font"] is False
    assert [ROOT / hook for hook in CONFIG["hooks"]] == [ROOT / "tools" / "docs_pages.py"]


def test_every_public_name_is_on_one_page():
    assert set(public_names()) == set(c3r.__all__)
    made = pages()
    for name in c3r.__all__:
        holding = [path for path, text in made.items() if f"::: napari_c3r.{name}\n" in text]
        assert holding == [f"api/{public_names()[name].partition('.')[0]}.md"]
        assert f"#napari_c3r.{name})" in made["api/index.md"]


def test_the_pages_of_names_are_listed():
    config = SimpleNamespace(nav=[{"Home": "index.md"}, {"Python": "api/index.md"}])
    found = listed(on_config(config).nav)
    named = ["api/index.md", *(f"api/{room}.md" for room in rooms())]
    assert found == ["index.md", *named, "contributing.md"]


def test_a_title_is_short_and_docstrings_refer_by_name():
    assert title("images") == "Files, folders and plates to images"
    assert not any("`" in title(room) for room in rooms())
    html = (
        "<li>From :func:<code>napari_c3r.load_encoder</code>, a :class:<code>~x.Spec</code>.</li>"
    )
    shown = on_page_content(html, None, None, None)
    assert shown == "<li>From <code>load_encoder</code>, a <code>Spec</code>.</li>"


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!http)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if path.startswith("api/"):
            assert path in pages()
            continue
        file = (DOCS / page).parent / path if path else DOCS / page
        # Pictures that are yet to be taken are named where they will be.
        assert file.exists() or f'"{file.stem}"' in TAKEN, target
        assert not anchor or anchor in anchors(file.read_text("utf-8")), target


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("tutorials/")])
def test_python_of_a_tutorial_can_be_read(page):
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert blocks
    ast.parse("\n".join(blocks))

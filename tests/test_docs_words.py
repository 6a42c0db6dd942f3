"""What the pages tell the reader to press is in the window, by the very words.

The convention, told on the first page: **bold** is a word in the window, *italics with arrows*
(``▸``) are a menu. Bold that opens a paragraph or an entry of a list and ends with a stop or a
colon is a heading of what follows.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "napari_c3r"
PAGES = ["README.md", *(f"docs/{p.relative_to(ROOT / 'docs')}" for p in ROOT.glob("docs/**/*.md"))]
# Whose words are shown: the docks themselves, what they are told, and the options' forms.
SHOWN = ("widgets", "session", "core/channels", "core/figures", "core/table")
# What napari itself calls its menus and entries.
NAPARI = {"File", "Preferences", "Plugins", "Save Selected Layers...", "Split RGB"}


def docstrings(tree: ast.AST) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    first = [node.body[0] for node in ast.walk(tree) if isinstance(node, owners) and node.body]
    return {id(node.value) for node in first if isinstance(node, ast.Expr)}


@cache
def words() -> tuple[set[str], list[re.Pattern[str]]]:
    """All texts of the window: those written out, and those with a number or a name in them."""
    whole: set[str] = set()
    patterns: set[str] = set()
    files = [path for part in SHOWN for path in (PACKAGE / part).rglob("*.py")]
    for path in [*files, *PACKAGE.rglob("options.py"), *PACKAGE.rglob("options/*.py")]:
        tree = ast.parse(path.read_text("utf-8"))
        told = docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                texts = [getattr(part, "value", None) for part in node.values]
                told |= {id(part) for part in node.values}
                # Every button begins with a word of its own, in capitals.
                if isinstance(texts[0], str) and re.match("[A-Z][a-z]", texts[0]):
                    parts = [re.escape(t) if isinstance(t, str) else ".+" for t in texts]
                    patterns.add("".join(parts))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole |= {node.value.strip("◀▶ ")} if id(node) not in told else set()
    return whole, [re.compile(pattern) for pattern in patterns]


@cache
def manifest_words() -> set[str]:
    """The names in the manifest: of the plugin, its docks and its settings."""
    manifest = yaml.safe_load((PACKAGE / "napari.yaml").read_text("utf-8"))
    contributed = manifest["contributions"]
    settings = [entry["properties"].values() for entry in contributed["configurations"].values()]
    return {
        manifest["display_name"],
        *(widget["display_name"] for widget in contributed["widgets"]),
        *(setting["title"] for properties in settings for setting in properties),
    }


def is_shown(word: str) -> bool:
    whole, patterns = words()
    # Values of an option are listed with a capital.
    forms = {word, word[0].lower() + word[1:]}
    return bool(forms & (whole | manifest_words())) or any(p.fullmatch(word) for p in patterns)


def prose(page: str) -> str:
    text = (ROOT / page).read_text("utf-8")
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def bold(text: str) -> list[str]:
    found = []
    for match in re.finditer(r"(^\s*(?:[-*]|\d+\.)?\s*)?\*\*([^*]+)\*\*(.?)", text, re.MULTILINE):
        opens, word, after = match[1] is not None, " ".join(match[2].split()), match[3]
        if not (opens and (word[-1] in ".?:" or after == ":")):
            found.append(word)
    return [word for word in found if word.lower() != "bold"]


@pytest.mark.parametrize("page", PAGES)
def test_what_is_bold_is_in_the_window(page):
    assert [word for word in bold(prose(page)) if not is_shown(word)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_menu_is_there(page):
    for path in re.findall(r"(?<!\*)\*([^*]+▸[^*]+)\*", prose(page)):
        for name in (" ".join(part.split()) for part in path.split("▸")):
            assert {name, f"{name}..."} & (manifest_words() | NAPARI), path


def test_the_convention_is_told_and_the_test_can_fail():
    assert "**Bold** is a word in the window" in (ROOT / "docs" / "index.md").read_text("utf-8")
    assert bold("Press **Fly away**.\n\n**How fine.** So.\n- **Rows**: these") == ["Fly away"]
    assert not is_shown("Fly away")
    assert is_shown("Find cells")
    assert is_shown("Embed 48 fields")

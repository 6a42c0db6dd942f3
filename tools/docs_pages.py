"""Pages of the site that are made while it is built: one for each room of the public names.

mkdocs calls `on_config` and `on_files`; a name that is public, and a page of a part of the window,
has its place without anything else to touch.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
OUTSIDE = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "src/napari_c3r/models/bundled/card.md": "card.md",
}
"""What pages link to that lies elsewhere in the repository, and the page that it becomes."""
CORE = ROOT / "src" / "napari_c3r" / "core"
_PLACES = {
    "Begin": {"In short": "readme.md"},
    "Measured": {"The bundled encoder": "card.md"},
    "Python": {"Contributing": "contributing.md"},
}
_ROLE = re.compile(r":(?:func|class|meth|attr|mod|exc|data):<code>~?([\w.]+)</code>")


def public_names() -> dict[str, str]:
    """The room of each public name, read without importing anything."""
    text = (ROOT / "src" / "napari_c3r" / "__init__.py").read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES":
            return dict(ast.literal_eval(node.value))
    raise LookupError("napari_c3r/__init__.py has no _HOMES")


def rooms() -> dict[str, list[str]]:
    """Public names by their room, both in the order of the letters."""
    found = defaultdict(list)
    for name, home in sorted(public_names().items()):
        found[home.partition(".")[0]].append(name)
    return dict(sorted(found.items()))


def title(room: str) -> str:
    """What a room is for: the first line of its own documentation, without its details."""
    place = CORE / room / "__init__.py"
    file = place if place.exists() else CORE / f"{room}.py"
    line = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or room).splitlines()[0]
    return line.partition(":")[0].rstrip(".")


def pages() -> dict[str, str]:
    """Each generated page by its path."""
    made = {}
    index = ["# Python", "", "All public names, `import napari_c3r as c3r`.", ""]
    for room, names in rooms().items():
        made[f"api/{room}.md"] = "\n".join(
            [f"# {title(room)}", "", *(f"::: napari_c3r.{name}\n" for name in names)]
        )
        listed = ", ".join(f"[`{name}`]({room}.md#napari_c3r.{name})" for name in names)
        index.append(f"- [{title(room)}]({room}.md): {listed}")
    made["api/index.md"] = "\n".join([*index, ""])
    return made


def on_files(files: Any, config: Any) -> Any:
    """Add the pages."""
    from mkdocs.structure.files import File

    outside = {page: _outside(link) for link, page in OUTSIDE.items()}
    for path, content in {**pages(), **outside}.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Lead links out of the pages to what was taken in."""
    for link, target in OUTSIDE.items():
        for written in (f"](../{link}", f"]({link}"):
            markdown = markdown.replace(written, f"]({target}")
    return markdown


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Name what docstrings refer to by the last part of its name, as code."""
    return _ROLE.sub(lambda found: f"<code>{found[1].rpartition('.')[2]}</code>", html)


def _outside(link: str) -> str:
    return (ROOT / link).read_text("utf-8").replace("](docs/", "](")


def on_config(config: Any) -> Any:
    """List the generated pages below their index, and every page without a place as a how-to."""
    named = set(listed(config.nav))
    further = sorted(path.name for path in DOCS.glob("*.md") if path.name not in named)
    for entry in config.nav:
        if not isinstance(entry, Mapping):
            continue
        if "Python" in entry:
            index, *others = sorted(pages(), key=lambda path: path != "api/index.md")
            entry["Python"] = [index, *({Path(p).stem.capitalize(): p} for p in others)]
        elif "How to" in entry:
            entry["How to"] = [*entry["How to"], *further]
        for part in entry.keys() & _PLACES.keys():
            entry[part] = [*entry[part], *({name: p} for name, p in _PLACES[part].items())]
    return config


def listed(nav: Any) -> list[str]:
    """All pages of a navigation, in its order."""
    if isinstance(nav, str):
        return [nav]
    entries = nav.values() if isinstance(nav, Mapping) else nav
    return [page for entry in entries for page in listed(entry)]

"""Sections of a report, written as one HTML page or as Markdown with pictures next to it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as _escape
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from napari_c3r.core.atomic import replacing, require_writable
from napari_c3r.core.errors import InputError
from napari_c3r.core.text import readable

if TYPE_CHECKING:
    import pandas as pd

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1d22; background: #fff; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.2rem; border-top: 1px solid #ccc;
  padding-top: 1rem; }
.lead { font-size: 1.15rem; } .wide { overflow-x: auto; } img { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: 0.85rem; } th, td { padding: 0.25rem 0.6rem;
  text-align: left; border-bottom: 1px solid #ddd; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
"""


# Every sign of Markdown, of HTML in it, and of formulas; an underscore inside a word is none.
_MARKDOWN = re.compile(r"[\\`*\[\]{}<>#|~&$^]|(?<!\w)_|_(?!\w)")
_LINE_START = re.compile(r"^(\s*[0-9]*)([-+=.)])(?=\s|$|[-+=])")
# A number as `number_text` writes it, with its interval.
_NUMBER = re.compile(r"[<−]? ?[0-9][0-9.,]*(e−?[0-9]+)?( \(.*\))?")
# As long as what follows the report's name in that of a picture.
_LONGEST = "-" + "x" * 40


@dataclass(frozen=True)
class Section:
    """A heading with text, a picture and a table, any of which may be absent.

    Parameters
    ----------
    title
        The heading.
    paragraphs
        Plain text.
    points
        Plain text, as a list.
    figure
        Name of the picture (letters and hyphens), its PNG, and what it shows, for those who
        cannot see it.
    table
        Numbers are rounded to three digits; a missing value is shown as a dash.
    drawings
        Figures as SVG elements, in which all names are escaped already; not for Markdown.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    figure: tuple[str, bytes, str] | None = None
    table: pd.DataFrame | None = None
    drawings: tuple[str, ...] = ()


def write_html(title: str, sections: Sequence[Section], path: Path) -> Path:
    """Write the HTML page alone, atomically.

    Parameters
    ----------
    title, sections, path
        As for `write_page`.

    Raises
    ------
    InputError
        Another suffix, or a file that cannot be written.
    """
    require_html(path)
    return _write(path, html(title, sections).encode())


def write_page(title: str, sections: Sequence[Section], path: Path) -> tuple[Path, ...]:
    """Write the report: one HTML file that needs no other, and Markdown with PNGs next to it.

    At any instant each of the two is the earlier report or this one, with its own pictures.

    Parameters
    ----------
    title
        Of the page.
    sections
        In order; the first is the lead and has no heading of its own.
    path
        Ends in ``.html``.

    Returns
    -------
    tuple of Path
        All files written, each atomically.

    Raises
    ------
    InputError
        Another suffix, or a file that cannot be written.
    """
    require_report(path)
    words = path.with_suffix(".md")
    before = _pictures_shown(words) | _pictures_left(path, sections)
    pictures = [
        _write(path.with_name(_picture_name(path.stem, section.figure)), section.figure[1])
        for section in sections
        if section.figure
    ]
    _write(words, markdown(title, sections, path.stem).encode())
    _write(path, html(title, sections).encode())
    for each in before - set(pictures):
        each.unlink(missing_ok=True)
    return path, *pictures, words


def _picture_name(stem: str, figure: tuple[str, bytes, str]) -> str:
    """With a part that its content decides, so that a page never shows the pictures of another.

    The pictures of a new report can lie beside those of the old one, until its pages are written.
    """
    name, picture, _ = figure
    return f"{stem}-{name}-{hashlib.sha256(picture).hexdigest()[:8]}.png"


def _pictures_shown(words: Path) -> set[Path]:
    """The pictures that the Markdown of an earlier report shows."""
    try:
        text = words.read_text("utf-8")
    except (OSError, ValueError):
        return set()
    ours = rf"\]\({re.escape(_address(words.stem))}(-[a-z-]+(?:-[0-9a-f]{{8}})?\.png)\)"
    return {words.with_name(f"{words.stem}{rest}") for rest in re.findall(ours, text)}


def _address(name: str) -> str:
    """A file's name as a link has it."""
    return PurePosixPath("/", name).as_uri().removeprefix("file:///")


def _pictures_left(path: Path, sections: Sequence[Section]) -> set[Path]:
    """Pictures of earlier reports of this name, whose writers may have been killed."""
    kinds = "|".join(re.escape(section.figure[0]) for section in sections if section.figure)
    ours = re.compile(rf"{re.escape(path.stem)}-(?:{kinds})-[0-9a-f]{{8}}\.png")
    return {each for each in path.parent.iterdir() if ours.fullmatch(each.name)}


def require_html(path: Path) -> None:
    """Refuse a name that no page can have, before hours are spent on it."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"The report is to be '{path}'; give a name that ends in .html")
    if not path.parent.is_dir():
        raise InputError(f"The report's folder '{path.parent}' does not exist; create it first")
    require_writable(path)


def require_report(path: Path) -> None:
    """Refuse a name that no page with its Markdown can have."""
    require_html(path)
    for each in (path.with_suffix(".md"), path.with_name(f"{path.stem}{_LONGEST}.png")):
        require_writable(each)


def escape(text: str) -> str:
    """Text for HTML: names are shown as they are, and nothing in them is markup or control."""
    return _escape(_one_line(text))


def escape_markdown(text: str) -> str:
    """Text for Markdown, of which nothing is markup, a link, HTML or a formula."""
    escaped = _MARKDOWN.sub(r"\\\g<0>", _one_line(text))
    return _LINE_START.sub(r"\1\\\2", escaped)


def _one_line(text: str) -> str:
    return readable(" ".join(text.split("\n")))


def html(title: str, sections: Sequence[Section]) -> str:
    """One page with style and pictures inside it, and nothing that runs."""
    body = [f"<h1>{escape(title)}</h1>"]
    for number, section in enumerate(sections):
        lead = ' class="lead"' if number == 0 else ""
        body += [f"<h2>{escape(section.title)}</h2>"] if number else []
        body += [f"<p{lead}>{escape(text)}</p>" for text in section.paragraphs]
        if section.points:
            items = "".join(f"<li>{escape(text)}</li>" for text in section.points)
            body.append(f"<ul>{items}</ul>")
        if section.figure:
            _, picture, what = section.figure
            data = base64.b64encode(picture).decode()
            body.append(f'<p><img alt="{escape(what)}" src="data:image/png;base64,{data}"></p>')
        body += [f'<div class="wide">{drawing}</div>' for drawing in section.drawings]
        if section.table is not None:
            body.append(_html_table(section.table))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def markdown(title: str, sections: Sequence[Section], stem: str) -> str:
    """The same as Markdown; pictures are ``<stem>-<name>-<digest>.png`` in the same folder."""
    parts = [f"# {escape_markdown(title)}"]
    for number, section in enumerate(sections):
        parts += [f"## {escape_markdown(section.title)}"] if number else []
        parts += map(escape_markdown, section.paragraphs)
        if section.points:
            parts.append("\n".join(f"- {escape_markdown(text)}" for text in section.points))
        if section.figure:
            picture = _picture_name(stem, section.figure)
            parts.append(f"![{escape_markdown(section.figure[2])}]({_address(picture)})")
        if section.table is not None:
            parts.append(_markdown_table(section.table))
    return "\n\n".join(parts) + "\n"


def _html_table(table: pd.DataFrame) -> str:
    is_number = [
        any(map(_is_number, table.iloc[:, place]))
        and all(_is_number(value) or cell_text(value) == "–" for value in table.iloc[:, place])
        for place in range(len(table.columns))
    ]
    right = ' class="number"'
    head = "".join(
        f"<th{right if number else ''}>{escape(str(name))}</th>"
        for name, number in zip(table.columns, is_number, strict=True)
    )
    rows = []
    for row in table.itertuples(index=False, name=None):
        cells = [
            f"<td{right if number else ''}>{escape(cell_text(value))}</td>"
            for value, number in zip(row, is_number, strict=True)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _markdown_table(table: pd.DataFrame) -> str:
    lines = [[escape_markdown(str(name)) for name in table.columns], ["---"] * len(table.columns)]
    lines += [
        [escape_markdown(cell_text(value)) for value in row]
        for row in table.itertuples(index=False, name=None)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return bool(_NUMBER.fullmatch(value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def cell_text(value: object) -> str:
    """A table's cell as text: three decimals, yes and no, a dash for a missing value."""
    import pandas as pd

    if value is None or value is pd.NA or value != value:
        return "–"
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _write(path: Path, content: bytes) -> Path:
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path

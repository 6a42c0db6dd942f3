"""Drawings as SVG, PDF and PNG, with their numbers beside them."""

from __future__ import annotations

import base64
from dataclasses import replace
from html import escape
from io import BytesIO
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.atomic import replacing, require_writable
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import (
    PAPER,
    Box,
    Dot,
    Drawing,
    Mark,
    Path,
    Picture,
    Points,
    Theme,
    Words,
)
from napari_c3r.core.figures.plain import plain, save_figure
from napari_c3r.core.figures.sizes import MM_PER_PX, FigureSize, sized
from napari_c3r.core.table.flat import escape_text
from napari_c3r.core.text import readable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES: Final = (".svg", ".pdf", ".png")
_PER_INCH: Final = 96.0
_POINTS: Final = 72.0 / _PER_INCH
_FONTS: Final = "Arial, Helvetica, 'DejaVu Sans', sans-serif"
_SHARP = 300
_ENLARGED_PX: Final = 450


def svg(drawing: Drawing, theme: Theme = PAPER, *, words: bool = True, in_mm: bool = False) -> str:
    """A drawing as one SVG element, for a page or a file.

    Parameters
    ----------
    drawing
        The figure.
    theme
        Colours of page and words.
    words
        Whether its sentence, caption and method are in it.
    in_mm
        Whether it has the size of a page, for a file, and says in its description what it is.

    Returns
    -------
    str
        Without anything that runs or is loaded from elsewhere; what a mark says when pointed at
        is its ``<title>``.
    """
    shown = drawing.with_words() if words else drawing
    size = f"{shown.width:.0f}", f"{shown.height:.0f}"
    page = size
    if in_mm:
        size = f"{shown.width:.3f}", f"{shown.height:.3f}"
        page = f"{shown.width * MM_PER_PX:.2f}mm", f"{shown.height * MM_PER_PX:.2f}mm"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{page[0]}" height="{page[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}" role="img" font-family="{_FONTS}">',
        f"<title>{_text(drawing.title or drawing.sentence)}</title>",
        *([f"<desc>{_text(' '.join(drawing.words))}</desc>"] if in_mm else []),
        f'<rect width="{size[0]}" height="{size[1]}" fill="{theme.ground}"/>',
        *(_element(mark, theme) for mark in shown.marks),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def save_drawing(
    drawing: Drawing,
    path: str | FilePath,
    size: FigureSize | None = None,
    *,
    words: bool = True,
) -> tuple[FilePath, ...]:
    """Write a drawing, the numbers behind it as CSV and its caption as text, of the same name.

    Parameters
    ----------
    drawing
        The figure.
    path
        Ends in ``.svg``, ``.pdf`` or ``.png``.
    size
        Width and size of letters on the page; by default as it is drawn.
    words
        Whether sentence, caption and method are in the figure too.

    Returns
    -------
    tuple of Path
        The files written, each whole or not at all.

    Raises
    ------
    InputError
        Another suffix, or a folder that cannot be written to.
    """
    path = FilePath(path)
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise InputError(f"'{path}' has to end in .svg, .pdf or .png")
    table, caption = path.with_suffix(".csv"), path.with_suffix(".txt")
    for each in (path, table, caption):
        require_writable(each)
    if size is not None:
        page = sized(drawing, size, words=words)
    else:
        page = drawing.with_words() if words else drawing
    # The words that are drawn are none of the page's own any more, and its metadata has them all.
    page = replace(page, sentence=drawing.sentence, caption=drawing.caption, method=drawing.method)
    with replacing(path) as temporary:
        if kind == ".svg":
            temporary.write_text(svg(page, words=False, in_mm=True), "utf-8")
        else:
            _save_with_matplotlib(page, temporary, kind[1:])
    written = [path]
    if drawing.numbers is not None:
        with replacing(table) as temporary:
            escape_text(drawing.numbers).to_csv(temporary, index=False, lineterminator="\n")
        written.append(table)
    if drawing.words:
        with replacing(caption) as temporary:
            lines = [readable(line) for line in drawing.words]
            temporary.write_text("\n\n".join(lines) + "\n", "utf-8")
        written.append(caption)
    return tuple(written)


def _text(text: str) -> str:
    return escape(readable(text))


def _element(mark: Mark, theme: Theme) -> str:
    shape = _shape(mark, theme)
    return f"<g><title>{_text(mark.tip)}</title>{shape}</g>" if mark.tip else shape


def _shape(mark: Mark, theme: Theme) -> str:
    seen = "" if mark.opacity == 1 else f' opacity="{mark.opacity:.2f}"'
    if isinstance(mark, Box):
        place = f'x="{mark.x:.2f}" y="{mark.y:.2f}"'
        size = f'width="{max(mark.width, 0):.2f}" height="{max(mark.height, 0):.2f}"'
        return f"<rect {place} {size}{_paint(mark.fill, mark.line, theme)}{seen}/>"
    if isinstance(mark, Picture):
        place = f'x="{mark.x:.2f}" y="{mark.y:.2f}" preserveAspectRatio="none"'
        size = f'width="{mark.width:.2f}" height="{mark.height:.2f}"'
        data = f"data:image/png;base64,{base64.b64encode(_png(mark)).decode()}"
        return f'<image {place} {size} image-rendering="pixelated" href="{data}"{seen}/>'
    if isinstance(mark, Dot):
        place = f'cx="{mark.x:.2f}" cy="{mark.y:.2f}" r="{mark.radius:.2f}"'
        return f"<circle {place}{_paint(mark.fill, mark.line, theme)}{seen}/>"
    if isinstance(mark, Points):
        return _points(mark, seen)
    if isinstance(mark, Path):
        steps = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.points)
        dashes = ' stroke-dasharray="4 3"' if mark.dashed else ""
        kind = "polygon" if mark.fill else "polyline"
        paint = _paint(mark.fill, mark.line, theme, mark.width)
        return f'<{kind} points="{steps}"{paint}{dashes}{seen}/>'
    assert isinstance(mark, Words)
    bold = ' font-weight="bold"' if mark.bold else ""
    if mark.upwards:
        seen += f' transform="rotate(-90 {mark.x:.2f} {mark.y:.2f})"'
    return (
        f'<text x="{mark.x:.2f}" y="{mark.y:.2f}" font-size="{mark.size:g}"{bold} '
        f'text-anchor="{mark.anchor}" fill="{theme.colour(mark.colour)}"{seen}>'
        f"{_text(mark.text)}</text>"
    )


def _points(mark: Points, seen: str) -> str:
    """A circle for each, in their order, as all that can be told apart."""
    fills = ["#" + bytes(rgb).hex() for rgb in np.ascontiguousarray(mark.colours)]
    discs = (
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{mark.radius:.2f}" fill="{fill}"/>'
        for (x, y), fill in zip(mark.xy.tolist(), fills, strict=True)
    )
    return f"<g{seen}>{''.join(discs)}</g>"


def _png(mark: Picture) -> bytes:
    """The pixels as a file. They are repeated first: viewers smooth what they enlarge."""
    from PIL import Image

    times = max(1, round(_ENLARGED_PX / max(mark.pixels.shape[:2])))
    pixels = mark.pixels.repeat(times, axis=0).repeat(times, axis=1)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _paint(fill: str, line: str, theme: Theme, width: float = 1.0) -> str:
    inside = f' fill="{theme.colour(fill) if fill else "none"}"'
    if not line:
        return inside
    return f'{inside} stroke="{theme.colour(line)}" stroke-width="{width:g}"'


def _save_with_matplotlib(drawing: Drawing, path: FilePath, kind: str) -> None:
    from matplotlib import rc_context

    # Letters stay letters in a PDF; without the version and the day, the same gives the same bytes.
    title, said = readable(drawing.title), readable(" ".join(drawing.words))
    metadata: dict[str, Any] = {"Software": None, "Title": title, "Description": said}
    if kind == "pdf":
        nobody = {"Creator": None, "Producer": None, "CreationDate": None}
        metadata = {**nobody, "Title": title, "Subject": said}
    with rc_context({"pdf.fonttype": 42}):
        save_figure(_as_matplotlib(drawing), path, format=kind, dpi=_SHARP, metadata=metadata)


def _as_matplotlib(drawing: Drawing, theme: Theme = PAPER) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = drawing.width / _PER_INCH, drawing.height / _PER_INCH
    figure = Figure(figsize=size, facecolor=theme.ground)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0))
    axes.axis("off")
    for order, mark in enumerate(drawing.marks):
        _draw(axes, mark, theme, order)
    return figure


def _draw(axes: Any, mark: Mark, theme: Theme, order: int) -> None:
    from matplotlib.patches import Circle, Polygon, Rectangle

    how = {"alpha": mark.opacity, "zorder": order}
    if isinstance(mark, Words):
        axes.text(
            mark.x,
            mark.y,
            plain(mark.text).lstrip(),
            fontsize=mark.size * _POINTS * 0.95,
            ha={"start": "left", "middle": "center", "end": "right"}[mark.anchor],
            va="baseline",
            color=theme.colour(mark.colour),
            fontweight="bold" if mark.bold else "normal",
            rotation=90 if mark.upwards else 0,
            rotation_mode="anchor",
            **how,
        )
        return
    if isinstance(mark, Path) and not mark.fill:
        x, y = zip(*mark.points, strict=True)
        style = (0, (4, 3)) if mark.dashed else "-"
        line = theme.colour(mark.line)
        axes.plot(x, y, color=line, lw=mark.width * _POINTS, ls=style, **how)
        return
    if isinstance(mark, Points):
        area = (2 * mark.radius * _POINTS) ** 2
        x, y = mark.xy.T
        axes.scatter(x, y, s=area, c=mark.colours / 255, linewidths=0, **how)
        return
    if isinstance(mark, Picture):
        extent = (mark.x, mark.x + mark.width, mark.y + mark.height, mark.y)
        axes.imshow(mark.pixels, extent=extent, interpolation="nearest", aspect="auto", **how)
        return
    assert isinstance(mark, Box | Dot | Path)
    paint: dict[str, Any] = {
        "facecolor": theme.colour(mark.fill) if mark.fill else "none",
        "edgecolor": theme.colour(mark.line) if mark.line else "none",
        "linewidth": _POINTS,
        **how,
    }
    if isinstance(mark, Box):
        size = max(mark.width, 0), max(mark.height, 0)
        axes.add_patch(Rectangle((mark.x, mark.y), *size, **paint))
    elif isinstance(mark, Dot):
        axes.add_patch(Circle((mark.x, mark.y), mark.radius, **paint))
    else:
        axes.add_patch(Polygon(mark.points, closed=True, **paint))

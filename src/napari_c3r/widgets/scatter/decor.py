"""What stands around the points: axes with their values, frames and titles of panels. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from napari_c3r.core.figures.axes import Axis
from napari_c3r.core.figures.drawing import text_px
from napari_c3r.core.figures.facets import HEAD_PX
from napari_c3r.widgets.scatter.camera import Camera
from napari_c3r.widgets.scatter.model import ScatterModel
from napari_c3r.widgets.scatter.sheet import INSET_PX, Panels, Sheet

TICK_PX: Final = 4.0
_PER_TICK: Final = (64.0, 34.0)
_TEXT_PX: Final = 13.0


class Place(NamedTuple):
    """A rectangle on the screen: left, top, width and height in pixels."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """A text within a rectangle.

    Attributes
    ----------
    place
        Where; what does not fit is cut in its middle.
    text
        What it says.
    align
        ``"left"``, ``"right"`` or ``"middle"``.
    quiet
        Whether it steps back behind the points.
    upwards
        Whether it is written from bottom to top.
    bold
        Whether it stands out.
    """

    place: Place
    text: str
    align: str = "middle"
    quiet: bool = False
    upwards: bool = False
    bold: bool = False


@dataclass(frozen=True)
class Decor:
    """Rectangles, lines and texts around the points.

    Attributes
    ----------
    covered
        Rectangles in the colour of the ground: points that were moved under the values of an axis
        are not seen there.
    frames
        Outlines.
    lines
        From (x, y) to (x, y).
    labels
        Texts.
    """

    covered: tuple[Place, ...] = ()
    frames: tuple[Place, ...] = ()
    lines: tuple[tuple[float, float, float, float], ...] = ()
    labels: tuple[Label, ...] = ()


NOTHING: Final = Decor()


def decor_of(model: ScatterModel, sheet: Sheet, camera: Camera) -> Decor:
    """What stands around the points of a plot as a camera sees it."""
    if isinstance(sheet, Panels):
        return _panels(model, sheet, camera)
    return NOTHING if model.axes is None else _axes(model.axes, camera)


def _axes(axes: tuple[Axis, Axis], camera: Camera) -> Decor:
    """Two axes along the left and the lower side of the window."""
    width, height = (float(each) for each in camera.size)
    left, bottom = INSET_PX
    ground = height - bottom
    (first_x, last_y), (last_x, first_y) = camera.to_map([(left, 0), (width, ground)])
    lines = [(left, 0.0, left, ground), (left, ground, width, ground)]
    below = []
    for tick in axes[0].ticks(first_x, last_x, _most(width - left, 0)):
        x = float(camera.to_screen((tick.place, 0))[0])
        lines.append((x, ground, x, ground + TICK_PX))
        below.append(_below(x, ground, tick.text, (left, width)))
    labels = _apart(below)
    for tick in axes[1].ticks(first_y, last_y, _most(ground, 1)):
        y = float(camera.to_screen((0, tick.place))[1])
        lines.append((left - TICK_PX, y, left, y))
        labels.append(_beside(left, y, tick.text, (0.0, ground)))
    labels += _titles(axes, Place(left, 0, width - left, ground), height)
    covered = Place(0, 0, left, height), Place(0, ground, width, bottom)
    return Decor(covered, (), tuple(lines), tuple(labels))


def _panels(model: ScatterModel, sheet: Panels, camera: Camera) -> Decor:
    """A frame and a title for each panel, the values of axes at the outer ones only."""
    frames, labels, lines = [], [], []
    assert model.facets is not None
    chosen = model.facets.counts_of(model.selection) if model.selection.any() else None
    height, page = float(sheet.page.panels[0].height if sheet.page.panels else 0), sheet.page
    for number, panel in enumerate(page.panels):
        corners = [
            (panel.left, sheet.whole.bounds[1][1] - panel.top),
            (panel.left + panel.width, sheet.whole.bounds[1][1] - panel.top - panel.height),
        ]
        (left, top), (right, low) = camera.to_screen(corners).tolist()
        frames.append(Place(left, top, right - left, low - top))
        facet = page.first + number
        total, here = int(model.facets.counts[facet]), None if chosen is None else chosen[facet]
        head = Place(left, top - HEAD_PX, right - left, HEAD_PX)
        name, is_control = model.facets.names[facet], model.facets.controls[facet]
        labels += _head(head, name, is_control, total, here)
    if model.axes is None or not page.panels:
        return Decor(frames=tuple(frames), labels=tuple(labels))
    for number, place in enumerate(frames):
        if number + page.columns >= len(frames):
            ground = place.top + place.height
            below = []
            for at, text in _of_panel(model.axes[0], sheet.limits[0], _most(place.width, 0)):
                x = place.left + at * place.width
                lines.append((x, ground, x, ground + TICK_PX))
                below.append(_below(x, ground, text, (place.left, place.left + place.width)))
            labels += _apart(below)
        if number % page.columns == 0:
            for at, text in _of_panel(model.axes[1], sheet.limits[1], _most(height, 1)):
                y = place.top + (1 - at) * place.height
                lines.append((place.left - TICK_PX, y, place.left, y))
                labels.append(_beside(place.left, y, text, (place.top, place.top + place.height)))
    width, down = (float(each) for each in camera.size)
    left, bottom = INSET_PX
    labels += _titles(model.axes, Place(left, 0, width - left, down - bottom), down)
    return Decor((), tuple(frames), tuple(lines), tuple(labels))


def _head(place: Place, name: str, is_control: bool, total: int, chosen: int | None) -> list[Label]:
    """The title of a panel, and its number of cells where there is room beside the title."""
    counts = [f"{total:,}"] if chosen is None else [f"{chosen:,} of {total:,}", f"{chosen:,}"]
    with_kind = f"{name} (control)"
    if is_control and text_px(with_kind) <= place.width:
        name = with_kind
    wide = text_px(name) + 8
    text = next((each for each in counts if wide + text_px(each) <= place.width), "")
    room = text_px(text) + 4 if text else 0.0
    labels = [
        Label(place._replace(width=max(place.width - room, 1)), name, "left", bold=is_control)
    ]
    if text:
        at = place._replace(left=place.left + place.width - room, width=room)
        labels.append(Label(at, text, "right", quiet=True))
    return labels


def _of_panel(axis: Axis, limits: tuple[float, float], most: int) -> list[tuple[float, str]]:
    """Values of an axis that spans a panel, by their share of its side."""
    first, last = limits
    return [
        ((tick.place - first) / (last - first), tick.text) for tick in axis.ticks(first, last, most)
    ]


def _apart(labels: list[Label]) -> list[Label]:
    """Labels from left to right, without those that would lie on the one before."""
    kept: list[Label] = []
    for label in labels:
        if not kept or label.place.left >= kept[-1].place.left + kept[-1].place.width - 8:
            kept.append(label)
    return kept


def _most(room: float, direction: int) -> int:
    return int(np.clip(room / _PER_TICK[direction], 2, 8))


def _below(x: float, ground: float, text: str, ends: tuple[float, float]) -> Label:
    wide = 8.0 * len(text) + 4
    left = float(np.clip(x - wide / 2, ends[0] - 4, max(ends[1] - wide, ends[0] - 4)))
    return Label(Place(left, ground + TICK_PX, wide, _TEXT_PX), text, "middle", True)


def _beside(left: float, y: float, text: str, ends: tuple[float, float]) -> Label:
    top = float(np.clip(y - _TEXT_PX / 2, ends[0], max(ends[1] - _TEXT_PX, ends[0])))
    wide = INSET_PX[0] - TICK_PX - _TEXT_PX - 4
    return Label(Place(left - TICK_PX - 2 - wide, top, wide, _TEXT_PX), text, "right", True)


def _titles(axes: tuple[Axis, Axis], inside: Place, height: float) -> list[Label]:
    return [
        Label(Place(inside.left, height - _TEXT_PX - 1, inside.width, _TEXT_PX), axes[0].label),
        Label(Place(0, inside.top, _TEXT_PX, inside.height), axes[1].label, upwards=True),
    ]

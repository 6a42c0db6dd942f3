"""What is written and drawn can be read in both of napari's themes (WCAG 2.2, 1.4.3 and 1.4.11).

The colours are those of the pixels: of each text, and of each picture on a button, the one that
stands out most from what lies around it. What is disabled is left out, as there.
"""

from __future__ import annotations

import numpy as np
import pytest
from napari.utils.theme import get_theme
from qtpy.QtCore import QRect
from qtpy.QtGui import QImage
from qtpy.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QWidget

from napari_c3r.core.figures.colours import mixed
from napari_c3r.core.images import Image
from napari_c3r.session import Cells, EmbeddingResult, ids_by_image, session_of
from napari_c3r.widgets.common.docks import Dock, open_dock
from napari_c3r.widgets.common.tones import FILLS, tone_colours
from tests.colour_vision import VISION, apart, contrast
from tests.widgets.explorer.test_compare_tabs import ROLES, table

THEMES = ("dark", "light")
TEXT, GRAPHIC = 4.5, 3.0
# Lines of letters a pixel wide never reach the ink that they are drawn with.
THIN = 0.92


def ground_of(theme: str) -> tuple[str, str]:
    colours = get_theme(theme)
    return colours.background.as_hex("long"), colours.text.as_hex("long")


@pytest.mark.parametrize("theme", THEMES)
def test_texts_in_colours_and_what_steps_back_can_be_read(theme):
    background, foreground = ground_of(theme)
    quiet = {share: mixed(background, foreground, share) for share in (0.7, 0.75, 0.8)}
    for colour in (*tone_colours(background).values(), *quiet.values()):
        assert contrast(colour, background) >= TEXT
    # Of rows that are taken up, and of buttons under the mouse or pressed.
    taken = mixed(background, "#5285b8", 0.75)
    for under in (taken, *(mixed(background, foreground, share) for share in (0.1, 0.2))):
        assert contrast(foreground, under) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("fill", FILLS.values())
def test_what_is_painted_stands_out(theme, fill):
    assert contrast(fill, ground_of(theme)[0]) >= GRAPHIC


@pytest.mark.parametrize("vision", VISION)
def test_what_is_embedded_and_what_is_not_are_told_apart(vision):
    assert apart(list(FILLS.values()), vision) >= 9


def pixels_of(widget: QWidget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8)
    rows = flat.reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3) / 255


def strongest(pixels: np.ndarray) -> float:
    """The contrast of a colour with the one that most of the pixels have."""
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    return float(contrast(colours, colours[counts.argmax()]).max())


def needed(widget: QWidget) -> float:
    """The contrast that what is on a widget has to have; 0 for nothing."""
    if isinstance(widget, QComboBox):
        return TEXT if widget.currentText() else 0.0
    if not isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        return 0.0
    if widget.text().strip():
        return TEXT
    is_icon = isinstance(widget, QAbstractButton) and not widget.icon().isNull()
    return GRAPHIC if is_icon else 0.0


def faint(dock: QWidget) -> list[str]:
    """Texts and icons of a dock that do not stand out enough."""
    pixels, found = pixels_of(dock), []
    for widget in dock.findChildren(QWidget):
        least = needed(widget)
        if not (least and widget.isVisible() and widget.isEnabled() and not widget.isWindow()):
            continue
        seen = widget.visibleRegion().boundingRect()
        # Of what is scrolled out of sight nothing can be said.
        if seen.height() < 0.9 * widget.height():
            continue
        place = QRect(widget.mapTo(dock, seen.topLeft()), seen.size())
        top, left = max(place.top(), 0), max(place.left(), 0)
        part = pixels[top : place.bottom() + 1, left : place.right() + 1]
        reached = strongest(part) if part.size else 21.0
        if reached < THIN * least:
            told = widget.accessibleName() or widget.property("text") or widget.objectName()
            found.append(f"{type(widget).__name__} {told!r}: {reached:.2f} of {least}")
    return found


@pytest.mark.gl
@pytest.mark.usefixtures("quick")
def test_texts_and_icons_of_all_docks_stand_out_in_both_themes(make_napari_viewer, user):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1280, 800)
    made = {}
    for each in Dock:
        open_dock(viewer, each)
        made[each] = each.kind(viewer)
    session, explorer = session_of(viewer), made[Dock.EXPLORER]
    wrong = []

    def look(*themes: str) -> None:
        for theme in themes:
            viewer.theme = theme
            for which, dock in made.items():
                open_dock(viewer, which)
                user.rest(dock)
                wrong.extend(f"{theme} {line}" for line in faint(dock))

    look(*THEMES)
    blank = np.zeros((2, 10, 10), np.uint8)
    session.set_image(Image.from_array(blank, list(ROLES.names), name="i0"))
    look("light")
    cells = Cells(np.eye(10, dtype=np.int32), 20, "i0", "")
    session.labels.set_current(cells)
    ids = ids_by_image([cells])
    session.set_result(EmbeddingResult(table(), ids, ROLES, "", 0.0, True), [cells])
    user.until(lambda: not explorer.montage.busy)
    look(*THEMES)
    for number in range(explorer.panel.tabs.count()):
        explorer.panel.tabs.setCurrentIndex(number)
        user.until(lambda: not explorer.tabs.busy)
        user.rest(explorer)
        wrong += [f"light {line}" for line in faint(explorer)]
    for dock in made.values():
        dock.release()
    assert wrong == []

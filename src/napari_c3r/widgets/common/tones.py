"""Colours of texts by what they mean, readable in the dark and in the light theme."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QWidget

_PROPERTY: Final = "c3r_tone"
_MIDDLE: Final = 128


class Tone(StrEnum):
    """What a text is about."""

    PLAIN = "plain"
    QUIET = "quiet"
    DONE = "done"
    NEXT = "next"
    ATTENTION = "attention"


# No colour has a contrast of 4.5 (WCAG 2.2, 1.4.3) with both of napari's backgrounds.
_ON_DARK: Final = {
    Tone.QUIET: "#b2b3b6",
    Tone.DONE: "#46c184",
    Tone.NEXT: "#6cb0ff",
    Tone.ATTENTION: "#eb9a42",
}
_ON_LIGHT: Final = {
    Tone.QUIET: "#5b5a5c",
    Tone.DONE: "#17753f",
    Tone.NEXT: "#155fb4",
    Tone.ATTENTION: "#95500a",
}
FILLS: Final = {
    Tone.DONE: "#2a9159",
    Tone.NEXT: "#3a7fd0",
    Tone.ATTENTION: "#c0701f",
}
"""Of what is painted, with a contrast of 3 (WCAG 2.2, 1.4.11) or more with both backgrounds."""


def tone_colours(background: str) -> dict[Tone, str]:
    """Colours of texts on a background, all ``"#rrggbb"``."""
    return dict(_ON_DARK if QColor(background).lightness() < _MIDDLE else _ON_LIGHT)


def ground_of(widget: QWidget) -> str:
    """The colour that a widget is painted on, ``"#rrggbb"``."""
    return widget.palette().color(QPalette.ColorRole.Window).name()


def tone_sheet(background: str) -> str:
    """The style sheet, for a dock, that gives texts in it their colours on a background."""
    return "".join(
        f'*[{_PROPERTY}="{tone}"], *[{_PROPERTY}="{tone}"] QLabel {{ color: {colour}; }}'
        for tone, colour in tone_colours(background).items()
    )


def set_tone(widget: QWidget, tone: Tone) -> None:
    """Say what a text is about; the dock that it is in colours it."""
    if widget.property(_PROPERTY) == str(tone):
        return
    widget.setProperty(_PROPERTY, str(tone))
    style = widget.style()
    if widget.isVisible() and style is not None:
        # A style sheet looks at properties only when it is put on.
        style.unpolish(widget)
        style.polish(widget)

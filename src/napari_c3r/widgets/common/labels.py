"""Labels for texts of any length."""

from __future__ import annotations

import re
from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget
from superqt import QElidingLabel

# Longer than the words of a sentence: names of files and channels, and paths. They break after
# what divides their parts, and only a part that is as long anywhere.
_LONG_WORD = re.compile(r"\S{16,}")
_PART_END = re.compile(r"(?<=[-_./\\:,;+=|&@])(?=\S)")
# Between a number and its unit, and around the sign of a size: never the end of a line.
_UNBROKEN = re.compile(r"(?<=\d) (?=[a-zµ]{1,2}\b)| (?=×)|(?<=×) ")


def plain_tip(text: str | None) -> str:
    """A text for a tooltip, where Qt takes for markup what looks like it and has no other way.

    Parameters
    ----------
    text
        With names of files, channels or groups, which may hold anything.
    """
    text = text or ""
    return f"<span>{escape(text)}</span>" if Qt.mightBeRichText(text) else text


class PlainLabel(QLabel):
    """Text that may hold a user's names, which are never read as markup.

    Parameters
    ----------
    text
        What to show.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)


class ElidedLabel(QElidingLabel):
    """Shows ``beginning…end`` where a text does not fit; the tooltip has it whole.

    Parameters
    ----------
    text
        What to show.
    mode
        Which part to leave out. Sentences, unlike names, are best read from their beginning.
    """

    def __init__(
        self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setElideMode(mode)
        # Without some room the last letter is cut where a text just fits.
        self.setEllipsesWidth(3)
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Set text and tooltip."""
        super().setText(text or "")
        self.setToolTip(plain_tip(text))


class WrappedLabel(QLabel):
    """Plain text over several lines; a long name breaks too, a number not from its unit.

    Qt breaks lines between words only, so that one long name would push every control next to it
    out of the dock.

    Parameters
    ----------
    text
        What to show.
    parent
        As for every widget.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show another text."""
        self._text = text or ""
        kept = _UNBROKEN.sub("\u00a0", self._text).replace("µm/px", "µm/\u2060px")
        super().setText(_LONG_WORD.sub(_breakable, kept))

    def text(self) -> str:
        """The text as it was given."""
        return self._text


def _breakable(word: re.Match[str]) -> str:
    """A long word with what Qt takes for places to break it."""
    parts = _PART_END.split(word[0])
    return "\u200b".join("\u200b".join(part) if _LONG_WORD.match(part) else part for part in parts)

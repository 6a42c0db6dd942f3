"""Hints that are shown until they are understood, and never again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QToolButton, QWidget

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError
from napari_c3r.widgets.common.labels import ElidedLabel
from napari_c3r.widgets.common.tones import Tone, set_tone


@dataclass(frozen=True)
class Hint:
    """One thing that a user may not find.

    Attributes
    ----------
    name
        Of the hint, in the file of those that are understood.
    sentence
        What can be done, and how.
    """

    name: str
    sentence: str


class UnderstoodHints:
    """Which hints need not be shown any more, in this session and later ones.

    Parameters
    ----------
    path
        Where that is kept; None forgets it with the window.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._names = _read(path)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def add(self, name: str) -> None:
        """Take note that a hint is understood."""
        if name in self._names:
            return
        self._names.add(name)
        if self._path is None:
            return
        # A hint shown once more is no reason to interrupt anybody.
        try:
            with replacing(self._path) as new:
                new.write_text(json.dumps(sorted(self._names)), "utf-8")
        except (InputError, OSError):
            return


class HintLine(QWidget):
    """Shows the first hint that is not understood yet, one at a time; hidden without one.

    Parameters
    ----------
    hints
        In the order in which they help.
    understood
        Those that need not be shown.
    """

    def __init__(self, hints: Iterable[Hint], understood: UnderstoodHints) -> None:
        super().__init__()
        self._hints, self._understood = list(hints), understood
        self.words = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        set_tone(self.words, Tone.QUIET)
        self.close_button = QToolButton()
        self.close_button.setText("×")
        self.close_button.setAutoRaise(True)
        self.close_button.setAccessibleName("Hide this hint")
        self.close_button.setToolTip("Do not show this hint again")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.words, 1)
        row.addWidget(self.close_button)
        self.close_button.clicked.connect(self._on_closed)
        self._show()

    @property
    def shown(self) -> Hint | None:
        """The hint that is shown."""
        return next((hint for hint in self._hints if hint.name not in self._understood), None)

    def understand(self, name: str) -> None:
        """What a hint tells was done: it is understood."""
        if name not in self._understood:
            self._understood.add(name)
            self._show()

    def _on_closed(self) -> None:
        if self.shown is not None:
            self.understand(self.shown.name)

    def _show(self) -> None:
        hint = self.shown
        self.setVisible(hint is not None)
        self.words.setText("" if hint is None else hint.sentence)


def _read(path: Path | None) -> set[str]:
    try:
        names = [] if path is None else json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()

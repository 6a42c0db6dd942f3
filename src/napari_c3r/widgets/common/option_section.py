"""The section "Options" at the end of a step: the settings that few people change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_c3r.widgets.common.collapsible import Collapsible
from napari_c3r.widgets.common.labels import WrappedLabel
from napari_c3r.widgets.common.option_form import OptionForm
from napari_c3r.widgets.common.tones import Tone, set_tone


class OptionSection(QWidget):
    """Forms that are collapsed at first, and a line on what differs from the defaults.

    Parameters
    ----------
    forms
        The settings.
    others
        Controls under them.
    """

    def __init__(self, forms: Sequence[OptionForm[Any]], others: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self._forms = tuple(forms)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(6, 0, 0, 0)
        inside.setSpacing(4)
        self.reset_button = QPushButton("Reset")
        self.reset_button.setToolTip("Put the defaults back")
        self.reset_button.clicked.connect(self._reset)
        for widget in (*self._forms, self.reset_button, *others):
            inside.addWidget(widget)
        self.collapsible = Collapsible("Options", body)
        self.button = self.collapsible.button
        self.line = WrappedLabel()
        set_tone(self.line, Tone.QUIET)
        self.line.setIndent(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.collapsible)
        column.addWidget(self.line)
        for form in self._forms:
            form.changed.connect(self._show_changes)
        self._show_changes()

    def _show_changes(self) -> None:
        changes = [change for form in self._forms for change in form.changes()]
        self.line.setText(", ".join(changes))
        self.line.setVisible(bool(changes))
        self.reset_button.setEnabled(bool(changes))

    def _reset(self) -> None:
        for form in self._forms:
            form.reset()

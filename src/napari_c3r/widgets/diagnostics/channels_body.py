"""What the channels say themselves: parity, entropy, and the roles they suggest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_c3r.widgets.common.labels import ElidedLabel, PlainLabel, plain_tip
from napari_c3r.widgets.common.tones import Tone, set_tone
from napari_c3r.widgets.diagnostics.details import Details
from napari_c3r.widgets.diagnostics.sentences import Sentences

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.diagnose.entries.parity import ParityResult
    from napari_c3r.core.diagnose.parity import Parity
    from napari_c3r.core.diagnose.suggest import RoleSuggestion

_HOW = (
    "Channels that look alike in every cell (parity near 1, entropy near 0) make good context. "
    "A stain that is named settles a role; the data only lean."
)
_HEADS = ("Name", "Now", "Suggested", "Sure")


class ChannelsBody(QWidget):
    """Shows suggested roles; emits when the user wants them."""

    use_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.how = Sentences()
        self.how.show_lines([_HOW])
        self.use_button = QPushButton("Use these roles")
        self.use_button.setToolTip("Give the channels the suggested roles; embed again to see")
        self.reason = Sentences()
        set_tone(self.reason, Tone.QUIET)
        self.details = Details("Parity and entropy", "Parity and entropy of every channel")
        self.rows: list[list[QLabel]] = []
        self._grid = QGridLayout()
        # The shortened names have no margin of their own, as other labels do.
        self._grid.setContentsMargins(5, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.how)
        column.addLayout(self._grid)
        for widget in (self.use_button, self.reason, self.details):
            column.addWidget(widget)
        self.use_button.clicked.connect(self.use_requested)
        self.show_nothing("Nothing was asked yet")

    def show_result(self, result: ParityResult) -> None:
        """Show what was found of the channels."""
        found, suggestion = result.parity, result.suggestion
        shown = _as_read(found, suggestion)
        self.details.show()
        self.details.show_frame(shown, found.table.merge(shown[["channel", "why"]], on="channel"))
        self._clear()
        for place, head in enumerate(_HEADS):
            label = ElidedLabel(head) if place == 0 else QLabel(head)
            set_tone(label, Tone.QUIET)
            self._grid.addWidget(label, 0, place)
        roles = result.roles.to_dict()
        for number, name in enumerate(suggestion.assignment.names, 1):
            self._add_row(number, name, roles[name], suggestion)

    def show_nothing(self, why: str) -> None:
        """Say why nothing is known of the channels."""
        self._clear()
        self.details.hide()
        self.use_button.setEnabled(False)
        self.reason.show_lines([why])

    def show_roles(self, now: ChannelAssignment | None, suggested: ChannelAssignment) -> None:
        """Mark where the roles now differ from the suggestion, and offer to change them."""
        differs = 0
        for name, row in zip(suggested.names, self.rows, strict=True):
            role = None if now is None else now.roles.get(name)
            row[1].setText("–" if role is None else str(role))
            other = role is not None and role != suggested.roles[name]
            differs += other
            for label in row[1:3]:
                font = label.font()
                font.setBold(other)
                label.setFont(font)
        known = now is not None and set(suggested.names) <= set(now.roles)
        self.use_button.setEnabled(known and differs > 0)
        why = "" if known else "The image on show has other channels"
        self.reason.show_lines([] if differs and known else [why or "These are your roles already"])

    def _add_row(self, number: int, name: str, role: str, suggestion: RoleSuggestion) -> None:
        texts = (
            name,
            role,
            str(suggestion.assignment.roles[name]),
            f"{suggestion.confidence[name]:.0%}",
        )
        row: list[QLabel] = []
        why = suggestion.assignment.reasons.get(name, "")
        for place, text in enumerate(texts):
            label = ElidedLabel(text) if place == 0 else PlainLabel(text)
            label.setToolTip(plain_tip(f"{name}: {why}" if why else name))
            self._grid.addWidget(label, number, place)
            row.append(label)
        self.rows.append(row)

    def _clear(self) -> None:
        self.rows = []
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()


def _as_read(found: Parity, suggestion: RoleSuggestion) -> pd.DataFrame:
    """Figures as people read them."""
    import pandas as pd

    table = found.table
    names = table["channel"]
    reasons = suggestion.assignment.reasons
    return pd.DataFrame(
        {
            "channel": names,
            "parity": [f"{value:.2f}" for value in table["parity"]],
            "one to one": [f"{value:.2f}" for value in table["parity_one_to_one"]],
            "entropy": [f"{value:.2f} bits" for value in table["entropy"]],
            "why": [reasons.get(name, "") for name in names],
        },
        dtype=object,
    )

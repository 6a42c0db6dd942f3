"""Which role every channel has, and what was chosen for the same channels before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psygnal import Signal

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.channels.history import ChannelHistory
from napari_c3r.session.changes import Cause, Change, Part


class Roles:
    """The roles of the displayed image's channels, the same for all its fields.

    Attributes
    ----------
    assignment
        The roles; None before an image is opened.
    chosen
        Whether the user chose roles for this image.
    history
        What was chosen for channels before.
    original_names
        Name of every channel by what its files call it.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self) -> None:
        self.assignment: ChannelAssignment | None = None
        self.chosen = False
        self.history = ChannelHistory()
        self._original_names: dict[str, str] = {}

    @property
    def original_names(self) -> Mapping[str, str]:
        """Name of every channel by what its files call it."""
        return self._original_names

    def open(self, names: Sequence[str] | None, given: Mapping[str, str] | None = None) -> None:
        """Begin with other channels; roles chosen before for the same ones come back.

        Parameters
        ----------
        names
            Of the channels; None where there is no image.
        given
            The names by what the files call them; by default they are the same.
        """
        self.assignment, self.chosen = None, False
        if names is not None:
            self._original_names = dict(given or {name: name for name in names})
            self.assignment = self.history.roles_for(self._original_names)
            self.assignment = self.assignment or ChannelAssignment.suggest(names)
        self.changed.emit(Change(Part.ROLES))

    def set_assignment(self, assignment: ChannelAssignment, cause: Cause = Cause.USER) -> None:
        """Give the channels other roles, or the same ones with other reasons or fewer guesses."""
        now = self.assignment
        told = None if now is None else (now, now.reasons, now.guessed)
        if told != (assignment, assignment.reasons, assignment.guessed):
            self.assignment, self.chosen = assignment, True
            self.history.remember(self._original_names, assignment)
            self.changed.emit(Change(Part.ROLES, cause))

    def confirm(self) -> None:
        """Keep the roles as they are: none of them is a guess any longer."""
        if self.assignment is not None:
            self.set_assignment(self.assignment.confirmed())

    def take_suggestion(self, before: ChannelAssignment, found: ChannelAssignment) -> None:
        """Take what became known of roles that were guessed, unless they are others by now.

        It is not remembered as a choice.
        """
        if self.assignment is before:
            self.assignment = found
            self.changed.emit(Change(Part.ROLES))

    def rename_channel(self, old: str, new: str) -> None:
        """Call a channel by another name; its role stays."""
        if self.assignment is None:
            return
        self._original_names = {
            original: (new if name == old else name)
            for original, name in self._original_names.items()
        }
        self.assignment = self.assignment.renamed(old, new)
        self.history.remember(self._original_names, self.assignment)
        self.changed.emit(Change(Part.ROLES))

"""Which role every channel has, and what was chosen for the same channels before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from psygnal import Signal

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.channels.history import ChannelHistory, ChannelRecord
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.history import Command, History


@dataclass(frozen=True, eq=False)
class RolesState:
    """What `Roles` holds at one time, to be brought back."""

    assignment: ChannelAssignment | None
    chosen: bool
    original_names: Mapping[str, str]
    remembered: ChannelRecord | None


class Roles:
    """The roles of the displayed image's channels, the same for all its fields.

    Parameters
    ----------
    steps
        Takes note of what the user chooses.

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

    def __init__(self, steps: History) -> None:
        self._steps = steps
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
        if told == (assignment, assignment.reasons, assignment.guessed):
            return
        before = self.state
        self.assignment, self.chosen = assignment, True
        self.history.remember(self._original_names, assignment)
        self.changed.emit(Change(Part.ROLES, cause))
        if cause is Cause.USER and now is not None:
            self._steps.record(self.step(_words(now, assignment), before, self.put))

    @property
    def state(self) -> RolesState:
        """All of it as it is now."""
        names = self._original_names
        return RolesState(self.assignment, self.chosen, names, self.history.chosen(names))

    def put(self, state: RolesState) -> None:
        """Bring back what was at another time; of other channels, it says nothing."""
        if state.original_names.keys() != self._original_names.keys():
            return
        self.assignment, self.chosen = state.assignment, state.chosen
        self._original_names = dict(state.original_names)
        self.history.put_back(state.original_names, state.remembered)
        self.changed.emit(Change(Part.ROLES, Cause.UNDONE))

    def step(
        self, sentence: str, before: RolesState, put: Callable[[RolesState], object]
    ) -> Command:
        """What was just done to the roles, as a step that can be undone and done again.

        Parameters
        ----------
        sentence
            As of `Command`.
        before
            What was there before.
        put
            Brings either state back.
        """
        kept = [before]

        def swap() -> None:
            # What became known of guessed roles since shall come back too.
            now = self.state
            put(kept[0])
            kept[0] = now

        return Command(sentence, swap, swap, of_fields=True)

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


def _words(before: ChannelAssignment, now: ChannelAssignment) -> str:
    """What giving channels other roles did, for the history."""
    changed = [name for name, role in now.roles.items() if before.roles.get(name) != role]
    if not changed:
        return "keep the roles as they are"
    if len(changed) > 1:
        return f"change the roles of {len(changed)} channels"
    name, role = changed[0], now.roles[changed[0]]
    if role is Role.IGNORE:
        return f"ignore {name}"
    return f"make {name} {'context and concept' if role is Role.BOTH else role}"

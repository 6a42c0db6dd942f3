"""What was noticed while something was computed, for the user to read."""

from __future__ import annotations

from enum import StrEnum


class NoteKind(StrEnum):
    """What a note is about, for whoever decides which ones to show."""

    GENERAL = "general"
    STOPPED_EARLY = "stopped early"
    UNTRAINED = "untrained"


class Note(str):
    """A sentence that knows what it is about.

    It is a string, and is written to files as one; read back from a file, it is general.

    Parameters
    ----------
    text
        The sentence.
    kind
        What it is about.
    """

    kind: NoteKind

    def __new__(cls, text: str, kind: NoteKind = NoteKind.GENERAL) -> Note:
        """Make a note of a sentence."""
        note = super().__new__(cls, text)
        note.kind = kind
        return note


def untrained_note(encoder: str) -> Note:
    """That an encoder, by its name, has learned nothing."""
    return Note(f"The encoder '{encoder}' is untrained", NoteKind.UNTRAINED)


def kind_of(note: str) -> NoteKind:
    """What a note is about; plain strings are general."""
    return note.kind if isinstance(note, Note) else NoteKind.GENERAL

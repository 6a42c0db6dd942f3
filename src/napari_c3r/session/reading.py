"""How the files of the fields are read, as a choice that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.options import described
from napari_c3r.session.history import Command

if TYPE_CHECKING:
    from napari_c3r.core.images import FieldSource, ReadOptions
    from napari_c3r.session.labels import Cells
    from napari_c3r.session.session import Session


@dataclass(frozen=True, eq=False)
class Opened:
    """The fields as they were read, with their cells.

    Attributes
    ----------
    sources, index
        The fields, and which of them was displayed.
    cells
        Of all fields that had some.
    """

    sources: tuple[FieldSource, ...]
    index: int
    cells: tuple[Cells, ...]

    @classmethod
    def of(cls, session: Session) -> Opened:
        """What a session works on now."""
        fields = session.fields
        return cls(fields.sources, fields.index, tuple(session.labels.by_image.values()))


def differences(before: ReadOptions, after: ReadOptions) -> str:
    """Which settings are others, in words; empty where none is."""
    labels = [
        info.label
        for name, info in described(before)
        if getattr(before, name) != getattr(after, name)
    ]
    return in_words([label if label.isupper() else label.lower() for label in labels])


def in_words(what: Sequence[str]) -> str:
    """That some settings are others; empty where none is."""
    return f"another {' and '.join(what)}" if what else ""


def same_files(one: Sequence[FieldSource], other: Sequence[FieldSource]) -> bool:
    """Whether fields are of the same files, however these are read."""
    first = _paths(one)
    return bool(first) and first == _paths(other)


def record_reading(session: Session, before: Opened, load: Callable[[Opened], object]) -> None:
    """Take note that the same files were read otherwise, so that it can be undone.

    Parameters
    ----------
    session
        Works on the fields as they are read now.
    before
        What it worked on.
    load
        Opens fields again, with their cells.
    """
    now = session.fields.sources
    if not same_files(before.sources, now):
        return
    words = differences(before.sources[before.index].reading, now[session.fields.index].reading)
    if not words and len(before.sources) == len(now):
        return
    kept = [before]

    def swap() -> None:
        # What was drawn since shall come back too.
        there = Opened.of(session)
        load(kept[0])
        kept[0] = there

    sentence = f"read the files with {words or 'other times'}"
    session.history.record(Command(sentence, swap, swap, of_fields=True))


def put_cells_back(session: Session, opened: Opened) -> None:
    """Give fields that are open again the cells that they had."""
    for cells in opened.cells:
        session.put_cells(cells)


def _paths(sources: Sequence[FieldSource]) -> frozenset[Path]:
    return frozenset(file.path for source in sources for file in source.files.files)

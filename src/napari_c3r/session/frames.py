"""Cells of several time points that are taken at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_c3r.session.history import Command

if TYPE_CHECKING:
    from napari_c3r.session.labels import Cells
    from napari_c3r.session.session import Session


def put_frames(session: Session, made: Sequence[Cells], sentence: str) -> None:
    """Keep the cells of fields that are not displayed; those before can be brought back.

    Parameters
    ----------
    session
        With the fields.
    made
        The cells of each.
    sentence
        What was done, for the history.
    """
    known = session.labels.by_image
    kept = [known[each.image_name] for each in made if each.image_name in known]
    for each in made:
        session.labels.put(each)
    if not kept:
        return

    def swap() -> None:
        kept[:] = [session.put_cells(each) or each for each in kept]

    n_bytes = sum(int(getattr(each.labels, "nbytes", 0)) for each in kept)
    session.history.record(Command(sentence, swap, swap, n_bytes))

"""What cells of the displayed result said when they were asked why they are where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.session.changes import Change, Part

if TYPE_CHECKING:
    from napari_c3r.core.explain import WhyHere
    from napari_c3r.session.result import Result

MOST = 16
"""Answers that are kept: cells that were asked before answer at once."""

Asked = tuple[int, str, WhyOptions]
"""Of which result, the cell's name in it, and how it was asked."""


class WhyAnswers:
    """The last answers, as long as their result is displayed.

    Parameters
    ----------
    result
        Has the cells.
    """

    def __init__(self, result: Result) -> None:
        self._result = result
        self._answers: dict[Asked, WhyHere] = {}
        result.changed.connect(self._on_changed)

    def take(self, asked: Asked, found: WhyHere) -> None:
        """Keep an answer."""
        self._answers.pop(asked, None)
        self._answers[asked] = found
        if len(self._answers) > MOST:
            del self._answers[next(iter(self._answers))]

    def of(self, asked: Asked) -> WhyHere | None:
        """An answer, None where it was not asked."""
        return self._answers.get(asked)

    @property
    def all(self) -> list[WhyHere]:
        """The last answer of each cell of the displayed result, in the order of asking."""
        result = self._result.current
        kept = None if result is None else result.id
        found = {name: each for (of, name, _), each in self._answers.items() if of == kept}
        return list(found.values())

    def _on_changed(self, change: Change) -> None:
        if change.part is Part.RESULT:
            result = self._result.current
            kept = None if result is None else result.id
            self._answers = {key: found for key, found in self._answers.items() if key[0] == kept}

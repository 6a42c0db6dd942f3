"""What cells of the displayed result, or groups of them, said when they were asked why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_c3r.session.changes import Change, Part

if TYPE_CHECKING:
    from napari_c3r.core.explain.answer import Answer
    from napari_c3r.core.explain.exchanger import UsualWays
    from napari_c3r.session.result import Result
    from napari_c3r.session.why import Sides

MOST: Final = 16
"""Answers that are kept: who was asked before answers at once."""


class WhyAnswers:
    """The last answers, as long as their result is displayed.

    Parameters
    ----------
    result
        Has the cells.
    """

    def __init__(self, result: Result) -> None:
        self._result = result
        self._answers: dict[tuple[object, ...], tuple[Sides, Answer]] = {}
        self._usual: dict[tuple[object, ...], UsualWays] = {}
        result.changed.connect(self._on_changed)

    def take(self, sides: Sides, found: Answer, usual: UsualWays | None) -> None:
        """Keep an answer, and what is usual among the cells compared with."""
        _keep(self._answers, sides.key, (sides, found))
        if usual is not None:
            _keep(self._usual, sides.usual_key, usual)

    def of(self, sides: Sides) -> Answer | None:
        """An answer, None where it was not asked."""
        kept = self._answers.get(sides.key)
        return None if kept is None else kept[1]

    def usual(self, sides: Sides) -> UsualWays | None:
        """What is usual among the cells compared with, None where they were not asked."""
        return self._usual.get(sides.usual_key)

    @property
    def all(self) -> list[Answer]:
        """The last answer of each who was asked of the displayed result, in the order of asking."""
        return list({sides.subject: found for sides, found in self._answers.values()}.values())

    def _on_changed(self, change: Change) -> None:
        if change.part is Part.RESULT:
            result = self._result.current
            kept = None if result is None else result.id
            self._answers = {key: each for key, each in self._answers.items() if key[0] == kept}
            self._usual = {key: each for key, each in self._usual.items() if key[0] == kept}


def _keep(kept: dict[tuple[object, ...], Any], key: tuple[object, ...], value: object) -> None:
    """Put one last, and forget the first of too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST:
        del kept[next(iter(kept))]

"""What cells of a result, or groups of them, said when they were asked why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from psygnal import Signal

from napari_c3r.core.errors import InputError
from napari_c3r.session.changes import Cause, Change, Part
from napari_c3r.session.kept import Kept
from napari_c3r.session.why_asked import OTHERS, Asked, Key

if TYPE_CHECKING:
    from napari_c3r.core.explain.answer import Answer
    from napari_c3r.core.explain.exchanger import UsualWays
    from napari_c3r.session.result import Result
    from napari_c3r.session.why import Sides

MOST: Final = 16
"""Answers that are kept: who was asked before answers at once."""


@dataclass(frozen=True, eq=False)
class Answered:
    """An answer and what it was asked of.

    Attributes
    ----------
    result_id
        Of the result whose cells were asked.
    asked
        What was chosen.
    key
        By which the question is recognised.
    found
        What was found.
    """

    result_id: int
    asked: Asked
    key: Key
    found: Answer

    @property
    def title(self) -> str:
        """Who was asked, and compared with whom."""
        from napari_c3r.core.explain.group_result import WhyGroup

        found = self.found
        if isinstance(found, WhyGroup):
            who = found.group[:1].upper() + found.group[1:]
        else:
            who = f"Cell {found.label} of {found.image}"
        return f"{who} against {found.compared}"


class WhyAnswers:
    """The last answers.

    Parameters
    ----------
    result
        Has the cells.

    Attributes
    ----------
    asked
        What was asked last; None before anything was.
    changed
        With a :class:`Change`.
    """

    changed = Signal(Change)

    def __init__(self, result: Result) -> None:
        self._result = result
        self.asked: Asked | None = None
        self._answers: dict[tuple[int, Key], Answered] = {}
        self._usual: dict[tuple[object, ...], UsualWays] = {}

    def take(self, sides: Sides, found: Answer, usual: UsualWays | None) -> None:
        """Keep an answer, and what is usual among the cells compared with."""
        self.asked = sides.asked
        answered = Answered(sides.result_id, sides.asked, sides.key, found)
        _keep(self._answers, (sides.result_id, sides.key), answered)
        if usual is not None:
            _keep(self._usual, sides.usual_key, usual)
        self.changed.emit(Change(Part.WHY))

    def of(self, sides: Sides) -> Answer | None:
        """An answer, None where it was not asked."""
        kept = self._answers.get((sides.result_id, sides.key))
        return None if kept is None else kept.found

    def usual(self, sides: Sides) -> UsualWays | None:
        """What is usual among the cells compared with, None where they were not asked."""
        return self._usual.get(sides.usual_key)

    @property
    def all(self) -> list[Answered]:
        """The last answer of each who was asked of the displayed result, in the order of asking.

        Some may be of cells that are others now: see
        :func:`napari_c3r.session.why_again.stale_reason`.
        """
        now = self._result.current
        here = [each for each in self._answers.values() if now and each.result_id == now.id]
        return list({each.key.subject: each for each in here}.values())

    def keep(self) -> Kept | None:
        """What a saved session keeps of the answers of the displayed result."""
        if not (answers := self.all):
            return None
        from napari_c3r.core.explain.kept import pack_answers

        told = [(_facts(each), each.asked.options, each.found) for each in answers]
        facts, arrays = pack_answers(told)
        return Kept(facts, arrays)

    def restore(self, kept: Kept) -> None:
        """Undo `keep`; what was asked of other cells than those that are there now is stale.

        Raises
        ------
        InputError
            They were kept by a later version, or are damaged.
        """
        had_some = bool(self._answers)
        self._answers.clear()
        self._usual.clear()
        self.asked, now = None, self._result.current
        try:
            if kept.facts and now is not None:
                from napari_c3r.core.explain.kept import unpack_answers

                for facts, options, found in unpack_answers(kept.facts, kept.arrays):
                    answered = _answered(now.id, facts, options, found)
                    self._answers[now.id, answered.key] = answered
                    self.asked = answered.asked
        except InputError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("they cannot be read, so they are left out; ask again") from error
        finally:
            if had_some or self._answers:
                self.changed.emit(Change(Part.WHY, Cause.RESTORED))


def _facts(each: Answered) -> dict[str, Any]:
    key, asked = each.key, each.asked
    return {
        "who": asked.group,
        "against": asked.against,
        "shown": key.shown,
        "cell": key.cell,
        "group": key.group,
        "compared": key.compared,
    }


def _answered(result_id: int, facts: dict[str, Any], options: Any, found: Any) -> Answered:
    who, against, group, compared = (
        None if facts[name] is None else (str(facts[name][0]), str(facts[name][1]))
        for name in ("who", "against", "group", "compared")
    )
    cell = None if facts["cell"] is None else str(facts["cell"])
    key = Key(str(facts["shown"]), cell, group, compared, options)
    asked = Asked(who, against or OTHERS, options)
    return Answered(result_id, asked, key, replace(found, job_id=result_id))


def _keep(kept: dict[Any, Any], key: object, value: object) -> None:
    """Put one last, and forget the first of too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST:
        del kept[next(iter(kept))]

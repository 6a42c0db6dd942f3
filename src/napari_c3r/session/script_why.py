"""Asking the cells and groups again that were asked why they are here, as part of a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.options import changed
from napari_c3r.session.script_code import Import, ScriptPart
from napari_c3r.session.script_shifts import EMBEDDED
from napari_c3r.session.why_asked import OTHER_CLUSTERS, OTHERS

if TYPE_CHECKING:
    from napari_c3r.session.result import EmbeddingResult
    from napari_c3r.session.session import Session
    from napari_c3r.session.why_answers import Answered

_EXPLAIN: Final = "napari_c3r.core.explain"


def why_part(session: Session, *, several: bool) -> ScriptPart | None:
    """What asks again what still holds; None where nothing was asked.

    Parameters
    ----------
    session
        With the answers.
    several
        Whether the script reads several images.
    """
    result = session.result.current
    if result is None or not session.why_answers.all:
        return None
    from napari_c3r.session.why_again import answers_now

    answers = answers_now(session)
    if not answers:
        return None
    imports: set[Import] = set()
    lines = ["why = ["]
    for each in answers:
        given, needs = _asking(result, each)
        imports |= needs
        lines += _call(each, given, several=several)
    lines += ["]", "for answer in why:", "    print(answer.sentence)"]
    return ScriptPart("answers to why cells are here", tuple(lines), tuple(imports))


def _call(each: Answered, given: dict[str, str], *, several: bool) -> list[str]:
    group = each.asked.group
    who = repr(each.key.cell) if group is None else repr(group)
    where = EMBEDDED if several else "image, cells"
    nuclei = "" if several else " nuclei=nuclei,"
    return [
        f"    c3r.{'why_here' if group is None else 'why_group'}(",
        f"        cells_table, {who}, {where}, encoder=encoder,{nuclei}",
        *(f"        {name}={code}," for name, code in given.items()),
        "    ),",
    ]


def _asking(result: EmbeddingResult, each: Answered) -> tuple[dict[str, str], set[Import]]:
    """The keywords that differ from their defaults, as code."""
    given: dict[str, str] = {}
    imports: set[Import] = set()
    against = each.asked.against
    if against == OTHER_CLUSTERS:
        imports.add((_EXPLAIN, "CellSet"))
        own = result.table.obs["cluster"].loc[each.key.cell]
        column = 'cells_table.obs["cluster"]'
        # Those of no cluster are other than one of some, and than nobody of their own.
        others = f"{column} != {str(own)!r}" if isinstance(own, str) else f"{column}.notna()"
        mask = f"({others}).to_numpy()"
        given["compared_with"] = f"CellSet({each.found.compared!r}, {mask})"
    elif against != OTHERS:
        given["compared_with"] = repr(against)
    if chosen := changed(each.asked.options):
        told = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
        given["options"] = f"c3r.{WhyOptions.__name__}({told})"
    device: Any = result.options.device
    if device != RunOptions().device:
        given["device"] = repr(device)
    return given, imports

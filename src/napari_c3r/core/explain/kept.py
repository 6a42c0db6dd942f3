"""What cells and groups said when they were asked why, as plain values and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.answer import Answer
from napari_c3r.core.explain.effects import ChannelEffect
from napari_c3r.core.explain.group_result import BandEffect, WhyGroup
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.result import PlaceMap, WhyHere
from napari_c3r.core.packing import Packing, Unpacking

FORMAT = 1
_KINDS: tuple[type, ...] = (WhyHere, WhyGroup, PlaceMap, ChannelEffect, BandEffect, WhyOptions)


def pack_answers(
    answers: Sequence[tuple[Mapping[str, Any], WhyOptions, Answer]],
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take answers apart.

    Parameters
    ----------
    answers
        Of each what was asked as plain values, how it was asked, and what was found.

    Returns
    -------
    facts, arrays
        Values as JSON has them, and what is too large for that.
    """
    packing = Packing(_KINDS)
    told = [
        {"asked": dict(asked), "options": packing.pack(options), "found": packing.pack(found)}
        for asked, options, found in answers
    ]
    return {"format": FORMAT, "answers": told}, packing.arrays


def unpack_answers(
    facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> list[tuple[dict[str, Any], WhyOptions, Answer]]:
    """Undo :func:`pack_answers`.

    Raises
    ------
    InputError
        They were kept by a later version, or are damaged.
    """
    version = facts.get("format")
    if version != FORMAT:
        raise InputError(
            f"they have format {version} and this version reads {FORMAT}, so they are left out; "
            "ask again"
        )
    unpacking, answers = Unpacking(arrays, _KINDS), []
    try:
        for told in facts["answers"]:
            options, found = (unpacking.unpack(told[name]) for name in ("options", "found"))
            if not isinstance(options, WhyOptions) or not isinstance(found, WhyHere | WhyGroup):
                raise TypeError("no answer")
            answers.append((dict(told["asked"]), options, found))
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("they cannot be read, so they are left out; ask again") from error
    return answers

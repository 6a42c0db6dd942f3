"""Files of no known layout that differ in one word, which names a stain."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from napari_c3r.core.channels.stains import identify, identify_hpa_colour
from napari_c3r.core.images.layouts.layout import NameParts

STAIN_WORDS = "stain"
"""Name of this layout, which no single name shows."""

_SEPARATOR = re.compile(r"([_\-. ]+)")
_NUMBER = re.compile(r"[a-z]?\d+", re.IGNORECASE)


def group_by_stain(stems: Iterable[str]) -> dict[str, NameParts]:
    """Find files that are the channels of one image because one word of their names differs.

    The files must agree in every other word, and among the differing ones there must be a
    stain, as in ``BPAE_actin``, ``BPAE_mito``, ``BPAE_nuclei``; words that merely count
    (``img_1``, ``img_2``) are never channels.

    Parameters
    ----------
    stems
        File names without suffix.

    Returns
    -------
    dict
        What the name says, for those names that belong to such a group.
    """
    families: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for stem in stems:
        words = _SEPARATOR.split(stem)
        for position in range(0, len(words), 2):
            frame = (*words[:position], "\0", *words[position + 1 :])
            families[frame].append((stem, words[position]))
    found: dict[str, NameParts] = {}
    for frame, members in sorted(families.items(), key=lambda item: -len(item[1])):
        members = [member for member in members if member[0] not in found]
        if _are_channels([word for _, word in members]):
            image = _join(frame)
            for stem, word in members:
                found[stem] = replace(
                    NameParts(image or members[0][0]), layout=STAIN_WORDS, channel=word
                )
    return found


def _are_channels(words: list[str]) -> bool:
    if len(words) < 2 or any(not word or _NUMBER.fullmatch(word) for word in words):
        return False
    return any(identify(word) or identify_hpa_colour(word) for word in words)


def _join(frame: tuple[str, ...]) -> str:
    """Join the words that the files share; "" when there are none."""
    text = "".join(frame).replace("\0", "")
    return re.sub(r"([_\-. ])[_\-. ]+", r"\1", text).strip("_-. ")

"""Files that differ in one word of their names, which names a stain."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from napari_c3r.core.channels.stains import identify, identify_hpa_colour
from napari_c3r.core.images.layouts.layout import CUT, Guess, NameParts, closed

STAIN_WORDS = "stain"
"""Name of this layout, which no single name shows."""

_SEPARATOR = re.compile(r"([_\-. ]+)")
_NUMBER = re.compile(r"[a-z]?[0-9]+", re.IGNORECASE)
# What is done to cells, by words that stand beside the name of a protein, or before it in one word.
_TREATMENT = re.compile(
    r"(?:si|sh|sg|g)rnas?|kd|ko|oe|knock(?:down|out|in)s?|crispri?|clones?|mutants?|overexpress\w*",
    re.IGNORECASE,
)
_WAVELENGTH = re.compile(r"(?:ex)?[3-7][0-9]{2}nm", re.IGNORECASE)
_SILENCED = re.compile(r"(?:si|sh|sg)[A-Z]\w+")
_CONDITION = re.compile(
    r"ctrls?|controls?|untreated|treated|mock|dmso|vehicle|scr|scrambled?|wt|wild ?type|nt|"
    r"non ?target\w*|neg(?:ative)?",
    re.IGNORECASE,
)


def group_by_stain(stems: Iterable[str]) -> dict[str, NameParts]:
    """Find files that are the channels of one image because one word of their names differs.

    The files must agree in every other word, and at least half of the differing ones must be
    stains, as in ``BPAE_actin``, ``BPAE_mito``, ``BPAE_nuclei``. Words that merely count
    (``img_1``, ``img_2``) are never channels, nor are treatments (``siRNA_tubulin``,
    ``siRNA_scrambled``).

    Parameters
    ----------
    stems
        File names without suffix.

    Returns
    -------
    dict
        What the name says, for those names that belong to such a group; an image whose files
        have no word in common has an empty name.
    """
    families: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for stem in stems:
        words = _SEPARATOR.split(stem)
        for position in range(0, len(words), 2):
            frame = (*words[:position], CUT, *words[position + 1 :])
            if words[position] and not _NUMBER.fullmatch(words[position]):
                families[frame].append((stem, words[position]))
    found: dict[str, NameParts] = {}
    for frame, members in sorted(families.items(), key=lambda item: -len(item[1])):
        members = [member for member in members if member[0] not in found]
        words = [word for _, word in members]
        if are_conditions(frame) or not _are_channels(words):
            continue
        guess = None if all(_is_stain(word) for word in words) else Guess.STAINS
        for stem, word in members:
            found[stem] = NameParts(closed("".join(frame)), STAIN_WORDS, channel=word, guess=guess)
    return found


def are_conditions(words: Iterable[str]) -> bool:
    """Whether words say that what differs beside them is a treatment, and no stain."""
    return any(_TREATMENT.fullmatch(word) for word in words)


def words_of(name: str) -> list[str]:
    """The words of a name, without what separates them."""
    return _SEPARATOR.split(name)[::2]


def _are_channels(words: list[str]) -> bool:
    if len(words) < 2 or any(_CONDITION.fullmatch(word) for word in words):
        return False
    return 2 * sum(_is_stain(word) for word in words) >= len(words)


def _is_stain(word: str) -> bool:
    if _SILENCED.fullmatch(word):
        return False
    return bool(identify(word) or identify_hpa_colour(word) or _WAVELENGTH.fullmatch(word))

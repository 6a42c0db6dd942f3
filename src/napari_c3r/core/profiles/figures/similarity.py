"""Which groups resemble which, as a heat map in the order of a tree."""

from __future__ import annotations

from typing import Final

import numpy as np

from napari_c3r.core.figures.colours import GREY, mixed
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    QUIET,
    Box,
    Drawing,
    Mark,
    Where,
    Words,
    fitted,
    text_px,
)
from napari_c3r.core.profiles.sentences import counted
from napari_c3r.core.profiles.similarity import Similarity, similarity_table

ALIKE, UNLIKE, NEITHER = "#b5451f", "#2f6fb0", "#f2efe9"
"""Colours of cosines of 1, −1 and nought."""

_WIDE: Final = 380.0
_CELL: Final = (6.0, 26.0)
_LABEL: Final = 130.0
_STEPS: Final = 40


def cosine_colour(cosine: float) -> str:
    """The colour of a cosine, ``"#rrggbb"``; grey where there is none."""
    if not np.isfinite(cosine):
        return GREY
    return mixed(NEITHER, ALIKE if cosine > 0 else UNLIKE, abs(cosine))


def similarity_figure(found: Similarity) -> Drawing:
    """Draw the similarity of groups.

    Parameters
    ----------
    found
        From `similarity`.

    Returns
    -------
    Drawing
        A cell for each pair, which shows the cells of both groups; a name shows those of one.
    """
    count = len(found.groups)
    side = min(max(_WIDE / count, _CELL[0]), _CELL[1])
    names = [group.name for group in found.groups]
    label = min(max(map(text_px, names)) + 14, _LABEL)
    size = min(FONT_PX, max(side, 5.0))
    marks: list[Mark] = []
    for n, group in enumerate(found.groups):
        text = fitted(group.name, label - 12, size)
        tip = f"{group.name}: {counted(len(group.wells), found.wells.noun)}"
        y = 4 + side * (n + 0.5) + size / 3
        marks.append(Words(label - 6, y, text, size, "end", where=group.where(), tip=tip))
    for i, one in enumerate(found.groups):
        for j, other in enumerate(found.groups):
            cosine = found.cosines[i, j]
            wells = tuple(sorted({*one.wells.tolist(), *other.wells.tolist()}))
            said = f"{cosine:.2f}".replace("-", "−") if np.isfinite(cosine) else "not known"
            pair = f"{one.name} and {other.name}"
            if i == j:
                pair = f"{found.wells.noun}s of {one.name} among each other"
            place = label + side * j, 4 + side * i, side, side
            fill = cosine_colour(cosine)
            marks.append(Box(*place, fill, where=Where(wells), tip=f"{pair}: cosine {said}"))
    marks += _scale(label + side * count + 12)
    return Drawing(
        width=label + side * count + 60,
        height=max(8 + side * count, 2.0 * _STEPS + 24),
        marks=tuple(marks),
        title="Which groups resemble which",
        sentence=found.sentence,
        caption=found.caption,
        numbers=similarity_table(found),
        equal=True,
    )


def _scale(left: float) -> list[Mark]:
    steps = np.linspace(1, -1, _STEPS)
    marks: list[Mark] = [
        Box(left, 6 + 2.0 * n, 10, 2.5, cosine_colour(float(step))) for n, step in enumerate(steps)
    ]
    for text, y in (("1", 13.0), ("0", 6 + _STEPS + 4.0), ("−1", 6 + 2.0 * _STEPS)):
        marks.append(Words(left + 14, y, text, FONT_PX - 1, colour=QUIET))
    return marks

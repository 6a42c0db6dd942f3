"""How right suggestions are, as a figure: by probability, and name by name."""

from __future__ import annotations

from typing import Final

from napari_c3r.core.figures.drawing import (
    FONT_PX,
    GROUND,
    INK,
    QUIET,
    Box,
    Dot,
    Drawing,
    Mark,
    Path,
    Words,
    fitted,
    text_px,
)
from napari_c3r.core.learn.scores import NameScore, calibration_bins
from napari_c3r.core.learn.suggestion import Suggestion
from napari_c3r.core.learn.words import detail_lines, right_words

COLOUR: Final = "#5285b8"
_PAPER: Final = 104.0
_LEFT, _TOP, _BOTTOM, _RIGHT = 46.0, 8.0, 34.0, 26.0
_TICKS: Final = (0.0, 0.5, 1.0)
_ROW, _LABEL, _BAR, _NUMBER = 18.0, 110.0, 76.0, 74.0
_MOST_NAMES: Final = 7


def calibration_figure(suggestion: Suggestion) -> Drawing:
    """Draw how often suggestions are right beside the probability that they tell.

    Parameters
    ----------
    suggestion
        What is suggested.

    Returns
    -------
    Drawing
        Left a dot for each bin of examples that were left out, with its 95 % interval; on the line
        from corner to corner a probability holds. Right a bar for each name: the share of its
        examples that got it.
    """
    import pandas as pd

    scores = suggestion.scores
    bins = calibration_bins(scores.probability, scores.right)
    marks = _axes()
    points = tuple((_x(each.probability), _y(each.right.value)) for each in bins)
    marks.append(Path(points, COLOUR, width=1.5))
    for each in bins:
        x = _x(each.probability)
        marks.append(Path(((x, _y(each.right.low)), (x, _y(each.right.high))), COLOUR))
        tip = (
            f"{each.count} examples, told {each.probability:.2f}: {each.right.value:.2f} right "
            f"(95 %: {each.right.low:.2f} to {each.right.high:.2f})"
        )
        marks.append(Dot(x, _y(each.right.value), 3.2, COLOUR, GROUND, tip=tip))
    label = min(max(text_px(each.name) for each in scores.names) + 8, _LABEL)
    marks += _bars(scores.names, label)
    numbers = pd.DataFrame(
        {
            "probability": [each.probability for each in bins],
            "share_right": [each.right.value for each in bins],
            "low": [each.right.low for each in bins],
            "high": [each.right.high for each in bins],
            "examples": [each.count for each in bins],
        }
    )
    said = right_words(scores)
    return Drawing(
        width=_LEFT + _PAPER + _RIGHT + label + _BAR + _NUMBER,
        height=_TOP + _PAPER + _BOTTOM,
        marks=tuple(marks),
        title="Calibration of suggestions",
        sentence=f"{said[:1].upper()}{said[1:]}",
        caption=" ".join(detail_lines(suggestion)),
        numbers=numbers,
    )


def _x(probability: float) -> float:
    return _LEFT + probability * _PAPER


def _y(share: float) -> float:
    return _TOP + (1 - share) * _PAPER


def _axes() -> list[Mark]:
    ground, small = _TOP + _PAPER, FONT_PX - 1
    corner = ((_LEFT, _TOP), (_LEFT, ground), (_LEFT + _PAPER, ground))
    marks: list[Mark] = [
        Path(corner, QUIET),
        Path(((_x(0), _y(0)), (_x(1), _y(1))), QUIET, dashed=True),
    ]
    for value in _TICKS:
        marks.append(Words(_x(value), ground + 13, f"{value:g}", small, "middle", QUIET))
        marks.append(Words(_LEFT - 5, _y(value) + 3, f"{value:g}", small, "end", QUIET))
    marks.append(Words(_x(0.5), ground + 28, "Probability told", small, "middle", INK))
    marks.append(Words(2, _TOP + _PAPER * 0.27, "Right", small, "start", INK))
    return marks


def _bars(scores: tuple[NameScore, ...], label: float) -> list[Mark]:
    """The share of each name's examples that got it."""
    small, left = FONT_PX - 1, _LEFT + _PAPER + _RIGHT + label
    marks: list[Mark] = [Words(left, _TOP + 6, "Found", small, "start", QUIET)]
    for place, each in enumerate(scores[:_MOST_NAMES]):
        y = _TOP + 12 + _ROW * place
        right = round(each.recall * each.count)
        tip = f"{right} of {each.count} examples of {each.name} got this name when left out"
        marks += [
            Words(left - 6, y + 11, fitted(each.name, label - 8, small), small, "end", tip=tip),
            Box(left, y + 2, _BAR, 10, line=QUIET, tip=tip),
            Box(left, y + 2, _BAR * each.recall, 10, COLOUR, tip=tip),
            Words(left + _BAR + 6, y + 11, f"{right} of {each.count}", small, tip=tip),
        ]
    more = len(scores) - _MOST_NAMES
    if more > 0:
        y = _TOP + 12 + _ROW * _MOST_NAMES
        words = f"and {more} more name{'s' * (more > 1)}"
        marks.append(Words(left, y + 9, words, small, "start", QUIET))
    return marks

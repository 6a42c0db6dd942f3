"""The verdicts of a report as bars, in their grades, beside zero and the band of noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_c3r.core.diagnose.verdict import GRADE_COLOURS, Grade
from napari_c3r.core.figures.colours import GREY
from napari_c3r.core.figures.drawing import (
    FONT_PX,
    INK,
    QUIET,
    Box,
    Drawing,
    Mark,
    Path,
    Words,
    fitted,
    moved,
    number_words,
    text_px,
    ticks,
)
from napari_c3r.core.figures.method import words_of

if TYPE_CHECKING:
    from napari_c3r.core.diagnose.flip_result import FlipReport
    from napari_c3r.core.diagnose.verdict import Verdict

_ROW, _BAR, _HEAD, _AXIS = 18.0, 10.0, 22.0, 20.0
_LABEL, _VALUE = 150.0, 40.0


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes
    ----------
    name
        Unique in its chart.
    value, low, high
        The figure and its 95 % interval.
    grade
        Of what is shown; the bar has its colour, and the name of a large one is bold.
    tip
        A sentence.
    """

    name: str
    value: float
    low: float
    high: float
    grade: Grade = Grade.NONE
    tip: str = ""


@dataclass(frozen=True)
class Chart:
    """Bars of one figure.

    Attributes
    ----------
    title
        What the figure is.
    bars
        In the order shown.
    limits
        Ends of the axis.
    noise
        Band of values that noise alone gives.
    """

    title: str
    bars: tuple[Bar, ...]
    limits: tuple[float, float]
    noise: tuple[float, float]

    def value_words(self, bar: Bar) -> str:
        """The figure of a bar with two decimals; what rounds to nothing has no sign."""
        text = f"{bar.value:+.2f}" if self.limits[0] < 0 else f"{bar.value:.2f}"
        return "0.00" if float(text) == 0 else text.replace("-", "−")


def neighbour_chart(report: FlipReport) -> Chart:
    """How many further neighbours of a cell each variant changes."""
    bars = tuple(_bar(report, result.variant.name, result.verdict) for result in report.results)
    noise = report.noise.verdict.noise
    limits = _reach(bars, noise)
    title = f"Further neighbours changed, of {report.k}"
    return Chart(title, bars, (min(0.0, -limits[0]), limits[1]), (0.0, noise))


def label_chart(report: FlipReport) -> Chart | None:
    """What each variant does to how many neighbours share a cell's label; None without labels."""
    if not report.label_column:
        return None
    bars = tuple(
        _bar(report, result.variant.name, result.on_labels)
        for result in report.results
        if result.on_labels is not None
    )
    noise = max((r.on_labels.noise for r in report.results if r.on_labels is not None), default=0.0)
    reach = max(_reach(bars, noise))
    title = f"Neighbours that share '{report.label_column}', of {report.k}: change"
    return Chart(title, bars, (-reach, reach), (-noise, noise))


def _bar(report: FlipReport, name: str, verdict: Verdict) -> Bar:
    effect = verdict.effect
    return Bar(
        name, effect.value, effect.low, effect.high, verdict.grade, f"{report.sentence(name)}."
    )


def _reach(bars: tuple[Bar, ...], noise: float) -> tuple[float, float]:
    """How far an axis must go down and up, with a little room."""
    down = max((-bar.low for bar in bars), default=0.0)
    up = max(noise, *(bar.high for bar in bars), 0.1)
    return 1.05 * max(down, 0.0), 1.05 * up


def chart_figure(chart: Chart, *, width: float = 460.0) -> Drawing:
    """Draw a chart.

    Parameters
    ----------
    chart
        From `neighbour_chart` or `label_chart`.
    width
        In pixels, letters being 11 pixels high.
    """
    names = [bar.name for bar in chart.bars]
    label = min(max([text_px(name) for name in names] + [40.0]) + 8, _LABEL)
    low, high = chart.limits
    room = width - label - _VALUE - 8
    bottom = _HEAD + _ROW * len(names)

    def x(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.0
        return label + min(max(share, 0.0), 1.0) * room

    start, end = map(x, chart.noise)
    marks: list[Mark] = [
        Words(label, 12, chart.title, bold=True),
        Box(start, _HEAD, max(end - start, 0.5), bottom - _HEAD, GREY, opacity=0.28),
    ]
    for n, bar in enumerate(chart.bars):
        middle = _HEAD + _ROW * (n + 0.5)
        left, right = sorted((x(0.0), x(bar.value)))
        fill = GRADE_COLOURS[bar.grade]
        marks.append(Box(left, middle - _BAR / 2, right - left, _BAR, fill, tip=bar.tip))
        ends = x(bar.low), x(bar.high)
        marks.append(Path(((ends[0], middle), (ends[1], middle)), INK, width=1.2))
        marks += [Path(((at, middle - 3), (at, middle + 3)), INK, width=1.2) for at in ends]
        text, bold = fitted(bar.name, label - 6), bar.grade is Grade.LARGE
        marks.append(Words(label - 6, middle + 4, text, anchor="end", bold=bold, tip=bar.name))
        told = chart.value_words(bar)
        marks.append(Words(width - 4, middle + 4, told, FONT_PX - 1, "end", QUIET))
    marks.append(Path(((x(0.0), _HEAD), (x(0.0), bottom)), INK, width=0.8))
    for value in ticks(low, high, 5):
        at = x(value)
        marks.append(Path(((at, bottom), (at, bottom + 3)), QUIET))
        marks.append(Words(at, bottom + 13, number_words(value), FONT_PX - 2, "middle", QUIET))
    return Drawing(width, bottom + _AXIS, tuple(marks), title=chart.title)


def report_figure(report: FlipReport, *, width: float = 460.0) -> Drawing:
    """Draw what a report found: the bars of all its questions, in their grades.

    Parameters
    ----------
    report
        With results.
    width
        In pixels, letters being 11 pixels high.
    """
    charts = [neighbour_chart(report), label_chart(report)]
    marks: list[Mark] = []
    down = 0.0
    for chart in charts:
        if chart is not None:
            drawn = chart_figure(chart, width=width)
            marks += [moved(mark, 0, down) for mark in drawn.marks]
            down += drawn.height + 6
    for grade in (Grade.LARGE, Grade.SMALL, Grade.NONE):
        marks.append(Box(4, down, 9, 9, GRADE_COLOURS[grade]))
        marks.append(Words(18, down + 8, str(grade), FONT_PX - 1))
        down += 14
    return Drawing(
        width,
        down + 4,
        tuple(marks),
        title="What other roles of the channels would change",
        sentence=report.headline,
        caption=(
            f"Bars: mean over {len(report.obs):,} cells, of {report.k} neighbours each; lines: "
            "95 % intervals; grey band: noise, as large as turning and shifting the crop."
        ),
        numbers=report.table,
        method=method_of(report),
    )


def method_of(report: FlipReport) -> str:
    """Cells, encoder, roles, seed and version of a report, for a caption."""
    settings = report.settings
    facts = {
        "encoder": {
            "name": settings.get("encoder", "?"),
            "weights_sha256": settings.get("weights_sha256", ""),
        },
        "roles": settings.get("roles", {}),
    }
    seeds = [settings[name] for name in ("seed", "sample_seed") if name in settings]
    seed = f"Seed {seeds[0]}. " if seeds else ""
    return f"{seed}{words_of(report.obs, facts)}"

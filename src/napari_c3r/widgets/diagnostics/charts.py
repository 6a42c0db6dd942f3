"""From a report to the bars that show its verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.widgets.diagnostics.bars import Bar, Chart

if TYPE_CHECKING:
    from napari_c3r.core.diagnose import FlipReport
    from napari_c3r.core.diagnose.verdict import Verdict


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

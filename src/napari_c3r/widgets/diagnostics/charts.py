"""From a report to the bars that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.widgets.diagnostics.bars import Bar, Chart

if TYPE_CHECKING:
    from napari_c3r.core.diagnose import FlipReport


def neighbour_chart(report: FlipReport) -> Chart:
    """How many of a cell's neighbours each variant changes."""
    bars = tuple(
        Bar(
            result.variant.name,
            result.rank_shift.value,
            result.rank_shift.low,
            result.rank_shift.high,
            result.matters,
            f"{report.sentence(result.variant.name)}.",
        )
        for result in report.results
    )
    title = f"Neighbours changed (1 − Jaccard of the {report.k} nearest)"
    return Chart(title, bars, (0.0, 1.0), (0.0, report.noise.rank_shift.value))


def label_chart(report: FlipReport) -> Chart | None:
    """What each variant does to telling the labels apart; None without labels."""
    if not report.label_column:
        return None
    bars = tuple(
        Bar(
            result.variant.name,
            change.value,
            change.low,
            change.high,
            result.score_matters,
            f"{report.sentence(result.variant.name)}.",
        )
        for result in report.results
        for change in (result.changes["map"],)
    )
    noise = abs(report.noise.changes["map"].value)
    reach = max(noise, *(max(abs(bar.low), abs(bar.high)) for bar in bars), 0.02)
    title = f"Telling '{report.label_column}': change of average precision"
    return Chart(title, bars, (-1.05 * reach, 1.05 * reach), (-noise, noise))

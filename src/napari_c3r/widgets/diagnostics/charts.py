"""From a report to the bars that show it, and to the words of the headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.widgets.diagnostics.bars import Bar, Chart

if TYPE_CHECKING:
    from napari_c3r.core.diagnose import FlipReport
    from napari_c3r.core.diagnose.confounds import Confounds


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


def answer_line(report: FlipReport) -> str:
    """How many variants matter, for the header."""
    mattering = sum(result.matters for result in report.results)
    return f"{mattering or 'none'} of {len(report.results)} matter"


def confound_line(found: Confounds | None) -> str:
    """What stands out, for the header."""
    if found is None:
        return "not known"
    loud = sorted((f for f in found.findings if f.stands_out), key=lambda f: -f.explained)
    return ", ".join(dict.fromkeys(finding.factor for finding in loud)) or "nothing stands out"

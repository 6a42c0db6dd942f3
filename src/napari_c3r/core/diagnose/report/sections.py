"""What a report says, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.maps import paired_maps
from napari_c3r.core.diagnose.registry import (
    Diagnostic,
    DiagnosticAnswers,
    DiagnosticResult,
    diagnostics,
)
from napari_c3r.core.diagnose.report import figures
from napari_c3r.core.diagnose.variants import Kind
from napari_c3r.core.diagnose.verdict import Verdict
from napari_c3r.core.report.page import Section

if TYPE_CHECKING:
    import pandas as pd

_HOW_TO_READ = (
    "The same cells were embedded again with other roles, and the nearest neighbours of every "
    "cell compared. Noise is turning or mirroring a crop, shifting it by up to 2 % and adding 1 % "
    "noise, which says nothing about the cell. The neighbours in a perturbed crop differ from "
    "those in the crop itself: the effect of a role is how many more of them differ when the role "
    "is changed as well, and the effect of noise how many more differ when vectors are moved as "
    "far as a perturbation moves them. An effect is real where it stands out from chance over the "
    "cells (p, adjusted for all variants), and then larger or smaller than that of noise."
)
_THE_PAPER = (
    "The authors of C3R saw retrieval fall when all groups were swapped, the more the deeper the "
    "branches (Fig. 4), and saw their model bear the loss of a context channel on cells like "
    "those it was trained on, but not on others (Table 11)."
)


def lead(report: FlipReport, answers: DiagnosticAnswers, own: Sequence[Diagnostic]) -> Section:
    """The paragraphs in plain words: the roles, and the diagnostics with a section of their own."""
    cells = report.settings.get("cells", f"{len(report.obs)}")
    paragraphs = [f"{report.headline}."] if report.headline else []
    paragraphs += [f"{answers.results[each.name].sentence}." for each in own]
    # Variants that could not be compared are told of where the others are.
    missing = [
        f"{each.label}: {answers.reasons[each.name]}"
        for each in diagnostics(answers.reasons)
        if each.variants is None
    ]
    roles = report.assigned.variant.assignment
    paragraphs.append(
        f"{cells} cells were asked; context: {', '.join(roles.context)}; "
        f"concept: {', '.join(roles.concept)}."
    )
    return Section("", tuple(paragraphs), (*report.notes, *missing))


def flips(report: FlipReport) -> Section:
    """Bars and sentences of every variant."""
    sentences = [f"{report.sentence(r.variant.name)}." for r in report.results]
    return Section(
        "Do the roles matter?",
        (_HOW_TO_READ, _THE_PAPER),
        (*sentences, *(f"Not asked: {reason}." for reason in report.skipped)),
        (
            "flips",
            figures.png(figures.flip_bars(report)),
            "Bars of the effect of each variant, in three grades, beside that of noise",
        ),
        shown(report),
    )


def shown(report: FlipReport) -> pd.DataFrame:
    """The table of variants as people read it: each figure with its interval in one cell."""
    import pandas as pd

    rows = []
    for result in (report.assigned, report.noise, *report.results):
        is_variant = result in report.results
        row: dict[str, Any] = {"variant": result.variant.name}
        row |= _told(f"effect (of {report.k} neighbours)", "grade", "p", result.verdict, is_variant)
        if report.label_column:
            name = f"effect on {report.label_column} (of {report.k} neighbours)"
            row |= _told(name, "label: grade", "label: p", result.on_labels, is_variant)
        row |= {
            f"neighbours changed (of {report.k})": str(result.changed),
            "cosine shift": None if result.cosine_shift is None else str(result.cosine_shift),
            "CKA": str(result.cka),
            "cluster agreement (ARI)": str(result.rand_index),
        }
        if report.label_column:
            row |= {f"{n} of {report.label_column}": str(e) for n, e in result.scores.items()}
        rows.append(row)
    return pd.DataFrame(rows, dtype=object)


def _told(
    effect: str, grade: str, p: str, verdict: Verdict | None, is_variant: bool
) -> dict[str, Any]:
    """A verdict in three cells; roles as assigned and noise are not graded."""
    graded = verdict if is_variant else None
    return {
        effect: None if verdict is None else str(verdict.effect),
        grade: None if graded is None else str(graded.grade),
        p: None if graded is None else graded.p,
    }


def maps(report: FlipReport, seed: int) -> Section:
    """The map as assigned next to that of the variant that changes most."""
    strongest = report.strongest.variant.name
    assigned = str(Kind.ASSIGNED)
    left, right = paired_maps(report.vectors[assigned], report.vectors[strongest], seed=seed)
    changed = report.neighbours_changed[strongest].to_numpy()
    picture = figures.two_maps(left, right, changed, report.k, (assigned, strongest))
    return Section(
        "Which cells move",
        (
            f"Both maps show the same cells, coloured by how many of a cell's neighbours change "
            f"with '{strongest}'. Distances on such a map are no evidence.",
        ),
        figure=("maps", figures.png(picture), f"Maps as assigned and with {strongest}"),
    )


def movers(
    report: FlipReport, crops: NDArray[np.float32], rows: NDArray[np.intp], name: str
) -> Section:
    """The cells whose neighbours a variant changes most, as pictures."""
    roles = report.assigned.variant.assignment
    channels = roles.used
    titles = [str(report.obs["label"].iloc[row]) for row in rows]
    return Section(
        "The cells that move most",
        (f"With '{name}', the neighbours of these {len(rows)} cells change most (by label):",),
        figure=(
            "movers",
            figures.png(figures.montage(crops, channels, titles, roles.concept)),
            f"Thumbnails of the {len(rows)} cells that move most",
        ),
    )


def movers_in_words(report: FlipReport, rows: NDArray[np.intp], name: str, why: str) -> Section:
    """The same cells by their names, and why there are no pictures of them."""
    cells = report.obs.iloc[rows]
    names = (cells["image"].astype(str) + ":" + cells["label"].astype(str)).tolist()
    return Section(
        "The cells that move most",
        (
            f"With '{name}', the neighbours of these {len(rows)} cells change most: "
            f"{', '.join(names)}. Their pictures are left out: {why}.",
        ),
    )


def of_diagnostic(diagnostic: Diagnostic, result: DiagnosticResult) -> Section | None:
    """What a diagnostic found, with its figure; None where it has no section of its own."""
    if diagnostic.section is not None:
        section = diagnostic.section(result)
    else:
        section = Section(
            diagnostic.label,
            (f"{diagnostic.help}.", f"{result.sentence}."),
            result.notes,
            table=result.table if len(result.table) else None,
        )
    if section is None:
        return None
    figure = diagnostic.figure_of(result)
    if figure is None:
        return section
    shown = str(figure.get_label()) or diagnostic.label
    return replace(section, figure=(diagnostic.name, figures.png(figure), shown))


def settings(report: FlipReport) -> Section:
    """Everything it takes to make the report again."""
    import pandas as pd

    rows = [(name, str(value)) for name, value in report.settings.items()]
    return Section("Settings", table=pd.DataFrame(rows, columns=["setting", "value"]))

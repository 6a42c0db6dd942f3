"""What a report says, section by section."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.diagnose.confounds import Confounds
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.maps import paired_maps
from napari_c3r.core.diagnose.report import figures
from napari_c3r.core.diagnose.report.page import Section
from napari_c3r.core.diagnose.variants import Kind
from napari_c3r.core.reduce.maps import flat_map

_HOW_TO_READ = (
    "The same cells were embedded again with other roles, and the nearest neighbours of every "
    "cell compared. The noise floor is what turning or mirroring a crop, shifting it by up to "
    "2 % and adding 1 % noise does, which says nothing about the cell. A role matters when, "
    "against the perturbed crops, neighbours differ more under the other role than under the "
    "assigned one. The p values are adjusted for all variants."
)
_THE_PAPER = (
    "The authors of C3R saw retrieval fall when all groups were swapped, the more the deeper the "
    "branches (Fig. 4), and saw their model bear the loss of a context channel on cells like "
    "those it was trained on, but not on others (Table 11)."
)


def lead(report: FlipReport, found: Confounds | None) -> Section:
    """The paragraph in plain words."""
    asked = report.settings.get("cells", f"{len(report.obs)}")
    paragraphs = [f"{report.headline}."]
    if found is not None:
        paragraphs.append(" ".join(f"{sentence}." for sentence in found.sentences[:3]))
    roles = report.assigned.variant.assignment
    paragraphs.append(
        f"{asked} cells were asked; context: {', '.join(roles.context)}; "
        f"concept: {', '.join(roles.concept)}."
    )
    return Section("", tuple(paragraphs), report.notes)


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
            "Bars of the neighbours changed by each variant, with the noise floor",
        ),
        shown(report),
    )


def shown(report: FlipReport) -> pd.DataFrame:
    """The table of variants as people read it: each figure with its interval in one cell."""
    rows = []
    for result in (report.assigned, report.noise, *report.results):
        asked = result in report.results
        row: dict[str, Any] = {
            "variant": result.variant.name,
            "neighbours kept": str(result.neighbours_kept),
            "rank shift": str(result.rank_shift),
            "cosine shift": None if result.cosine_shift is None else str(result.cosine_shift),
            "CKA": str(result.cka),
            "cluster agreement (ARI)": str(result.rand_index),
        }
        if report.label_column:
            row |= {f"{n} of {report.label_column}": str(e) for n, e in result.scores.items()}
        row["rank shift beyond noise"] = str(result.beyond) if asked else None
        row["p"] = result.p if asked else None
        row["matters"] = result.matters if asked else None
        if report.label_column:
            row["label: p"] = result.score_p if asked else None
            row["label: matters"] = result.score_matters if asked else None
        rows.append(row)
    return pd.DataFrame(rows, dtype=object)


def maps(report: FlipReport, seed: int) -> Section:
    """The map as assigned beside that of the variant that changes most."""
    strongest = max(report.results, key=lambda result: result.rank_shift.value).variant.name
    assigned = str(Kind.ASSIGNED)
    left, right = paired_maps(report.vectors[assigned], report.vectors[strongest], seed=seed)
    shift = report.rank_shift[strongest].to_numpy()
    picture = figures.two_maps(left, right, shift, (assigned, strongest))
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
    channels = report.assigned.variant.assignment.used
    titles = [str(report.obs["label"].iloc[row]) for row in rows]
    return Section(
        "The cells that move most",
        (f"With '{name}', the neighbours of these {len(rows)} cells change most (by label):",),
        figure=(
            "movers",
            figures.png(figures.montage(crops, channels, titles)),
            f"Thumbnails of the {len(rows)} cells that move most",
        ),
    )


def single_channels(report: FlipReport, seed: int) -> Section | None:
    """Parity, entropy and suggested roles; None where they were not asked."""
    if report.parity is None or report.suggestion is None or report.alone is None:
        return None
    names = report.assigned.variant.assignment.used
    points = flat_map(report.alone.reshape(-1, report.alone.shape[2]), seed=seed)
    suggested = report.suggestion
    table = report.parity.table.rename(columns=lambda name: name.replace("_", " "))
    table["suggested role"] = [suggested.assignment.to_dict()[name] for name in names]
    table["confidence"] = [f"{suggested.confidence[name]:.0%}" for name in names]
    table["why"] = [suggested.assignment.reasons.get(name, "") for name in names]
    means = report.parity.by_group
    groups = "; ".join(
        f"{role}: parity {row['parity']:.2f}, entropy {row['entropy']:.2f} bits"
        for role, row in means.iterrows()
    )
    return Section(
        "What the channels themselves say",
        (
            f"Each channel was embedded alone and all of them divided into {len(names)} clusters. "
            "A channel that looks alike in every cell falls into one cluster: parity near 1, "
            "entropy near 0. The paper finds context channels to be so (section 3.1).",
            f"Here, {groups}.",
        ),
        figure=(
            "channels",
            figures.png(figures.channel_scatter(points, report, names)),
            "Map of single-channel vectors, coloured by channel",
        ),
        table=table,
    )


def explanations(found: Confounds) -> Section:
    """What else could explain the map and its clusters."""
    picture = figures.png(figures.confound_table(found)) if found.findings else None
    return Section(
        "What else explains the map",
        (
            "Each factor was asked how much of the differences between cells, and of who is in "
            "each cluster, it predicts for cells that were left out, and how much by chance.",
        ),
        (*(f"{sentence}." for sentence in found.sentences), *found.notes),
        ("confounds", picture, "Share explained by each factor") if picture else None,
        _readable(found) if found.findings else None,
    )


def _readable(found: Confounds) -> pd.DataFrame:
    """The findings without their sentences; a factor that predicts nothing explains 0."""
    table = found.table.drop(columns="sentence").rename(columns=lambda name: name.replace("_", " "))
    shares = ["explained", "by chance"]
    return table.assign(**{name: table[name].clip(lower=0) for name in shares})


def settings(report: FlipReport) -> Section:
    """Everything it takes to make the report again."""
    rows = [(name, str(value)) for name, value in report.settings.items()]
    return Section("Settings", table=pd.DataFrame(rows, columns=["setting", "value"]))

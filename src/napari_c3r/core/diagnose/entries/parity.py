"""What the channels say themselves: parity, entropy, and the roles that they suggest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_c3r.core.channels import stains
from napari_c3r.core.diagnose.parity import Parity
from napari_c3r.core.diagnose.registry import Diagnostic, DiagnosticContext, DiagnosticResult
from napari_c3r.core.diagnose.report.figures import new_figure
from napari_c3r.core.diagnose.suggest import RoleSuggestion
from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.plain import plain
from napari_c3r.core.reduce.maps import flat_map
from napari_c3r.core.report.page import Section

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_c3r.core.channels import ChannelAssignment


@dataclass(frozen=True, eq=False, kw_only=True)
class ParityResult(DiagnosticResult):
    """How alike each channel is from cell to cell, and what that suggests.

    Attributes
    ----------
    parity, suggestion
        Of the channels that take part.
    alone
        Their vectors, (cells, channels, F), each channel embedded alone.
    roles
        As assigned.
    seed
        Of the map of these vectors.
    """

    parity: Parity
    suggestion: RoleSuggestion
    alone: NDArray[np.float32]
    roles: ChannelAssignment
    seed: int


def _run(context: DiagnosticContext) -> ParityResult:
    report = context.report
    if report.parity is None or report.suggestion is None or report.alone is None:
        raise InputError("The channels were not embedded alone, or there is only one")
    roles, suggested = report.assigned.variant.assignment, report.suggestion.assignment
    other = [
        f"{role} for {name}" for name, role in suggested.roles.items() if role != roles.roles[name]
    ]
    return ParityResult(
        sentence="Each embedded alone, the channels suggest "
        + (", ".join(other) if other else "the roles that they have"),
        table=report.parity.table,
        parity=report.parity,
        suggestion=report.suggestion,
        alone=report.alone,
        roles=roles,
        seed=context.seed,
    )


def _section(result: ParityResult) -> Section:
    names, suggested = result.roles.used, result.suggestion
    table = result.parity.table.rename(columns=lambda name: name.replace("_", " "))
    table["suggested role"] = [suggested.assignment.to_dict()[name] for name in names]
    table["confidence"] = [f"{suggested.confidence[name]:.0%}" for name in names]
    table["why"] = [suggested.assignment.reasons.get(name, "") for name in names]
    means = result.parity.by_group
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
        table=table,
    )


def _figure(result: ParityResult) -> Figure:
    """Single-channel vectors of all channels on one map, as in C3R, Fig. 2."""
    points = flat_map(result.alone.reshape(-1, result.alone.shape[2]), seed=result.seed)
    names, roles = result.roles.used, result.roles.to_dict()
    figure = new_figure(7, 4.6)
    figure.set_label("Map of single-channel vectors, coloured by channel")
    axes = figure.subplots()
    colours = stains.channel_colours(names)
    for number, name in enumerate(names):
        part = points[number :: len(names)]
        axes.scatter(
            part[:, 0],
            part[:, 1],
            s=16,
            color=colours[name],
            marker="o" if roles[name] != "concept" else "^",
            label=plain(f"{name} ({roles[name]})"),
            ec="black",
            lw=0.2,
        )
    axes.set(xticks=[], yticks=[], title="each channel embedded alone")
    axes.set_box_aspect(1)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    return figure


PARITY = Diagnostic(
    name="parity",
    label="What the channels say themselves",
    help="Each channel is embedded alone: parity, entropy, and roles suggested from the data",
    run=_run,
    single_channels=True,
    section=_section,
    figure=_figure,
    result=ParityResult,
    made_of=(Parity, RoleSuggestion),
)

"""What asking would take, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_c3r.core.table import KEY
from napari_c3r.session import EmbeddingResult
from napari_c3r.widgets.common.wording import counted, roughly
from napari_c3r.widgets.diagnostics.options import NOISE_REPEATS, DiagnosticsOptions

if TYPE_CHECKING:
    from napari_c3r.core.embed.estimate import Estimate
    from napari_c3r.core.encoder.known import KnownEncoder


def cost_in_words(
    result: EmbeddingResult,
    options: DiagnosticsOptions,
    second: KnownEncoder | None,
    estimate: Callable[[str], Estimate | None],
) -> tuple[str, str]:
    """A line on the cost of asking a result, and what it is made of.

    Parameters
    ----------
    result
        Whose cells are asked.
    options
        What is asked.
    second
        The encoder to compare with.
    estimate
        What embedding the cells once costs, by the source of the encoder; None while not known.

    Raises
    ------
    InputError
        Nothing can be asked so.
    """
    roles, mode = result.assignment, result.table.uns[KEY]["concept_mode"]
    times = options.embeddings(roles, mode)
    cells = min(options.most_cells, len(result.table))
    text = f"{counted(cells, 'cell')} × {times} variants"
    text += f" and {second.name}" if second is not None else ""
    cost = estimate(result.encoder_source)
    other = estimate(second.source) if second is not None else None
    if cost is not None and (second is None or other is not None):
        worth = cells * options.cost(roles, mode)
        seconds = cost.seconds_before + worth / max(cost.cells_per_second, 1e-9)
        seconds += other.for_cells(cells).seconds if other is not None else 0
        text += f", about {roughly(seconds)} on {cost.device}"
    ways = len(options.plan(roles, mode).variants)
    given = f"{ways} ways to give roles" if ways > 1 else "the roles as assigned"
    tip = f"{given}, {NOISE_REPEATS} perturbed crops for the noise floor"
    tip += f", each of {len(roles.used)} channels alone" if options.single_channels else ""
    return text, f"A cell is embedded {times} times: {tip}"

"""The same questions of crops that were cut out before, without their images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.analyse import analyse
from napari_c3r.core.diagnose.compare import CompareSettings
from napari_c3r.core.diagnose.embed_variants import VariantEmbedder, single_channel_assignment
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.planning import plan_variants
from napari_c3r.core.diagnose.sample import label_values
from napari_c3r.core.diagnose.variants import ASKABLE, Kind
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from napari_c3r.core.encoder import Encoder


def flip_report_of_crops(
    crops: NDArray[Any],
    channel_names: Sequence[str],
    assignment: ChannelAssignment,
    *,
    encoder: Encoder,
    obs: pd.DataFrame | None = None,
    label_column: str | None = None,
    kinds: Sequence[Kind | str] = ASKABLE,
    noise_repeats: int = 3,
    compare: CompareSettings | None = None,
    options: RunOptions = RunOptions(),
    seed: int = 0,
) -> FlipReport:
    """Ask whether roles matter for single-cell crops; see :func:`napari_c3r.flip_report`.

    Parameters
    ----------
    crops
        (n, C, side, side), any real dtype.
    channel_names
        Name of each of the C channels.
    assignment
        Their roles.
    encoder
        A frozen encoder.
    obs
        One row per crop, with the label column.
    label_column, kinds, noise_repeats, seed
        As for `FlipJob`.
    compare, options
        How vectors are compared, and where the encoder runs.

    Raises
    ------
    InputError
        As for :func:`napari_c3r.flip_report`, or a table that does not fit the crops.
    """
    table = pd.DataFrame(index=range(len(crops))) if obs is None else obs.reset_index(drop=True)
    if len(table) != len(crops):
        raise InputError(f"{len(crops)} crops and {len(table)} rows; give one row per crop")
    label_values(table, label_column, None)
    roles = assignment.for_channels(channel_names).require_usable()
    mode = options.recommended_by(encoder.config).concept_mode
    plan = plan_variants(roles, kinds, mode or "each", encoder)
    used = [list(channel_names).index(name) for name in roles.used]
    embedder = VariantEmbedder(
        encoder,
        plan,
        roles.used,
        len(crops),
        noise_repeats=noise_repeats,
        single_channels=False,
        seed=seed,
        options=options,
    )
    with embedder.running() as live:
        for start in range(0, len(crops), live.batch_size):
            rows = np.arange(start, min(start + live.batch_size, len(crops)))
            embedder.add_batch(live, rows, crops[rows][:, used].astype(np.float32))
    steps = analyse(
        embedder.embeddings(),
        plan,
        table,
        roles.used,
        settings=compare or CompareSettings(seed=seed),
        label_column=label_column,
    )
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            report: FlipReport = stop.value
            return replace(report, settings={"encoder": encoder.name, **report.settings})


def embed_alone(
    crops: NDArray[Any],
    channel_names: Sequence[str],
    *,
    encoder: Encoder,
    options: RunOptions = RunOptions(),
) -> NDArray[np.float32]:
    """Embed each channel of each crop alone, for parity and suggested roles.

    Parameters
    ----------
    crops, channel_names, encoder, options
        As for `flip_report_of_crops`.

    Returns
    -------
    ndarray
        (n, C, F) float32, class tokens, or what the encoder has in their place.
    """
    names = tuple(channel_names)
    all_channels = ChannelAssignment(dict.fromkeys(names, "both"))
    assignments = [all_channels, *(single_channel_assignment(name, names) for name in names)]
    with encoder.start_variants(
        assignments[1:] if len(names) == 1 else assignments,
        names,
        replace(options, concept_mode="joint", readout=encoder.config.readouts[0]),
    ) as live:
        return np.stack(live.run_all(crops)[-len(names) :], axis=1)

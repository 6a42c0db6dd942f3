"""Whether the roles matter for some cells, as one call: of an image, or of a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.diagnose.compare import CompareSettings
from napari_c3r.core.diagnose.flip import FlipJob, FlipRun
from napari_c3r.core.diagnose.flip_result import FlipReport
from napari_c3r.core.diagnose.of_table import embed_job, inputs_of, label_table_of
from napari_c3r.core.diagnose.variants import ASKABLE, Kind
from napari_c3r.core.embed.job import EmbedJob, finished
from napari_c3r.core.embed.provenance import crop_of, options_of
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.crops import Field
from napari_c3r.core.images import Image
from napari_c3r.core.table.result import KEY, roles_of

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.encoder.config import ConceptMode, Readout


def flip_report(
    image: Image,
    labels: ArrayLike,
    assignment: ChannelAssignment,
    *,
    encoder: Encoder,
    label_column: str | None = None,
    label_table: pd.DataFrame | None = None,
    nuclei: ArrayLike | None = None,
    kinds: Sequence[Kind | str] = ASKABLE,
    max_cells: int = 2000,
    noise_repeats: int = 3,
    parity: bool = False,
    k: int = 10,
    n_clusters: int = 5,
    device: str = "auto",
    precision: str = "auto",
    batch_size: int | str = "auto",
    crop: CropSpec | None = None,
    concept_mode: ConceptMode | None = None,
    readout: Readout | None = None,
    seed: int = 0,
) -> FlipReport:
    """Ask whether the roles of the channels matter for these cells (C3R, Fig. 4, Table 11).

    The cells are embedded as assigned, with all groups swapped, with the pass of each concept
    flipped (``[ER, DNA | X]`` to ``[X | ER, DNA]``, Fig. 4), with each channel's role swapped
    alone, and with each context channel left out; and, for the noise floor, from crops that are
    turned or mirrored, shifted by up to 2 % and given 1 % pixel noise.

    Parameters
    ----------
    image, labels, assignment, encoder, nuclei, device, precision, batch_size, crop, \
concept_mode, readout
        As for :func:`napari_c3r.embed`.
    label_column, label_table, kinds, max_cells, noise_repeats, seed
        As for `FlipJob`.
    parity
        Whether to embed each channel alone as well, for parity and suggested roles.
    k, n_clusters
        As for `CompareSettings`.

    Returns
    -------
    FlipReport
        ``.table`` with one row per variant, ``.neighbours_changed`` and ``.cosine_shift`` with one
        row per cell, ``.headline`` in words.

    Raises
    ------
    InputError
        Roles, labels or pixels that cannot be used, too few cells, or no such column.
    """
    field = EmbedJob(
        image,
        labels,
        assignment,
        encoder,
        nuclei=nuclei,
        crop=crop or CropSpec(),
        options=RunOptions(device, precision, batch_size, concept_mode, readout),
    )
    job = FlipJob(
        (field,),
        tuple(kinds),
        label_column,
        label_table,
        max_cells,
        noise_repeats,
        parity,
        CompareSettings(k, n_clusters, seed),
        seed,
    )
    return finished(FlipRun(job))


def flip_report_of_table(
    adata: AnnData,
    fields: Mapping[str, Field],
    *,
    encoder: Encoder,
    kinds: Sequence[Kind | str] = ASKABLE,
    label_column: str | None = None,
    max_cells: int = 2000,
    noise_repeats: int = 3,
    parity: bool = False,
    device: str = "auto",
    seed: int = 0,
) -> FlipReport:
    """Ask whether the roles matter for the cells of a result, cut out and embedded as they were.

    Parameters
    ----------
    adata
        The result of :func:`napari_c3r.embed`, or of several images joined.
    fields
        The images with their labels, by the names of the images.
    encoder
        The one that made the result.
    label_column
        A column of the result to judge neighbourhoods by.
    kinds, max_cells, noise_repeats, parity, device, seed
        As for :func:`napari_c3r.flip_report`; the precision is that of the result.

    Raises
    ------
    InputError
        As for :func:`napari_c3r.flip_report`; or an image of the result is not given, or the
        encoder is another one.
    """
    if KEY not in adata.uns:
        raise InputError("The table does not say how it was made; give the result of c3r.embed")
    facts, roles = adata.uns[KEY], ChannelAssignment(roles_of(adata))
    options = options_of(facts, RunOptions(device, str(facts["precision"])))
    how = roles, encoder, crop_of(facts), options
    weights = str(facts["encoder"]["weights_sha256"])
    job = FlipJob(
        tuple(embed_job(each, *how, weights=weights) for each in inputs_of(adata, fields)),
        tuple(kinds),
        label_column,
        label_table_of(adata.obs, label_column),
        max_cells,
        noise_repeats,
        parity,
        seed=seed,
    )
    return finished(FlipRun(job))

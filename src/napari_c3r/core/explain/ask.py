"""Why is this cell here: the question as one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.embed.provenance import options_of
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.crops import Field
from napari_c3r.core.explain.options import WhyOptions
from napari_c3r.core.explain.result import WhyHere
from napari_c3r.core.explain.run import WhyJob, WhyRun
from napari_c3r.core.images import Image
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_c3r.core.encoder import Encoder


def why_here(
    adata: AnnData,
    cell: str,
    image: Image | Mapping[str, Field],
    labels: ArrayLike | None = None,
    *,
    encoder: Encoder,
    nuclei: ArrayLike | None = None,
    options: WhyOptions | None = None,
    device: str = "auto",
) -> WhyHere:
    """Ask which channel and which place hold one cell's vector where it is.

    Every channel is taken away, from the cell and from others alike, and every place of the cell's
    crop is covered, in each channel and in all of them (occlusion; Zeiler and Fergus 2014). What
    that does is counted in neighbours of ten, beside what turning the crop or covering a random
    place does. It says what the encoder looks at, not what caused the cell to look so.

    Parameters
    ----------
    adata
        The result of :func:`napari_c3r.embed` that the cell is in.
    cell
        Name of its row, ``"image:label"``.
    image
        The image; for a result of several, each with its labels by the name of the image.
    labels, nuclei
        Label images as they were embedded, (Y, X); nuclei only say where in the cell a place is.
    encoder
        The one that made the result.
    options
        What is covered, with what and how often.
    device
        Where to compute, as for :func:`napari_c3r.embed`.

    Returns
    -------
    WhyHere
        A sentence, a table of channels, a map for each channel.

    Raises
    ------
    InputError
        No such cell, fewer than 12 cells, or an image, labels or an encoder that are not those of
        the result.
    """
    if cell not in adata.obs_names:
        raise InputError(
            f"There is no cell '{cell}'; rows are called as '{adata.obs_names[0]}' is"
            if len(adata)
            else f"There is no cell '{cell}': the table is empty"
        )
    fields = {image.name: Field(image, labels, nuclei)} if isinstance(image, Image) else image
    ran = options_of(adata.uns[KEY], RunOptions(device)) if KEY in adata.uns else RunOptions(device)
    row = int(adata.obs_names.get_loc(cell))
    run = WhyRun(WhyJob(adata, row, fields, encoder, options or WhyOptions(), ran))
    for _ in run.steps():
        pass
    return run.result()

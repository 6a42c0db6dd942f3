"""Why is this cell, or this group of cells, here: each question as one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_c3r.core.cells.labels import ArrayLike
from napari_c3r.core.embed.job import finished
from napari_c3r.core.embed.provenance import options_of
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.explain.contrast import Cells, cell_set, rest_of
from napari_c3r.core.explain.crops import Field
from napari_c3r.core.explain.group import GroupJob, GroupRun
from napari_c3r.core.explain.group_result import WhyGroup
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
    compared_with: Cells | None = None,
    nuclei: ArrayLike | None = None,
    options: WhyOptions | None = None,
    device: str = "auto",
) -> WhyHere:
    """Ask which channel and which place set one cell apart from other cells.

    Its channels are exchanged for those of reference cells like it, in every combination, and what
    that does to the vector is shared out among the channels (Shapley 1953; with other observations
    in the place of what is taken away, Sundararajan and Najmi 2020, and here those most alike, as
    Goyal et al. 2019 compare an image with one of another class). The same is done with reference
    cells, which says what a channel usually does. Then places of the crop are covered (occlusion;
    Zeiler and Fergus 2014), beside as many pixels at random. It says what the encoder looks at, not
    what caused the cell to look so.

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
    compared_with
        The reference cells: a column and its value, such as ``("compound", "DMSO")``, or true and
        false for each cell. By default all others but its ten nearest neighbours.
    options
        What is exchanged and covered, and how often.
    device
        Where to compute, as for :func:`napari_c3r.embed`.

    Returns
    -------
    WhyHere
        A sentence, a table of channels, maps of places.

    Raises
    ------
    InputError
        No such cell, fewer than 12 cells, fewer than 6 reference cells, or an image, labels or an
        encoder that are not those of the result.
    """
    if cell not in adata.obs_names:
        raise InputError(
            f"There is no cell '{cell}'; rows are called as '{adata.obs_names[0]}' is"
            if len(adata)
            else f"There is no cell '{cell}': the table is empty"
        )
    compared = None if compared_with is None else cell_set(adata, compared_with)
    job = WhyJob(
        adata,
        int(adata.obs_names.get_loc(cell)),
        _fields(image, labels, nuclei),
        encoder,
        options or WhyOptions(),
        _run_options(adata, device),
        compared=compared,
    )
    return finished(WhyRun(job))


def why_group(
    adata: AnnData,
    group: Cells,
    image: Image | Mapping[str, Field],
    labels: ArrayLike | None = None,
    *,
    encoder: Encoder,
    compared_with: Cells | None = None,
    nuclei: ArrayLike | None = None,
    options: WhyOptions | None = None,
    device: str = "auto",
) -> WhyGroup:
    """Ask which channel, and which part of the cells, set a group of cells apart from others.

    As :func:`napari_c3r.why_here` for some cells of the group, of which the mean counts. Places are
    the same in all of them: bands from the middle of the nucleus to the edge of the cell, covered
    in cells of the group and in reference cells.

    Parameters
    ----------
    adata, image, labels, encoder, nuclei, options, device
        As for :func:`napari_c3r.why_here`.
    group
        A column and its value, such as ``("cluster", "3")``, or true and false for each cell.
    compared_with
        The reference cells, chosen likewise; all that are not in the group by default.

    Returns
    -------
    WhyGroup
        A sentence, a table of channels, a table of parts of the cells.

    Raises
    ------
    InputError
        Fewer than 4 cells of the group or 6 reference cells can be asked, some are in both, or the
        image, labels or encoder are not those of the result.
    """
    cells = cell_set(adata, group, "the group")
    compared = rest_of(cells) if compared_with is None else cell_set(adata, compared_with)
    job = GroupJob(
        adata,
        cells,
        compared,
        _fields(image, labels, nuclei),
        encoder,
        options or WhyOptions(),
        _run_options(adata, device),
    )
    return finished(GroupRun(job))


def _fields(
    image: Image | Mapping[str, Field], labels: ArrayLike | None, nuclei: ArrayLike | None
) -> Mapping[str, Field]:
    return {image.name: Field(image, labels, nuclei)} if isinstance(image, Image) else image


def _run_options(adata: AnnData, device: str) -> RunOptions:
    """As the table was made, on a device."""
    if KEY not in adata.uns:
        return RunOptions(device)
    facts = adata.uns[KEY]
    return options_of(facts, RunOptions(device, str(facts["precision"])))

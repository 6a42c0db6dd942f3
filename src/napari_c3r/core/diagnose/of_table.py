"""The cells of a result, as what embedding them again takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.encoder.options import RunOptions
from napari_c3r.core.errors import InputError
from napari_c3r.core.table.result import window_px

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.cells.labels import ArrayLike
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.crops import CropSpec
    from napari_c3r.core.encoder import Encoder
    from napari_c3r.core.explain.crops import Field
    from napari_c3r.core.images import Image


@dataclass(frozen=True, eq=False)
class FieldCells:
    """The cells of one image that are in a result.

    Attributes
    ----------
    image, labels, nuclei
        The image and its label images.
    wanted
        Labels of the cells.
    window_px
        Side of their crops, in pixels of the image.
    """

    image: Image
    labels: ArrayLike
    nuclei: ArrayLike | None
    wanted: frozenset[int]
    window_px: int


def inputs_of(table: AnnData, fields: Mapping[str, Field]) -> tuple[FieldCells, ...]:
    """The cells of a table, image by image, in its order.

    Raises
    ------
    InputError
        An image is not given, or has no labels.
    """
    found = []
    for name, rows in table.obs.groupby("image", observed=True, sort=False):
        field = fields.get(str(name))
        if field is None or field.labels is None:
            raise InputError(f"The image '{name}' is not given with its labels; give both")
        wanted = frozenset(rows["label"].tolist())
        side = window_px(table, str(name))
        found.append(FieldCells(field.image, field.labels, field.nuclei, wanted, side))
    return tuple(found)


def embed_job(
    inputs: FieldCells,
    roles: ChannelAssignment,
    encoder: Encoder,
    crop: CropSpec,
    options: RunOptions,
    *,
    weights: str,
) -> EmbedJob:
    """What embedding the cells of one image again would be.

    Parameters
    ----------
    inputs
        The cells.
    roles, encoder, crop, options
        As of :class:`napari_c3r.core.embed.EmbedJob`.
    weights
        Hash of the weights of the encoder that made the result.

    Raises
    ------
    InputError
        The encoder is not the one that made the result.
    """
    if encoder.weights_hash != weights:
        raise InputError(
            f"The encoder '{encoder.name}' is not the one that embedded these cells; "
            "embed them again"
        )
    return EmbedJob(
        inputs.image,
        inputs.labels,
        roles,
        encoder,
        nuclei=inputs.nuclei,
        labels_wanted=inputs.wanted,
        window_px=inputs.window_px,
        crop=crop,
        options=options,
    )


def label_table_of(obs: pd.DataFrame, column: str | None) -> pd.DataFrame | None:
    """Labels by image and label; None for a column that is measured with the cells anyway."""
    if column is None or column in ("image", "plate", "well", "site"):
        return None
    return obs[["image", "label", column]].reset_index(drop=True)

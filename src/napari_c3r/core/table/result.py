"""The result of an embedding as an AnnData table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.remembered import remembered

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

KEY = "napari_c3r"
"""Key under which a result keeps its provenance, in ``adata.uns`` and in files, and a layer what
is known of its image, in its metadata."""


# Of fewer rows than one in so many, the images of all need not be known.
_FEW = 10

GATES = "gates"
"""Key of the provenance under which gates are described, column by column."""


def vector_names(count: int) -> list[str]:
    """Name the vector columns ``c3r_0000``, ``c3r_0001`` and so on."""
    return [f"c3r_{number:04d}" for number in range(count)]


def is_vector_name(name: object) -> bool:
    """Whether a column is one of the vector's; others may begin with ``c3r_`` too."""
    return re.fullmatch(r"c3r_\d{4,}", str(name)) is not None


def make_result(
    obs: pd.DataFrame,
    vectors: NDArray[np.float32],
    columns: Sequence[tuple[str, str]],
    provenance: dict[str, Any],
) -> AnnData:
    """Put cells and their vectors together.

    Parameters
    ----------
    obs
        One row per cell, with at least ``image``, ``label``, ``y_px`` and ``x_px``.
    vectors
        (cells, D) float32, in the order of ``obs``.
    columns
        For each of the D columns its concept channel and readout part.
    provenance
        Plain values, lists and dictionaries of them.

    Returns
    -------
    AnnData
        Rows named ``image:label``, positions (y, x) in pixels in ``obsm["spatial"]`` as
        (x, y), the order that spatial packages expect.

    Raises
    ------
    InputError
        Two rows with the same image and label.
    """
    import pandas as pd
    from anndata import AnnData

    obs = obs.reset_index(drop=True)
    names = obs["image"].astype(str) + ":" + obs["label"].astype(str)
    if names.duplicated().any():
        raise InputError(
            f"Two cells have the image and label '{names[names.duplicated()].iloc[0]}'; "
            "give every image a name of its own"
        )
    obs.index = pd.Index(names.to_numpy(dtype=object))
    var = pd.DataFrame(columns, columns=["concept_channel", "readout"], dtype=object)
    var.index = pd.Index(vector_names(len(columns)), dtype=object)
    result = AnnData(X=vectors.astype(np.float32), obs=obs, var=var)
    result.obsm["spatial"] = obs[["x_px", "y_px"]].to_numpy(np.float64)
    result.uns[KEY] = provenance
    return result


def roles_of(result: AnnData) -> dict[str, str]:
    """The roles by channel name that a result was made with."""
    return dict(result.uns[KEY]["roles"])


def window_px(result: AnnData, image: str) -> int:
    """Side of the crops of an image's cells, in its pixels.

    Raises
    ------
    InputError
        The result does not say.
    """
    described = result.uns[KEY]["images"]
    names = list(described["name"])
    if image not in names:
        raise InputError(f"The result does not say how '{image}' was cut out; embed it again")
    return int(described["crop_window_px"][names.index(image)])


@remembered
def _images_of(column: pd.Series) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """The number of each row's image, and the names of the images."""
    import pandas as pd

    codes, images = pd.factorize(column.to_numpy())
    codes.flags.writeable = False
    return codes, images


def rows_by_image(
    obs: pd.DataFrame, rows: NDArray[np.intp]
) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Some rows, image by image: a thousand images are not each looked for in all of them.

    Parameters
    ----------
    obs
        With the column ``image``.
    rows
        Positions in it.

    Yields
    ------
    name, rows
        Of one image, in the order of `rows`.
    """
    import pandas as pd

    column = obs["image"]
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, images = column.cat.codes.to_numpy()[rows], column.cat.categories.to_numpy()
    elif len(rows) < len(column) // _FEW:
        codes, images = pd.factorize(column.to_numpy()[rows])
    else:
        of_all, images = _images_of(column)
        codes = of_all[rows]
    # Small integers are sorted in one pass.
    small = codes.astype(np.int16) if len(images) < 2**15 else codes
    order, begin = np.argsort(small, kind="stable"), 0
    for image, length in zip(images, np.bincount(codes, minlength=len(images)), strict=True):
        if length:
            yield str(image), rows[order[begin : begin + length]]
        begin += length

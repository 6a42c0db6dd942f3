"""Writes the table of cells that a labels layer carries, when the layer is saved in napari."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_c3r.core.errors import InputError
from napari_c3r.core.table import KEY, write
from napari_c3r.core.table.flat import UMAP_COLUMNS, from_frame
from napari_c3r.core.table.formats import format_of
from napari_c3r.core.table.result import is_vector_name

if TYPE_CHECKING:
    from anndata import AnnData


def write_table(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write the table of a labels layer, as :func:`napari_c3r.write` does.

    The docks let their layers "C3R cells" and "C3R clusters" carry the result; a layer whose
    features are such a table will do as well. Columns that others added to the features are
    written too.

    Parameters
    ----------
    path
        With the suffix of a format of results.
    data
        The labels; not written.
    attributes
        The layer's, by name.

    Returns
    -------
    list of str
        The files written.

    Raises
    ------
    RuntimeError
        In one line: the layer carries no such table, or the file cannot be written.
    """
    try:
        written = write(_table_of(attributes), path)
    except InputError as error:
        # It is a ValueError, which napari takes for an absent writer, and reports nothing.
        raise RuntimeError(str(error)) from error
    companions = format_of(written).companions(written)
    return [str(written), *(str(path) for path in companions if path.is_file())]


def _table_of(attributes: dict[str, Any]) -> AnnData:
    carried = attributes.get("metadata", {}).get(KEY, {})
    features = attributes.get("features")
    features = pd.DataFrame() if features is None else pd.DataFrame(features)
    if carried.get("table") is None:
        return _table_from(features, attributes.get("name", ""))
    table, image = carried["table"], carried["image"]
    part = table[np.asarray(table.obs["image"] == image)].copy()
    if not len(part):
        raise InputError(f"No cell of '{image}' is in the table; embed its cells first")
    return _with_added(part, features)


def _table_from(features: pd.DataFrame, name: str) -> AnnData:
    try:
        return from_frame(features, None)
    except InputError as error:
        raise InputError(
            f"The layer '{name}' carries no C3R table; embed its cells, then save the layer "
            "'C3R cells' or 'C3R clusters'"
        ) from error


def _with_added(table: AnnData, features: pd.DataFrame) -> AnnData:
    """The table with the columns of the layer's features that it does not have."""
    if "label" not in features:
        return table
    by_label = features.drop_duplicates("label").set_index("label")
    for name in by_label.columns:
        reserved = name in UMAP_COLUMNS or is_vector_name(name)
        if name not in table.obs and not reserved:
            table.obs[name] = by_label[name].reindex(table.obs["label"]).to_numpy()
    return table

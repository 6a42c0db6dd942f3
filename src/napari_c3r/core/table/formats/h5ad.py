"""AnnData's own format, HDF5: names and lists are stored as HDF5 can hold them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import ForeignTableError
from napari_c3r.core.table.formats.format import TableFormat
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

# The columns of text that lack some values.
_GAPS = "text_with_gaps"

# In HDF5 a slash ends the name of a group. Only what would be taken for the escape is escaped too.
_ESCAPES = {"/": "%2F", "%2F": "%252F", "%25": "%2525"}
_UNESCAPES = {"%2F": "/", "%25": "%"}


def _write(result: AnnData, path: Path) -> None:
    from napari_c3r.core.table import flat

    stored = result.copy()
    names = [name for name, column in stored.obs.items() if flat.type_name(column) == "text"]
    gaps = [name for name in names if stored.obs[name].isna().any()]
    for name in names:
        text = flat.as_text(stored.obs[name])
        # HDF5 has no missing text, but missing categories.
        stored.obs[name] = text.astype("category") if name in gaps else text
    stored.obs.columns = [_escape(str(name)) for name in stored.obs.columns]
    stored.obs_names = [flat.encodable(name) for name in stored.obs_names]
    stored.uns[KEY] = _to_arrays({**flat.encodable(stored.uns.get(KEY, {})), _GAPS: gaps})
    with replacing(path) as temporary:
        try:
            stored.write_h5ad(temporary, compression="gzip", convert_strings_to_categoricals=False)
        except RuntimeError as error:
            # What HDF5 makes of a full disk, depending on where it notices.
            raise OSError(str(error)) from error


def _read(path: Path) -> AnnData:
    import anndata

    result = anndata.read_h5ad(path)
    if KEY not in result.uns:
        raise ForeignTableError(
            f"'{path}' is an AnnData file but holds no result of this plugin; "
            f"its uns keys are {sorted(result.uns)}"
        )
    result.uns[KEY] = _to_lists(result.uns[KEY])
    result.obs.columns = [_unescape(str(name)) for name in result.obs.columns]
    for name in result.uns[KEY].pop(_GAPS, ()):
        result.obs[name] = result.obs[name].astype(object)
    return result


def _escape(name: str) -> str:
    return re.sub("/|%2F|%25", lambda found: _ESCAPES[found[0]], name)


def _unescape(name: str) -> str:
    return re.sub("%2F|%25", lambda found: _UNESCAPES[found[0]], name)


def _to_arrays(value: Any) -> Any:
    """HDF5 has no lists: store them as arrays, text as variable-length strings."""
    if isinstance(value, dict):
        return {_escape(name): _to_arrays(part) for name, part in value.items()}
    if isinstance(value, list):
        is_text = not value or isinstance(value[0], str)
        return np.array(value, dtype=object if is_text else None)
    return value


def _to_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {_unescape(name): _to_lists(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


H5AD = TableFormat(".h5ad", "AnnData", _write, _read)

"""Results to files and back: CSV, Parquet and AnnData (h5ad), chosen by suffix."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError
from napari_c3r.core.table import flat
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

_PARQUET_KEY = KEY.encode()
# In an h5ad file: the columns of text that lack some values.
_GAPS = "text_with_gaps"

# In HDF5 a slash ends the name of a group. Only what would be taken for the escape is escaped too.
_ESCAPES = {"/": "%2F", "%2F": "%252F", "%25": "%2525"}
_UNESCAPES = {"%2F": "/", "%25": "%"}


def write(result: AnnData, path: str | Path) -> Path:
    """Write a result to a file, atomically, in the format of the file's suffix.

    Parameters
    ----------
    result
        From :func:`napari_c3r.embed`, with or without map and clusters.
    path
        ``.csv`` (the cells, then map and cluster, then the vectors; the provenance beside it
        as ``<name>.provenance.json``), ``.parquet`` or ``.h5ad``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        Another suffix, or a folder that cannot be written to.
    """
    path = Path(path)
    _format(path, _WRITERS)(result, path)
    return path


def read(path: str | Path) -> AnnData:
    """Read a result that :func:`write` wrote.

    Parameters
    ----------
    path
        ``.csv``, ``.parquet`` or ``.h5ad``. A CSV without its provenance file is read too,
        with the roles then unknown.

    Returns
    -------
    AnnData
        With every number, name and role as it was.

    Raises
    ------
    InputError
        No such file, another suffix, or a table that is not such a result.
    """
    path = Path(path)
    reader = _format(path, _READERS)
    if not path.is_file():
        raise InputError(f"No file '{path}'; check the name")
    try:
        return reader(path)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"'{path}' cannot be read as a result ({reason}); export it again"
        ) from error


def provenance_path(path: Path) -> Path:
    """Where the provenance of a CSV stands: ``cells.csv`` → ``cells.provenance.json``."""
    return path.with_name(f"{path.stem}.provenance.json")


def _format(path: Path, known: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    suffix = path.suffix.lower()
    if suffix not in known:
        raise InputError(
            f"'{path.name}' ends in '{suffix}', which is not a format of results; "
            f"use {', '.join(known)}"
        )
    return known[suffix]


def _write_csv(result: AnnData, path: Path) -> None:
    frame = flat.escape_text(flat.to_frame(result))
    # Both files are complete before either takes its name.
    with replacing(provenance_path(path)) as description, replacing(path) as temporary:
        frame.to_csv(
            temporary,
            index=False,
            encoding="utf-8",
            lineterminator="\n",
            quoting=csv.QUOTE_NONNUMERIC if flat.has_return(frame) else csv.QUOTE_MINIMAL,
        )
        text = json.dumps(flat.describe(result), indent=1, ensure_ascii=False, allow_nan=False)
        description.write_text(text + "\n", encoding="utf-8")


def _read_csv(path: Path) -> AnnData:
    beside = provenance_path(path)
    description = json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else None
    types = flat.column_types(description)
    header = pd.read_csv(path, nrows=0, encoding="utf-8").columns
    text = {name: "str" for name in header if types.get(name, _guess_type(name)) == "text"}
    frame = pd.read_csv(
        path,
        dtype=text,
        encoding="utf-8",
        float_precision="round_trip",
        keep_default_na=False,
        na_values={name: [""] for name in header},
    )
    return flat.from_frame(flat.unescape_text(frame), description)


def _guess_type(name: str) -> str:
    """Columns that are text even where every value looks like a number."""
    return "text" if name in flat.TEXT_COLUMNS else ""


def _write_parquet(result: AnnData, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(flat.to_frame(result), preserve_index=False)
    described = json.dumps(flat.describe(result), ensure_ascii=False, allow_nan=False)
    metadata = {**(table.schema.metadata or {}), _PARQUET_KEY: described.encode()}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary)


def _read_parquet(path: Path) -> AnnData:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    described = (table.schema.metadata or {}).get(_PARQUET_KEY)
    return flat.from_frame(table.to_pandas(), json.loads(described) if described else None)


def _write_h5ad(result: AnnData, path: Path) -> None:
    stored = result.copy()
    gaps = [name for name in _text_columns(stored) if stored.obs[name].isna().any()]
    for name in _text_columns(stored):
        text = flat.as_text(stored.obs[name])
        # HDF5 has no missing text, but missing categories.
        stored.obs[name] = text.astype("category") if name in gaps else text
    stored.obs.columns = [_escape(str(name)) for name in stored.obs.columns]
    stored.uns[KEY] = _to_arrays({**stored.uns.get(KEY, {}), _GAPS: gaps})
    with replacing(path) as temporary:
        stored.write_h5ad(temporary, compression="gzip", convert_strings_to_categoricals=False)


def _read_h5ad(path: Path) -> AnnData:
    import anndata

    result = anndata.read_h5ad(path)
    if KEY not in result.uns:
        raise InputError(
            f"'{path}' is an AnnData file but holds no result of this plugin; "
            f"its uns keys are {sorted(result.uns)}"
        )
    result.uns[KEY] = _to_lists(result.uns[KEY])
    result.obs.columns = [_unescape(str(name)) for name in result.obs.columns]
    for name in result.uns[KEY].pop(_GAPS, ()):
        result.obs[name] = result.obs[name].astype(object)
    return result


def _text_columns(result: AnnData) -> list[str]:
    return [name for name, column in result.obs.items() if flat.type_name(column) == "text"]


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


_WRITERS = {".csv": _write_csv, ".parquet": _write_parquet, ".h5ad": _write_h5ad}
_READERS = {".csv": _read_csv, ".parquet": _read_parquet, ".h5ad": _read_h5ad}

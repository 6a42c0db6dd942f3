"""Parquet: the flat table, the provenance in the file's own metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.atomic import replacing
from napari_c3r.core.table.formats.format import TableFormat
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pyarrow as pa
    from anndata import AnnData

_DIGEST: Final = f"{KEY}_sha256".encode()


def _write(result: AnnData, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from napari_c3r.core.table import flat

    table = pa.Table.from_pandas(flat.to_frame(result), preserve_index=False)
    added = sealed_metadata(flat.describe(result), table.column_names)
    metadata = {**(table.schema.metadata or {}), **added}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary, write_page_checksum=True)


def _read(path: Path) -> AnnData:
    import pyarrow.parquet as pq

    from napari_c3r.core.table import flat

    table = pq.read_table(path, page_checksum_verification=True)
    return flat.from_frame(table.to_pandas(), description_in(table.schema))


def sealed_metadata(description: Mapping[str, Any], columns: Sequence[str]) -> dict[bytes, bytes]:
    """What a file says of itself beside its columns, with a digest of it.

    Parameters
    ----------
    description
        From :func:`napari_c3r.core.table.flat.describe`.
    columns
        The names of all columns.
    """
    text = json.dumps(description, ensure_ascii=False, allow_nan=False).encode()
    return {KEY.encode(): text, _DIGEST: _digest(text, columns)}


def description_in(schema: pa.Schema) -> dict[str, Any] | None:
    """What a file says of itself, None where it says nothing.

    Raises
    ------
    ValueError
        It is not what was written.
    """
    metadata = schema.metadata or {}
    described = metadata.get(KEY.encode())
    digest = _digest(described or b"", schema.names)
    # An earlier version wrote none.
    if metadata.get(_DIGEST, digest) != digest:
        raise ValueError("its provenance is damaged")
    return json.loads(described) if described else None


def digest_in(schema: pa.Schema) -> str:
    """What tells a file from another of the same name: empty where an earlier version wrote it."""
    return (schema.metadata or {}).get(_DIGEST, b"").decode()


def _digest(described: bytes, columns: Sequence[str]) -> bytes:
    """Of all that the file's own checksums leave out."""
    text = described + "\0".join(["", *columns]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest().encode()


PARQUET = TableFormat(".parquet", "Parquet", _write, _read)

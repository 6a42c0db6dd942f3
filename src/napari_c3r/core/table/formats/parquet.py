"""Parquet: the flat table, the provenance in the file's own metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_c3r.core.atomic import replacing
from napari_c3r.core.table.formats.format import TableFormat
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData

_DIGEST: Final = f"{KEY}_sha256".encode()


def _write(result: AnnData, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from napari_c3r.core.table import flat

    table = pa.Table.from_pandas(flat.to_frame(result), preserve_index=False)
    described = json.dumps(flat.describe(result), ensure_ascii=False, allow_nan=False)
    digest = _digest(described.encode(), table.column_names)
    added = {KEY.encode(): described.encode(), _DIGEST: digest}
    metadata = {**(table.schema.metadata or {}), **added}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary, write_page_checksum=True)


def _read(path: Path) -> AnnData:
    import pyarrow.parquet as pq

    from napari_c3r.core.table import flat

    table = pq.read_table(path, page_checksum_verification=True)
    metadata = table.schema.metadata or {}
    described = metadata.get(KEY.encode())
    digest = _digest(described or b"", table.column_names)
    # An earlier version wrote none.
    if metadata.get(_DIGEST, digest) != digest:
        raise ValueError("its provenance is damaged")
    return flat.from_frame(table.to_pandas(), json.loads(described) if described else None)


def _digest(described: bytes, columns: Sequence[str]) -> bytes:
    """Of all that the file's own checksums leave out."""
    text = described + "\0".join(["", *columns]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest().encode()


PARQUET = TableFormat(".parquet", "Parquet", _write, _read)

"""Parquet: the flat table, the provenance in the file's own metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.atomic import replacing
from napari_c3r.core.table.formats.format import TableFormat
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    from anndata import AnnData


def _write(result: AnnData, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from napari_c3r.core.table import flat

    table = pa.Table.from_pandas(flat.to_frame(result), preserve_index=False)
    described = json.dumps(flat.describe(result), ensure_ascii=False, allow_nan=False)
    metadata = {**(table.schema.metadata or {}), KEY.encode(): described.encode()}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary)


def _read(path: Path) -> AnnData:
    import pyarrow.parquet as pq

    from napari_c3r.core.table import flat

    table = pq.read_table(path)
    described = (table.schema.metadata or {}).get(KEY.encode())
    return flat.from_frame(table.to_pandas(), json.loads(described) if described else None)


PARQUET = TableFormat(".parquet", "Parquet", _write, _read)

"""Columns added to a table of many cells, whose vectors are never all in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_c3r.core.atomic import replacing
from napari_c3r.core.table import flat
from napari_c3r.core.table.formats.parquet import description_in, sealed_metadata
from napari_c3r.core.table.result import vector_names

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from anndata import AnnData

_VECTORS = "vector_columns"


def add_columns(parquet: Path, add: Callable[[AnnData], None]) -> None:
    """Let a function add columns to the cells of a table, in its file.

    Parameters
    ----------
    parquet
        A table that says how it was made; replaced as a whole.
    add
        Gets the cells in the order of the file, with all that is known of them but their vectors,
        and changes ``obs`` and ``uns``.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet, page_checksum_verification=True) as file:
        described = description_in(file.schema_arrow)
        assert described is not None
        vectors = vector_names(len(described[_VECTORS]["readout"]))
        others = [name for name in file.schema_arrow.names if name not in set(vectors)]
        cells = flat.from_frame(
            file.read(columns=others).to_pandas(),
            {**described, _VECTORS: {name: [] for name in described[_VECTORS]}},
        )
        add(cells)
        frame = flat.to_frame(cells)
        schema = _schema(frame, file.schema_arrow, vectors)
        now = {**flat.describe(cells), _VECTORS: described[_VECTORS]}
        schema = schema.with_metadata(sealed_metadata(now, schema.names))
        with (
            replacing(parquet) as temporary,
            pq.ParquetWriter(temporary, schema, write_page_checksum=True) as writer,
        ):
            for group in _groups(file, frame, vectors, schema):
                writer.write_table(group, row_group_size=max(1, len(group)))


def _schema(frame: pd.DataFrame, before: pa.Schema, vectors: list[str]) -> pa.Schema:
    import pyarrow as pa

    found = pa.Schema.from_pandas(frame, preserve_index=False)
    # Of a column without any value pandas does not know what it would hold.
    fields = [f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in found]
    return pa.schema([*fields, *(before.field(name) for name in vectors)])


def _groups(
    file: pq.ParquetFile, frame: pd.DataFrame, vectors: list[str], schema: pa.Schema
) -> Iterator[pa.Table]:
    import pyarrow as pa

    start = 0
    known = pa.schema([schema.field(name) for name in frame.columns])
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        part: Any = pa.Table.from_pandas(
            frame.iloc[start : start + rows], schema=known, preserve_index=False
        )
        held = file.read_row_group(number, columns=vectors)
        for name in vectors:
            part = part.append_column(schema.field(name), held[name])
        yield part.cast(schema).replace_schema_metadata(schema.metadata)
        start += rows

"""A joined table in another format, beside the Parquet file that it is first written as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_c3r.core.table import flat
from napari_c3r.core.table.files import read, write
from napari_c3r.core.table.formats.csv import CSV, write_stretches
from napari_c3r.core.table.formats.parquet import description_in

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

_ROWS: Final = 4096


def convert(parquet: Path, out: Path) -> None:
    """Write a table in the format of a suffix.

    CSV is written a stretch of rows at a time; other formats need all of them in memory.

    Parameters
    ----------
    parquet
        The table.
    out
        To write; nothing is done where it is the same file.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    if out == parquet:
        return
    if out.suffix == CSV.suffix:
        _to_csv(parquet, out)
    else:
        write(read(parquet), out)


def _to_csv(parquet: Path, out: Path) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet, page_checksum_verification=True) as table:
        description = description_in(table.schema_arrow)
        assert description is not None
        texts = [name for name, kind in description["obs_types"].items() if kind == "text"]
        has_return = any(flat.has_return(frame) for frame in _frames(table, texts))
        rows = table.metadata.num_rows
        write_stretches(out, _frames(table), rows, description, has_return)


def _frames(table: pq.ParquetFile, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
    for batch in table.iter_batches(_ROWS, columns=columns):
        yield batch.to_pandas()

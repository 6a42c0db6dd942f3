"""Further columns for the cells of a joined table, whose vectors are never all in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.atomic import replacing
from napari_c3r.core.table import flat
from napari_c3r.core.table.formats.parquet import description_in, sealed_metadata
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def add_columns(parquet: Path, describe: Callable[[AnnData], Any]) -> None:
    """Let a function add columns to the cells of a table, and write it anew.

    Parameters
    ----------
    parquet
        The table.
    describe
        Takes the cells without their vectors, and adds columns to ``obs`` and what it has to say
        to ``uns``, in place. What it took from ``obs`` is gone from the table too.

    Raises
    ------
    OutputError
        It cannot be written; it is then as it was.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from anndata import AnnData

    with pq.ParquetFile(parquet, page_checksum_verification=True) as table:
        description = description_in(table.schema_arrow)
        assert description is not None
        known = list(description["obs_types"])
        cells = AnnData(
            np.zeros((table.metadata.num_rows, 0), np.float32),
            obs=_with_names(table.read(columns=known).to_pandas()),
        )
        cells.uns[KEY] = description[KEY]
        before = cells.obs.copy()
        describe(cells)
        added = [name for name in cells.obs if not _stays(name, before, cells.obs)]
        columns = pa.Table.from_pandas(flat.plain(cells.obs[added]), preserve_index=False)
        told = _described(description, cells, added)
        gone = {*added, *(name for name in known if name not in cells.obs)}
        kept = [field for field in table.schema_arrow if field.name not in gone]
        first = next((n for n, f in enumerate(kept) if f.name not in known), len(kept))
        fields = [*kept[:first], *columns.schema, *kept[first:]]
        names = [field.name for field in fields]
        schema = pa.schema(fields, sealed_metadata(told, names))
        with (
            replacing(parquet) as temporary,
            pq.ParquetWriter(temporary, schema, write_page_checksum=True) as writer,
        ):
            start = 0
            for number in range(table.num_row_groups):
                group = table.read_row_group(number)
                new = columns.slice(start, len(group))
                parts = [(new if name in added else group).column(name) for name in names]
                writer.write_table(pa.table(parts, schema=schema), row_group_size=len(group))
                start += len(group)


def _with_names(obs: pd.DataFrame) -> pd.DataFrame:
    return obs.set_axis(np.arange(len(obs)).astype(str), axis=0)


def _stays(name: str, before: pd.DataFrame, after: pd.DataFrame) -> bool:
    return name in before and after[name].equals(before[name])


def _described(description: dict[str, Any], cells: AnnData, added: list[str]) -> dict[str, Any]:
    """What the table says of itself with its new columns."""
    new = flat.describe(cells)
    types = {name: kind for name, kind in description["obs_types"].items() if name in cells.obs}
    return {
        **description,
        KEY: new[KEY],
        "obs_types": types | {name: new["obs_types"][name] for name in added},
        "categories": {n: new["categories"][n] for n in added if n in new["categories"]},
    }

"""CSV: one table to open anywhere, its provenance next to it as JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.atomic import replacing
from napari_c3r.core.table.formats.format import TableFormat

if TYPE_CHECKING:
    from anndata import AnnData


def provenance_path(path: Path) -> Path:
    """Where the provenance of a CSV stands: ``cells.csv`` → ``cells.provenance.json``."""
    return path.with_name(f"{path.stem}.provenance.json")


def _companions(path: Path) -> tuple[Path, ...]:
    return (provenance_path(path),)


def _write(result: AnnData, path: Path) -> None:
    from napari_c3r.core.table import flat

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


def _read(path: Path) -> AnnData:
    import pandas as pd

    from napari_c3r.core.table import flat

    described = provenance_path(path)
    description = json.loads(described.read_text("utf-8")) if described.is_file() else None
    types = flat.column_types(description)
    header = pd.read_csv(path, nrows=0, encoding="utf-8").columns
    # Columns that are text even where every value looks like a number.
    known = dict.fromkeys(flat.TEXT_COLUMNS, "text") | types
    text = {name: "str" for name in header if known.get(name) == "text"}
    frame = pd.read_csv(
        path,
        dtype=text,
        encoding="utf-8",
        float_precision="round_trip",
        keep_default_na=False,
        na_values={name: [""] for name in header},
    )
    return flat.from_frame(flat.unescape_text(frame), description)


CSV = TableFormat(".csv", "Table", _write, _read, _companions)

"""CSV: one table to open anywhere, its provenance next to it as JSON."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_c3r.core.atomic import replacing_together
from napari_c3r.core.leftovers import leftovers
from napari_c3r.core.table.formats.format import TableFormat

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def provenance_path(path: Path) -> Path:
    """Where the provenance of a CSV stands: ``cells.csv`` → ``cells.provenance.json``."""
    return path.with_name(f"{path.stem}.provenance.json")


def _companions(path: Path) -> tuple[Path, ...]:
    return (provenance_path(path),)


def _write(result: AnnData, path: Path) -> None:
    from napari_c3r.core.table import flat

    frame = flat.to_frame(result)
    write_stretches(path, [frame], len(frame), flat.describe(result), flat.has_return(frame))


def write_stretches(
    path: Path,
    frames: Iterable[pd.DataFrame],
    rows: int,
    description: Mapping[str, Any],
    has_return: bool,
) -> None:
    """Write a table that comes a stretch of rows at a time.

    Parameters
    ----------
    path
        To write.
    frames
        The rows, as :func:`napari_c3r.core.table.flat.to_frame` gives them.
    rows
        How many there are.
    description
        From :func:`napari_c3r.core.table.flat.describe`.
    has_return
        Whether some text holds a carriage return.
    """
    from napari_c3r.core.table import flat, seal

    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if has_return else csv.QUOTE_MINIMAL
    samples = seal.Samples(rows)
    _finish_what_was_killed(path)
    # Both files are complete before either takes its name.
    with replacing_together(path, provenance_path(path)) as (temporary, beside):
        with temporary.open("w", encoding="utf-8", newline="") as stream:
            for number, frame in enumerate(frames):
                samples.take(frame)
                flat.escape_text(frame).to_csv(
                    stream, index=False, header=not number, lineterminator="\n", quoting=quoting
                )
        told = seal.sealed(description, temporary, samples)
        text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
        beside.write_text(text + "\n", encoding="utf-8")


def _finish_what_was_killed(path: Path) -> None:
    """Put the provenance in its place that a process was killed before it could."""
    from napari_c3r.core.table import seal

    beside = provenance_path(path)
    for each in leftovers(beside, beside.suffix):
        with suppress(OSError, ValueError, AttributeError, RecursionError):
            if seal.belongs_to(json.loads(each.read_text("utf-8")), path):
                os.replace(each, beside)


def _read(path: Path) -> AnnData:
    import pandas as pd

    from napari_c3r.core.table import flat, seal

    _finish_what_was_killed(path)
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
    result = flat.from_frame(flat.unescape_text(frame), description)
    if description is None:
        return result
    return seal.with_notes(result, seal.mismatch(description, described, path, result))


CSV = TableFormat(".csv", "Table", _write, _read, _companions)

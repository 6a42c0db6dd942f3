"""What a provenance that lies beside its table says of it, so that neither is taken for another's.

For formats that keep the two in files of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.flat import encodable
from napari_c3r.core.table.provenance import sha256_of
from napari_c3r.core.table.result import KEY, is_vector_name

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_TABLE, _SELF = "table", "sha256"
_ROWS, _NUMBERS = 8, 8
# A spreadsheet that saves a table rounds its numbers.
_ROUNDING = 1e-3


class Samples:
    """Some rows of a table that comes a stretch of rows at a time.

    Parameters
    ----------
    rows
        How many the table has.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.numbers: dict[str, list[float | None]] = {}
        self._wanted = np.unique(np.linspace(0, max(0, rows - 1), _ROWS).astype(int))
        self._seen = 0

    def take(self, frame: pd.DataFrame) -> None:
        """Take in the next rows, as :func:`napari_c3r.core.table.flat.to_frame` gives them."""
        vectors = [name for name in frame.columns if is_vector_name(name)][:_NUMBERS]
        begin, self._seen = self._seen, self._seen + len(frame)
        for row in self._wanted[(self._wanted >= begin) & (self._wanted < self._seen)] - begin:
            cell = frame.iloc[row]
            self.numbers[encodable(f"{cell['image']}:{cell['label']}")] = [
                float(value) if np.isfinite(value) else None for value in cell[vectors]
            ]


def sealed(description: Mapping[str, Any], table: Path, samples: Samples) -> dict[str, Any]:
    """Add to a provenance what tells its table, and a digest of the provenance itself.

    Parameters
    ----------
    description
        The provenance, as JSON has it.
    table
        The complete file of the table.
    samples
        Of what it holds.
    """
    told = {"rows": samples.rows, "sha256": sha256_of(table), "samples": samples.numbers}
    content = {**description, _TABLE: told}
    return {**content, _SELF: _digest(content)}


def belongs_to(description: Mapping[str, Any], table: Path) -> bool:
    """Whether a provenance was written with exactly this file of a table."""
    return description.get(_TABLE, {}).get("sha256") == sha256_of(table)


def mismatch(
    description: Mapping[str, Any], provenance: Path, table: Path, result: AnnData
) -> list[str]:
    """What does not fit between a provenance and its table, as notes.

    Rows and columns that a person removed or added leave the rest as it was, and are noted.

    Parameters
    ----------
    description
        What the provenance says.
    provenance, table
        The two files.
    result
        What the table holds.

    Raises
    ------
    InputError
        They are not of one result, or the table ends early.
    """
    told = description.get(_TABLE)
    if told is None:
        # An earlier version did not tell.
        return []
    notes = []
    unsealed = {name: value for name, value in description.items() if name != _SELF}
    if description.get(_SELF) != _digest(unsealed):
        notes.append(f"The provenance '{provenance.name}' was changed since it was written")
    if belongs_to(description, table):
        return notes
    if not _ends_with_a_line(table):
        raise InputError(
            f"'{table.name}' ends in the middle: {len(result)} of {told['rows']} cells are there, "
            "the last of them cut off; write it again"
        )
    samples = {name: told["samples"][name] for name in told["samples"] if name in result.obs_names}
    if not _are_in(samples, result) or (told["rows"] and len(result) and not samples):
        raise InputError(
            f"'{table.name}' is not the table that '{provenance.name}' tells of: its cells are "
            "others. Put back the file that belongs to it, or take the provenance away to read "
            "the table without"
        )
    counts = ""
    if len(result) != told["rows"]:
        counts = f"; {told['rows']} cells were written and {len(result)} are there"
    notes.append(f"'{table.name}' was changed since its provenance was written{counts}")
    return notes


def with_notes(result: AnnData, notes: list[str]) -> AnnData:
    """Add notes to those of a result, in place; give it back."""
    if notes:
        provenance = result.uns.get(KEY, {})
        result.uns[KEY] = {**provenance, "notes": [*provenance.get("notes", ()), *notes]}
    return result


def _are_in(samples: Mapping[str, list[float | None]], result: AnnData) -> bool:
    for name, numbers in samples.items():
        seen = np.asarray(result[name].X, np.float64)[0, :_NUMBERS]
        told = np.array(numbers, np.float64)
        seen[~np.isfinite(seen)] = np.nan
        if seen.shape != told.shape:
            return False
        if not np.allclose(seen, told, rtol=_ROUNDING, atol=_ROUNDING, equal_nan=True):
            return False
    return True


def _ends_with_a_line(table: Path) -> bool:
    return table.read_bytes()[-1:] in (b"\n", b"\r")


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()

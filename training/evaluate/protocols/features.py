"""Vectors and what is known of each: what every protocol is computed from."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from napari_c3r.core.atomic import replacing
from napari_c3r.core.errors import InputError
from napari_c3r.core.paths import require_file
from napari_c3r.core.profiles.frame import as_profiles
from napari_c3r.core.table import read
from napari_c3r.core.table.result import is_vector_name

VECTORS: Final = "vectors"
# What is written has it before the names of columns, as numpy keeps the name "file" for itself.
_COLUMN: Final = "table."
FORMS: Final = ".npz, .parquet, .csv, .h5ad or .pth"

_OFFICIAL: Final = {"image_names": "image", "antibody_id": "id", "labels": "locations"}


@dataclass(frozen=True)
class Features:
    """Vectors of cells, wells or single channels.

    Parameters
    ----------
    vectors
        ``(n, d)``. Columns that a row has no number for are NaN, for example where collections of
        different channels are one table.
    table
        One row per vector, in order, indexed from 0.
    """

    vectors: NDArray[np.floating]
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Features:
        """Some rows, by position or as a mask, without columns that none of them has."""
        vectors = self.vectors[rows]
        kept = ~np.isnan(vectors).all(axis=0) if len(vectors) else slice(None)
        return Features(vectors[:, kept], self.table.iloc[rows].reset_index(drop=True))

    def text(self, column: str) -> NDArray[np.str_]:
        """A column as text, ``(n,)``; empty where nothing is known.

        Raises
        ------
        InputError
            There is no such column.
        """
        if column not in self.table:
            names = ", ".join(map(str, self.table.columns))
            raise InputError(f"the features have no column {column!r}, only {names}; add it")
        values = self.table[column]
        return values.astype(object).where(values.notna(), "").astype(str).to_numpy(str)

    def require_finite(self) -> Features:
        """These features; InputError where a number is missing or infinite."""
        bad = ~np.isfinite(self.vectors).all(axis=1)
        if bad.any():
            raise InputError(
                f"{bad.sum()} of {len(self)} vectors hold NaN or infinite numbers, the first in "
                f"row {bad.argmax()}; leave these rows out or embed them again"
            )
        return self


def means_by(features: Features, columns: Sequence[str]) -> Features:
    """Mean vector of every group of rows, in float64, groups in the order of their first rows.

    Parameters
    ----------
    features
        Of anything.
    columns
        Rows that are the same in these are one group.

    Returns
    -------
    Features
        A column of the table is kept where it is the same in all rows of each group.
    """
    keys = pd.DataFrame({name: features.text(name) for name in columns})
    code = keys.groupby(list(columns), sort=False).ngroup().to_numpy()
    count = int(code.max()) + 1 if len(code) else 0
    total = np.zeros((count, features.vectors.shape[1]))
    # One group of rows after the other in memory, so that numpy can add whole runs.
    order = np.argsort(code, kind="stable")
    first = np.searchsorted(code[order], np.arange(count))
    if count:
        total = np.add.reduceat(features.vectors[order].astype(np.float64), first, axis=0)
    means = total / np.bincount(code, minlength=count)[:, None]
    rows = features.table.iloc[order[first]].reset_index(drop=True)
    same = features.table.groupby(code).nunique(dropna=False).le(1).all()
    return Features(means, rows.loc[:, same.to_numpy()])


def names_in(text: str, separators: str = "|") -> list[str]:
    """The names in a field that may hold several, such as ``"a|b"`` or ``"['a', 'b']"``.

    Parameters
    ----------
    text
        The field.
    separators
        Characters of which each may stand between names.
    """
    if text.startswith("["):
        try:
            return [str(name) for name in ast.literal_eval(text)]
        except (ValueError, SyntaxError):
            raise InputError(f"{text!r} is no list of names; write a|b") from None
    for other in separators[1:]:
        text = text.replace(other, separators[0])
    return [name.strip() for name in text.split(separators[0]) if name.strip()]


def read_features(path: Path) -> Features:
    """Read vectors and what is known of them.

    Parameters
    ----------
    path
        ``.npz`` with an array ``vectors`` (n, d) and further arrays of n; a table as
        ``napari-c3r embed``, pycytominer and CellProfiler write it; or ``.pth`` as the official
        code writes features of the Human Protein Atlas. Nothing in a file is executed.

    Raises
    ------
    InputError
        There is no such file, or it holds no features.
    """
    require_file(path)
    readers: dict[str, Callable[[Path], Features]] = {
        ".npz": _read_npz,
        ".h5ad": _read_result,
        ".pth": _read_official,
        ".csv": lambda file: _read_table(file, pd.read_csv),
        ".parquet": lambda file: _read_table(file, pd.read_parquet),
    }
    if path.suffix not in readers:
        raise InputError(f"'{path}' is no file of features; give {FORMS}")
    try:
        return readers[path.suffix](path)
    except (OSError, ValueError, BadZipFile, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' cannot be read ({error}); write it again") from error


def write_features(features: Features, path: Path) -> None:
    """Write as ``.npz``, so that `read_features` gives them back."""
    columns: dict[str, Any] = {
        f"{_COLUMN}{name}": column.to_numpy()
        if pd.api.types.is_numeric_dtype(column) and column.dtype != object
        else features.text(str(name))
        for name, column in features.table.items()
    }
    columns[VECTORS] = features.vectors
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **columns)


def _read_npz(path: Path) -> Features:
    with np.load(path) as stored:
        arrays = {name.removeprefix(_COLUMN): stored[name] for name in stored.files}
    vectors = arrays.pop(VECTORS, None)
    if vectors is None or vectors.ndim != 2 or not np.issubdtype(vectors.dtype, np.number):
        raise InputError(f"'{path}' has no array '{VECTORS}' of shape (n, d); add it")
    for name, values in arrays.items():
        if values.shape != (len(vectors),):
            raise InputError(
                f"'{path}' has {name} {values.shape} for {len(vectors)} vectors; give one each"
            )
    table = pd.DataFrame(arrays, index=range(len(vectors)))
    return Features(np.asarray(vectors, np.promote_types(vectors.dtype, np.float32)), table)


def _read_official(path: Path) -> Features:
    """``features`` (n, d), and ``antibody_id``, ``labels`` and ``image_names`` of n."""
    try:
        # Nothing but tensors, numbers, texts and containers of them.
        stored = torch.load(path, map_location="cpu", weights_only=True)
        vectors = np.asarray(stored["features"], np.float32)
        columns = {ours: stored[name] for name, ours in _OFFICIAL.items()}
        if vectors.ndim != 2 or {len(values) for values in columns.values()} != {len(vectors)}:
            raise ValueError("lengths do not fit")
        return Features(vectors, pd.DataFrame({n: list(v) for n, v in columns.items()}))
    # A damaged or hostile file may fail anywhere in the parser; none of it is worth a traceback.
    except Exception as error:
        raise InputError(
            f"'{path}' is not a file of features, with {', '.join(_OFFICIAL)} for each, or holds "
            f"more than tensors and text ({type(error).__name__}); write it as .npz"
        ) from error


def _read_result(path: Path) -> Features:
    profiles = read(path)
    table = profiles.obs.reset_index(drop=True)
    return Features(np.asarray(profiles.X), table)


def _read_table(path: Path, reader: Callable[..., pd.DataFrame]) -> Features:
    frame = reader(path)
    # Tables of this package say themselves which of their numbers are features.
    if any(map(is_vector_name, frame.columns)):
        return _read_result(path)
    profiles = as_profiles(frame)
    return Features(np.asarray(profiles.X), profiles.obs.reset_index(drop=True))

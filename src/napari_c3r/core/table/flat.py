"""A result as one flat table and back: the common ground of CSV and Parquet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from napari_c3r.core.errors import InputError
from napari_c3r.core.table.result import KEY, VECTOR_PREFIX, make_result

if TYPE_CHECKING:
    from anndata import AnnData

UMAP_COLUMNS = ("umap_1", "umap_2")
CLUSTER_COLUMNS = ("cluster", "annotation")
TEXT_COLUMNS = frozenset({"image", "plate", "well", "site", *CLUSTER_COLUMNS})

# A spreadsheet takes a cell that begins like this for a formula and runs it.
_RISKY = re.compile(r"^'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"^'+[=+\-@\t\r]")


def to_frame(result: AnnData) -> pd.DataFrame:
    """Cells, then map and cluster, then the vectors, in columns of plain types."""
    obs = result.obs.reset_index(drop=True)
    clusters = [name for name in CLUSTER_COLUMNS if name in obs]
    parts = [_plain(obs.drop(columns=clusters))]
    if "X_umap" in result.obsm:
        parts.append(pd.DataFrame(np.asarray(result.obsm["X_umap"]), columns=list(UMAP_COLUMNS)))
    parts.append(_plain(obs[clusters]))
    parts.append(pd.DataFrame(np.asarray(result.X), columns=list(result.var_names)))
    return pd.concat(parts, axis=1)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {
        name: column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
        for name, column in frame.items()
    }
    return pd.DataFrame(columns, index=frame.index)


def describe(result: AnnData) -> dict[str, Any]:
    """What the flat table cannot say itself: provenance, types and the vectors' columns."""
    return {
        KEY: result.uns.get(KEY, {}),
        "obs_types": {str(name): _type_name(column) for name, column in result.obs.items()},
        "categories": {
            str(name): [str(category) for category in column.cat.categories]
            for name, column in result.obs.items()
            if isinstance(column.dtype, pd.CategoricalDtype)
        },
        "vector_columns": {name: list(result.var[name]) for name in result.var.columns},
        "umap_type": str(result.obsm["X_umap"].dtype) if "X_umap" in result.obsm else "",
    }


def _type_name(column: pd.Series) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return str(column.dtype)
    return "text"


def column_types(description: dict[str, Any] | None) -> dict[str, str]:
    """``"text"`` for the columns to be read as text, by name."""
    if description is None:
        return {}
    types: dict[str, str] = description["obs_types"]
    return {name: "text" if kind in ("text", "category") else kind for name, kind in types.items()}


def from_frame(frame: pd.DataFrame, description: dict[str, Any] | None) -> AnnData:
    """Undo :func:`to_frame`.

    Raises
    ------
    InputError
        The table has no vector columns or lacks a column that every result has.
    """
    vectors = [name for name in frame.columns if name.startswith(VECTOR_PREFIX)]
    missing = [name for name in ("image", "label", "y_px", "x_px") if name not in frame.columns]
    if missing or not vectors:
        lacking = ", ".join(missing or [f"{VECTOR_PREFIX}0000"])
        raise InputError(f"The table has no column {lacking}, so it is not a result of this plugin")
    obs = frame.drop(columns=[*vectors, *(c for c in UMAP_COLUMNS if c in frame.columns)])
    if description is not None:
        obs = _restore_types(obs, description["obs_types"], description["categories"])
        described = description["vector_columns"]
        columns = list(zip(described["concept_channel"], described["readout"], strict=True))
        provenance = description[KEY]
    else:
        columns = [("unknown", "unknown")] * len(vectors)
        provenance = {}
    result = make_result(obs, frame[vectors].to_numpy(np.float32), columns, provenance)
    if UMAP_COLUMNS[0] in frame.columns:
        umap_type = (description or {}).get("umap_type") or "float32"
        result.obsm["X_umap"] = frame[list(UMAP_COLUMNS)].to_numpy().astype(umap_type)
    return result


def _restore_types(
    obs: pd.DataFrame, types: dict[str, str], categories: dict[str, list[str]]
) -> pd.DataFrame:
    """Columns in their first order and type; columns added by hand keep theirs, at the end."""

    def restore(name: str, kind: str) -> pd.Series:
        if kind == "text":
            return obs[name]
        if kind == "category":
            return obs[name].astype(pd.CategoricalDtype(categories[name]))
        return obs[name].astype(kind)  # type: ignore[call-overload]

    restored = {name: restore(name, kind) for name, kind in types.items() if name in obs}
    added = {name: obs[name] for name in obs.columns if name not in restored}
    return pd.DataFrame({**restored, **added})


def escape_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run, headers included."""
    return _map_text(frame, lambda text: f"'{text}" if _RISKY.match(text) else text)


def unescape_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Undo :func:`escape_text`."""
    return _map_text(frame, lambda text: text[1:] if _ESCAPED.match(text) else text)


def _map_text(frame: pd.DataFrame, change: Any) -> pd.DataFrame:
    def of_column(column: pd.Series) -> pd.Series:
        if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
            return column
        return column.map(lambda value: change(value) if isinstance(value, str) else value)

    changed = frame.apply(of_column)
    changed.columns = [change(str(name)) for name in frame.columns]
    return changed

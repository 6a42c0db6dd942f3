"""A result as one flat table and back: the common ground of CSV and Parquet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import ForeignTableError, InputError
from napari_c3r.core.table.annotate import ACCEPTED
from napari_c3r.core.table.result import KEY, is_vector_name, make_result, vector_names

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

UMAP_COLUMNS = ("umap_1", "umap_2")
CLUSTER_COLUMNS = ("cluster", "annotation")
SUGGESTED = "suggested"
"""Column of the names that were learned from examples."""
TEXT_COLUMNS = frozenset({"image", "plate", "well", "site", *CLUSTER_COLUMNS, SUGGESTED, ACCEPTED})

# A spreadsheet takes a cell that begins like this for a formula and runs it.
_RISKY = re.compile(r"^'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"^'+[=+\-@\t\r]")


def to_frame(result: AnnData) -> pd.DataFrame:
    """Cells, then map and cluster, then the vectors, in columns of plain types."""
    import pandas as pd

    obs = result.obs.reset_index(drop=True)
    clusters = [name for name in CLUSTER_COLUMNS if name in obs]
    parts = [plain(obs.drop(columns=clusters))]
    if "X_umap" in result.obsm:
        parts.append(pd.DataFrame(np.asarray(result.obsm["X_umap"]), columns=list(UMAP_COLUMNS)))
    parts.append(plain(obs[clusters]))
    parts.append(pd.DataFrame(np.asarray(result.X), columns=list(result.var_names)))
    return pd.concat(parts, axis=1)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of numbers, truth values and text, which every format can store."""
    import pandas as pd

    columns = {
        name: column if _is_number(column.dtype) else as_text(column)
        for name, column in frame.items()
    }
    return pd.DataFrame(columns, index=frame.index)


def as_text(column: pd.Series) -> pd.Series:
    """A column of plain text, None where a value is missing.

    Features that other plugins or a script added may hold dates, pandas' own strings, or
    numbers among text, which not every format can store.
    """
    values = column.astype(object)
    text = values.map(lambda value: encodable(str(value)), na_action="ignore")
    return text.astype(object).where(values.notna(), None)


def encodable(value: Any) -> Any:
    r"""Text as every format can hold it, in whatever dictionaries and lists it is.

    Names of files may hold bytes that are no text; they are written out: ``\udcff``.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(name): encodable(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [encodable(part) for part in value]
    return value


def describe(result: AnnData) -> dict[str, Any]:
    """What the flat table cannot say itself: provenance, types and the vectors' columns."""
    return {
        KEY: encodable(result.uns.get(KEY, {})),
        "obs_types": {str(name): type_name(column) for name, column in result.obs.items()},
        "categories": {
            name: [_for_json(category) for category in kind.categories]
            for name, kind in _categorical(result).items()
        },
        "ordered": [name for name, kind in _categorical(result).items() if kind.ordered],
        "vector_columns": {name: list(result.var[name]) for name in result.var.columns},
        "umap_type": str(result.obsm["X_umap"].dtype) if "X_umap" in result.obsm else "",
    }


def _categorical(result: AnnData) -> dict[str, pd.CategoricalDtype]:
    import pandas as pd

    return {
        str(name): kind
        for name, kind in result.obs.dtypes.items()
        if isinstance(kind, pd.CategoricalDtype)
    }


def _for_json(category: Any) -> Any:
    plain = category.item() if isinstance(category, np.generic) else category
    return plain if isinstance(plain, bool | int | float) else str(plain)


def type_name(column: pd.Series) -> str:
    """``"category"``, ``"text"``, or the name of a type of numbers."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    return str(column.dtype) if _is_number(column.dtype) else "text"


def _is_number(kind: Any) -> bool:
    """Whether values are numbers or truth values; a categorical of numbers is neither."""
    import pandas as pd

    if isinstance(kind, pd.CategoricalDtype):
        return False
    return pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind)


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
    if description is None:
        vectors = [name for name in frame.columns if is_vector_name(name)]
    else:
        vectors = vector_names(len(description["vector_columns"]["readout"]))
    missing = [name for name in ("image", "label", "y_px", "x_px") if name not in frame.columns]
    # A run that was stopped before its first cell has vectors of no numbers.
    if missing or (not vectors and description is None):
        lacking = ", ".join(missing or vector_names(1))
        told = f"The table has no column {lacking}, so it is not a result of this plugin"
        raise ForeignTableError(told) if description is None else InputError(told)
    obs = frame.drop(columns=[*vectors, *(c for c in UMAP_COLUMNS if c in frame.columns)])
    if description is not None:
        obs = _restore_types(obs, description)
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


def _restore_types(obs: pd.DataFrame, description: dict[str, Any]) -> pd.DataFrame:
    """Columns in their first order and type; columns added by hand keep theirs, at the end."""
    import pandas as pd

    types = description["obs_types"]

    def restore(name: str, kind: str) -> pd.Series:
        if kind == "text":
            return obs[name].astype(object)
        if kind == "category":
            # The table holds every category as text, whatever it is.
            category = {str(each): each for each in description["categories"][name]}
            ordered = name in description.get("ordered", ())
            known = pd.CategoricalDtype(list(category.values()), ordered=ordered)
            return obs[name].map(category, na_action="ignore").astype(known)
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


def has_return(frame: pd.DataFrame) -> bool:
    """Whether some text or header holds a carriage return, which CSV needs quoted."""
    texts = [frame[name] for name in frame.columns if not _is_number(frame[name].dtype)]
    return any("\r" in name for name in frame.columns) or any(
        text.str.contains("\r", regex=False, na=False).any() for text in texts
    )


def tab_separated(obs: pd.DataFrame, rows: NDArray[np.intp], columns: Sequence[str]) -> str:
    """Rows as text that a spreadsheet takes: a line of names, tabs between values.

    Parameters
    ----------
    obs
        The table.
    rows, columns
        Which of them, in their order.
    """
    frame = escape_text(plain(obs[list(columns)].iloc[rows].reset_index(drop=True)))
    return str(frame.to_csv(sep="\t", index=False, lineterminator="\n"))


def _map_text(frame: pd.DataFrame, change: Any) -> pd.DataFrame:
    def of_column(column: pd.Series) -> pd.Series:
        if _is_number(column.dtype):
            return column
        return column.map(lambda value: change(value) if isinstance(value, str) else value)

    changed = frame.apply(of_column)
    changed.columns = [change(str(name)) for name in frame.columns]
    return changed

"""A plate map joined to cells or wells, with what matched and what did not said in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.wells import well_at
from napari_c3r.core.metadata.keys import key_of, plain_name
from napari_c3r.core.metadata.reading import read_metadata
from napari_c3r.core.table.result import KEY

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

DESIGN = "design"
"""Key under which a table says what its columns mean, in its provenance."""
METADATA = "metadata"
"""Key under which a table says which plate map was joined to it, in its provenance."""

# What tables of others call the columns that a result has, in lower case without separators.
_ALIASES = {
    "plate": ("plate", "plateid", "platename", "barcode", "platebarcode", "assayplatebarcode"),
    "well": ("well", "wellid", "wellname", "wellposition", "position", "wellpos"),
    "site": ("site", "field", "fieldid", "fov", "fieldofview"),
    "image": ("image", "imagename", "file", "filename", "filepath", "name"),
}
_ROW = ("row", "wellrow", "platerow")
_COLUMN = ("column", "col", "wellcolumn", "wellcol", "platecolumn")
# Ways to tell rows apart, the most exact first.
_KEYS = (("image",), ("plate", "well", "site"), ("plate", "well"), ("well", "site"), ("well",))
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_SHOWN = 6
_LISTS = ("keys", "columns", "missing", "unused")


@dataclass(frozen=True)
class MetadataMatch:
    """How a plate map fitted a table.

    Attributes
    ----------
    keys
        Columns of ``obs`` by which it was joined.
    columns
        Columns that were added.
    matched, unmatched
        Rows of the table with and without a row of the plate map.
    missing
        Keys of the table that the plate map lacks, such as ``"B13"``.
    unused
        Keys of the plate map that the table lacks.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    matched: int
    unmatched: int
    missing: tuple[str, ...] = field(default=())
    unused: tuple[str, ...] = field(default=())

    @property
    def words(self) -> str:
        """What matched and what did not, as one or two sentences."""
        return self.in_words("rows")

    def in_words(self, what: str) -> str:
        """What matched and what did not, of rows that are called so: ``"fields"``."""
        total = self.matched + self.unmatched
        by = " and ".join(self.keys)
        words = f"{', '.join(self.columns)} for {self.matched} of {total} {what}, by {by}."
        if self.missing:
            words += f" Not in the plate map: {_listed(self.missing)}."
        if self.unused:
            words += f" In the plate map alone: {_listed(self.unused)}."
        return words


def annotate(
    table: AnnData,
    metadata: pd.DataFrame | str | Path,
    on: str | Sequence[str] | Mapping[str, str] | None = None,
) -> AnnData:
    """Add the columns of a plate map to cells or wells.

    Parameters
    ----------
    table
        A result or profile table; changed in place.
    metadata
        A file (CSV, TSV, Excel; a list or a grid) or a frame of them.
    on
        Columns to join by: names that both have, or those of the table by those of the plate map.
        Found by itself when None: plate and well, well, image, however the table calls them.

    Returns
    -------
    AnnData
        The same object. Keys are compared without case, blanks and the ways to spell a well
        (``A9`` = ``a09``). Values are text as written; a column of plain numbers becomes numbers.
        What matched is in its provenance and in `match_of`. A plate map that was joined before
        makes room for this one.

    Raises
    ------
    InputError
        No columns to join by, a key twice with different values, or nothing that matches. The
        table is then as it was.
    """
    import pandas as pd

    frame = metadata if isinstance(metadata, pd.DataFrame) else read_metadata(metadata)
    earlier = list(plate_map_columns(table))
    columns, match = match_rows(table.obs.drop(columns=earlier), frame, on)
    table.obs.drop(columns=earlier, inplace=True)
    for name in columns:
        table.obs[name] = columns[name]
    _remember(table, match)
    return table


def match_rows(
    obs: pd.DataFrame,
    metadata: pd.DataFrame,
    on: str | Sequence[str] | Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, MetadataMatch]:
    """What a plate map says of the rows of a table, and how it fits them.

    Parameters
    ----------
    obs
        One row per cell, field or well; left as it is.
    metadata
        From `read_metadata`.
    on
        As for `annotate`.

    Returns
    -------
    columns, match
        The columns that the plate map adds, row by row as ``obs``, and what matched.

    Raises
    ------
    InputError
        As for `annotate`.
    """
    import pandas as pd

    frame = metadata.set_axis([str(name).strip() for name in metadata.columns], axis=1)
    refused: InputError | None = None
    for known, pairs in _ways_to_join(obs, frame, on):
        ours, others = [our for our, _ in pairs], [other for _, other in pairs]
        mine, rows = _different(obs[ours])
        keys, theirs = _keys(mine, ours), _keys(known[others], ours)
        if not set(filter(None, theirs)).isdisjoint(keys):
            break
        refused = refused or InputError(
            f"Nothing of the plate map matches: it has {_listed(list(dict.fromkeys(theirs)))}, "
            f"the table {_listed(list(dict.fromkeys(keys)))}"
        )
    else:
        assert refused is not None
        raise refused
    added = [name for name in known.columns if name not in others]
    if not added:
        raise InputError(
            f"The plate map has no column beside {', '.join(map(repr, known.columns))}"
        )
    first = _one_row_a_key(known, theirs, added)
    places = pd.Index(first.index).get_indexer(pd.Index(keys))
    counts = np.bincount(rows, minlength=len(keys))
    names = {name: _free_name(name, obs, first.columns) for name in added}
    columns = pd.DataFrame(index=obs.index)
    for name in added:
        values = first[name].to_numpy(object)
        of_keys = [values[place] if place >= 0 else None for place in places]
        typed = _typed(pd.Series(of_keys, dtype=object))
        columns[names[name]] = typed.take(rows).set_axis(obs.index)
    return columns, MetadataMatch(
        keys=tuple(ours),
        columns=tuple(names.values()),
        matched=int(counts[places >= 0].sum()),
        unmatched=int(counts[places < 0].sum()),
        missing=tuple(dict.fromkeys(k for k, p in zip(keys, places, strict=True) if p < 0)),
        unused=tuple(key for key in dict.fromkeys(theirs) if key and key not in set(keys)),
    )


def match_of(table: AnnData) -> MetadataMatch | None:
    """How the last plate map fitted, None where none was joined."""
    facts = table.uns.get(KEY, {}).get(METADATA)
    if not facts:
        return None
    lists = {name: tuple(map(str, facts[name])) for name in _LISTS}
    return MetadataMatch(matched=int(facts["matched"]), unmatched=int(facts["unmatched"]), **lists)


def plate_map_columns(table: AnnData) -> tuple[str, ...]:
    """The columns of a table that a plate map added."""
    match = match_of(table)
    return tuple(name for name in match.columns if name in table.obs) if match else ()


def forget(table: AnnData) -> None:
    """Take away what a plate map added, and what was said of it."""
    if match_of(table) is not None:
        table.obs.drop(columns=list(plate_map_columns(table)), inplace=True)
        table.uns[KEY] = {k: v for k, v in table.uns[KEY].items() if k not in (METADATA, DESIGN)}


def _remember(table: AnnData, match: MetadataMatch) -> None:
    facts: dict[str, Any] = {name: list(getattr(match, name)) for name in _LISTS}
    facts |= {"matched": match.matched, "unmatched": match.unmatched}
    table.uns[KEY] = {**table.uns.get(KEY, {}), METADATA: facts}


def _different(columns: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """The different rows of a table, in their order, and which of them each row is, (n,).

    A million cells are of a few thousand wells.
    """
    import pandas as pd

    rows = np.zeros(len(columns), np.intp)
    for name in columns:
        codes = pd.factorize(columns[name])[0] + 1
        rows = pd.factorize(rows * (codes.max(initial=0) + 1) + codes)[0]
    first = np.unique(rows, return_index=True)[1]
    return columns.iloc[first], rows


def _ways_to_join(
    obs: pd.DataFrame, frame: pd.DataFrame, on: str | Sequence[str] | Mapping[str, str] | None
) -> Iterator[tuple[pd.DataFrame, list[tuple[str, str]]]]:
    """Plate map and pairs of a column of the table and one of it to join by, the best first."""
    if on is not None:
        chosen = {on: on} if isinstance(on, str) else on
        if not isinstance(chosen, Mapping):
            chosen = {name: name for name in chosen}
        for other, ours in chosen.items():
            for name, columns, what in ((other, frame, "plate map"), (ours, obs, "table")):
                if name not in columns:
                    shown = ", ".join(map(repr, map(str, columns.columns)))
                    raise InputError(f"The {what} has no column '{name}'; it has {shown}")
        yield frame, [(ours, other) for other, ours in chosen.items()]
        return
    frame, known = _known_columns(frame)
    both = {key for key in known if _has_values(obs, key)}
    usable = [keys for keys in _KEYS if both.issuperset(keys)]
    if "plate" in both:
        # The map of another plate has the same wells.
        usable = [keys for keys in usable if "plate" in keys or "image" in keys] or usable
    if not usable:
        shown = ", ".join(map(repr, frame.columns))
        raise InputError(
            "The plate map has no column that says which plate, well or image a row is of, or the "
            f"table does not; it has {shown}. Say which to join by"
        )
    yield from ((frame, [(key, known[key]) for key in keys]) for keys in usable)


def _known_columns(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    plain = {plain_name(name): name for name in reversed(list(frame.columns))}
    known = {}
    for ours, aliases in _ALIASES.items():
        found = next((plain[alias] for alias in aliases if alias in plain), None)
        if found is not None:
            known[ours] = found
    row = next((plain[name] for name in _ROW if name in plain), None)
    column = next((plain[name] for name in _COLUMN if name in plain), None)
    if "well" not in known and row is not None and column is not None:
        wells = [
            well_at(str(r).strip(), str(c).strip())
            for r, c in zip(frame[row], frame[column], strict=True)
        ]
        frame = frame.drop(columns=[row, column]).assign(well=np.array(wells, object))
        known["well"] = "well"
    return frame, known


def _has_values(obs: pd.DataFrame, name: str) -> bool:
    return name in obs and bool((obs[name].notna() & (obs[name].astype(str) != "")).any())


def _keys(columns: pd.DataFrame, names: Sequence[str]) -> list[str]:
    parts = []
    for place, name in enumerate(names):
        values = columns.iloc[:, place]
        # Of few different values, each is looked at once.
        spelt = {value: _key(value, name) for value in values.dropna().unique()}
        parts.append([spelt.get(value, "") for value in values])
    return [" ".join(row) if all(row) else "" for row in zip(*parts, strict=True)]


def _key(value: Any, name: str) -> str:
    key = key_of(name, value)
    # An image is called as its file, without folder and suffix.
    return PurePath(key.replace("\\", "/")).name.split(".")[0] if name == "image" else key


def _one_row_a_key(frame: pd.DataFrame, keys: Sequence[str], added: list[str]) -> pd.DataFrame:
    known = frame[added].set_axis(list(keys), axis=0)
    known = known[known.index != ""]
    known = known.where(known.notna() & (known.astype(str).map(str.strip) != ""), None)
    known = known[~known.reset_index().duplicated().to_numpy()]
    twice = known.index[known.index.duplicated()]
    if len(twice):
        rows = known.loc[[twice[0]]]
        differs = next(name for name in added if len(set(map(str, rows[name]))) > 1)
        values = " and ".join(f"'{value}'" for value in dict.fromkeys(map(str, rows[differs])))
        raise InputError(
            f"The plate map has '{twice[0]}' twice, with {differs} {values}; keep one row of them"
        )
    return known


def _typed(column: pd.Series) -> pd.Series:
    """Numbers where every value is written as a plain one; text, as written, elsewhere."""
    import pandas as pd

    known = column.dropna()
    texts = known.map(lambda value: str(value).strip())
    if len(known) and texts.map(lambda text: bool(_NUMBER.fullmatch(text))).all():
        whole = not texts.str.contains(".", regex=False).any() and len(known) == len(column)
        return texts.astype(int) if whole else pd.to_numeric(column, errors="coerce").astype(float)
    text = column.map(lambda value: str(value).strip(), na_action="ignore")
    return text.astype("category")


def _free_name(name: str, obs: pd.DataFrame, others: Any) -> str:
    if name not in obs:
        return name
    free = f"{name} (metadata)"
    number = 2
    while free in obs or free in others:
        free, number = f"{name} (metadata {number})", number + 1
    return free


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"

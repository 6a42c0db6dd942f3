"""A plate map as it fits some fields of view: what it says of each, and what its columns mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from napari_c3r.core.errors import InputError
from napari_c3r.core.metadata.join import MetadataMatch, annotate, match_rows
from napari_c3r.core.metadata.reading import read_metadata
from napari_c3r.core.metadata.roles import Design, guess_design, set_design, unit_in
from napari_c3r.core.metadata.text_file import EXCEL
from napari_c3r.core.table.result import is_vector_name

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from napari_c3r.core.images import ImageFiles

FIELD: Final = ("image", "plate", "well", "site")
"""Columns of the fields that are no plate map's."""

_SUFFIXES: Final = (".csv", ".tsv", *EXCEL)
# What a person keeps beside images; larger tables are measurements.
_MAX_BYTES: Final = 16 * 2**20
_MAX_FILES, _MAX_FOLDERS = 50, 50
_SHOWN = 5


class Located(Protocol):
    """What knows where on a plate it is: the files of a field, or an image."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def plate(self) -> str | None: ...  # noqa: D102
    @property
    def well(self) -> str | None: ...  # noqa: D102
    @property
    def site(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class PlateMap:
    """A plate map, joined to the fields of view that there are.

    Attributes
    ----------
    frame
        As it was read.
    fields
        One row per field: ``image``, ``plate``, ``well``, ``site`` as far as they are known, and
        the columns of the map.
    match
        How it fits the fields.
    design
        What its columns mean.
    path
        Its file, None for a frame of a script.
    """

    frame: pd.DataFrame
    fields: pd.DataFrame
    match: MetadataMatch
    design: Design
    path: Path | None = None

    @classmethod
    def fitted(
        cls,
        frame: pd.DataFrame,
        fields: Iterable[Located],
        path: Path | None = None,
        design: Design | None = None,
    ) -> PlateMap:
        """Join a plate map to fields.

        Parameters
        ----------
        frame
            From `read_metadata`.
        fields
            Anything that knows its name, plate, well and site.
        path
            Where it was read from.
        design
            What its columns mean; guessed by default.

        Raises
        ------
        InputError
            As `annotate` does.
        """
        import pandas as pd

        rows = [(one.name, one.plate, one.well, one.site) for one in fields]
        listed = pd.DataFrame(rows, columns=list(FIELD), dtype=object).dropna(axis=1, how="all")
        columns, match = match_rows(listed, frame)
        known = guess_design(columns) if design is None else design
        return cls(frame, pd.concat([listed, columns], axis=1), match, known, path)

    @classmethod
    def read(cls, path: str | Path, fields: Iterable[Located]) -> PlateMap:
        """Read a file and join it to fields; raises as `read_metadata` and `fitted` do."""
        return cls.fitted(read_metadata(path), fields, Path(path))

    def refitted(self, fields: Iterable[Located]) -> PlateMap:
        """The same plate map for other fields; what its columns mean stays."""
        return PlateMap.fitted(self.frame, fields, self.path, self.design)

    def meaning(self, design: Design) -> PlateMap:
        """The same plate map with another meaning of its columns."""
        return replace(self, design=design)

    @property
    def guess(self) -> Design:
        """What names and values suggest that its columns mean."""
        return guess_design(self.fields, list(self.columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it adds."""
        return self.match.columns

    def add_to(self, table: AnnData) -> AnnData:
        """Add it to cells or wells, with what its columns mean; raises as `annotate` does."""
        annotate(table, self.frame)
        set_design(table, self.design)
        return table

    @cached_property
    def words(self) -> str:
        """What it holds in one line: ``384 wells · compound, dose (µM), 32 controls (DMSO)``."""
        design, parts = self.design, []
        if design.treatment:
            parts.append(design.treatment)
        if design.dose:
            unit = design.dose_unit
            said = not unit or unit == unit_in(design.dose)
            parts.append(design.dose if said else f"{design.dose} ({unit})")
        parts = parts or list(self.columns[:3])
        if design.negative:
            column, value = design.negative
            count = self._places(self.fields[column].astype(str) == value)
            told = value if column == design.treatment else f"{column} {value}"
            parts.append(f"{count} control{'s' * (count != 1)} ({told})")
        matched = self.fields[list(self.columns)].notna().any(axis=1)
        count, what = self._places(matched), self._unit(self._places(matched))
        return f"{count} {what} · {', '.join(parts)}"

    @cached_property
    def lacking(self) -> str:
        """Which fields it says nothing of, as a sentence; empty where it knows all."""
        count, keys = len(self.match.missing), self.match.missing
        if not count:
            return ""
        verb = "is" if count == 1 else "are"
        return f"{count} {self._unit(count)} {verb} not in the table: {_listed(keys)}"

    @cached_property
    def unused(self) -> str:
        """Which of its rows are of no field, as a sentence; empty where each is of one."""
        count, keys = len(self.match.unused), self.match.unused
        if not count:
            return ""
        verb = "is" if count == 1 else "are"
        of = f"{count} {self._unit(count)} of the table {verb}"
        return f"{of} not among the images: {_listed(keys)}"

    def _places(self, rows: pd.Series) -> int:
        """Different wells of some fields, or images where wells are not known."""
        by = [n for n in ("plate", "well") if n in self.fields and "well" in self.match.keys]
        return len(self.fields.loc[rows.to_numpy(bool), by or ["image"]].drop_duplicates())

    def _unit(self, count: int) -> str:
        keys = self.match.keys
        one = "image" if "well" not in keys else "field" if "site" in keys else "well"
        return one if count == 1 else f"{one}s"


def find_plate_maps(
    fields: Sequence[ImageFiles], opened: Iterable[str | Path] = ()
) -> tuple[PlateMap, ...]:
    """Look for tables beside images that say something of them.

    Parameters
    ----------
    fields
        The images.
    opened
        What was opened: folders, in which tables are looked for too, and tables.

    Returns
    -------
    tuple of PlateMap
        The one that knows most fields first; files that cannot be read or do not fit are no
        plate maps.
    """
    found = []
    for path in _tables_beside(fields, opened):
        try:
            plate_map = PlateMap.read(path, fields)
        except InputError:
            continue
        # A table of vectors may be of the same wells.
        if not any(is_vector_name(name) for name in plate_map.frame.columns):
            found.append(plate_map)
    return tuple(sorted(found, key=lambda each: (-each.match.matched, len(each.match.unused))))


def is_table(path: str | Path) -> bool:
    """Whether a path is called as a table that a person keeps beside images."""
    return Path(path).suffix.lower() in _SUFFIXES


def _tables_beside(fields: Sequence[ImageFiles], opened: Iterable[str | Path]) -> list[Path]:
    given = [Path(path) for path in opened]
    folders = [path for path in given if path.is_dir()]
    holding = {path.parent for field in fields for path in field.paths}
    if len(holding) > 1 and len({path.anchor for path in holding}) == 1:
        folders.append(Path(os.path.commonpath([str(path) for path in holding])))
    folders += sorted(holding)[:_MAX_FOLDERS]
    tables = [path for path in given if is_table(path)]
    for folder in dict.fromkeys(folders):
        try:
            there = sorted(folder.iterdir())
            fits = [p for p in there if is_table(p) and not _is_hidden(p)]
            tables += [p for p in fits[:_MAX_FILES] if p.stat().st_size <= _MAX_BYTES]
        except OSError:
            # One need not be allowed to look everywhere.
            continue
    return list(dict.fromkeys(tables))


def _is_hidden(path: Path) -> bool:
    # Excel puts such a file beside one that is open.
    return path.name.startswith((".", "~$"))


def _listed(keys: Sequence[str]) -> str:
    shown = ", ".join(keys[:_SHOWN])
    return shown if len(keys) <= _SHOWN else f"{shown} and {len(keys) - _SHOWN} more"

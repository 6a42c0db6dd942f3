"""A manifest: a table that names the files of every field, instead of a folder that is searched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.grouping import group_files
from napari_c3r.core.images.image_files import ImageFiles, PlaneFile
from napari_c3r.core.images.names import stem
from napari_c3r.core.images.wells import well_name
from napari_c3r.core.paths import shown
from napari_c3r.core.text import shortened, whole_number

_TABLES: Final = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm", ".parquet")
_PARQUET: Final = ".parquet"
_FACTS: Final = ("name", "plate", "well", "site", "scene")
# In one cell, between several files of a field.
_SEPARATOR: Final = ";"
# What CellProfiler writes before the names of its columns, and of its channels.
_METADATA, _ORIGINAL, _ILLUMINATION = "metadata_", "orig", "illum"

Row = Mapping[str, str]


def is_manifest(path: Path) -> bool:
    """Whether a file is a table by its name, which no image is."""
    return path.suffix.lower() in _TABLES and path.is_file()


def read_manifest(path: Path) -> list[ImageFiles]:
    """List the fields of a manifest, opening none of their files.

    It has a row for each field and, in any case and order, the columns

    - ``path``: its file or OME-Zarr folder, or several files with semicolons between them, whose
      names tell the channels; or ``path_DNA``, ``path_RNA``, … with a file for each channel; or
      ``FileName_DNA`` and ``PathName_DNA``, … as CellProfiler's LoadData has them. What is not
      absolute is taken from the manifest's own folder;
    - ``name``, ``plate``, ``well``, ``site``, ``scene``, each of which may be missing, also as
      ``Metadata_Plate`` and so on. Others are left alone.

    Parameters
    ----------
    path
        CSV, TSV, Excel or Parquet.

    Returns
    -------
    list of ImageFiles
        In the order of the rows. Where no name is given, plate, well and site make one, or else
        the first file does; these may be the same.

    Raises
    ------
    InputError
        The table cannot be read, lacks the column of paths, or has a row that is no field, which is
        told by its number.
    """
    names, rows = _read(path)
    columns = _Columns.of(names, path)
    images: list[ImageFiles] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        image = columns.image(row, f"Row {number} of '{shown(path)}'", path.parent)
        given = columns.value(row, "name")
        if given and (before := seen.setdefault(given.casefold(), number)) != number:
            raise InputError(
                f"Rows {before} and {number} of '{shown(path)}' both have the name "
                f"{shortened(given)}; give every field its own name"
            )
        images.append(image)
    if not images:
        raise InputError(f"'{shown(path)}' has no rows below its first line")
    return images


def _read(path: Path) -> tuple[list[str], Iterator[Row]]:
    if path.suffix.lower() == _PARQUET:
        return _read_parquet(path)
    from napari_c3r.core.metadata.text_file import read_sheets

    sheets = read_sheets(path)
    header, *lines = next((rows for rows in sheets.values() if rows), [[]])
    return header, (dict(zip(header, line, strict=False)) for line in lines)


def _read_parquet(path: Path) -> tuple[list[str], Iterator[Row]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"The table '{shown(path)}' cannot be read; write it again") from error
    rows = (row for batch in table.to_batches() for row in batch.to_pylist())
    return table.column_names, ({n: _text(v) for n, v in row.items()} for row in rows)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return _SEPARATOR.join(map(str, value))
    if value is None or value != value:
        return ""
    # A column of whole numbers with gaps holds decimals.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(frozen=True)
class _Columns:
    """Which columns of a manifest say what."""

    facts: Mapping[str, str]
    path: str | None
    # By channel: the column of its file, and that of the folder.
    channels: Mapping[str, tuple[str, str | None]]

    @classmethod
    def of(cls, names: Sequence[str], path: Path) -> _Columns:
        plain = {name.casefold().removeprefix(_METADATA): name for name in names}
        channels: dict[str, tuple[str, str | None]] = {}
        for name in names:
            kind, _, channel = name.partition("_")
            told = channel.casefold()
            if kind.casefold() == "path" and channel:
                channels[channel] = name, None
            elif kind.casefold() == "filename" and channel and not told.startswith(_ILLUMINATION):
                short = channel[len(_ORIGINAL) :] if told.startswith(_ORIGINAL) else channel
                channels[short or channel] = name, plain.get(f"pathname_{told}")
        found = cls({f: plain[f] for f in _FACTS if f in plain}, plain.get("path"), channels)
        if found.path is None and not channels:
            listed = ", ".join(shortened(name) for name in names[:8])
            raise InputError(
                f"'{shown(path)}' is no manifest of fields: it has no column 'path', nor "
                f"'path_DNA' and the like for each channel; its columns are {listed}"
            )
        return found

    def value(self, row: Row, fact: str) -> str:
        """What a row says, empty where it says nothing."""
        return row.get(self.facts[fact], "").strip() if fact in self.facts else ""

    def image(self, row: Row, where: str, folder: Path) -> ImageFiles:
        """The field of a row."""
        files = self._files(row, where, folder)
        if not files:
            raise InputError(f"{where} names no file; give one, or take the row out")
        plate, well, site = (self.value(row, fact) or None for fact in ("plate", "well", "site"))
        well = well and well_name(well.upper())
        made = "_".join(each for each in (plate, well, site) if each is not None)
        name = self.value(row, "name") or made or stem(files[0].path)
        scene = self.value(row, "scene")
        number = whole_number(scene) if scene else None
        if scene and number is None:
            raise InputError(f"{where} has the scene {shortened(scene)}; give a number from 0")
        return ImageFiles(name, files, plate, well, site, scene=number)

    def _files(self, row: Row, where: str, folder: Path) -> tuple[PlaneFile, ...]:
        if self.channels:
            found = []
            for channel, (file, above) in self.channels.items():
                name = row.get(file, "").strip()
                if name:
                    beside = row.get(above, "").strip() if above is not None else ""
                    found.append(PlaneFile(folder / beside / name, channel))
            return tuple(found)
        assert self.path is not None
        parts = row.get(self.path, "").split(_SEPARATOR)
        paths = [folder / part.strip() for part in parts if part.strip()]
        if len(paths) < 2:
            return tuple(PlaneFile(path) for path in paths)
        # What the channels are, the names tell together.
        grouped = group_files(sorted(paths), None)
        if len(grouped) != 1:
            listed = ", ".join(shortened(path.name) for path in paths[:3])
            raise InputError(
                f"{where} has the files {listed}, whose names do not read as the channels of one "
                "field; give each channel a column of its own: path_DNA, path_RNA, …"
            )
        return grouped[0].files

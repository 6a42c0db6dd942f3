"""CellProfiler Analyst: a properties file, and the database of images and cells that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.atomic import replacing_together
from napari_c3r.core.errors import ForeignTableError, InputError
from napari_c3r.core.table.formats.format import TableFormat
from napari_c3r.core.table.result import KEY, is_vector_name

if TYPE_CHECKING:
    import sqlite3

    import pandas as pd
    from anndata import AnnData

IMAGES, CELLS = "Per_Image", "Per_Object"
"""Tables of the database."""

_TOLD: Final = KEY
_KNOWN: Final = "Image_Metadata_"
_OF_CELLS: Final = frozenset({"label", "index", "umap_1", "umap_2", "cluster", "annotation"})
_MEASURED: Final = ("bbox", "intensity", "y_", "x_", "area", "nucleus", "crop", "touches")
_NO_FEATURE: Final = "Cells_(?!area|nucleus_area|intensity|c3r_).*"
# SQLite gives 2000 at a time, and CellProfiler Analyst asks for the two keys of cells twice.
_MOST_COLUMNS: Final = 1998
_NEEDED: Final = ("image", "label", "y_px", "x_px")
# It knows A1 and A01 as wells, and no AA01, B-02 or r02c02.
_WELL: Final = re.compile(r"[A-Za-z]\d+", re.ASCII)
_IMAGE, _CELL = "ImageNumber", "ObjectNumber"
# The names of colours that it knows.
_COLOURS: Final = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
}
_PLATES: Final = {(2, 3): 6, (4, 6): 24, (8, 12): 96, (16, 24): 384, (32, 48): 1536}


def database_path(path: Path) -> Path:
    """Where the database of a properties file stands."""
    return path.with_name(f"{path.stem}.cpa.db")


def _companions(path: Path) -> tuple[Path, ...]:
    return (database_path(path),)


def _write(result: AnnData, path: Path) -> None:
    import sqlite3

    import pandas as pd

    from napari_c3r.core.table import flat

    lacking = [name for name in _NEEDED if name not in result.obs]
    if lacking:
        raise InputError(
            f"CellProfiler Analyst shows cells, and this table has no column '{lacking[0]}'; "
            "choose another format"
        )
    frame, described = flat.to_frame(result), flat.describe(result)
    if len(frame.columns) + 2 > _MOST_COLUMNS:
        raise InputError(
            f"{len(frame.columns)} columns are more than the {_MOST_COLUMNS} that a database of "
            "CellProfiler Analyst holds; choose another format"
        )
    images = list(dict.fromkeys(frame["image"]))
    files = _files(result, images)
    numbers = frame["image"].map({name: place + 1 for place, name in enumerate(images)})
    columns = _plain_names(map(str, frame.columns))
    known = _known_of_images(frame)
    of_image = pd.DataFrame({f"{_KNOWN}{columns[place]}": frame.iloc[:, place] for place in known})
    cells = frame.set_axis([f"Cells_{name}" for name in columns], axis=1)
    cells.insert(0, _IMAGE, numbers.astype(int))
    cells.insert(1, _CELL, result.obs["label"].to_numpy())
    of_image = of_image.groupby(numbers.astype(int), sort=True).first()
    shown = _per_image(of_image, files)
    told = {**described, "columns": list(map(str, frame.columns))}
    database = database_path(path)
    # The database first: it has all that is read again.
    with replacing_together(database, path) as (temporary, settings):
        try:
            with closing(sqlite3.connect(temporary)) as connection, connection:
                _put(connection, IMAGES, shown, (_IMAGE,))
                _put(connection, CELLS, cells, (_IMAGE, _CELL))
                connection.execute(f"CREATE TABLE {_TOLD} (told TEXT)")
                connection.execute(f"INSERT INTO {_TOLD} VALUES (?)", (json.dumps(told),))
        except sqlite3.OperationalError as error:
            # What SQLite makes of a full disk.
            raise OSError(str(error)) from error
        settings.write_text(_properties(result, database, files, of_image), "utf-8")


def _read(path: Path) -> AnnData:
    import sqlite3

    import pandas as pd

    from napari_c3r.core.table import flat

    found = re.search(r"(?m)^\s*db_sqlite_file\s*=\s*(.+?)\s*$", path.read_text("utf-8"))
    if found is None:
        raise ForeignTableError(f"'{path}' names no database as db_sqlite_file")
    database = path.parent / found[1]
    if not database.is_file():
        raise InputError(f"The database '{database}' of '{path.name}' is not there")
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if _TOLD not in names:
            raise ForeignTableError(f"'{database}' holds no result of this plugin")
        told = json.loads(connection.execute(f"SELECT told FROM {_TOLD}").fetchone()[0])
        query = f"SELECT * FROM {CELLS} ORDER BY rowid"
        cells = pd.read_sql_query(query, connection)
    frame = cells.drop(columns=[_IMAGE, _CELL]).set_axis(told.pop("columns"), axis=1)
    return flat.from_frame(frame, told)


def _plain_names(names: Iterable[str]) -> list[str]:
    """Names that its queries can hold unquoted behind a prefix, each once whatever the case."""
    used: set[str] = set()
    found = []
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        free, number = plain, 2
        while free.lower() in used:
            free, number = f"{plain}_{number}", number + 1
        used.add(free.lower())
        found.append(free)
    return found


def _files(result: AnnData, images: list[str]) -> list[list[Path]]:
    """The files of each image, in the order of its channels.

    Raises
    ------
    InputError
        They are not known or not found, planes of one channel are spread over several files, or one
        file has several of the images.
    """
    facts = result.uns.get(KEY, {})
    paths = [_findable(Path(each)) for each in facts.get("sources", {}).get("path", ())]
    named = list(map(str, facts.get("images", {}).get("name", ())))
    channels = len(facts.get("roles", {}))
    if not paths or not set(images) <= set(named) or len(paths) % len(named):
        raise InputError(
            "CellProfiler Analyst shows cells in their image files, and this table does not say "
            "which those are; embed from files, or choose another format"
        )
    each = len(paths) // len(named)
    if each not in (1, channels):
        raise InputError(
            f"CellProfiler Analyst takes a file for each channel; here {each} files an image hold "
            f"{channels} channels; choose another format"
        )
    first = {name: each * place for place, name in enumerate(named)}
    found = [paths[first[name] : first[name] + each] for name in images]
    if len({path for files in found for path in files}) < each * len(images):
        raise InputError(
            "CellProfiler Analyst shows the first image of a file only, and here one file has "
            "several; choose another format"
        )
    return found


def _findable(path: Path) -> Path:
    """A path that is found from any folder, as CellProfiler Analyst runs in one of its own."""
    if not path.is_absolute() and not path.exists():
        raise InputError(
            f"CellProfiler Analyst shows cells in their image files, and '{path}' is not found "
            f"from '{Path.cwd()}'; write the table in the folder where it was embedded, or choose "
            "another format"
        )
    return path.absolute()


def _known_of_images(frame: pd.DataFrame) -> list[int]:
    """Places of columns that say something of images, such as their well and treatment."""
    groups = frame.groupby("image", sort=False)
    found = []
    for place, name in enumerate(map(str, frame.columns)):
        # With one cell an image everything would be known of it.
        if name in _OF_CELLS or is_vector_name(name) or name.startswith(_MEASURED):
            continue
        if name == "image" or (groups[name].nunique(dropna=False) == 1).all():
            found.append(place)
    return found


def _per_image(of_image: pd.DataFrame, files: list[list[Path]]) -> pd.DataFrame:
    shown = of_image.reset_index(names=_IMAGE)
    for place in range(len(files[0]) if files else 1):
        shown[f"Image_PathName_{place + 1}"] = [str(each[place].parent) for each in files]
        shown[f"Image_FileName_{place + 1}"] = [each[place].name for each in files]
    return shown


def _put(
    connection: sqlite3.Connection, table: str, frame: pd.DataFrame, keys: tuple[str, ...]
) -> None:
    kinds = {"i": "INTEGER", "u": "INTEGER", "b": "INTEGER", "f": "REAL"}
    made = ", ".join(f"{name} {kinds.get(frame[name].dtype.kind, 'TEXT')}" for name in frame)
    connection.execute(f"CREATE TABLE {table} ({made}, PRIMARY KEY ({', '.join(keys)}))")
    marks = ", ".join("?" * len(frame.columns))
    values = [_values(frame[name]) for name in frame]
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*values, strict=True))


def _values(column: pd.Series) -> list[Any]:
    """Plain values, None where one is missing."""
    return [None if value != value else value for value in column.tolist()]


def _properties(
    result: AnnData,
    database: Path,
    files: list[list[Path]],
    of_image: pd.DataFrame,
) -> str:
    from napari_c3r.core.channels import stains

    channels = list(result.uns[KEY]["roles"])
    each = len(files[0]) if files else 1
    colours = stains.channel_colours(channels)
    names = channels if each == len(channels) else ["image"]
    known = [name for name in map(str, of_image.columns) if name != f"{_KNOWN}image"]
    settings = {
        "db_type": "sqlite",
        "db_sqlite_file": database.name,
        "image_table": IMAGES,
        "object_table": CELLS,
        "image_id": _IMAGE,
        "object_id": _CELL,
        "cell_x_loc": "Cells_x_px",
        "cell_y_loc": "Cells_y_px",
        "image_path_cols": ", ".join(f"Image_PathName_{n + 1}" for n in range(each)),
        "image_file_cols": ", ".join(f"Image_FileName_{n + 1}" for n in range(each)),
        "image_names": ", ".join(_plain_names(names)),
        "image_channel_colors": ", ".join(_nearest(colours[name]) for name in channels),
        "channels_per_image": ", ".join([str(len(channels) // each)] * each),
        "object_name": "cell, cells",
        "image_tile_size": str(int(_tile(result))),
        # Regular expressions.
        "classifier_ignore_columns": f"{_IMAGE}, {_CELL}, {_NO_FEATURE}",
        "check_tables": "no",
    }
    if each != len(channels):
        # Its own reader takes columns of pixels for the channels of a stack.
        settings["force_bioformats"] = "yes"
    if f"{_KNOWN}well" in known:
        settings["well_id"] = f"{_KNOWN}well"
        settings |= {"plate_id": f"{_KNOWN}plate"} if f"{_KNOWN}plate" in known else {}
        settings |= _plate_type(of_image[f"{_KNOWN}well"])
    lines = [f"{name} = {value}" for name, value in settings.items()]
    lines += [
        f"group_SQL_{name.removeprefix(_KNOWN)} = SELECT {_IMAGE}, {name} FROM {IMAGES}"
        for name in known
    ]
    return "\n".join(["# CellProfiler Analyst, written by napari-c3r", *lines]) + "\n"


def _tile(result: AnnData) -> float:
    """Side of the picture of a cell, in pixels: what was cut for it."""
    windows = result.uns[KEY].get("images", {}).get("crop_window_px", ())
    return float(np.median(windows)) if len(windows) else 64.0


def _nearest(colour: str) -> str:
    from napari_c3r.core.figures.colours import rgb

    wanted = rgb(colour).astype(int)
    return min(_COLOURS, key=lambda name: float(((wanted - _COLOURS[name]) ** 2).sum()))


def _plate_type(wells: pd.Series) -> dict[str, str]:
    """How many wells a plate has, where all have places on one that it knows."""
    from napari_c3r.core.profiles.plates import format_of, place_of

    at = [place_of(str(name)) for name in wells if _WELL.fullmatch(str(name))]
    if len(at) < len(wells) or not at or any(each is None for each in at):
        return {}
    size = format_of(np.array(at, np.intp))
    size = (8, 12) if size == (6, 8) else size
    return {"plate_type": str(_PLATES[size])} if size in _PLATES else {}


CPA = TableFormat(".properties", "CellProfiler Analyst", _write, _read, _companions)
"""CellProfiler Analyst's properties file with its database as ``<name>.cpa.db``."""

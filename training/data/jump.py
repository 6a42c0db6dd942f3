"""Images of the Cell Painting Gallery in JUMP-CP's layout.

``…/images/<batch>/images/<plate>__<date>-Measurement1/Images/r01c01f01p01-ch1sk1fk1fl1.tiff``.
Which stain a channel is, is in the plate's ``load_data.csv``; where cells are, in single-cell
profiles or in DeepProfiler's ``<plate>/<well>-<site>-Nuclei.csv``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ImageFiles, find_images
from training.data.cutting import DEFAULT_CROP, Field, write_fields
from training.data.images import FieldReadOptions, read_fields
from training.data.metadata import Metadata, normalised

ROLES: Final = {
    "DNA": "context",
    "ER": "context",
    "RNA": "concept",
    "AGP": "concept",
    "Mito": "concept",
}
STAINS: Final = {"ch1": "Mito", "ch2": "AGP", "ch3": "RNA", "ch4": "ER", "ch5": "DNA"}
"""The pilot's channels, where no table says otherwise."""
PIXEL_UM: Final = 0.598
LICENCE: Final = "CC0"

_PLACE: Final = ("plate", "well", "site")
_X, _Y = "Nuclei_Location_Center_X", "Nuclei_Location_Center_Y"
Centres = Callable[[str, str, str], pd.DataFrame]


def write_jump(
    images: Path,
    out: Path,
    spec: CropSpec = DEFAULT_CROP,
    *,
    load_data: Path | None = None,
    centres: Path | None = None,
    metadata: Metadata | None = None,
    pixel_size_um: float = PIXEL_UM,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write one crop set of all plates below a folder.

    Parameters
    ----------
    images
        A folder that is called ``Images`` or holds such, however deep.
    out
        The crop set's folder.
    spec
        How cells are cut out.
    load_data
        A ``load_data.csv``; `STAINS` by default.
    centres
        A table, CSV or Parquet, with ``Metadata_Plate``, ``Metadata_Well``, ``Metadata_Site``,
        ``Nuclei_Location_Center_X`` and ``…_Y`` in pixels, or DeepProfiler's folder of tables; None
        segments.
    metadata
        What wells hold.
    pixel_size_um
        Of the images.
    say
        Receives a line about every image, and why one is left out.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        There is no such folder, or a table is not what it should be.
    """
    stains = STAINS if load_data is None else read_stains(load_data)
    find_centres = None if centres is None else _centres(centres)
    reading = FieldReadOptions(
        stains, pixel_size_um=pixel_size_um, metadata=metadata, about={"source": "JUMP-CP"}
    )
    fields = (
        field for folder in _plates(images) for field in _fields(folder, reading, find_centres, say)
    )
    return write_fields(out, fields, ChannelAssignment(ROLES), spec, licence=LICENCE)


def read_stains(load_data: Path) -> dict[str, str]:
    """Read from a ``load_data.csv`` which stain each channel number is.

    Raises
    ------
    InputError
        It cannot be read, lacks a stain, or gives a stain two numbers.
    """
    try:
        table = pd.read_csv(load_data, dtype=str)
    except (OSError, ValueError) as error:
        raise InputError(f"'{load_data}' is no CSV file that can be read: {error}") from error
    stains = {}
    for stain in ROLES:
        column = f"FileName_Orig{stain}"
        if column not in table.columns:
            raise InputError(f"'{load_data}' lacks the column {column}; give a load_data.csv")
        numbers = table[column].str.extract(r"-(ch\d+)sk", expand=False).unique()
        if len(numbers) != 1 or pd.isna(numbers[0]):
            raise InputError(
                f"'{load_data}' names files of {len(numbers)} channels for {stain}; give the table "
                "of one batch, with names such as r01c01f01p01-ch1sk1fk1fl1.tiff"
            )
        stains[numbers[0]] = stain
    return stains


def _plates(images: Path) -> list[Path]:
    folders = [images] if images.name == "Images" else sorted(images.rglob("Images"))
    if not folders:
        raise InputError(f"'{images}' holds no folder 'Images'; give one that holds plates")
    return folders


def _fields(
    folder: Path, reading: FieldReadOptions, centres: Centres | None, say: Callable[[str], None]
) -> Iterator[Field]:
    plate = folder.parent.name.partition("__")[0]
    reading = replace(reading, plate=plate)
    complete = []
    for files in find_images(str(folder)):
        lacking = set(reading.names) - set(files.channel_names)
        if lacking:
            say(f"{plate} {files.name}: left out, it lacks {', '.join(sorted(lacking))}")
        else:
            complete.append(files)
    if centres is None:
        yield from read_fields(complete, reading, say)
    else:
        yield from _centred(complete, reading, centres, say)


def _centred(
    found: list[ImageFiles], reading: FieldReadOptions, centres: Centres, say: Callable[[str], None]
) -> Iterator[Field]:
    for number, files in enumerate(found, 1):
        image = reading.read(files)
        cells = centres(image.plate or "", image.well or "", image.site or "")
        say(f"{number}/{len(found)} {image.plate} {image.name}: {len(cells)} cells")
        if len(cells):
            yield Field(image, cells, reading.about_of(image))


def _centres(path: Path) -> Centres:
    """Where the cells of a field are, by plate, well and site."""
    if path.is_dir():
        return lambda plate, well, site: _of_deep_profiler(path / plate, well, site)
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' is no table of centres that can be read: {error}") from error
    table = table.rename(columns={f"Metadata_{key.title()}": key for key in _PLACE})
    if missing := [name for name in (*_PLACE, _X, _Y) if name not in table.columns]:
        raise InputError(f"'{path}' lacks the column {missing[0]}; give single-cell profiles")
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, place in enumerate(table[list(_PLACE)].itertuples(index=False)):
        rows[tuple(map(normalised, _PLACE, place))].append(row)
    return lambda *place: _as_cells(table.iloc[rows.get(tuple(map(normalised, _PLACE, place)), [])])


def _of_deep_profiler(folder: Path, well: str, site: str) -> pd.DataFrame:
    """Read the one table of a field; a field without one has no cells."""
    for path in folder.glob(f"{well}-*-Nuclei.csv"):
        number = re.fullmatch(r"\D*0*(\d+)", path.stem.split("-")[1])
        if number and number[1] == site:
            table = pd.read_csv(path)
            if missing := [name for name in (_X, _Y) if name not in table.columns]:
                raise InputError(f"'{path}' lacks the column {missing[0]}; write it again")
            return _as_cells(table)
    return _as_cells(pd.DataFrame({_X: [], _Y: []}))


def _as_cells(table: pd.DataFrame) -> pd.DataFrame:
    cells = pd.DataFrame({"y_px": table[_Y].to_numpy(float), "x_px": table[_X].to_numpy(float)})
    cells = cells.dropna(ignore_index=True)
    return cells.assign(label=range(1, len(cells) + 1))

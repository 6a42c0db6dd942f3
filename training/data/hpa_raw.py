"""Images of the Human Protein Atlas as they are distributed, with masks of their cells.

``<images>/<plate>/<plate>_<position>_<sample>_<colour>.png`` with the colours red, green, blue
and yellow; ``<masks>/<plate>_<position>_<sample>_cellmask.png``, also in folders of plates; and a
CSV table with ``if_plate_id``, ``position``, ``sample``, ``antibody`` and ``atlas_name``, which is
the cell line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.spec import CropSpec
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import ImageFiles, find_images, read_image, read_labels
from training.data.cutting import DEFAULT_CROP, Field, write_fields
from training.data.hpa_h5 import LICENCE, ROLES

PIXEL_UM: Final = 0.08
_KEY: Final = ("if_plate_id", "position", "sample")
_COLOURS: Final = 4


def write_hpa_raw(
    images: Path,
    masks: Path,
    table: Path,
    out: Path,
    spec: CropSpec = DEFAULT_CROP,
    *,
    pixel_size_um: float = PIXEL_UM,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write one crop set of all images that have a row, a mask and all four colours.

    Parameters
    ----------
    images, masks, table
        As above.
    out
        The crop set's folder.
    spec
        How cells are cut out.
    pixel_size_um
        Of the images: 0.08 for the 63x objective that nearly all were taken with.
    say
        Receives a line about every image, and why one is left out.

    Returns
    -------
    Path
        The folder. The column ``id`` is the antibody.

    Raises
    ------
    InputError
        A folder or the table is not what it should be, or no image fits.
    """
    rows = _read_table(table)
    folders = [folder for folder in sorted(images.glob("*")) if folder.is_dir()] or [images]
    found = [files for folder in folders for files in find_images(str(folder))]
    fields = _fields(found, rows, masks, pixel_size_um, say)
    return write_fields(out, fields, ChannelAssignment(ROLES), spec, licence=LICENCE)


def _read_table(path: Path) -> dict[str, dict[str, str]]:
    """Rows by the name of their image."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' is no CSV file that can be read: {error}") from error
    needed = (*_KEY, "antibody", "atlas_name")
    if missing := [name for name in needed if name not in table.columns]:
        raise InputError(f"'{path}' lacks the column {missing[0]!r}; give the table of the atlas")
    names = table[list(_KEY)].agg("_".join, axis=1)
    return dict(zip(names, table.to_dict("records"), strict=True))


def _fields(
    found: list[ImageFiles],
    rows: dict[str, dict[str, str]],
    masks: Path,
    pixel_size_um: float,
    say: Callable[[str], None],
) -> Iterator[Field]:
    for number, files in enumerate(found, 1):
        name = files.name.rpartition("/")[2]
        mask = _mask(masks, name)
        reason = ""
        if name not in rows:
            reason = "the table has no row for it"
        elif mask is None:
            reason = f"there is no {name}_cellmask.png"
        elif len(files.channel_names) < _COLOURS:
            reason = f"it has only {', '.join(files.channel_names)}"
        say(f"{number}/{len(found)} {name}" + (f": left out, {reason}" if reason else ""))
        if reason or mask is None:
            continue
        row = rows[name]
        image = replace(read_image(files), pixel_size_um=pixel_size_um)
        about = {
            "id": row["antibody"],
            "cell_line": row["atlas_name"],
            "plate": row["if_plate_id"],
            "source": "HPA",
            "locations": row.get("locations", ""),
        }
        yield Field(image, read_labels(mask), about)


def _mask(masks: Path, name: str) -> Path | None:
    file = f"{name}_cellmask.png"
    for folder in (masks, masks / name.split("_")[0]):
        if (folder / file).is_file():
            return folder / file
    return None

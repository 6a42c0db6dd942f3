"""What is known of wells from a CSV file: treatment, cell line and whatever else it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image

_KEYS = ("plate", "well", "site")


class Metadata:
    """A table that is joined to images by the keys it has among plate, well and site.

    Parameters
    ----------
    path
        A CSV file. Names of columns may begin with ``Metadata_`` and be in capitals.
    id_column
        The column that becomes ``id``, by its name in the file; ``id`` by default.

    Raises
    ------
    InputError
        The file cannot be read, has no key or no such column, or says two things of one place.
    """

    def __init__(self, path: Path, id_column: str = "") -> None:
        try:
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise InputError(f"'{path}' is no CSV file that can be read: {error}") from error
        if id_column and id_column not in table.columns:
            raise InputError(
                f"'{path}' has no column {id_column!r}; it has {', '.join(table.columns)}"
            )
        chosen = table[id_column] if id_column else None
        table = table.rename(columns={name: _plain(name) for name in table.columns})
        self._path, self._keys = path, [key for key in _KEYS if key in table.columns]
        if not self._keys:
            raise InputError(f"'{path}' has none of the columns plate, well and site; add one")
        if chosen is not None:
            table["id"] = chosen
        places = [
            tuple(map(normalised, self._keys, row))
            for row in table[self._keys].itertuples(index=False)
        ]
        if len(set(places)) < len(places):
            twice = next(place for place in places if places.count(place) > 1)
            raise InputError(
                f"'{path}' has two rows for {' '.join(twice)}; give each {'/'.join(self._keys)} one"
            )
        rows = table.drop(columns=self._keys).to_dict("records")
        self._rows: dict[tuple[str, ...], dict[Any, Any]] = dict(zip(places, rows, strict=True))

    def of(self, image: Image) -> dict[str, str]:
        """What the table says of the place of an image.

        Raises
        ------
        InputError
            It says nothing of it.
        """
        place = tuple(normalised(key, getattr(image, key) or "") for key in self._keys)
        if place not in self._rows:
            raise InputError(
                f"'{self._path}' has no row for image '{image.name}' ({'/'.join(self._keys)} "
                f"{'/'.join(place)}); add it"
            )
        return self._rows[place]


def _plain(column: str) -> str:
    name = column.removeprefix("Metadata_")
    return name.lower() if name.lower() in (*_KEYS, "id", "cell_line", "licence") else name


def normalised(key: str, value: object) -> str:
    """Write a place one way: well ``C3`` or ``c03`` is ``C03``, site ``01`` is ``1``.

    Parameters
    ----------
    key
        ``"plate"``, ``"well"`` or ``"site"``.
    value
        As written anywhere.
    """
    text = str(value).strip()
    well = re.fullmatch(r"([A-Za-z]{1,2})0*(\d+)", text) if key == "well" else None
    if well:
        return f"{well[1].upper()}{int(well[2]):02d}"
    return str(int(text)) if key == "site" and text.isdecimal() else text

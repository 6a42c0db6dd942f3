"""The files of a crop set: names, what ``crop_set.json`` says, and what to say of bad ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from napari_c3r.core.errors import InputError

ABOUT, TABLE, DATASET = "crop_set.json", "table.parquet", "crops"
FORMAT: Final = "napari-c3r crop set 1"
COLUMNS: Final = ("id", "cell_line", "plate", "well", "source", "licence", "split")
"""Columns that every table has, all of text."""
PREPARE_AGAIN: Final = "prepare the set again"


@dataclass(frozen=True)
class About:
    """What ``crop_set.json`` says.

    Parameters
    ----------
    roles
        Role by channel name, in the order of the crops' channels.
    field_um, licence
        As in `training.data.cropset.CropSet`.
    size_px, dtype
        Of the crops.
    shards
        Crops in every file of pixels, by its name.
    """

    roles: dict[str, str]
    field_um: float | None
    licence: str
    size_px: int
    dtype: str
    shards: dict[str, int]

    def to_json(self) -> str:
        """Write as JSON."""
        return json.dumps({"format": FORMAT, **vars(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> About:
        """Read a ``crop_set.json``; an InputError where it is none of this version."""
        try:
            content = json.loads(path.read_text("utf-8"))
            if content.pop("format") != FORMAT:
                raise ValueError
            return cls(**content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"'{path}' is not what this version writes ({FORMAT}); {PREPARE_AGAIN}"
            ) from error


def read_table(path: Path) -> pd.DataFrame:
    """Read a ``table.parquet``; an InputError where it is not one with all of `COLUMNS`."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise damaged(path, error) from error
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise InputError(f"'{path}' lacks the column {missing[0]!r}; {PREPARE_AGAIN}")
    return table


def damaged(path: Path, error: Exception) -> InputError:
    """Say that a file could not be read."""
    what = "is damaged" if path.is_file() else "is missing"
    return InputError(f"'{path}' {what} ({error}); {PREPARE_AGAIN}")


def shard_name(number: int) -> str:
    """Name of a file of pixels, by its number from 0."""
    return f"crops-{number:04d}.h5"

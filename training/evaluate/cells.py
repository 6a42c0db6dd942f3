"""Single-cell crops with one table row each, as every task takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError

INDEX = "index_in_file"


@dataclass(frozen=True)
class Cells:
    """Crops and what is known of them.

    Parameters
    ----------
    crops
        ``(n, C, H, W)``, raw intensities.
    table
        One row per crop, in order, indexed from 0.
    assignment
        Role of each of the C channels, in order.
    """

    crops: NDArray[np.generic]
    table: pd.DataFrame
    assignment: ChannelAssignment

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: NDArray[np.intp]) -> Cells:
        """The cells of these rows, in the order given."""
        table = self.table.iloc[rows].reset_index(drop=True)
        return replace(self, crops=self.crops[rows], table=table)


def read_cells(path: Path, assignment: ChannelAssignment, columns: Sequence[str]) -> Cells:
    """Read a TIFF file of crops and the CSV file of the same name.

    Parameters
    ----------
    path
        The TIFF file, axes (cell, channel, y, x). The CSV file next to it has a row for each crop.
        In the order of its column ``index_in_file``, which may have gaps where cells were kept
        apart, its rows are about the crops in the order of the file.
    assignment
        Role of each channel, in the order of the file.
    columns
        What the table must hold besides.

    Raises
    ------
    InputError
        A file or a column is missing, or the two files do not fit each other.
    """
    csv = path.with_suffix(".csv")
    for file in (path, csv):
        if not file.is_file():
            raise InputError(
                f"'{file}' does not exist; give the folder that holds it, or leave its task out"
            )
    table = pd.read_csv(csv)
    if missing := [name for name in (INDEX, *columns) if name not in table.columns]:
        raise InputError(f"'{csv}' lacks the column {missing[0]!r}; add it to the table")
    crops = tifffile.imread(path)
    if crops.ndim != 4 or crops.shape[1] != len(assignment.names):
        raise InputError(
            f"'{path}' has shape {crops.shape}; it must hold (cell, channel, y, x) with the "
            f"{len(assignment.names)} channels {', '.join(assignment.names)}"
        )
    if len(table) != len(crops) or table[INDEX].duplicated().any():
        raise InputError(
            f"'{csv}' has {table[INDEX].nunique()} different {INDEX} in {len(table)} rows but "
            f"'{path.name}' holds {len(crops)} crops; get both again from the same place"
        )
    return Cells(crops, table.sort_values(INDEX, ignore_index=True), assignment)

"""Plate maps drawn as plates: rows A to P, columns 1 to 24, one variable a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.wells import row_letters, well_at
from napari_c3r.core.text import whole_number

if TYPE_CHECKING:
    import pandas as pd

    from napari_c3r.core.metadata.text_file import Rows


def is_grid(rows: Rows) -> bool:
    """Whether a sheet is drawn as a plate: numbers 1, 2, … on top, letters down the side."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return False
    top = [whole_number(cell.strip()) for cell in rows[0][1:] if cell.strip()]
    side = [row[0].strip().upper() for row in rows[1:] if any(cell.strip() for cell in row)]
    letters = [row_letters(number) for number in range(1, 33)]
    return (
        bool(top)
        and top == list(range(1, len(top) + 1))
        and bool(side)
        and side == letters[: len(side)]
    )


def from_grids(grids: Mapping[str, Rows]) -> pd.DataFrame:
    """One row per well of sheets that are drawn as plates.

    Parameters
    ----------
    grids
        The cells of each sheet by the name of the variable that it shows.

    Returns
    -------
    pandas.DataFrame
        ``well`` (``A01``), then a column of text per sheet; a well that is empty on every sheet
        is left out.

    Raises
    ------
    InputError
        A sheet has more columns than a plate.
    """
    import pandas as pd

    columns: dict[str, dict[str, str]] = {}
    for name, rows in grids.items():
        values = columns.setdefault(name, {})
        for row in rows[1:]:
            for place, cell in enumerate(row[1:], start=1):
                if not cell.strip():
                    continue
                well = well_at(row[0].strip(), str(place))
                if well is None:
                    raise InputError(
                        f"'{name}' has the value '{cell.strip()}' in row {row[0].strip()}, column "
                        f"{place}, which no plate has; keep notes out of the grid"
                    )
                values[well] = cell.strip()
    wells = sorted({well for values in columns.values() for well in values}, key=_place)
    frame = pd.DataFrame({"well": wells}, dtype=object)
    for name, values in columns.items():
        frame[name] = pd.Series([values.get(well) for well in wells], dtype=object)
    return frame


def _place(well: str) -> tuple[int, str, str]:
    letters = well.rstrip("0123456789")
    return len(letters), letters, well[len(letters) :]

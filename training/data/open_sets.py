"""Cells of many laboratories under open licences, which others have cut out.

Each is a file ``crops/open/NAME.tif`` with ``NAME_masks.tif`` and ``NAME.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from training.data.shared import CutSet

_DNA_AND: Final = {"DNA": "context"}


def _read_cells(
    name: str, channels: int, crops: Path
) -> tuple[Sequence[NDArray[Any]], pd.DataFrame]:
    """Cells of a set and their rows; a well or treatment is one within its set only."""
    table = pd.read_csv(crops / "open" / f"{name}.csv").sort_values("index_in_file")
    cells = tifffile.imread(crops / "open" / f"{name}.tif")
    # The file may be a stack of planes, cell after cell.
    cells = cells.reshape(-1, channels, *cells.shape[-2:])
    if len(cells) != len(table):
        raise InputError(f"'{name}' has {len(table)} rows for {len(cells)} crops; get both again")
    # Where nothing is known of the cells, each is called by a number of its own.
    known = table["id"].astype(str).where(~table["id"].astype(str).str.match(r"cell-\d+$"), "")
    return list(cells), pd.DataFrame({"id": known.to_numpy()})


def _read_masks(name: str, crops: Path) -> NDArray[np.bool_]:
    masks: NDArray[np.bool_] = tifffile.imread(crops / "open" / f"{name}_masks.tif") > 0
    return masks


def _open_set(name: str, roles: Mapping[str, str]) -> CutSet:
    reading = partial(_read_cells, name, len(roles))
    return CutSet(name, roles, reading, masks=partial(_read_masks, name))


OPEN_SETS: Final[dict[str, CutSet]] = {
    name: _open_set(name, roles)
    for name, roles in {
        "aitslab_u2os": _DNA_AND | {"protein": "concept"},
        "biop_tubulin": _DNA_AND | {"microtubules": "concept"},
        "cellquant_sg": _DNA_AND | {"G3BP1": "concept", "PABPC1": "concept"},
        "cp_speckles": _DNA_AND | {"gH2AX": "concept"},
        "cp_vitra": _DNA_AND | {"reporter": "concept"},
        "embl_autophagosomes": _DNA_AND | {"protein": "concept"},
        "embl_imagexpress": _DNA_AND | {"protein": "concept"},
        "embl_nuclear_foci": _DNA_AND | {"foci": "concept"},
        "embl_scanr_golgi": _DNA_AND | {"Golgi": "concept"},
        "mobie_golgi": {"Golgi": "both"},
        "sparcspy_golgi": _DNA_AND | {"membrane": "context", "Golgi": "concept"},
    }.items()
}
"""By their names."""

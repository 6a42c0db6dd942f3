"""Which real images become crop sets, and what is known of them in addition to their files.

Left out although they may be trained on: of ``notebooks`` BPAE (one cell, whose nuclear channel
shows all of it) and the HeLa cells (all reach over the border); of ``neubias`` tissue and single
cells at a high magnification.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image, ImageFiles
from training.data.images import FieldReadOptions
from training.data.mitocheck import mitocheck_split
from training.data.open_sets import OPEN_SETS
from training.data.shared import CutSet, FieldSet, Part

BBBC013_ROWS: Final = ("A", "B")
"""The rows that may be trained on; the others are for evaluation."""

_HPA_PIXEL_UM: Final = 0.08
_FIELD_UM: Final = 64.0


def _named(*names: str) -> Callable[[ImageFiles], bool]:
    return lambda files: files.name in names


def _bbbc022_id(image: Image, folder: Path) -> str:
    return "mock" if image.well == "A14" else f"BBBC022 20585 {image.well}"


def _nf1_id(image: Image, folder: Path) -> str:
    return "wild type" if image.well == "D06" else "NF1 null"


def _bbbc013_wanted(files: ImageFiles) -> bool:
    return (files.well or "")[:1] in BBBC013_ROWS


def _bbbc013_id(image: Image, folder: Path) -> str:
    return f"dose {_bbbc013_doses(folder)[image.well or '']:g}"


@lru_cache
def _bbbc013_doses(folder: Path) -> dict[str, float]:
    table = pd.read_csv(folder / "1049_Metadata.csv", dtype={"Column": str})
    return dict(zip(table["Row"] + table["Column"], table["SBS_Doses"], strict=True))


def _read_mitocheck(crops: Path) -> tuple[Sequence[NDArray[Any]], pd.DataFrame]:
    """Cells of the plates that may be trained on."""
    table = pd.read_csv(crops / "mitocheck" / "cells.csv", dtype={"plate": str})
    # The crops are in this order, but numbers are missing where cells were kept apart.
    table = table.sort_values("index_in_file", ignore_index=True)
    cells = tifffile.imread(crops / "mitocheck" / "cells.tif")
    if len(cells) != len(table):
        raise InputError(f"Mitocheck has {len(table)} rows for {len(cells)} crops; get both again")
    train = mitocheck_split(table) == "train"
    cells, table = cells[train], table[train].reset_index(drop=True)
    rows = pd.DataFrame({"id": table["phenotype"], "plate": table["plate"], "cell_line": "HeLa"})
    return list(cells), rows


def _read_hpa_plate(crops: Path) -> tuple[Sequence[NDArray[Any]], pd.DataFrame]:
    cells = tifffile.imread(crops / "hpa_56_F11_U2OS.tif")
    about = {"cell_line": "U-2 OS", "plate": "56", "well": "F11"}
    return list(cells), pd.DataFrame([about] * len(cells))


def _read_hpa_reference(crops: Path) -> tuple[Sequence[NDArray[Any]], pd.DataFrame]:
    files = sorted((crops / "hpa_reference_3ch").glob("cell_*.tif"))
    if not files:
        raise InputError(f"'{crops / 'hpa_reference_3ch'}' holds no cell_*.tif; copy them again")
    side = round(_FIELD_UM / _HPA_PIXEL_UM)
    cells = [_centred(tifffile.imread(file), side) for file in files]
    return cells, pd.DataFrame({"image": [file.stem for file in files]})


def _centred(crop: NDArray[Any], side: int) -> NDArray[Any]:
    """Lay a cell that stands on black in the middle of a larger field of black."""
    field = np.zeros((len(crop), side, side), crop.dtype)
    y, x = (side - crop.shape[1]) // 2, (side - crop.shape[2]) // 2
    field[:, y : y + crop.shape[1], x : x + crop.shape[2]] = crop
    return field


_OPERA: Final = {"ch2": "ER", "ch3": "AGP", "ch4": "Mito", "ch5": "DNA", "ch6": "RNA"}
_NUCLEUS_FIRST: Final = {"ch1": "nucleus", "ch2": "structure"}
_NUCLEUS_LAST: Final = {"ch1": "structure", "ch2": "nucleus"}
_PAINTING: Final = {
    "DNA": "context",
    "ER": "context",
    "RNA": "concept",
    "AGP": "concept",
    "Mito": "concept",
}


def _neubias(structure: str, names: dict[str, str], *files: str) -> Part:
    # Not all files state their pixel size, and a crop set has one scale.
    reading = FieldReadOptions(
        names, pixel_size_um=0, cell="structure", about={"structure": structure}
    )
    return Part(reading, _named(*files))


SETS: Final[dict[str, FieldSet | CutSet]] = {
    "bbbc022_20585": FieldSet(
        "bbbc022_20585",
        {
            "H33342": "context",
            "conA": "context",
            "SYTO14": "concept",
            "WGA_Phall": "concept",
            "MitoTDR": "concept",
        },
        (
            Part(
                FieldReadOptions(
                    pixel_size_um=0.656,
                    labels=Path("labels"),
                    labels_channel="cell-labels",
                    about={"cell_line": "U-2 OS"},
                ),
                id_of=_bbbc022_id,
            ),
        ),
    ),
    "cellpainting_BR00143976": FieldSet(
        "cellpainting_BR00143976", _PAINTING, (Part(FieldReadOptions(_OPERA, pixel_size_um=0.598)),)
    ),
    "jump_BR00117006": FieldSet(
        "jump_BR00117006",
        {"DNA": "context", "RNA": "concept", "AGP": "concept"},
        (Part(FieldReadOptions({"ch2": "AGP", "ch3": "RNA", "ch5": "DNA"}, pixel_size_um=0.598)),),
    ),
    "nf1_schwann": FieldSet(
        "nf1_schwann",
        {"DNA": "context", "ER": "context", "actin": "concept"},
        (
            Part(
                FieldReadOptions(
                    {"DAPI": "DNA", "GFP": "ER", "RFP": "actin"},
                    pixel_size_um=0.322,
                    about={"cell_line": "Schwann"},
                ),
                id_of=_nf1_id,
            ),
        ),
    ),
    "bbbc013": FieldSet(
        "bbbc013",
        {"GFP": "concept", "DNA": "context"},
        (
            Part(
                FieldReadOptions(
                    {"Channel1": "GFP", "Channel2": "DNA"},
                    pixel_size_um=1.0,
                    about={"cell_line": "U-2 OS", "plate": "BBBC013"},
                ),
                _bbbc013_wanted,
                _bbbc013_id,
            ),
        ),
    ),
    "fly_kc167": FieldSet(
        "fly_kc167",
        {"DNA": "context", "actin": "concept", "mitotic marker": "concept"},
        (
            Part(
                FieldReadOptions(
                    {"D": "DNA", "F": "actin", "R": "mitotic marker"},
                    about={"cell_line": "Kc167"},
                )
            ),
        ),
    ),
    "notebooks_bbbc022": FieldSet(
        "notebooks",
        {"DNA": "context", "ER": "context", "RNA": "concept"},
        (
            Part(
                FieldReadOptions(
                    # By their looks: the file does not say.
                    {"c1": "DNA", "c2": "ER", "c3": "RNA"},
                    pixel_size_um=0.656,
                    about={"cell_line": "U-2 OS"},
                ),
                _named("IXMtest_A02_s9"),
            ),
        ),
    ),
    "neubias": FieldSet(
        "neubias",
        {"nucleus": "context", "structure": "concept"},
        (
            _neubias("microtubules", _NUCLEUS_FIRST, "xyc_8bit__dapi_tublin"),
            _neubias("microtubules", _NUCLEUS_LAST, "xyc_8bit__tub_h2b_cecog_battery"),
        ),
    ),
    "mitocheck": CutSet("mitocheck", {"histone": "both"}, _read_mitocheck),
    "hpa_56_F11_U2OS": CutSet(
        "hpa_56_F11_U2OS",
        {"microtubules": "context", "protein": "concept", "nucleus": "context", "ER": "context"},
        _read_hpa_plate,
    ),
    "hpa_reference_3ch": CutSet(
        "hpa_reference_3ch",
        {"microtubules": "context", "nucleus": "context", "ER": "concept"},
        _read_hpa_reference,
        field_um=_FIELD_UM,
    ),
    **OPEN_SETS,
}
"""All of them, by the name of their folder."""


def choose_sets(names: Sequence[str]) -> dict[str, FieldSet | CutSet]:
    """Sets by their names or that of their row in the README; all where none is given.

    Raises
    ------
    InputError
        There is no such set.
    """
    chosen: dict[str, FieldSet | CutSet] = {}
    for name in names or SETS:
        found = {key: each for key, each in SETS.items() if name in (key, each.row)}
        if not found:
            raise InputError(
                f"'{name}' is no set of real images to train on; choose from {', '.join(SETS)}"
            )
        chosen |= found
    return chosen

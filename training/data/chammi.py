"""The CHAMMI benchmark (Zenodo 7988357): cells of three collections, channels side by side.

``Allen``, ``HPA`` and ``CP`` each hold a table ``enriched_meta.csv``, or one ``morphem70k_v2.csv``
beside them holds all, its column ``chunk`` saying which. ``file_path`` is relative to the whole
and ``channel_width`` says where one channel ends and the next begins.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skimage import io

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from training.data.cropset import CropSetWriter
from training.data.cutting import resample_square

ROLES: Final = {
    "Allen": {"nucleus": "context", "membrane": "concept", "protein": "concept"},
    "HPA": {
        "microtubules": "context",
        "protein": "concept",
        "nucleus": "context",
        "ER": "context",
    },
    "CP": {
        "nucleus": "context",
        "ER": "context",
        "RNA": "concept",
        "Golgi": "concept",
        "Mito": "concept",
    },
}
"""Channels of each collection, in order."""
LICENCE: Final = "as of Zenodo 7988357"

Square = Literal["pad", "crop"]

_MERGED: Final = "morphem70k_v2.csv"
_NEEDED: Final = ("file_path", "channel_width", "label", "train_test_split")
_AT_ONCE: Final = 64


def write_chammi(
    root: Path,
    dataset: str,
    out: Path,
    *,
    size_px: int = 224,
    square: Square = "pad",
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write one collection as a crop set.

    Parameters
    ----------
    root
        The folder of the three collections.
    dataset
        ``"Allen"``, ``"HPA"`` or ``"CP"``.
    out
        The crop set's folder.
    size_px
        Side of the crops.
    square
        What becomes of cells that are not square: ``"pad"`` lays them on their own background;
        ``"crop"`` keeps the middle, as the benchmark's own evaluation does.
    say
        Receives a line about every thousandth cell.

    Returns
    -------
    Path
        The folder. The column ``id`` is the label; ``split`` is ``train``, ``task_one``, ….

    Raises
    ------
    InputError
        There is no such collection, or a table or an image is not what it should be.
    """
    if dataset not in ROLES:
        raise InputError(f"No collection '{dataset}' in CHAMMI; choose one of {', '.join(ROLES)}")
    table = _read_table(root, dataset)
    roles = ROLES[dataset]
    with CropSetWriter(
        out,
        channel_names=tuple(roles),
        assignment=ChannelAssignment(roles),
        field_um=None,
        licence=LICENCE,
    ) as writer:
        for start in range(0, len(table), _AT_ONCE):
            rows = table[start : start + _AT_ONCE]
            crops = [
                _read_crop(
                    root, dataset, row["file_path"], int(row["channel_width"]), size_px, square
                )
                for _, row in rows.iterrows()
            ]
            writer.add(np.stack(crops), _about(rows, dataset))
            done = start + len(rows)
            if done % (16 * _AT_ONCE) == 0 or done == len(table):
                say(f"{dataset}: {done}/{len(table)} cells")
    return out


def _read_table(root: Path, dataset: str) -> pd.DataFrame:
    """Rows of a collection, names of columns in small letters."""
    own, merged = root / dataset / "enriched_meta.csv", root / _MERGED
    path = own if own.is_file() else merged
    if not path.is_file():
        raise InputError(f"There is neither '{own}' nor '{merged}'; give the folder of CHAMMI")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.rename(columns=str.lower)
    if missing := [name for name in _NEEDED if name not in table.columns]:
        raise InputError(f"'{path}' lacks the column {missing[0]!r}; get it again from Zenodo")
    if path == merged:
        if "chunk" not in table.columns:
            raise InputError(f"'{path}' lacks the column 'chunk'; get it again")
        table = table[table["chunk"] == dataset]
    return table.reset_index(drop=True)


def _read_crop(
    root: Path, dataset: str, file: str, width: int, size_px: int, square: Square
) -> NDArray[Any]:
    path = root / file if (root / file).is_file() else root / dataset / file
    try:
        tape = np.asarray(io.imread(path)).squeeze()
    except (OSError, ValueError) as error:
        raise InputError(f"'{path}' is missing or damaged; get it again from Zenodo") from error
    channels = len(ROLES[dataset])
    fits = tape.ndim == 2 and tape.shape[1] == channels * width
    if not fits or tape.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"'{path}' is {tape.shape} of {tape.dtype}; {dataset} has {channels} channels of "
            f"{width} pixels side by side, of 8 or 16 bits"
        )
    crop = tape.reshape(len(tape), channels, width).swapaxes(0, 1)
    if square == "crop":
        side = min(crop.shape[1:])
        y, x = ((length - side) // 2 for length in crop.shape[1:])
        crop = crop[:, y : y + side, x : x + side]
    return np.rint(resample_square(crop, size_px)).astype(tape.dtype)


def _about(rows: pd.DataFrame, dataset: str) -> pd.DataFrame:
    nothing = pd.Series("", index=rows.index)
    return pd.DataFrame(
        {
            "id": rows["label"],
            "cell_line": rows.get("cell_type", nothing),
            "plate": rows.get("plate", nothing),
            "well": rows.get("well", nothing),
            "source": f"CHAMMI {dataset}",
            "split": rows["train_test_split"].str.lower(),
            "file": rows["file_path"],
        }
    )

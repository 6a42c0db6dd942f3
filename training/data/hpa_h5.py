"""Crops of the Human Protein Atlas in the files of the official C3R code.

A folder ``train-balanced``, ``valid-balanced`` or ``test-balanced`` (or with ``_``) holds files
``<antibody>_<k>.h5``. A file's attributes are ``antibody``, ``num_cells`` and, with ``;`` between
cells, ``cell_line`` and ``plate_position``; ``img_<i>`` is a cell, (448, 448, 5) uint16 of
microtubules, ER, nucleus, protein and mask, and ``target_<i>`` its locations, uint8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.crops.cut import resample
from napari_c3r.core.errors import InputError
from training.data.cropset import CropSetWriter

ROLES: Final = {
    "microtubules": "context",
    "ER": "context",
    "nucleus": "context",
    "protein": "concept",
}
"""In the order of the files, whose fifth plane, a mask, is dropped."""
SPLITS: Final = ("train", "valid", "test")
LICENCE: Final = "CC BY-SA (Human Protein Atlas)"

_FIELD_UM: Final = 896 * 0.08  # cut 896 px wide from images of 0.08 µm per pixel
_AT_ONCE: Final = 64
_GET_AGAIN: Final = "get it again from where it came"


def write_hpa_h5(
    root: Path,
    out: Path,
    splits: Sequence[str] = SPLITS,
    *,
    size_px: int | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write one crop set of all cells, each with its split.

    Parameters
    ----------
    root
        The folder with the folders of the splits.
    out
        The crop set's folder.
    splits
        Which; those that are not there are left out as long as one is.
    size_px
        Side of the crops; None leaves them as they are.
    say
        Receives a line about every hundredth file.

    Returns
    -------
    Path
        The folder. The column ``id`` is the whole name of the antibody, since HPA000123 and
        CAB000123 are two; ``target`` is a digit for each location.

    Raises
    ------
    InputError
        There is no such folder, or a file is not what it should be.
    """
    folders = {split: folder for split in splits if (folder := _folder(root, split))}
    if not folders:
        wanted = ", ".join(f"{split}-balanced" for split in splits)
        raise InputError(f"'{root}' holds none of the folders {wanted}; give the one they are in")
    with CropSetWriter(
        out,
        channel_names=tuple(ROLES),
        assignment=ChannelAssignment(ROLES),
        field_um=_FIELD_UM,
        licence=LICENCE,
    ) as writer:
        for split, folder in folders.items():
            files = sorted(folder.glob("*.h5"))
            for number, file in enumerate(files, 1):
                for crops, table in _read(file):
                    writer.add(_resampled(crops, size_px), table.assign(split=split))
                if number % 100 == 0 or number == len(files):
                    say(f"{split}: {number}/{len(files)} files")
    return out


def _folder(root: Path, split: str) -> Path | None:
    for name in (f"{split}-balanced", f"{split}_balanced"):
        if (root / name).is_dir():
            return root / name
    return None


def _read(file: Path) -> Iterator[tuple[NDArray[np.uint16], pd.DataFrame]]:
    """Cells of one file, some at a time: files hold up to thousands of large crops."""
    try:
        with h5py.File(file, "r") as content:
            about = _about(file, content)
            for start in range(0, len(about), _AT_ONCE):
                rows = about[start : start + _AT_ONCE]
                targets = ["".join(map(str, content[f"target_{index}"][:])) for index in rows.index]
                crops = np.stack([_crop(file, content, index) for index in rows.index])
                yield crops, rows.assign(target=targets)
    except (OSError, KeyError) as error:
        raise InputError(f"'{file}' is damaged or incomplete ({error}); {_GET_AGAIN}") from error


def _crop(file: Path, content: h5py.File, index: int) -> NDArray[np.uint16]:
    """One cell (4, H, W), without its mask."""
    image: NDArray[np.uint16] = content[f"img_{index}"][:]
    if image.ndim != 3 or image.shape[2] != len(ROLES) + 1 or image.dtype != np.uint16:
        raise InputError(
            f"'{file}' has an img_{index} {image.shape} of {image.dtype}, not (448, 448, 5) of "
            f"uint16; {_GET_AGAIN}"
        )
    return np.moveaxis(image[..., : len(ROLES)], 2, 0)


def _about(file: Path, content: h5py.File) -> pd.DataFrame:
    """Rows of the cells of a file."""
    count = int(content.attrs["num_cells"])
    lines, positions = (
        _per_cell(file, name, str(content.attrs[name]), count)
        for name in ("cell_line", "plate_position")
    )
    parts = [position.partition("_") for position in positions]
    return pd.DataFrame(
        {
            "id": str(content.attrs["antibody"]),
            "cell_line": lines,
            "plate": [plate for plate, _, _ in parts],
            "well": [well for _, _, well in parts],
            "source": "HPA",
            "file": file.name,
        }
    )


def _per_cell(file: Path, name: str, text: str, count: int) -> list[str]:
    values = [value.strip() for value in text.split(";")]
    if len(values) == 1:
        values *= count
    if len(values) != count:
        raise InputError(f"'{file}' names {len(values)} {name} for {count} cells; {_GET_AGAIN}")
    return values


def _resampled(crops: NDArray[np.uint16], size_px: int | None) -> NDArray[np.uint16]:
    if size_px is None or size_px == crops.shape[-1]:
        return crops
    smaller: NDArray[Any] = np.stack([resample(crop.astype(np.float32), size_px) for crop in crops])
    return np.rint(smaller).astype(np.uint16)

"""The cells of the comparison: crop sets joined to one, ids split into training and test."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet, CropSetWriter

TEST_SHARE: Final = 0.3
MIXTURE: Final = "mixture."
_PIECE: Final = 1024


def join(paths: Sequence[str | Path], out: Path) -> CropSet:
    """Join crop sets of the same channels, or open what was joined before.

    Parameters
    ----------
    paths
        Crop sets with columns ``mixture.<pattern>``, as `training.data.simulated` writes them.
    out
        Folder of the joined set, whose column `split` says ``"train"`` or ``"test"``.

    Raises
    ------
    InputError
        A set is missing, has other channels than the first, or no mixture.
    """
    sets = [CropSet.open(path) for path in paths]
    for each in sets:
        if each.assignment != sets[0].assignment or each.field_um != sets[0].field_um:
            raise InputError(
                f"'{each.path}' has other channels, roles or field than '{sets[0].path}'; "
                "give sets of one layout"
            )
        if not any(name.startswith(MIXTURE) for name in each.table.columns):
            raise InputError(
                f"'{each.path}' has no column '{MIXTURE}…', from which the labels come; "
                "make it with python -m training.data.simulated"
            )
    if out.exists():
        return CropSet.open(out)
    first = sets[0]
    with CropSetWriter(
        out,
        channel_names=first.channel_names,
        assignment=first.assignment,
        field_um=first.field_um,
        licence="; ".join(sorted({each.licence for each in sets})),
    ) as writer:
        for each in sets:
            table = each.table.assign(split=split_of(each.table["id"]))
            for start in range(0, len(each), _PIECE):
                rows = slice(start, start + _PIECE)
                writer.add(each.read(rows), table.iloc[rows])
    return CropSet.open(out)


def split_of(ids: pd.Series) -> NDArray[np.str_]:
    """Say of every row whether its id is for training or for the test, by a hash of the id."""
    hashed = [int.from_bytes(blake2b(str(name).encode(), digest_size=4).digest()) for name in ids]
    return np.where(np.array(hashed) < TEST_SHARE * 2**32, "test", "train")


def dominant_pattern(table: pd.DataFrame) -> NDArray[np.str_]:
    """The localisation pattern that is strongest in each cell's mixture, ``(n,)`` names."""
    mixture = table.filter(like=MIXTURE).fillna(0)
    strongest = mixture.to_numpy().argmax(axis=1)
    return mixture.columns.str.removeprefix(MIXTURE).to_numpy(str)[strongest]

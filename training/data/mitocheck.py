"""Which plates of the Mitocheck cells stay out of all training."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TEST_SHARE: Final = 0.3
# Of many texts tried, one with which all 16 phenotypes are on both sides, none by less than 8 %.
_SALT: Final = "798"


def mitocheck_split(table: pd.DataFrame) -> NDArray[np.str_]:
    """Say of every cell whether its plate may be trained on.

    Parameters
    ----------
    table
        With a column ``plate``.

    Returns
    -------
    ndarray
        ``"train"`` or ``"test"`` for each row. It depends on the plate's name alone, so that a
        plate is on the same side in every table.
    """
    return table["plate"].map(_side).to_numpy(str)


def _side(plate: str) -> str:
    digest = hashlib.sha256(f"{_SALT}:{plate}".encode()).hexdigest()
    return "test" if int(digest[:8], 16) % 10 < 10 * TEST_SHARE else "train"

"""Names of features, by which a table of any tool is brought to the features of a fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError

_PARTS: Final = ("cells", "cytoplasm", "nuclei")
_DYES: Final = ("dna", "er", "mito", "rna", "agp")


def plain_name(name: str) -> str:
    """A feature's name as the network knows it: lower case, without underscores.

    ``"Cells_AreaShape_Area"`` and ``"cells_areashape_area"`` are both ``"cellsareashapearea"``.
    """
    return name.lower().replace("_", "")


def plain_names(names: Sequence[str]) -> dict[str, int]:
    """Place of each feature by its plain name.

    Raises
    ------
    InputError
        Two names are one.
    """
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        plain = plain_name(name)
        if plain in found:
            raise InputError(
                f"The features '{names[found[plain]]}' and '{name}' are one, as case and "
                "underscores do not count: rename one of them"
            )
        found[plain] = place
    return found


def feature_groups(names: Sequence[str]) -> NDArray[np.intp]:
    """Number of the group of each feature, ``(F,)``: those of one part of the cell and one dye.

    A feature whose name holds no part and dye of Cell Painting is a group of its own.
    """
    keys = []
    for name in names:
        words = set(re.split(r"[^a-z]+", name.lower()))
        part = next((each for each in _PARTS if each in words), None)
        dye = next((each for each in _DYES if each in words), None)
        keys.append((part, dye) if part and dye else name)
    order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys], np.intp)

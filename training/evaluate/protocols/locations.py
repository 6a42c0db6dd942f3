"""Names of the Human Protein Atlas's locations, which of them are classes, and its splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from training.evaluate.protocols.features import Features, names_in

NEGATIVE: Final = "Negative"
LOCATIONS: Final = (
    "Actin filaments",
    "Aggresome",
    "Cell Junctions",
    "Centriolar satellite",
    "Centrosome",
    "Cleavage furrow",
    "Cytokinetic bridge",
    "Cytoplasmic bodies",
    "Cytosol",
    "Endoplasmic reticulum",
    "Endosomes",
    "Focal adhesion sites",
    "Golgi apparatus",
    "Intermediate filaments",
    "Lipid droplets",
    "Lysosomes",
    "Microtubule ends",
    "Microtubules",
    "Midbody",
    "Midbody ring",
    "Mitochondria",
    "Mitotic chromosome",
    "Mitotic spindle",
    "Nuclear bodies",
    "Nuclear membrane",
    "Nuclear speckles",
    "Nucleoli",
    "Nucleoli fibrillar center",
    "Nucleoli rim",
    "Nucleoplasm",
    "Peroxisomes",
    "Plasma membrane",
    "Rods & Rings",
    "Vesicles",
)
"""Of the official code's mapping file; its targets have `NEGATIVE` besides."""

_NO_CLASS: Final = {"Cleavage furrow", "Midbody ring", "Rods & Rings", "Microtubule ends"}
_MERGED: Final = {
    "Cell Junctions": "Plasma membrane",
    "Centriolar satellite": "Centrosome",
    "Cytoplasmic bodies": "Cytosol",
    "Focal adhesion sites": "Actin filaments",
    "Nucleoli rim": "Nucleoli",
    **dict.fromkeys(("Endosomes", "Lysosomes", "Lipid droplets", "Peroxisomes"), "Vesicles"),
}
_NOT_OF_THE_CHALLENGE: Final = {"Cytokinetic bridge", "Midbody", "Mitotic chromosome"}

_OF_THE_CHALLENGE: Final = [
    name for name in LOCATIONS if name not in _NO_CLASS | _NOT_OF_THE_CHALLENGE | set(_MERGED)
]

CLASSES: Final = {
    31: (*(name for name in LOCATIONS if name not in _NO_CLASS), NEGATIVE),
    19: (*_OF_THE_CHALLENGE, NEGATIVE),
}
"""Names of the classes by how many there are: all of them, or those of the 2021 challenge."""

SPLITS: Final = {"train": "train", "valid": "valid", "validation": "valid", "test": "test"}


def location_names(features: Features, targets: Sequence[str]) -> list[list[str]]:
    """The locations of each row, `NEGATIVE` where there is none.

    Parameters
    ----------
    features
        With ``locations``, names with commas or semicolons between, or ``target``, a digit for
        each of `targets`.
    targets
        Their names, in order.

    Raises
    ------
    InputError
        It has neither column, or a target of another length.
    """
    if "locations" in features.table:
        found = [names_in(text, ",;") for text in features.text("locations")]
    else:
        found = []
        for digits in features.text("target"):
            if len(digits) != len(targets):
                raise InputError(
                    f"a target has {len(digits)} digits ({digits}) for {len(targets)} names; give "
                    "the names with --target_names FILE, one a line"
                )
            found.append(
                [name for name, digit in zip(targets, digits, strict=True) if digit != "0"]
            )
    return [names or [NEGATIVE] for names in found]


def class_targets(names: Sequence[Sequence[str]], count: int) -> NDArray[np.float32]:
    """Which of 31 or 19 classes each row has, ``(n, count)``; a row may have none of them."""
    merged = _MERGED if count == 19 else {}
    place = {name: index for index, name in enumerate(CLASSES[count])}
    targets = np.zeros((len(names), count), np.float32)
    for row, each in zip(targets, names, strict=True):
        row[[place[found] for name in each if (found := merged.get(name, name)) in place]] = 1
    return targets


def read_splits(folder: Path) -> dict[str, str]:
    """Split of each antibody, from ``train_antibodies.txt`` and so on, one name a line.

    Raises
    ------
    InputError
        A file is missing, or an antibody is in two of them.
    """
    found: dict[str, str] = {}
    for split in ("train", "valid", "test"):
        path = folder / f"{split}_antibodies.txt"
        try:
            names = path.read_text("utf-8").split()
        except OSError as error:
            raise InputError(
                f"'{path}' cannot be read ({error.strerror}); the lists are in "
                "data/annotations/splits of the official code"
            ) from error
        if twice := found.keys() & set(names):
            raise InputError(f"antibody {min(twice)} is in two of the lists in '{folder}'")
        found |= dict.fromkeys(names, split)
    return found

"""What is compared: families of encoders and how each is trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from napari_c3r.core.errors import InputError


@dataclass(frozen=True)
class Entry:
    """A family and its training.

    Attributes
    ----------
    label
        What it is called on the page.
    settings
        Of `training.pretrain`, as on its command line.
    """

    label: str
    settings: tuple[str, ...]


ENTRIES: Final = {
    "c3r": Entry("C3R: CCE with MCD", ("--objective", "mcd")),
    "cce": Entry(
        "CCE without MCD", ("--objective", "mcd", "--mcd.student_keep", "", "--aggregation", "pre")
    ),
    "base-sc": Entry("Base-SC", ("--objective", "mcd", "--mcd.backbone", "vit-1")),
}
"""By name, in the order of the page."""


def chosen(names: Iterable[str]) -> dict[str, Entry]:
    """Entries by their names.

    Raises
    ------
    InputError
        If there is none of a name.
    """
    found = {}
    for name in names:
        if name not in ENTRIES:
            raise InputError(f"no entry '{name}' to compare; choose from {', '.join(ENTRIES)}")
        found[name] = ENTRIES[name]
    return found

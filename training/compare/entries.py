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


_MCD: Final = ("--objective", "mcd")


def _backbone(name: str) -> tuple[str, ...]:
    """IBOT and the antibody loss with another network, which shows no context less."""
    return (*_MCD, "--mcd.backbone", name)


ENTRIES: Final = {
    "c3r": Entry("C3R: CCE with MCD", _MCD),
    "cce": Entry("CCE without MCD", (*_MCD, "--mcd.student_keep", "", "--aggregation", "pre")),
    "cce-contrast": Entry("CCE with contrast", ("--objective", "contrast")),
    "base-sc": Entry("Base-SC", _backbone("base-sc")),
    "base-fixed": Entry("Base, fixed stains", _backbone("fixed-stain")),
    "channelvit": Entry("ChannelViT", _backbone("channelvit")),
    "dichavit": Entry("DiChaViT", _backbone("dichavit")),
    "cellrep": Entry("CellRep", ("--objective", "cellrep")),
    "campfire": Entry("Campfire", ("--objective", "campfire")),
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

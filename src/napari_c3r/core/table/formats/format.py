"""What a format of results is: its suffix, its name, and how it is written and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from anndata import AnnData


def _none(_: Path) -> tuple[Path, ...]:
    return ()


@dataclass(frozen=True)
class TableFormat:
    """One format of results.

    Parameters
    ----------
    suffix
        By which the format is chosen, in lower case with its dot: ``".csv"``.
    label
        The name of the format in dialogs: ``"Parquet"``.
    write
        Writes a result to a path; atomically, with :func:`napari_c3r.core.atomic.replacing`.
    read
        Reads what `write` wrote. Any error is reported as a file that cannot be read. A format
        without room for the provenance gives a result without it
        (:func:`napari_c3r.core.table.flat.from_frame`).
    companions
        The further files that `write` puts next to a path; none by default.

    Raises
    ------
    InputError
        The suffix is not a single lower-case one with its dot.
    """

    suffix: str
    label: str
    write: Callable[[AnnData, Path], None]
    read: Callable[[Path], AnnData]
    companions: Callable[[Path], tuple[Path, ...]] = _none

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\.[a-z0-9_-]+", self.suffix):
            raise InputError(
                f"The suffix of a format is {self.suffix!r}; give one in lower case with its dot, "
                "such as '.csv'"
            )

"""What parts of a session keep in its folder; each says so itself, and none knows of the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reason
from napari_c3r.core.text import shortened

FOLDER = "parts"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, eq=False)
class Kept:
    """What one part keeps.

    Attributes
    ----------
    facts
        Plain values as JSON has them, by names.
    arrays
        Numbers, truth values or fixed-width text of any shape, by names; no objects.
    problem
        Why what was saved cannot be read; empty where it can.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    problem: str = ""


NOTHING = Kept()
"""What a part finds in a session that was saved without it."""

Keep = Callable[[], Kept | None]
Restore = Callable[[Kept], None]


class Keeping:
    """The parts that a saved session holds beyond fields, roles, cells and result.

    A part is one entry: its name, what gives what it keeps, and what takes it back. What was
    saved by a part that is not there now, such as a dock that is closed or an extension, waits
    for it and is saved again as it was.
    """

    def __init__(self) -> None:
        self._parts: dict[str, tuple[Keep, Restore]] = {}
        self._waiting: dict[str, Kept] = {}

    def add(self, name: str, keep: Keep, restore: Restore) -> None:
        """Let a part be saved with the session; what waits for it is given to it at once.

        Parameters
        ----------
        name
            Of the part in files: small letters, digits and underscores.
        keep
            Gives what to save, None for nothing. It is called on the GUI thread, and what it
            gives must not change later.
        restore
            Takes what was saved, after fields, roles, cells and result are back; `NOTHING` where
            the session was saved without it. What cannot be used is an `InputError`, which is
            said and leaves the rest of the session alone.
        """
        if not _NAME.fullmatch(name) or name in self._parts:
            raise ValueError(f"'{name}' cannot name a part: small letters, digits, _, once each")
        self._parts[name] = keep, restore
        if name in self._waiting:
            restore(self._waiting.pop(name))

    def remove(self, name: str) -> None:
        """Let a part go, as when its dock is closed; what it kept last waits for the next one."""
        keep, _ = self._parts.pop(name)
        if (kept := keep()) is not None:
            self._waiting[name] = kept

    def keep(self) -> dict[str, Kept]:
        """What all parts keep, by their names."""
        kept = dict(self._waiting)
        for name, (keep, _) in self._parts.items():
            if (given := keep()) is not None:
                kept[name] = given
        return kept

    def restore(self, kept: Mapping[str, Kept]) -> list[str]:
        """Give every part what was kept of it.

        Returns
        -------
        list of str
            A line for each part that could not use it, or whose file is damaged.
        """
        damaged = {name: part.problem for name, part in kept.items() if part.problem}
        whole = {name: part for name, part in kept.items() if name not in damaged}
        self._waiting = {name: part for name, part in whole.items() if name not in self._parts}
        failed = [_line(name, f"{why}, so they are left out") for name, why in damaged.items()]
        for name, (_, restore) in self._parts.items():
            try:
                restore(whole.get(name, NOTHING))
            except InputError as error:
                failed.append(_line(name, str(error)))
        return failed

    def forget(self) -> None:
        """Begin with other fields: what waits says nothing of them."""
        self._waiting.clear()


def _line(name: str, why: str) -> str:
    return f"The {name.replace('_', ' ')} of this session: {why}"


def write_parts(folder: Path, kept: Mapping[str, Kept]) -> dict[str, Any]:
    """Write the arrays into a session's folder; gives the facts for its description."""
    for name, part in kept.items():
        if part.arrays:
            (folder / FOLDER).mkdir(exist_ok=True)
            arrays = {key: np.asarray(values) for key, values in part.arrays.items()}
            for key, values in arrays.items():
                if values.dtype.hasobject:
                    raise TypeError(f"'{key}' of '{name}' holds objects, which are not written")
            np.savez_compressed(_file(folder, name), **arrays)  # type: ignore[arg-type]
    return {name: dict(part.facts) for name, part in kept.items()}


def read_parts(folder: Path, described: Mapping[str, Any]) -> dict[str, Kept]:
    """Undo :func:`write_parts`; a part whose file is damaged says so, and spoils no other.

    Raises
    ------
    InputError
        A part is of another kind.
    """
    parts = {}
    for name, facts in described.items():
        if not _NAME.fullmatch(str(name)) or not isinstance(facts, dict):
            raise InputError(f"its part {shortened(name)} is {shortened(facts)}")
        try:
            parts[name] = Kept(facts, _read_arrays(_file(folder, name)))
        except InputError as error:
            parts[name] = Kept(problem=str(error))
    return parts


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not path.exists():
        return {}
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    # A damaged archive may fail anywhere in what reads it.
    except Exception as error:
        raise InputError(f"'{path.name}' is damaged ({reason(error)})") from error


def _file(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.npz"

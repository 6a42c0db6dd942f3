"""Work that was not saved: kept aside while it goes on, found again when a process died."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_c3r.core.atomic import could_not_write, replacing
from napari_c3r.core.leftovers import remove, remove_leftovers
from napari_c3r.core.text import without_middle
from napari_c3r.session.file import SUFFIX, is_session, write_session
from napari_c3r.session.words import counted_cells

if TYPE_CHECKING:
    from napari_c3r.core.images import Image
    from napari_c3r.session.file import SavedSession

MAX_PIXEL_BYTES = 1 << 30
"""Images without files are kept aside up to so many bytes."""

MAX_FOUND = 5
"""Works of processes that ended which are kept; older ones are removed."""

_MAX_NAME = 40
_SAME_S = 2.0
_number = count(1).__next__


@dataclass(frozen=True)
class Unsaved:
    """Work that a process left without saving it.

    Attributes
    ----------
    folder
        The session's folder.
    name
        What was worked on.
    n_cells
        How many cells the result had.
    saved, ended
        When it was kept aside last, and when its process was seen last, in seconds as of
        :func:`time.time`.
    """

    folder: Path
    name: str
    n_cells: int
    saved: float
    ended: float

    @property
    def sentence(self) -> str:
        """What it is, and how much of the last work is missing."""
        minutes = round((self.ended - self.saved) / 60)
        ago = "less than a minute" if minutes < 1 else f"{minutes} minute{'s' * (minutes > 1)}"
        cells = f", {counted_cells(self.n_cells)}" if self.n_cells else ""
        name = without_middle(self.name, _MAX_NAME)
        return f"The last work was not saved: {name}{cells}, as it was {ago} before it ended"


class UnsavedWork:
    """The place of one session among the works that were not saved.

    Parameters
    ----------
    root
        The folder of all of them, in the user's own data.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._key = f"{os.getpid()}-{_number()}"

    @property
    def folder(self) -> Path:
        """Where the session is kept aside."""
        return self._root / f"{self._key}{SUFFIX}"

    def keep(self, session: SavedSession, images: Mapping[str, Image], name: str) -> Path:
        """Keep a session aside, in place of what was kept before. For a worker.

        Raises
        ------
        InputError
            It cannot be written.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise could_not_write(self._root, error) from error
        folder = write_session(self.folder, session, images)
        n_cells = 0 if session.result is None else len(session.result)
        facts = {"name": name, "n_cells": n_cells, "saved": time.time(), **_this_process()}
        with replacing(self._facts(self._key)) as new:
            new.write_text(json.dumps(facts), "utf-8")
        self.live()
        return folder

    def live(self) -> None:
        """Say that this process is still there."""
        facts = self._facts(self._key)
        with suppress(OSError):
            if facts.exists():
                os.utime(facts)

    def discard(self) -> None:
        """Forget what was kept aside."""
        remove(self._facts(self._key))
        remove(self.folder)

    def found(self) -> list[Unsaved]:
        """Works whose process has ended, the last one first; too old ones are removed."""
        if not self._root.is_dir():
            return []
        remove_leftovers(self._root)
        left = [each for path in self._root.glob("*.json") if (each := _read(path)) is not None]
        left.sort(key=lambda each: -each.ended)
        for old in left[MAX_FOUND:]:
            self.forget(old)
        return left[:MAX_FOUND]

    def forget(self, work: Unsaved) -> None:
        """Remove work that nobody wants back."""
        remove(self._facts(work.folder.name.removesuffix(SUFFIX)))
        remove(work.folder)

    def claim(self, work: Unsaved) -> Path:
        """Take work over, so that no other process offers it; returns where it is from now on.

        Pixels that are in no other file stay there for good, where the session finds them.
        """
        if (work.folder / "images").is_dir():
            kept = self._root / f"recovered-{int(work.saved)}-{self._key}{SUFFIX}"
            shutil.move(work.folder, kept)
            remove(self._facts(work.folder.name.removesuffix(SUFFIX)))
            return kept
        key = work.folder.name.removesuffix(SUFFIX)
        facts = {**asdict(work), **_this_process()}
        del facts["folder"], facts["ended"]
        with replacing(self._facts(key)) as new:
            new.write_text(json.dumps(facts), "utf-8")
        self._key = key
        return work.folder

    def _facts(self, key: str) -> Path:
        return self._root / f"{key}.json"


def _read(path: Path) -> Unsaved | None:
    """Work of a process that ended; None of one that is there still, or that cannot be read."""
    folder = path.with_suffix(SUFFIX)
    try:
        facts = json.loads(path.read_text("utf-8"))
        if _is_there(facts):
            return None
        found = Unsaved(
            folder,
            str(facts["name"]),
            int(facts["n_cells"]),
            float(facts["saved"]),
            max(path.stat().st_mtime, float(facts["saved"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if found is None or not is_session(folder):
        remove(path)
        return None
    return found


def _this_process() -> dict[str, Any]:
    import psutil

    return {"pid": os.getpid(), "began": psutil.Process().create_time()}


def _is_there(facts: Mapping[str, Any]) -> bool:
    """Whether a process is still the one that it was; numbers of ended ones are given again."""
    import psutil

    try:
        began = float(psutil.Process(int(facts["pid"])).create_time())
        return abs(began - float(facts["began"])) < _SAME_S
    except psutil.Error:
        return False

"""What a field's table is made from, by content, so that it is kept for nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_c3r.core.embed.task import FieldTask
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import LabelSource
from napari_c3r.core.table import KEY
from napari_c3r.core.table.provenance import add_content, files_in, told_by_name

if TYPE_CHECKING:
    from anndata import AnnData

VERSION: Final = 2
"""Raised when the same inputs and settings give other numbers than before."""

# Clocks of file systems tick coarsely: what was written this shortly before it was looked at may
# have been written again in the same tick.
_TICK_NS = 2 * 10**9
_BAND_ROWS: Final = 1024


class FieldInputs:
    """Everything that the table of a field is made from.

    Parameters
    ----------
    task
        The field.
    settings
        Everything else that decides its vectors, as JSON has it.
    """

    def __init__(self, task: FieldTask, settings: Mapping[str, Any]) -> None:
        self.name = task.name
        self._task = task
        self._settings: dict[str, Any] = json.loads(json.dumps(dict(settings)))
        self._seen: dict[Path, _Stamp] = {}

    def see(self, paths: Iterable[Path] = ()) -> None:
        """Note how files are before they are read: those of the task, and others of its image.

        Raises
        ------
        InputError
            One cannot be read.
        """
        for path in (*self._paths(), *map(Path, paths)):
            if path not in self._seen:
                self._seen[path] = _Stamp.of(path)

    def describe(self, table: AnnData) -> dict[str, Any]:
        """Say what a table was made from, for :meth:`difference`.

        Parameters
        ----------
        table
            Of this field, from the files as they were seen.

        Raises
        ------
        InputError
            A file has changed since it was seen.
        """
        sources = table.uns[KEY].get("sources", {})
        known = dict(zip(sources.get("path", ()), sources.get("sha256", ()), strict=True))
        first = self._paths()[:1]
        files = []
        for path, stamp in self._seen.items():
            if _Stamp.of(path) != stamp:
                raise InputError(f"'{path}' changed while it was read; run again when it is done")
            files.append(
                {
                    "path": str(path),
                    # Further files of an image move with its first.
                    "relative": _relative(path, first[0].parent if first else Path()),
                    "size_bytes": stamp.size_bytes,
                    "stamp": stamp.digest,
                    "newest_ns": stamp.newest_ns,
                    # Folders are told from others by more than the sources of a result say.
                    "sha256": known.get(str(path)) if path.is_file() else None,
                }
            )
            files[-1]["sha256"] = files[-1]["sha256"] or _content(path)
        return {
            "version": VERSION,
            "settings": self._settings,
            "field": self._field(),
            "arrays": self._arrays(),
            "files": files,
            "seen_ns": time.time_ns(),
        }

    def difference(self, before: Mapping[str, Any]) -> str:
        """Why a table that was made from other inputs is of no use, in words; empty if it is.

        Parameters
        ----------
        before
            From :meth:`describe`.
        """
        if before.get("version") != VERSION:
            return "another version of napari-c3r made it"
        changed = different_setting(before["settings"], self._settings)
        if changed:
            return changed
        if before["field"] != self._field():
            return "its files are read in another way"
        if before["arrays"] != self._arrays():
            return "the image or its cells changed"
        return self._changed_file(before["files"], before["seen_ns"])

    def _changed_file(self, before: list[dict[str, Any]], seen_ns: int) -> str:
        paths = self._paths()
        if len(before) < len(paths):
            return "it has other files"
        labels = self._label_paths()
        folder = paths[0].parent if paths else Path()
        for number, file in enumerate(before):
            path = paths[number] if number < len(paths) else folder / file["relative"]
            if not _is_same(path, file, seen_ns):
                return "the labels changed" if path in labels else "the image changed"
        return ""

    def _paths(self) -> list[Path]:
        """Files that are known before any is read, without repeats; labels last."""
        source = self._task.source if self._task.image is None else None
        images = source.files.paths if source is not None else ()
        return list(dict.fromkeys([*images, *self._label_paths()]))

    def _label_paths(self) -> list[Path]:
        labels = self._task.labels
        return [Path(labels.path)] if isinstance(labels, LabelSource) else []

    def _field(self) -> dict[str, Any]:
        """What the names of the files say, and what is wanted of the field."""
        task = self._task
        files = None
        if task.image is None and task.source is not None:
            files = asdict(task.source.files)
            for said in ("notes", "doubts", "companions"):
                files.pop(said, None)
            for plane in files["files"]:
                # Which file it is, its content says.
                plane.pop("path")
        described = {
            "name": task.name,
            "files": files,
            "labels_wanted": sorted(task.labels_wanted) if task.labels_wanted is not None else None,
            "window_px": task.window_px,
            "cells_from": task.cells_from,
        }
        return json.loads(json.dumps(described, default=str))

    def _arrays(self) -> dict[str, str | None]:
        """Digests of what is given in memory."""
        task, image = self._task, self._task.image
        found: dict[str, str | None] = {}
        if image is not None:
            digest = hashlib.sha256(repr((image.channel_names, image.pixel_size_um)).encode())
            for plane in image.data:
                _add_array(digest, plane)
            found["image"] = digest.hexdigest()
        for name, labels in (("labels", task.labels), ("nuclei", task.nuclei)):
            if labels is not None and not isinstance(labels, LabelSource):
                digest = hashlib.sha256()
                _add_array(digest, labels)
                found[name] = digest.hexdigest()
        return found


def different_setting(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Which of some settings differs, in words; empty if none does."""
    for name in (*now, *before):
        if name not in before or name not in now:
            return f"another version of napari-c3r made it, which differs in the setting {name}"
        if before[name] != now[name]:
            return f"{name} was {before[name]!r} and is {now[name]!r}"
    return ""


@dataclass(frozen=True)
class _Stamp:
    """Sizes and times of a file, or of all files in a folder."""

    size_bytes: int
    digest: str
    newest_ns: int

    @classmethod
    def of(cls, path: Path) -> _Stamp:
        size, newest, digest = 0, 0, hashlib.sha256()
        with told_by_name(path):
            for file in files_in(path) if path.is_dir() else [path]:
                found = file.stat()
                # The time of the last change of any kind cannot be set back, as copying does.
                times = (found.st_mtime_ns, found.st_ctime_ns)
                size, newest = size + found.st_size, max(newest, *times)
                name = file.relative_to(path).as_posix()
                digest.update(os.fsencode(f"{name}\0{found.st_size}\0{times}\0"))
        return cls(size, digest.hexdigest(), newest)


def _is_same(path: Path, before: Mapping[str, Any], seen_ns: int) -> bool:
    """Whether a file has the content that it had."""
    try:
        now = _Stamp.of(path)
        if now.size_bytes != before["size_bytes"]:
            return False
        settled = before["newest_ns"] < seen_ns - _TICK_NS
        if settled and now.digest == before["stamp"] and str(path) == before["path"]:
            return True
        return _content(path) == before["sha256"]
    except InputError:
        return False


def _content(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of all files in a folder."""
    digest = hashlib.sha256()
    with told_by_name(path):
        if not path.is_dir():
            add_content(digest, path)
            return digest.hexdigest()
        for file in files_in(path):
            name = file.relative_to(path).as_posix()
            digest.update(os.fsencode(f"{name}\0{file.stat().st_size}\0"))
            add_content(digest, file)
    return digest.hexdigest()


def _add_array(digest: hashlib._Hash, array: Any) -> None:
    """Add type, shape and content of an array, a band of rows at a time: it may be lazy."""
    shape = tuple(int(length) for length in array.shape)
    digest.update(f"{np.dtype(array.dtype).str}{shape}".encode())
    for start in range(0, shape[0], _BAND_ROWS):
        values = np.ascontiguousarray(array[start : start + _BAND_ROWS])
        digest.update(values.data.cast("B") if values.size else b"")


def _relative(path: Path, folder: Path) -> str:
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        # Another drive.
        return str(path.absolute())

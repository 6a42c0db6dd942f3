"""One process at a time in a folder."""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from napari_c3r.core.atomic import could_not_write
from napari_c3r.core.errors import InputError
from napari_c3r.core.leftovers import is_running

NAME: Final = ".lock"
# Where a file system has no locks; only in this way does the file's being there say something.
_NAME_BY_FILE: Final = ".lock-by-file"
_TRIES = 20
# What a file system says that has no locks.
_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL)
# A lock without a word is of a process that is about to write it, or never will.
_SILENT_SECONDS = 60


class FolderLock:
    """Keeps other processes out of a folder, and other users of the same folder in this one.

    The system's lock on the file ``.lock`` counts, which goes with the process that holds it,
    however that ends. Where a file system has no locks, a file counts as long as the process
    that it names is running.

    Parameters
    ----------
    folder
        It exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / NAME
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the folder.

        Raises
        ------
        InputError
            Another has it; the line says who.
        OutputError
            The folder cannot be written to.
        """
        try:
            taken = self._take()
        except OSError as error:
            self.release()
            raise could_not_write(self._path, error) from error
        if not taken:
            raise InputError(
                f"'{self._folder}' is in use by another run{self._holder()}; wait until it ends, "
                "or choose another folder"
            )

    def release(self) -> None:
        """Give the folder free; nothing if it is not held."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        if sys.platform == "win32":
            # An open file cannot be removed, and one that the next holder opened is not either.
            os.close(handle)
        with suppress(OSError):
            self._path.unlink()
        if sys.platform != "win32":
            # Only now, or the next holder's file would have been removed.
            os.close(handle)

    def _take(self) -> bool:
        for _ in range(_TRIES):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                locked = _lock(handle)
            except OSError as error:
                os.close(handle)
                if error.errno not in _NO_LOCKS:
                    raise
                return self._take_by_file()
            if not locked:
                os.close(handle)
                return False
            # The last holder may have removed it in between.
            if _is_at(handle, self._path):
                self._hold(handle)
                return True
            os.close(handle)
        return False

    def _take_by_file(self) -> bool:
        self._path.unlink(missing_ok=True)
        self._path = self._folder / _NAME_BY_FILE
        for _ in range(_TRIES):
            with suppress(FileExistsError):
                self._hold(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
                return True
            if self._is_held_by_file():
                return False
            self._path.unlink(missing_ok=True)
        return False

    def _is_held_by_file(self) -> bool:
        said = self._said()
        if "pid" in said:
            return said.get("host") != platform.node() or is_running(int(said["pid"]))
        with suppress(OSError):
            return time.time() - self._path.stat().st_mtime < _SILENT_SECONDS
        return False

    def _hold(self, handle: int) -> None:
        said = {
            "pid": os.getpid(),
            "host": platform.node(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        self._handle = handle
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps(said).encode())

    def _said(self) -> dict[str, Any]:
        try:
            said = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    def _holder(self) -> str:
        said = self._said()
        if "pid" not in said:
            return ""
        return f" (process {said['pid']} on {said.get('host')}, since {said.get('since')})"


def _lock(handle: int) -> bool:
    """Lock an open file without waiting; False if another has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            # Far behind what the file says, which others are to read.
            os.lseek(handle, 1 << 30, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False

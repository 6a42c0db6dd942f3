"""Replacing files and folders so that the old or the new is there at any instant, and whole."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from napari_c3r.core.errors import OutputError
from napari_c3r.core.leftovers import leftovers, remove, temporary_path, under_way

_NEW, _OLD = ".new", ".old"
_WAIT_SECONDS, _LOOK_SECONDS = 1.0, 0.02
_MB = 10**6


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path next to ``path`` and move it there when all went well.

    On any error the temporary file is removed and what stood under the final name before
    is untouched. What a process left that was killed here is removed by the next.

    Parameters
    ----------
    path
        The final name. Its folder must exist.

    Yields
    ------
    Path
        Where to write, with the same suffix.

    Raises
    ------
    OutputError
        The folder is missing or read-only, the disk is full, or the name is a folder.
    """
    with replacing_together(path) as (temporary,):
        yield temporary


@contextmanager
def replacing_together(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """As :func:`replacing`, for files that belong together.

    All are complete before the first takes its name. A process that is killed between two of
    them leaves the rest as :func:`napari_c3r.core.leftovers.leftovers`, from which whoever
    reads the files can go on.

    Parameters
    ----------
    paths
        The final names, in the order in which they are taken.

    Raises
    ------
    OutputError
        As :func:`replacing`.
    """
    temporary: list[Path] = []
    try:
        for path in paths:
            temporary.append(_beside(Path(path)))
        yield tuple(temporary)
        for each in temporary:
            _sync(each)
        for each, path in zip(temporary, paths, strict=True):
            os.replace(each, path)
        _sync_entries(Path(paths[0]).parent)
    except OSError as error:
        raise could_not_write(Path(paths[0]), error) from error
    finally:
        for each in temporary:
            each.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder next to ``folder`` that takes its place when all went well.

    Where the system can exchange two names, there is no instant without the folder. Elsewhere
    there is one between two moves; a process that is killed there leaves the old folder under
    another name, from which :func:`recovered` brings it back.

    Parameters
    ----------
    folder
        The final name. Whether what stands there may be replaced is for the caller to say.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    OutputError
        The folder above it is missing or read-only, or the disk is full.
    """
    folder = require_place(Path(os.path.realpath(folder) if folder.is_symlink() else folder))
    for each in leftovers(folder):
        remove(each)
    new = temporary_path(folder, _NEW)
    try:
        new.mkdir()
        yield new
        _sync_all(new)
        _take_place(new, folder)
        _sync_entries(folder.parent)
    except OSError as error:
        raise could_not_write(folder, error) from error
    except OutputError as error:
        # What is written into it has names that nobody has seen.
        if error.__cause__ is None:
            raise
        raise could_not_write(folder, error.__cause__) from error
    finally:
        # Where names were exchanged, this is what stood there before.
        remove(new)


def require_place(folder: Path) -> Path:
    """Refuse a folder that could not be written, before work is spent; give it back recovered.

    Raises
    ------
    OutputError
        No folder can have that name, or the one above it is missing.
    """
    _require_possible(folder)
    if not folder.parent.is_dir():
        raise OutputError(f"The folder '{folder.parent}' does not exist; create it first")
    return recovered(folder)


def recovered(folder: Path) -> Path:
    """Give a folder back, put in its place first if a process was killed while it was replaced."""
    until = time.monotonic() + _WAIT_SECONDS
    while not os.path.lexists(folder):
        for old in leftovers(folder, _OLD):
            with suppress(OSError):
                os.rename(old, folder)
            return folder
        # Another process may be between two moves.
        if time.monotonic() > until or not under_way(folder, _OLD):
            break
        time.sleep(_LOOK_SECONDS)
    return folder


def require_writable(path: Path) -> None:
    """Refuse a name that could not be written to, before work is spent on what goes there.

    Raises
    ------
    OutputError
        As :func:`replacing`.
    """
    _beside(Path(path)).unlink(missing_ok=True)


def require_folder(path: Path) -> Path:
    """Make a folder, and those above it, where they are missing; give it back.

    Raises
    ------
    OutputError
        There is a file of that name, or the folder cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f"'{path}' is a file; give the name of a folder") from error
    except (OSError, ValueError) as error:
        raise OutputError(
            f"Could not make the folder '{path}': {_reason(error)}; choose another"
        ) from error
    return path


def require_space(folder: Path, needed: int) -> None:
    """Refuse a folder on a disk that has less room than will be needed.

    Parameters
    ----------
    folder
        Where will be written; it exists.
    needed
        Bytes.

    Raises
    ------
    OutputError
        Less is free.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        # Not every network drive says.
        return
    if free < needed:
        raise OutputError(
            f"'{folder}' has {free / _MB:.3g} MB free and about {needed / _MB:.3g} MB will be "
            "needed; free some space or choose another folder"
        )


def could_not_write(path: Path, error: BaseException) -> OutputError:
    """The error of a path that could not be written, in one line.

    Parameters
    ----------
    path
        The final name.
    error
        Of the system, or of a library that wraps it.
    """
    return OutputError(
        f"Could not write '{path}': {_reason(error)}; "
        "free some space or choose another folder. Nothing was changed"
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and (error.errno or error.strerror):
        # Libraries put lines of their own where the system's words should be.
        return os.strerror(error.errno) if error.errno else str(error.strerror)
    # Libraries put the system's number into sentences of their own.
    number = re.search(r"errno\D{0,3}(\d+)", str(error), re.IGNORECASE)
    if number is not None:
        return os.strerror(int(number[1]))
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _beside(path: Path) -> Path:
    """An empty temporary file next to a path."""
    _require_possible(path)
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise OutputError(f"The folder '{path.parent}' does not exist; create it first")
    for each in leftovers(path):
        remove(each)
    temporary = temporary_path(path, path.suffix)
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise could_not_write(path, error) from error
    return temporary


def _require_possible(path: Path) -> None:
    """Refuse a name that no file can have.

    Temporary names are short: whether the final one is possible is seen from itself only.
    """
    try:
        os.lstat(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise could_not_write(path, error) from error


def _take_place(new: Path, folder: Path) -> None:
    if not os.path.lexists(folder):
        os.rename(new, folder)
        return
    if _exchange(new, folder):
        return
    old = temporary_path(folder, _OLD)
    os.rename(folder, old)
    try:
        os.rename(new, folder)
    except OSError:
        os.rename(old, folder)
        raise
    remove(old)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names at once; False where the system or the file system cannot."""
    try:
        library = ctypes.CDLL(None)
        a, b = os.fsencode(one), os.fsencode(other)
        if sys.platform == "darwin":
            swap = 2
            failed = library.renamex_np(a, b, swap)
        else:
            here, swap = -100, 2
            failed = library.renameat2(here, a, here, b, swap)
    except (AttributeError, OSError, TypeError):
        return False
    return not failed


def _sync_all(folder: Path) -> None:
    for where, _, names in os.walk(folder):
        for name in names:
            _sync(Path(where) / name)
        _sync_entries(Path(where))


def _sync(path: Path) -> None:
    # Windows flushes only what is open for writing.
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def _sync_entries(folder: Path) -> None:
    """Keep the names in a folder over a loss of power, where that can be asked for."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

"""Writing files so that a half-written one never stands under the final name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_c3r.core.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path next to ``path`` and move it there when all went well.

    On any error the temporary file is removed and what stood under the final name before
    is untouched.

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
    InputError
        The folder is missing or read-only, the disk is full, or the name is a folder.
    """
    path = Path(path)
    temporary = _beside(path)
    try:
        yield temporary
        _let_others_read(temporary)
        # Windows flushes only what is open for writing.
        with temporary.open("r+b") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise _explained(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def require_writable(path: Path) -> None:
    """Refuse a name that could not be written to, before work is spent on what goes there.

    Raises
    ------
    InputError
        As :func:`replacing`.
    """
    _beside(Path(path)).unlink()


def require_folder(path: Path) -> Path:
    """Make a folder, and those above it, where they are missing; give it back.

    Raises
    ------
    InputError
        There is a file of that name, or the folder cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"'{path}' is a file; give the name of a folder") from error
    except OSError as error:
        raise InputError(
            f"Could not make the folder '{path}': {error.strerror or error}; choose another"
        ) from error
    return path


def _beside(path: Path) -> Path:
    """An empty temporary file next to a path."""
    if path.is_dir():
        raise InputError(f"'{path}' is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise InputError(f"The folder '{path.parent}' does not exist; create it first")
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
        )
    except OSError as error:
        raise _explained(path, error) from error
    os.close(handle)
    return Path(name)


def _let_others_read(path: Path) -> None:
    """Temporary files are private; give the usual permissions of a new file instead."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _explained(path: Path, error: OSError) -> InputError:
    return InputError(
        f"Could not write '{path}': {error.strerror or error}; "
        "free some space or choose another folder. Nothing was changed"
    )

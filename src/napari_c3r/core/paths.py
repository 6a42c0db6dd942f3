"""What stands under a path, before anything is read from it."""

from __future__ import annotations

import stat
from pathlib import Path

from napari_c3r.core.errors import InputError
from napari_c3r.core.text import readable

_SHOWN_LETTERS = 120


def require_there(path: Path) -> Path:
    """Refuse a path under which there is neither a file nor a folder; give it back.

    A pipe, a socket or a device is refused as well: reading from it may never end.

    Raises
    ------
    InputError
        Nothing is there, it cannot be looked at, or it is something else.
    """
    mode = _mode(path)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(
            f"'{shown(path)}' is {_special(mode)}, not a file or a folder: check the path."
        )
    return path


def require_file(path: Path) -> Path:
    """Refuse a path under which there is no ordinary file; give it back.

    Raises
    ------
    InputError
        As for :func:`require_there`, and for a folder.
    """
    if require_there(path).is_dir():
        raise InputError(f"'{shown(path)}' is a folder: give the name of a file.")
    return path


def shown(path: Path) -> str:
    """A path as text that a terminal takes, without the middle of one that fills lines."""
    text = readable(str(path))
    if len(text) <= _SHOWN_LETTERS:
        return text
    half = _SHOWN_LETTERS // 2
    return f"{text[:half]}…{text[-half:]}"


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"'{shown(path)}' does not exist: check the path.") from error
    # A zero byte in a name is a ValueError.
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(f"'{shown(path)}' cannot be used ({reason}): check the path.")


def _special(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"

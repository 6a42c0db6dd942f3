"""The last net under the commands: an error that nobody foresaw."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from importlib.metadata import PackageNotFoundError, version

_LONGEST = 160


def unforeseen(error: Exception) -> str:
    """Write the traceback of an error to a log, and say where in one line.

    Parameters
    ----------
    error
        Of the program or of a library.

    Returns
    -------
    str
        What happened and what to do.
    """
    if isinstance(error, MemoryError):
        return "There is not enough memory: close other programs, or give fewer or smaller images"
    said = " ".join(f"{type(error).__name__}: {error}".split())
    said = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
    try:
        log = f"with the log {_write_log(error)}"
    # Where nothing can be written, the line is all there is.
    except OSError:
        log = "with this line and the command"
    return f"This should not have happened ({said}). Please report it {log}"


def _write_log(error: Exception) -> str:
    """Write what a report needs to a file in the folder of temporary files; give its path."""
    handle, path = tempfile.mkstemp(prefix="napari-c3r-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"napari-c3r {_version()}, Python {sys.version}, {sys.platform}\n")
        log.write(f"{sys.argv}\n\n")
        log.write("".join(traceback.format_exception(error)))
    return path


def _version() -> str:
    try:
        return version("napari-c3r")
    except PackageNotFoundError:
        return "of unknown version"

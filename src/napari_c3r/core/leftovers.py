"""Names of temporary files that say whose they are, so that the next run removes what is left."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

# Longer names are cut, since a file system takes 255 bytes, and ours says more than the final one.
_NAME_BYTES = 120
_SUFFIX_BYTES = 16
_OTHER_HOST_SECONDS = 24 * 3600
_HOST: Final = hashlib.sha256(platform.node().encode()).hexdigest()[:6]
# Tells this process from an earlier one of its number, as in containers, where that is always 1.
_SELF: Final = secrets.token_hex(3)
_OWNED = re.compile(r"^\.(?P<of>.+)~(?P<host>\w{6})\.(?P<pid>\d{1,10})\.(?P<self>\w{6})\w{6}\..+$")


def temporary_path(path: Path, suffix: str) -> Path:
    """A free name next to a path, for what will take its place.

    Parameters
    ----------
    path
        The final name.
    suffix
        With its dot, which the temporary name ends in.
    """
    suffix = suffix if len(os.fsencode(suffix)) <= _SUFFIX_BYTES else ".part"
    mark = f"{_HOST}.{os.getpid()}.{_SELF}{secrets.token_hex(3)}"
    return path.with_name(f".{_short(path.name)}~{mark}{suffix}")


def leftovers(path: Path, suffix: str = "") -> list[Path]:
    """Temporary files and folders of a path whose process has ended.

    Parameters
    ----------
    path
        The final name.
    suffix
        Only names that end like this.
    """
    return [each for each, abandoned in _temporaries(path, suffix) if abandoned]


def under_way(path: Path, suffix: str = "") -> bool:
    """Whether a process that is running has temporary files or folders of a path.

    Parameters
    ----------
    path, suffix
        As for :func:`leftovers`.
    """
    return any(not abandoned for _, abandoned in _temporaries(path, suffix))


def remove_leftovers(folder: Path) -> None:
    """Remove every temporary file directly in a folder whose process has ended."""
    for each, owned in _owned(folder):
        if _is_abandoned(each, owned):
            remove(each)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def is_running(pid: int) -> bool:
    """Whether a process of this machine is still there."""
    if sys.platform == "win32":
        return _is_running_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _is_running_on_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    query, still_active = 0x1000, 259
    handle = kernel.OpenProcess(query, False, pid)
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == still_active


def _temporaries(path: Path, suffix: str) -> list[tuple[Path, bool]]:
    """Those of a path, and whether their process has ended."""
    name = _short(path.name)
    return [
        (each, _is_abandoned(each, owned))
        for each, owned in _owned(path.parent)
        if owned["of"] == name and each.name.endswith(suffix)
    ]


def _owned(folder: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    """What in a folder is named by :func:`temporary_path`."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        owned = _OWNED.match(name)
        if owned is not None:
            yield folder / name, owned


def _is_abandoned(path: Path, owned: re.Match[str]) -> bool:
    if owned["host"] == _HOST:
        pid = int(owned["pid"])
        return owned["self"] != _SELF if pid == os.getpid() else not is_running(pid)
    # Whether a process of another machine runs cannot be asked.
    with suppress(OSError):
        return time.time() - path.lstat().st_mtime > _OTHER_HOST_SECONDS
    return False


def _short(name: str) -> str:
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= _NAME_BYTES:
        return name
    kept = encoded[:_NAME_BYTES].decode("utf-8", "ignore")
    return f"{kept}-{hashlib.sha256(encoded).hexdigest()[:8]}"

"""How much memory there is for what is about to be built."""

from __future__ import annotations

import sys
from pathlib import Path

from napari_c3r.core.errors import InputError

_CGROUP = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes that this process can still take: of the machine, its container and its own limit."""
    import psutil

    free = [int(psutil.virtual_memory().available), *_left_in_container()]
    if sys.platform != "win32":
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            free.append(limit - int(psutil.Process().memory_info().vms))
    return max(0, min(free))


def require_memory(needed: int, what: str) -> None:
    """Refuse what would not fit into memory, before any of it is built.

    Parameters
    ----------
    needed
        Bytes.
    what
        What they are for, as the beginning of a sentence: "x.tif, 60000 × 60000 pixels,".

    Raises
    ------
    InputError
        Fewer are free.
    """
    free = free_memory()
    if needed > free:
        raise InputError(
            f"{what} would take {size(needed)} of memory, and {size(free)} are free: close other "
            "programs, or give a smaller image or a machine with more memory."
        )


def size(count: int) -> str:
    """A number of bytes, in MB or GB."""
    return f"{count / 1e9:.3g} GB" if count >= 1e9 else f"{count / 1e6:.3g} MB"


def _left_in_container() -> list[int]:
    """What the limits of a Linux container leave; [] where there is none."""
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        used = int((_CGROUP / "memory.current").read_text())
        # Pages of files that were read are counted, and given back when there is need.
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):
        return []
    if not limit.isdecimal():
        return []
    facts = dict(line.split(" ", 1) for line in lines if " " in line)
    return [int(limit) - used + int(facts.get("inactive_file", 0))]

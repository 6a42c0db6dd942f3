"""The sizes that a file claims, against what it holds and against the memory."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from napari_c3r.core.errors import InputError
from napari_c3r.core.memory import require_memory, size

MAX_CHANNELS = 1024
"""No microscope has more; a file that claims more is taken as damaged."""

MAX_PLANES = 200_000
"""Of all channels, slices and time points together."""

MAX_PARTS = 400_000
"""Chunks, strips or tiles of an image: what is known of each takes more than 1 kB."""

_NEVER_DOUBTED = 1 << 28
_MOST_PACKED = 100


def check_planes(where: str, channels: int, slices: int, times: int) -> None:
    """Refuse more planes than can be.

    Parameters
    ----------
    where
        The file's name.
    channels, slices, times
        As the file claims them.

    Raises
    ------
    InputError
        Too many of them.
    """
    if channels > MAX_CHANNELS:
        raise InputError(
            f"{where} claims {channels:,} channels, more than the {MAX_CHANNELS:,} that are taken: "
            "it is damaged, or its axes are mixed up."
        )
    if channels * slices * times > MAX_PLANES:
        raise InputError(
            f"{where} claims {channels * slices * times:,} planes, more than the {MAX_PLANES:,} "
            "that are taken: it is damaged, or is to be saved as several files."
        )


def check_parts(where: str, shape: Sequence[int], part: Sequence[int], itemsize: int) -> None:
    """Refuse pixels in too many parts, or in parts that do not fit into memory.

    Parameters
    ----------
    where
        The file's name.
    shape, part
        Of all pixels and of one chunk, strip or tile.
    itemsize
        Bytes of a pixel.

    Raises
    ------
    InputError
        It is so.
    """
    parts = prod(-(-length // step) for length, step in zip(shape, part, strict=True))
    if parts > MAX_PARTS:
        told = " × ".join(map(str, shape))
        raise InputError(
            f"{where} claims {told} pixels in {parts:,} parts, more than the {MAX_PARTS:,} that "
            "are taken: it is damaged, or is to be saved with larger chunks."
        )
    if (needed := prod(part) * itemsize) > _NEVER_DOUBTED:
        # Once as it was read, once on the axes that are wanted.
        require_memory(2 * needed, f"{where}, of which {_told(part)} lie in one piece,")


def check_packing(where: str, part: Sequence[int], itemsize: int, stored: int) -> None:
    """Refuse a part that would be unpacked to far more than micrographs can be packed.

    Parameters
    ----------
    where
        The file's name.
    part
        Lengths of the largest part that is unpacked at once.
    itemsize
        Bytes of a pixel.
    stored
        Bytes in the file that it can be unpacked from, at most.

    Raises
    ------
    InputError
        It would be more than a hundred times as large, and more than 256 MB.
    """
    unpacked = prod(part) * itemsize
    if unpacked > max(_NEVER_DOUBTED, _MOST_PACKED * stored):
        raise InputError(
            f"{where} claims {_told(part)} in one piece, {size(unpacked)}, and holds "
            f"{size(stored)}: it is damaged. If all is well, save it in smaller chunks."
        )


def _told(part: Sequence[int]) -> str:
    """The lengths of a part, those of 1 left out."""
    return f"{' × '.join(str(n) for n in part if n != 1) or '1'} pixels"

"""Messages between two processes: one line of JSON, then the bytes of at most one array."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

# Plain numbers only: what comes in is never unpickled.
_KINDS: Final = "biuf"


def send(stream: BinaryIO, message: Mapping[str, Any], array: NDArray[Any] | None = None) -> None:
    """Write a message.

    Parameters
    ----------
    stream
        The other process reads it.
    message
        Values that JSON has.
    array
        Of any shape, booleans or numbers.
    """
    head = dict(message)
    if array is not None:
        array = np.ascontiguousarray(array)
        head["array"] = {"type": array.dtype.str, "shape": list(array.shape)}
    stream.write(json.dumps(head).encode() + b"\n")
    if array is not None and array.size:
        stream.write(array.data.cast("B"))
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], NDArray[Any] | None]:
    """Read what `send` wrote.

    Raises
    ------
    EOFError
        The other process is gone.
    ValueError
        What came is no such message.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the other process is gone")
    message = json.loads(line)
    described = message.pop("array", None)
    if described is None:
        return message, None
    kind = np.dtype(described["type"])
    if kind.kind not in _KINDS:
        raise ValueError(f"an array of {kind} was sent")
    array = np.empty(described["shape"], kind)
    if array.size:
        _fill(stream, array.data.cast("B"))
    return message, array


def _fill(stream: BinaryIO, wanted: memoryview) -> None:
    read = 0
    while read < len(wanted):
        count = stream.readinto(wanted[read:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError("the other process is gone")
        read += count

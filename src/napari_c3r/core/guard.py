"""Errors of libraries while pixels are read become one line that names their file.

A fault of a file shows when it is opened, when a part of it is read, or when a part is decoded;
what is raised then is up to the library. So both the opening and every later reading of pixels
run under :func:`reading`, whatever the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    import dask.array as da

_MARK = "guarded-"

# Layers of a graph that only move pixels that were read before: what they are made of is read by
# the layers under them. A name that is not here costs no more than another guard.
_MOVES = frozenset(
    {
        "array",
        "getitem",
        "stack",
        "concatenate",
        "transpose",
        "swapaxes",
        "reshape",
        "squeeze",
        "astype",
        "rechunk-merge",
        "rechunk-split",
        "chunk_max",
        "chunk_max-partial",
        "max-aggregate",
        "mean_chunk",
        "mean_combine-partial",
        "mean_agg-aggregate",
    }
)
_LONGEST_REASON = 160


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn whatever a library raises into an `InputError` of one line.

    Parameters
    ----------
    where
        The file or the image, as the line begins.

    Raises
    ------
    InputError
        Something was raised; one that is an `InputError` already stays as it is.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise unreadable(where, error) from error


def unreadable(where: str, error: Exception) -> InputError:
    """Make the line for an error that was raised while something was read."""
    if isinstance(error, MemoryError):
        return InputError(
            f"{where} does not fit into memory: close other programs, or give a smaller image."
        )
    if isinstance(error, PermissionError):
        return InputError(f"{where} may not be read ({error.strerror}): change its permissions.")
    if isinstance(error, FileNotFoundError):
        return InputError(f"{where} is not there, or not all of it: copy it again.")
    return InputError(
        f"{where} cannot be read ({reason(error)}): it is truncated, damaged or of another "
        "format. Copy it again."
    )


def reason(error: Exception) -> str:
    """What an error says, in one short line."""
    said = getattr(error, "strerror", None) or str(error)
    line = " ".join(str(said).split())
    if len(line) > _LONGEST_REASON:
        line = f"{line[:_LONGEST_REASON]}…"
    return line or type(error).__name__


def guarded(data: da.Array, where: str) -> da.Array:
    """The same lazy pixels; whatever is raised while they are read becomes an `InputError`.

    Parameters
    ----------
    data
        Lazy pixels of any shape.
    where
        The file or the image, as the line begins.

    Returns
    -------
    dask.array.Array
        Of the same chunks. Pixels that lie in memory or are guarded already are given back.
    """
    import dask.array as da

    if _is_safe(data):
        return data
    name = f"{_MARK}{data.name}"
    # Stated, so that dask does not find out by reading.
    meta = np.empty((0,) * data.ndim, data.dtype)
    pixels = _Guarded(data, where)
    return da.from_array(pixels, chunks=data.chunks, name=name, asarray=False, meta=meta)


class _Guarded:
    """Reads boxes of lazy pixels."""

    def __init__(self, data: da.Array, where: str) -> None:
        self._data = data
        self._where = where
        self.shape: tuple[int, ...] = data.shape
        self.ndim: int = data.ndim
        self.dtype: np.dtype[Any] = data.dtype

    def __getitem__(self, key: Any) -> np.ndarray[Any, Any]:
        with reading(self._where):
            # In this thread: the box is read within a task of the caller's.
            return np.asarray(self._data[key].compute(scheduler="synchronous"))


def _is_safe(data: da.Array) -> bool:
    """Whether all that is left to do is to move pixels that are in memory or guarded."""
    graph: Any = data.__dask_graph__()
    layers = getattr(graph, "layers", None)
    if layers is None:
        return False
    return all(
        name.startswith((_MARK, f"original-{_MARK}"))
        or (
            name.rpartition("-")[0] in _MOVES if graph.dependencies.get(name) else _in_memory(layer)
        )
        for name, layer in layers.items()
    )


def _in_memory(layer: Any) -> bool:
    """Whether the layer of a graph holds nothing but arrays of numbers."""
    return all(
        isinstance(getattr(value, "value", value), np.ndarray) for value in dict(layer).values()
    )

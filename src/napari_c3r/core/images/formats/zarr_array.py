"""The array of an OME-Zarr image: what its metadata say, before the library is let at it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats.declared import check_packing, check_parts
from napari_c3r.core.images.formats.zarr_metadata import ARRAY_V2, NODE_V3, read_json
from napari_c3r.core.images.image import check_real

if TYPE_CHECKING:
    import dask.array as da

CODECS = frozenset(
    {
        "bytes",
        "transpose",
        "sharding_indexed",
        "blosc",
        "gzip",
        "zlib",
        "zstd",
        "lz4",
        "bz2",
        "lzma",
        "crc32",
        "crc32c",
        "adler32",
        "fletcher32",
        "shuffle",
        "delta",
        "fixedscaleoffset",
        "quantize",
        "bitround",
        "packbits",
        "astype",
        "cast_value",
        "scale_offset",
    }
)
"""What turns bytes into numbers and nothing else; others may run code that lies in the file."""

_PREFIX = "numcodecs."
_STEP = 1024


@dataclass(frozen=True)
class ArrayMetadata:
    """What an array says of itself.

    Parameters
    ----------
    shape
        Lengths of its axes.
    chunks
        Lengths of what is unpacked at once: of a chunk, or of those in a shard.
    dtype
        Of its elements.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]


def open_pixels(path: Path, where: str) -> da.Array:
    """Lazy pixels of an array.

    Parameters
    ----------
    path
        The array's folder.
    where
        The image, for messages.

    Raises
    ------
    InputError
        There is no array, its metadata are broken, it claims a size that it cannot have, or is
        packed with a codec that is not read.
    """
    import dask.array as da
    import zarr
    from dask.base import tokenize

    facts = read_array(path, where)
    check_packing(where, facts.chunks, facts.dtype.itemsize, _largest_file(path, facts))
    steps = facts.chunks[:-2] + tuple(c * max(1, _STEP // c) for c in facts.chunks[-2:])
    steps = tuple(max(1, min(step, n)) for step, n in zip(steps, facts.shape, strict=True))
    check_parts(where, facts.shape, steps, facts.dtype.itemsize)
    array = zarr.open_array(path, mode="r")
    stamp = (path / NODE_V3 if (path / NODE_V3).is_file() else path / ARRAY_V2).stat()
    name = f"zarr-{tokenize(str(path), stamp.st_mtime_ns, stamp.st_size)}"
    return da.from_array(array, chunks=steps, name=name)


def read_array(path: Path, where: str) -> ArrayMetadata:
    """Check the metadata of an array of either version of Zarr.

    Raises
    ------
    InputError
        As for :func:`open_pixels`.
    """
    stated = read_json(path / NODE_V3, where)
    version = 3 if stated else 2
    stated = stated or read_json(path / ARRAY_V2, where)
    if not stated or stated.get("node_type", "array") != "array":
        raise InputError(
            f"{where} lacks its array {path.name!r}, which its metadata names: copy it again."
        )
    shape = _lengths(stated.get("shape"), "shape", where, 0)
    if version == 2:
        chunks, data_type = stated.get("chunks"), stated.get("dtype")
        codecs = _codecs_v2(stated)
    else:
        grid, data_type = stated.get("chunk_grid"), stated.get("data_type")
        chunks = _configuration(grid).get("chunk_shape")
        chunks, codecs = _codecs_v3(stated.get("codecs"), chunks)
    for codec in codecs:
        _require_known(codec, where)
    found = ArrayMetadata(shape, _lengths(chunks, "chunks", where, 1), _dtype(data_type, where))
    if len(found.chunks) != len(shape):
        raise _broken(where, f"chunks of {len(found.chunks)} axes for {len(shape)}")
    return found


def _lengths(stated: Any, what: str, where: str, least: int) -> tuple[int, ...]:
    whole = isinstance(stated, list) and all(type(n) is int and n >= least for n in stated)
    if not whole or not stated:
        raise _broken(where, f"{what} of {str(stated)[:60]}")
    return tuple(stated)


def _dtype(stated: Any, where: str) -> np.dtype[Any]:
    try:
        dtype = np.dtype(stated) if isinstance(stated, str) else None
    except TypeError:
        dtype = None
    if dtype is None:
        raise _broken(where, f"pixels of type {str(stated)[:60]}")
    check_real(dtype, where)
    return dtype


def _codecs_v2(stated: Mapping[str, Any]) -> list[Any]:
    filters = stated.get("filters")
    used = [stated.get("compressor"), *(filters if isinstance(filters, list) else [filters])]
    return [codec.get("id") if isinstance(codec, Mapping) else codec for codec in used if codec]


def _codecs_v3(stated: Any, chunks: Any) -> tuple[Any, list[Any]]:
    """What is unpacked at once, and the names of all codecs, those in shards included."""
    names: list[Any] = []
    for codec in stated if isinstance(stated, list) else ():
        name = codec.get("name") if isinstance(codec, Mapping) else codec
        names.append(name)
        if name == "sharding_indexed":
            inner = _configuration(codec)
            chunks, more = _codecs_v3(inner.get("codecs"), inner.get("chunk_shape"))
            _, index = _codecs_v3(inner.get("index_codecs"), None)
            names += more + index
    return chunks, names


def _configuration(part: Any) -> Mapping[str, Any]:
    found = part.get("configuration") if isinstance(part, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _require_known(codec: Any, where: str) -> None:
    name = str(codec).removeprefix(_PREFIX)
    if name not in CODECS:
        raise InputError(
            f"{where} is packed with the codec {name[:60]!r}, which is not read: save it with "
            "blosc, zstd or gzip."
        )


def _largest_file(path: Path, facts: ArrayMetadata) -> int:
    """Bytes of the largest file under an array; looks no further than is enough to be believed."""
    enough = int(np.prod(facts.chunks, dtype=object)) * facts.dtype.itemsize
    largest = 0
    for file in _files(path):
        largest = max(largest, file)
        if 10 * largest >= enough:
            break
    return largest


def _files(path: Path) -> Iterable[int]:
    for folder, _, names in os.walk(path):
        for name in names:
            yield os.path.getsize(os.path.join(folder, name))


def _broken(where: str, what: str) -> InputError:
    return InputError(
        f"{where} has broken Zarr metadata: {what}. Copy it again or convert it anew."
    )

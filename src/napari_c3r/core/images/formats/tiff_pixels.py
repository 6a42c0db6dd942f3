"""Lazy pixels of a TIFF file: only the strips and tiles under a request are read.

The file is opened for each read and closed after it, so that an image of thousands of files
holds no file handle.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import reading
from napari_c3r.core.images.formats.declared import check_packing
from napari_c3r.core.images.image import PLANE_CHUNK

if TYPE_CHECKING:
    import dask.array as da
    import tifffile

    Page = tifffile.TiffPage | tifffile.TiffFrame

_JPEG = {6, 7, 34892, 33007}

_PLANAR = 2
_CHUNK = 1024


def lazy_series(series: tifffile.TiffPageSeries, path: Path) -> da.Array:
    """Lazy array with the shape and axes of a series of an open TIFF file.

    Parameters
    ----------
    series
        The series; its file may be closed once this returns.
    path
        The file, named in messages.

    Raises
    ------
    InputError
        If a file is shorter than its directory says, or nothing was stored of a plane.
    """
    import dask.array as da
    from dask.base import tokenize

    reader = _contiguous(series) or PagedPixels(series, path)
    pages = [(str(_file_of(page)), page.offset) for page in series.pages if page is not None]
    stamps = [(s.st_mtime_ns, s.st_size) for s in (Path(f).stat() for f in {f for f, _ in pages})]
    name = f"tiff-{tokenize(str(path), stamps, pages)}"
    pixels = da.from_array(reader, chunks=_chunks(reader), name=name, asarray=False)
    return pixels.reshape(series.shape)


def _chunks(reader: MappedPixels | PagedPixels) -> tuple[int, ...]:
    """Chunks of one plane if it is small, else of whole strips or tiles near 1024 pixels."""
    sizes = dict(zip(reader.axes, reader.shape, strict=True))
    if max(sizes["Y"], sizes["X"]) > PLANE_CHUNK:
        for axis in "YX":
            step = reader.steps.get(axis, 1)
            sizes[axis] = min(sizes[axis], max(step, _CHUNK // step * step))
    return tuple(sizes[axis] if axis in "YXS" else 1 for axis in reader.axes)


class MappedPixels:
    """Uncompressed pixels that lie in one piece: mapped, so that any box is read alone."""

    def __init__(self, series: tifffile.TiffPageSeries, path: Path, offset: int) -> None:
        self.path = path
        self.offset = offset
        self.axes: str = series.axes
        self.shape: tuple[int, ...] = series.shape
        self.ndim = len(self.shape)
        self.dtype: np.dtype[Any] = series.dtype
        self.steps: dict[str, int] = {}
        self._stored = self.dtype.newbyteorder(series.keyframe.parent.byteorder)

    def __getitem__(self, key: tuple[int | slice, ...]) -> np.ndarray[Any, Any]:
        pixels = np.memmap(self.path, self._stored, "r", self.offset, self.shape)
        return np.array(pixels[key], dtype=self.dtype)


class PagedPixels:
    """Pixels in strips or tiles, perhaps compressed: an array ``(pages, *page shape)``."""

    def __init__(self, series: tifffile.TiffPageSeries, path: Path) -> None:
        keyframe = series.keyframe
        self.axes = "I" + keyframe.axes
        self._pages = [page for page in series.pages if page is not None]
        self.shape: tuple[int, ...] = (len(self._pages), *keyframe.shape)
        self.ndim = len(self.shape)
        self.dtype: np.dtype[Any] = series.dtype
        self._keyframe = keyframe
        self._sizes = (1,) * (len(keyframe.chunked) - len(keyframe.chunks)) + keyframe.chunks
        self.steps = dict(zip(keyframe.axes, self._sizes, strict=True))
        # Made now, while the file is open: it looks into the file for JPEG.
        self._decoder = keyframe.decode
        for page in self._pages:
            _check_parts(page, keyframe, path.name)
            _check_length(page.dataoffsets, page.databytecounts, _file_of(page))
            largest = max(page.databytecounts, default=0)
            if not largest:
                raise InputError(
                    f"{_file_of(page).name} holds no pixels of its plane {page.index}: it was not "
                    "written to the end. Copy it again, or save it anew."
                )
            check_packing(path.name, self._sizes, self.dtype.itemsize, largest)

    def __getitem__(self, key: tuple[int | slice, ...]) -> np.ndarray[Any, Any]:
        box = tuple(part if isinstance(part, slice) else slice(part, part + 1) for part in key)
        planes = [self._read_box(page, box[1:]) for page in self._pages[box[0]]]
        return np.stack(planes)[tuple(0 if isinstance(p, int) else slice(None) for p in key)]

    def _read_box(self, page: Page, box: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        """Read one slice per page axis; strips and tiles that were left out read as zeros."""
        bounds = [part.indices(n) for part, n in zip(box, self.shape[1:], strict=True)]
        starts = [start for start, _, _ in bounds]
        lengths = [max(0, stop - start) for start, stop, _ in bounds]
        out = np.zeros(lengths, self.dtype)
        if out.size:
            with reading(_file_of(page).name), _file_of(page).open("rb") as file:
                for index, corner in self._segments_in(starts, lengths):
                    segment = self._decode(page, index, file)
                    if segment is not None:
                        _paste(out, starts, segment, corner)
        return out[tuple(slice(None, None, step) for _, _, step in bounds)]

    def _segments_in(
        self, starts: list[int], lengths: list[int]
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Index and first pixel of every strip or tile that a box touches."""
        ranges = [
            range(start // size, (start + length - 1) // size + 1)
            for start, length, size in zip(starts, lengths, self._sizes, strict=True)
        ]
        for position in itertools.product(*ranges):
            index = int(np.ravel_multi_index(position, self._keyframe.chunked))
            yield index, tuple(i * size for i, size in zip(position, self._sizes, strict=True))

    def _decode(self, page: Page, index: int, file: BinaryIO) -> np.ndarray[Any, Any] | None:
        """Pixels of one strip or tile on the page's axes; None where nothing was stored."""
        size = page.databytecounts[index]
        if size == 0:
            return None
        file.seek(page.dataoffsets[index])
        options: dict[str, Any] = {}
        if page.compression in _JPEG:
            options = {"jpegtables": page.jpegtables, "jpegheader": self._keyframe.jpegheader}
        decoded, _, _ = self._decoder(file.read(size), index, **options)
        if decoded is None:
            return None
        lengths = dict(zip("ZYXS", decoded.shape, strict=True))
        if self._keyframe.planarconfig == _PLANAR:
            lengths["S"] = 1
        return decoded.reshape([lengths[axis] for axis in self._keyframe.axes])


def _paste(
    out: np.ndarray[Any, Any],
    starts: list[int],
    segment: np.ndarray[Any, Any],
    corner: tuple[int, ...],
) -> None:
    """Write the overlap of a segment at ``corner`` into a box that begins at ``starts``."""
    target, source = [], []
    for at, start, length, have in zip(corner, starts, out.shape, segment.shape, strict=True):
        first, last = max(at, start), min(at + have, start + length)
        target.append(slice(first - start, last - start))
        source.append(slice(first - at, last - at))
    out[tuple(target)] = segment[tuple(source)]


def _contiguous(series: tifffile.TiffPageSeries) -> MappedPixels | None:
    offset = series.dataoffset
    if offset is None or series.is_multifile:
        return None
    path = _file_of(series.keyframe)
    size = int(np.prod(series.shape)) * series.dtype.itemsize
    _check_length((offset,), (size,), path)
    return MappedPixels(series, path, offset)


def _check_parts(page: Page, keyframe: tifffile.TiffPage, where: str) -> None:
    """Refuse a plane of more strips or tiles than the file lists, before any array is laid out."""
    claimed, listed = prod(keyframe.chunked), len(page.dataoffsets)
    if claimed > listed:
        told = " × ".join(map(str, keyframe.shape))
        raise InputError(
            f"{where} claims {told} pixels, which are {claimed:,} strips or tiles, and lists "
            f"{listed:,}: it is damaged. Copy it again, or save it anew."
        )


def _check_length(offsets: tuple[int, ...], counts: tuple[int, ...], path: Path) -> None:
    needed = max((a + b for a, b in zip(offsets, counts, strict=True)), default=0)
    size = path.stat().st_size
    if needed > size:
        raise InputError(
            f"{path.name} is truncated: its pixels end at byte {needed:,} but the file has "
            f"{size:,} bytes. Copy it again."
        )


def _file_of(page: Page) -> Path:
    return Path(page.parent.filehandle.path)

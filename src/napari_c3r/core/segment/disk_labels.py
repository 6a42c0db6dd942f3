"""Label images that are too large for memory: on disk, and removed with the last reference."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_c3r.core.atomic import require_space
from napari_c3r.core.leftovers import remove, remove_leftovers, temporary_path
from napari_c3r.core.memory import require_memory

CHUNK = 1024
# Compressed, labels take a small part of their four bytes a pixel; twice what was seen.
_BYTES_PER_PIXEL = 0.2


class DiskLabels:
    """A label image, (Y, X) int32, that is read and written in parts.

    It lies, compressed, in the folder for temporary files, which the variable ``TMPDIR`` names.
    What a process that was killed left there is removed by the next one.

    Parameters
    ----------
    shape
        Height and width in pixels; all labels are 0 at first.

    Raises
    ------
    OutputError
        There is hardly room on the disk.
    """

    dtype = np.dtype(np.int32)
    ndim = 2

    def __init__(self, shape: tuple[int, int]) -> None:
        import zarr

        self.shape = shape
        folder = Path(tempfile.gettempdir())
        remove_leftovers(folder)
        require_space(folder, round(_BYTES_PER_PIXEL * self.size))
        path = temporary_path(folder / "napari-c3r-labels", ".zarr")
        weakref.finalize(self, remove, path)
        self._array = zarr.create_array(
            path, shape=shape, chunks=(min(CHUNK, shape[0]), min(CHUNK, shape[1])), dtype="int32"
        )

    @property
    def size(self) -> int:
        """How many pixels there are."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.int32]:
        return np.asarray(self._array[key])

    def __setitem__(self, key: Any, labels: NDArray[np.int32]) -> None:
        self._array[key] = labels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All of it, in memory, where there is room."""
        height, width = self.shape
        require_memory(4 * self.size, f"Labels of {width} × {height} pixels")
        return self[:].astype(dtype or self.dtype, copy=False)

"""The image that every step takes: lazy channel planes and what is known of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_c3r.core.channels import check_channel_names
from napari_c3r.core.errors import InputError
from napari_c3r.core.guard import guarded
from napari_c3r.core.memory import require_memory

if TYPE_CHECKING:
    import dask.array as da

PLANE_CHUNK = 2048


@dataclass(frozen=True, eq=False)
class Image:
    """One field of view: a lazy stack of channels on one pixel grid.

    Parameters
    ----------
    data
        Lazy planes ``(C, Y, X)`` of any real dtype. What is raised while they are read becomes an
        `InputError` that names the image, or the file where it is known.
    channel_names
        One non-empty name per channel, each different from the others.
    pixel_size_um
        Side of a (square) pixel in micrometres, or None when unknown.
    source
        The files that the planes come from; empty when they come from memory.
    name
        The image's identifier, written to the ``image`` column of the result.
    plate, well, site
        Where the field lies on a plate, as far as it is known. Wells read ``"C03"``.
    position
        Where in a stack the planes lie, as axis and index from 0: ``(("t", 3),)``. Empty where
        there is no such axis, or it was projected.
    time_s
        Seconds after the first time point of its series, None where the files do not say it.
    z_step_um
        From one slice of the stack to the next in micrometres, None where they do not say it.
    n_slices
        How many slices the files have at a time, of which the planes are one or a projection.
    read_as
        Which planes of the files these are: the scene, time and Z requested of `read_image`.
        Empty where they come from memory.
    notes
        What a reader had to decide or could not know, as sentences for the user.

    Raises
    ------
    InputError
        If the data is not ``(C, Y, X)`` of real numbers, a name is missing, empty or twice,
        or the pixel size is not a positive number.
    """

    data: da.Array
    channel_names: tuple[str, ...]
    pixel_size_um: float | None = None
    source: tuple[Path, ...] = ()
    name: str = "image"
    plate: str | None = None
    well: str | None = None
    site: str | None = None
    notes: tuple[str, ...] = ()
    position: tuple[tuple[str, int], ...] = ()
    read_as: str = ""
    time_s: float | None = None
    z_step_um: float | None = None
    n_slices: int = 1

    def __post_init__(self) -> None:
        _check_data(self.data, len(self.channel_names))
        check_channel_names(self.channel_names)
        if len(self.channel_names) != self.data.shape[0]:
            raise InputError(
                f"{len(self.channel_names)} channel names {list(self.channel_names)} for "
                f"{self.data.shape[0]} channels: give one name per channel."
            )
        _check_pixel_size(self.pixel_size_um)
        object.__setattr__(self, "data", guarded(self.data, f"Image {self.name!r}"))

    @classmethod
    def from_array(
        cls,
        array: npt.ArrayLike | da.Array,
        channel_names: Sequence[str],
        pixel_size_um: float | None = None,
        name: str = "image",
    ) -> Image:
        """Make an image from an array in memory or a lazy one.

        Parameters
        ----------
        array
            ``(C, Y, X)``, or ``(Y, X)`` for a single channel; NumPy, dask or anything that
            NumPy can read.
        channel_names
            One name per channel.
        pixel_size_um
            Side of a pixel in micrometres, or None.
        name
            The image's identifier.

        Raises
        ------
        InputError
            As for the class.
        """
        import dask.array as da

        planes = array if isinstance(array, da.Array) else _as_dask(array)
        if planes.ndim == 2:
            planes = planes[np.newaxis]
        if isinstance(channel_names, str):
            channel_names = (channel_names,)
        return cls(planes, tuple(channel_names), pixel_size_um, name=name)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width in pixels."""
        channels, height, width = self.data.shape
        return int(channels), int(height), int(width)

    def index(self, name: str) -> int:
        """Position of the channel called ``name``; InputError when there is none."""
        if name not in self.channel_names:
            raise InputError(
                f"No channel {name!r} in image {self.name!r}: choose from "
                f"{', '.join(self.channel_names)}."
            )
        return self.channel_names.index(name)

    def channel(self, name: str) -> da.Array:
        """Lazy plane ``(Y, X)`` of the channel called ``name``."""
        return self.data[self.index(name)]

    def read_plane(self, name: str) -> npt.NDArray[Any]:
        """Read the plane ``(Y, X)`` of the channel called ``name`` into memory.

        Raises
        ------
        InputError
            There is no such channel, it cannot be read, or not be worked on in the memory that
            is free.
        """
        plane = self.channel(name)
        told = f"Image {self.name!r}, {plane.shape[1]} × {plane.shape[0]} pixels,"
        # Beside the plane itself, what is made of it has 4 bytes a pixel or more.
        require_memory(plane.size * (plane.dtype.itemsize + 4), told)
        return np.asarray(plane)

    def select(self, names: Sequence[str]) -> Image:
        """Keep the named channels, in the order given."""
        indices = [self.index(name) for name in names]
        return replace(self, data=self.data[indices], channel_names=tuple(names))

    def rename(self, names: Mapping[str, str]) -> Image:
        """Rename channels from the mapping's keys to its values; the others stay."""
        for old in names:
            self.index(old)
        renamed = tuple(names.get(name, name) for name in self.channel_names)
        return replace(self, channel_names=renamed)


def at_time(name: str, t: int) -> str:
    """Identifier of an image's time point ``t``: the first has that of the image."""
    return f"{name} t={t}" if t else name


def _as_dask(array: npt.ArrayLike) -> da.Array:
    import dask.array as da

    values = np.asanyarray(array)
    chunks = (1,) * (values.ndim - 2) + (PLANE_CHUNK,) * min(values.ndim, 2)
    return da.from_array(values, chunks=chunks, name=False)


def _check_data(data: da.Array, n_names: int) -> None:
    if data.ndim != 3:
        raise InputError(
            f"The image has shape {data.shape}: give (channels, height, width) or (height, width)."
        )
    if data.shape[-1] in (3, 4) and data.shape[0] != n_names:
        raise InputError(
            f"The image of shape {data.shape} looks like RGB colour with the channels last: "
            "move them to the front, to (channels, height, width)."
        )
    if 0 in data.shape:
        raise InputError(f"The image has shape {data.shape}, so it holds no pixel: check its file.")
    check_real(data.dtype)
    if data.dtype == bool:
        raise _no_intensities(data.dtype, "The image")


def check_real(dtype: np.dtype[Any], where: str = "The image") -> None:
    """Refuse pixels that are not real numbers, such as complex values.

    A mask is let through: a file may hold cells that are to be numbered.
    """
    if dtype.kind not in "buif":
        raise _no_intensities(dtype, where)


def _no_intensities(dtype: np.dtype[Any], where: str) -> InputError:
    return InputError(
        f"{where} has pixels of type {dtype.name!r}: give intensities as whole or real numbers."
    )


def _check_pixel_size(size: float | None) -> None:
    if size is not None and not (math.isfinite(size) and size > 0):
        raise InputError(
            f"The pixel size is {size!r} µm: give a positive number, or None when it is unknown."
        )

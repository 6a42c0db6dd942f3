"""CZI files that bioio-czi refuses or reads in part, through its own library.

It refuses those that state no pixel size, and of scenes that have no name it knows the first alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

import numpy as np

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.stack import Stack, arrange, stated_names

if TYPE_CHECKING:
    import dask.array as da
    from aicspylibczi import CziFile

_PIXEL_TYPES = {"gray8": "uint8", "gray16": "uint16", "gray32": "float32"}


def open_unscaled_czi(path: Path, scene: int) -> Stack:
    """Open a CZI file without a pixel size; every plane is read when it is requested.

    Parameters
    ----------
    path
        The file, in one piece (no mosaic).
    scene
        Index of the scene.

    Raises
    ------
    InputError
        If the file is a mosaic, in colour, or has other axes than T, C and Z.
    """
    from aicspylibczi import CziFile

    with path.open("rb") as stream:
        return _open(CziFile(stream), path, scene)


def count_czi_scenes(path: Path) -> int:
    """How many scenes a CZI file has, whether they have names or not."""
    from aicspylibczi import CziFile

    with path.open("rb") as stream:
        shapes = CziFile(stream).get_dims_shape()
    return sum(stop - start for start, stop in (shape.get("S", (0, 1)) for shape in shapes))


def _open(file: CziFile, path: Path, scene: int) -> Stack:
    shape = file.get_dims_shape()[scene if len(file.get_dims_shape()) > 1 else 0]
    lengths = {axis: stop - start for axis, (start, stop) in shape.items()}
    if file.is_mosaic() or file.pixel_type not in _PIXEL_TYPES:
        raise InputError(
            f"{path.name} states no pixel size and is a mosaic or in colour: save it as OME-TIFF."
        )
    outer = {axis: range(*shape[axis]) for axis in "TCZ" if axis in shape}
    plane_shape = (lengths["Y"], lengths["X"])
    fixed = {"S": scene} if "S" in shape else {}
    dtype = np.dtype(_PIXEL_TYPES[file.pixel_type])
    data = _planes(path, outer, fixed, plane_shape, dtype)
    notes = (f"{path.name} states no pixel size: set it yourself.",)
    data = arrange(data, "".join(outer) + "YX", path.name)
    return Stack(data, _names(file.meta, data.shape[1]), notes=notes)


def _planes(
    path: Path,
    outer: dict[str, range],
    fixed: dict[str, int],
    plane_shape: tuple[int, int],
    dtype: np.dtype[Any],
) -> da.Array:
    """Lazy planes with one leading dimension per axis of ``outer``."""
    import dask.array as da
    from dask.delayed import delayed

    if not outer:
        plane = delayed(_read_plane)(path, fixed, plane_shape)
        return da.from_delayed(plane, plane_shape, dtype)
    (axis, positions), *rest = outer.items()
    return da.stack(
        [_planes(path, dict(rest), {**fixed, axis: i}, plane_shape, dtype) for i in positions]
    )


def _read_plane(
    path: Path, position: dict[str, int], shape: tuple[int, int]
) -> np.ndarray[Any, Any]:
    from aicspylibczi import CziFile

    with path.open("rb") as stream:
        pixels, _ = CziFile(stream).read_image(**position)
    return np.asarray(pixels).reshape(shape)


def _names(metadata: Element, n_channels: int) -> tuple[str, ...]:
    """Find the names under which the microscope's software shows the channels."""
    channels = metadata.findall(".//DisplaySetting/Channels/Channel")
    return stated_names((channel.get("Name") for channel in channels), n_channels)

"""Opens images in napari: one layer per channel, with name, colour, contrast and scale."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.composites import viewer_gain
from napari_c3r.core.figures.looks import GAIN, channel_looks, contrast_limits
from napari_c3r.core.images import Image, ImageFiles, find_images, read_image
from napari_c3r.core.images.find import is_nested_plate
from napari_c3r.core.images.formats import format_of
from napari_c3r.core.images.formats.zarr import is_zarr
from napari_c3r.core.images.times import count_slices, count_times
from napari_c3r.core.table.result import KEY
from napari_c3r.core.text import readable

if TYPE_CHECKING:
    import dask.array as da

    LayerData = tuple[da.Array, dict[str, Any], str]

Paths = str | Sequence[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """Offer to read a path, judging by its name and, for a folder, the names in it.

    Parameters
    ----------
    path
        A file, a folder, or a list of files.

    Returns
    -------
    callable or None
        `read_layers`, or None for what is left to others: unknown formats, single colour
        pictures, and lists that are not the files of one image.
    """
    try:
        if isinstance(path, str | Path):
            claimed = _claims(Path(path))
        else:
            claimed = _claims_list([Path(member) for member in path])
    # A path that cannot be looked at is for napari to refuse.
    except (InputError, OSError, ValueError):
        return None
    return read_layers if claimed else None


def read_layers(path: Paths) -> list[LayerData]:
    """Read an image as napari layers, one lazy plane per channel.

    Of a folder with several images the first is read, of a movie the first time point, and of Z
    slices the brightest; a warning says so, and that the dock C3R opens the others.

    Parameters
    ----------
    path
        A file, a folder, or the files of one image.

    Returns
    -------
    list
        ``(plane (Y, X), options, "image")`` per channel. ``metadata["napari_c3r"]`` says of
        which channel of which image the layer is, and what was opened.
    """
    images = find_images(path)
    several = len(images) > 1 and isinstance(path, str | Path)
    chosen = images[0] if several or len(images) == 1 else None
    opened = image_layers(read_image(path if chosen is None else chosen))
    said = []
    if several and isinstance(path, str | Path):
        said.append(
            f"{readable(Path(path).name)} holds {len(images)} images; {images[0].name} was opened. "
            "The dock C3R turns to the others."
        )
    if chosen is not None:
        said += _of_stack(chosen)
    if said:
        warnings.warn(" ".join(said), stacklevel=2)
    paths = [str(path)] if isinstance(path, str | Path) else [str(member) for member in path]
    for _, options, _ in opened:
        options["metadata"][KEY]["opened"] = paths
    return opened


def _of_stack(files: ImageFiles) -> Iterator[str]:
    """What of a movie or stack was opened, as a layer is one plane."""
    times, slices = count_times(files), count_slices(files)
    if times > 1:
        yield (
            f"It has {times} time points; the first was opened. The dock C3R opens all of them: "
            "step 1, Open files…, Time, All."
        )
    if slices > 1:
        yield (
            f"Of its {slices} Z slices the brightest at each pixel was opened. The dock C3R opens "
            "others: step 1, Open files…, Z."
        )


def image_layers(image: Image) -> list[LayerData]:
    """Describe an image as napari layers, as `read_layers` does."""
    looks = channel_looks(image.channel_names)
    gain = viewer_gain([look.colour for look in looks.values() if look.shown])
    size = image.pixel_size_um
    placed = {"scale": (size, size), "units": ("micrometer", "micrometer")} if size else {}
    layers: list[LayerData] = []
    for name in image.channel_names:
        plane = image.channel(name)
        options = {
            "name": name,
            "colormap": looks[name].colour,
            "contrast_limits": contrast_limits(plane),
            "blending": "additive",
            "opacity": gain,
            "visible": looks[name].visible,
            "metadata": {KEY: {**_metadata(image, name), GAIN: gain}},
            **placed,
        }
        layers.append((plane, options, "image"))
    return layers


def _metadata(image: Image, channel: str) -> dict[str, Any]:
    """Say what a dock needs to make the image again from its layers."""
    return {
        "channel": channel,
        "image": image.name,
        "pixel_size_um": image.pixel_size_um,
        "source": [str(path) for path in image.source],
        "plate": image.plate,
        "well": image.well,
        "site": image.site,
        "notes": list(image.notes),
        "position": [list(axis) for axis in image.position],
        "time_s": image.time_s,
        "z_step_um": image.z_step_um,
        "n_slices": image.n_slices,
    }


def _claims(path: Path) -> bool:
    if path.is_dir():
        return is_zarr(path) or _holds_images(path)
    known = format_of(path)
    return known is not None and path.is_file() and not known.is_photograph(path)


def _holds_images(folder: Path) -> bool:
    named = any(format_of(child) or is_zarr(child) for child in folder.iterdir())
    return named or is_nested_plate(folder)


def _claims_list(paths: list[Path]) -> bool:
    if not all(path.is_file() and format_of(path) for path in paths):
        return False
    images: tuple[ImageFiles, ...] = find_images(paths) if paths else ()
    return len(images) == 1

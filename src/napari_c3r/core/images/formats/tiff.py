"""TIFF files of every kind: OME, ImageJ, vendors' and plain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats.format import ImageFormat
from napari_c3r.core.images.formats.tiff_metadata import check_claims, tiff_facts
from napari_c3r.core.images.formats.tiff_pixels import lazy_series
from napari_c3r.core.images.image import check_real
from napari_c3r.core.images.stack import COLOURS, Stack, arrange, check_index, name_axes


def open_tiff(path: Path, scene: int, one_channel: bool) -> Stack:
    """Open a TIFF file; its pixels are read when they are requested.

    Parameters
    ----------
    path
        The file.
    scene
        Index of the series, for files of several.
    one_channel
        Whether the file is one channel of an image of several files.

    Raises
    ------
    InputError
        If the file is no TIFF, is truncated, has no such scene, or its pixels are not real
        numbers.
    """
    with _refusing_lost_pages(path), tifffile.TiffFile(path) as tif:
        if tif.is_ome:
            check_claims(tif.ome_metadata or "", path.name)
        return _open(tif, path, scene, one_channel)


class _LostPages(logging.Handler):
    """Collects what tifffile only logs: that the list of pages leads out of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "page offset" in message or "page list" in message:
            self.found.append(message)


@contextmanager
def _refusing_lost_pages(path: Path) -> Iterator[None]:
    handler = _LostPages()
    tifffile.logger().addHandler(handler)
    try:
        yield
    finally:
        tifffile.logger().removeHandler(handler)
    if handler.found:
        raise InputError(f"{path.name} is truncated: it lacks pages. Copy it again.")


def _open(tif: tifffile.TiffFile, path: Path, scene: int, one_channel: bool) -> Stack:
    check_index(scene, len(tif.series), "scene", path.name)
    series = tif.series[scene]
    check_real(series.dtype, path.name)
    axes, notes = name_axes(series.axes, series.shape, path.name, one_channel)
    data = lazy_series(series, path)
    # Samples pixel by pixel are a colour picture; samples plane by plane are an array of channels.
    colour = axes.endswith("S")
    if colour:
        data = data[..., : len(COLOURS)]
    data = arrange(data, axes, path.name)
    facts = tiff_facts(tif, scene, data.shape[1], path.name)
    return Stack(
        data,
        facts.channel_names,
        facts.pixel_size_um,
        colour=colour and data.shape[1] == len(COLOURS),
        notes=notes + facts.notes,
    )


TIFF = ImageFormat((".tif", ".tiff"), open_tiff)

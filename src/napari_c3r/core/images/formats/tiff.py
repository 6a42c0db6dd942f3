"""TIFF files of every kind: OME, ImageJ, vendors' and plain."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask.array as da
import tifffile

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats.format import ImageFormat
from napari_c3r.core.images.formats.ome_sets import contents_of, master_xml
from napari_c3r.core.images.formats.tiff_metadata import check_claims, files_of_set, tiff_facts
from napari_c3r.core.images.formats.tiff_pixels import lazy_series
from napari_c3r.core.images.image import check_real
from napari_c3r.core.images.stack import COLOURS, Stack, arrange, check_index, name_axes

_ALPHA = {tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA}
_COLOURS = {tifffile.PHOTOMETRIC.RGB, tifffile.PHOTOMETRIC.YCBCR}


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
        if not tif.is_ome:
            return _open(tif, path, scene, one_channel)
        stated = tif.ome_metadata or ""
        xml = master_xml(path, stated)
        check_claims(xml, path.name)
        if xml == stated:
            return _open(tif, path, scene, one_channel)
    # Binary-only: the metadata of another file go for this one.
    with _refusing_lost_pages(path), tifffile.TiffFile(path, omexml=xml) as tif:
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
    _require_every_plane(tif, series, path)
    axes, notes = name_axes(series.axes, series.shape, path.name, one_channel)
    data = lazy_series(series, path)
    data, colour, said = _without_alpha(data, axes, series.keyframe, path.name)
    data = arrange(data, axes, path.name)
    facts = tiff_facts(tif, scene, data.shape[1], path.name)
    return Stack(
        data,
        facts.channel_names,
        facts.pixel_size_um,
        colour=colour and data.shape[1] == len(COLOURS),
        notes=notes + said + facts.notes,
    )


def _require_every_plane(
    tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, path: Path
) -> None:
    """Refuse an image of which planes are not there: zeros would stand for them."""
    lacking = sum(page is None for page in series.pages)
    if not lacking:
        return
    named = files_of_set(tif.ome_metadata or "") if tif.is_ome else ()
    gone = [name for name in named if not (path.parent / name).is_file()]
    if gone:
        raise InputError(
            f"{path.name} is part of an image of {len(named)} files, of which "
            f"{', '.join(gone[:3])}{' and more are' if len(gone) > 3 else ' is'} missing: put all "
            "of them into one folder under the names that they were written with."
        )
    raise InputError(
        f"{path.name} lacks {lacking} of the {len(series.pages)} planes that its metadata tell "
        "of: it was not written to the end. Copy it again, or save it anew."
    )


def _without_alpha(
    data: da.Array, axes: str, page: tifffile.TiffPage, where: str
) -> tuple[da.Array, bool, tuple[str, ...]]:
    """The samples that are intensities, and whether they are red, green and blue, with notes.

    Only what the file marks as alpha is dropped, and only what it calls a colour is one. Samples
    plane by plane are an array of channels, which writers call colours where they are three.
    """
    if "S" not in axes:
        return data, False, ()
    samples = page.samplesperpixel
    extra = tuple(int(kind) for kind in page.extrasamples)
    first_extra = samples - len(extra)
    kept = [n for n in range(samples) if n < first_extra or extra[n - first_extra] not in _ALPHA]
    notes: tuple[str, ...] = ()
    if len(kept) < samples:
        data = da.take(data, kept, axis=axes.index("S"))
        notes = (f"{where} marks a sample as alpha (how opaque a pixel is), which is left out.",)
    colour = page.photometric in _COLOURS and len(kept) == len(COLOURS) and axes.endswith("S")
    return data, colour, notes


TIFF = ImageFormat((".tif", ".tiff"), open_tiff, contents=contents_of)

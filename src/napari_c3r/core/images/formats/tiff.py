"""TIFF files of every kind: OME, ImageJ, vendors' and plain."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from napari_c3r.core.errors import InputError
from napari_c3r.core.images.formats.format import ImageFormat, Scene, is_extra_name, one_scene
from napari_c3r.core.images.formats.ome import (
    COMPANION_SUFFIX,
    OmeDescription,
    describe,
    is_reduced,
)
from napari_c3r.core.images.formats.tiff_metadata import check_claims, tiff_facts
from napari_c3r.core.images.formats.tiff_pixels import lazy_series
from napari_c3r.core.images.formats.tiff_steps import tiff_steps
from napari_c3r.core.images.image import check_real
from napari_c3r.core.images.stack import COLOURS, Stack, arrange, check_index, name_axes

if TYPE_CHECKING:
    import dask.array as da
    import tifffile

# Pages that are this many times smaller than others of their shape are those of a pyramid.
_THUMBNAIL_FACTOR = 2.0

# Values of the tags ExtraSamples (associated and unassociated alpha) and
# PhotometricInterpretation (RGB and YCbCr), TIFF 6.0.
_ALPHA = {1, 2}
_COLOURS = {2, 6}


# Else what tifffile logs of a damaged file is printed beside our one line.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def open_tiff(path: Path, scene: int, one_channel: bool) -> Stack:
    """Open a TIFF file; its pixels are read when they are requested.

    Any file of an OME-TIFF of several files gives the whole image.

    Parameters
    ----------
    path
        The file, or the text that describes the files of an OME-TIFF.
    scene
        Index of the image in OME-XML, or of the series, for files of several.
    one_channel
        Whether the file is one channel of an image of several files.

    Raises
    ------
    InputError
        If the file is no TIFF, is truncated, has no such scene, its pixels are not real
        numbers, or a plane or file that its metadata tell of is missing.
    """
    import tifffile

    with _refusing_lost_pages(path):
        described = describe(path)
        if described is not None and described.images:
            stack = _open_ome(described, scene, one_channel)
            if stack is not None:
                return stack
        if path.suffix.lower() == COMPANION_SUFFIX:
            raise InputError(f"{path.name} tells of no planes that a TIFF file has: give those.")
        with tifffile.TiffFile(path, is_ome=False) as tif:
            return _open_plain(tif, path, scene, one_channel)


def tiff_scenes(path: Path) -> tuple[Scene, ...]:
    """The scenes of a TIFF file, from its metadata.

    Parameters
    ----------
    path
        The file, or the text that describes the files of an OME-TIFF.
    """
    import tifffile

    described = describe(path)
    if described is not None and described.scenes:
        return described.scenes
    if path.suffix.lower() == COMPANION_SUFFIX:
        return one_scene(path)
    with tifffile.TiffFile(path, is_ome=False) as tif:
        if tif.is_imagej or len(tif.pages) == 1:
            return one_scene(path)
        series = tif.series
        sizes = [(_side(each, "Y"), _side(each, "X")) for each in series]
        largest = max(sizes, key=lambda size: size[0] * size[1])
        return tuple(
            Scene(
                index,
                # tifffile calls series by their kind where they have no name.
                each.name if tif.is_svs else "",
                is_extra=bool(each.keyframe.is_reduced or each.keyframe.is_mask)
                or is_extra_name(each.name)
                or is_reduced(size, largest, _THUMBNAIL_FACTOR),
            )
            for index, (each, size) in enumerate(zip(series, sizes, strict=True))
        )


def _side(series: tifffile.TiffPageSeries, axis: str) -> int:
    return dict(zip(series.axes, series.shape, strict=True)).get(axis, 0)


class _LostPages(logging.Handler):
    """Collects what tifffile only logs: that the list of pages leads out of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # Other threads read other files meanwhile.
        here = record.thread == self._thread
        if here and ("page offset" in message or "page list" in message):
            self.found.append(message)


@contextmanager
def _refusing_lost_pages(path: Path) -> Iterator[None]:
    import tifffile

    handler = _LostPages()
    logging.getLogger("tifffile").addHandler(handler)
    try:
        yield
    finally:
        tifffile.logger().removeHandler(handler)
    if handler.found:
        raise InputError(f"{path.name} is truncated: it lacks pages. Copy it again.")


def _open_ome(described: OmeDescription, scene: int, one_channel: bool) -> Stack | None:
    """Open a scene by what the OME-XML says of it; None where that does not fit the pixels."""
    import tifffile

    path = described.path
    check_index(scene, len(described.images), "scene", path.name)
    described.require_files(scene)
    home, xml = described.alone(scene)
    check_claims(xml, path.name)
    # A TIFF may tell other software's story too, which is not that of its companions.
    with tifffile.TiffFile(
        home, omexml=xml, is_shaped=False, is_mmstack=False, is_lsm=False
    ) as tif:
        found = [series for series in tif.series if series.kind == "ome"]
        if not found:
            return None
        doubts = described.doubts(scene)
        if len(described.images) == 1 and described.files(scene) == (path,):
            doubts += _undescribed(tif, found[0], path)
        stack = _stack(tif, found[0], path, 0, one_channel, described.images[scene])
    return replace(stack, notes=doubts + stack.notes)


def _undescribed(
    tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, path: Path
) -> tuple[str, ...]:
    """A note on planes of the file that its description passes over."""
    import tifffile

    told, there = len(series.pages), len(tif.pages)
    if there <= told:
        return ()
    with tifffile.TiffFile(path) as again:
        if again.pages[there - 1].shape != series.keyframe.shape:
            return ()
    return (f"{path.name} holds {there} planes and tells of {told}: the others are left out.",)


def _open_plain(tif: tifffile.TiffFile, path: Path, scene: int, one_channel: bool) -> Stack:
    check_index(scene, len(tif.series), "scene", path.name)
    series = tif.series[scene]
    claimed, there = 1, len(tif.pages)
    if tif.is_imagej and series.kind != "imagej":
        # What ImageJ tells does not fit the pages; where it does, there may be a single page.
        claimed = (tif.imagej_metadata or {}).get("images", 1)
    elif series.kind == "shaped" and len(tif.shaped_metadata or ()) == len(tif.series) == 1:
        told = (tif.shaped_metadata or ())[0].get("shape", series.shape)
        planes = math.prod(told) // max(series.keyframe.size, 1)
        claimed = planes if math.prod(told) != series.size else 1
    if there < claimed:
        raise _lacks_planes(path, claimed - there, claimed)
    return _stack(tif, series, path, scene, one_channel)


def _stack(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    path: Path,
    scene: int,
    one_channel: bool,
    described: Element | None = None,
) -> Stack:
    check_real(series.dtype, path.name)
    _require_every_plane(series, path)
    axes, notes = name_axes(series.axes, series.shape, path.name, one_channel)
    data = lazy_series(series, path)
    data, colour, said = _without_alpha(data, axes, series.keyframe, path.name)
    data = arrange(data, axes, path.name)
    facts = tiff_facts(tif, scene, data.shape[1], path.name)
    if _has_colour_table(series.keyframe):
        said = (*said, f"{path.name} is a picture with a table of colours: its numbers are read.")
    steps = tiff_steps(tif, described, data.shape[0], data.shape[2])
    return Stack(
        data,
        facts.channel_names,
        facts.pixel_size_um,
        colour=colour and data.shape[1] == len(COLOURS),
        notes=notes + said + facts.notes,
        times_s=steps.times_s,
        z_step_um=steps.z_step_um,
        taken_s=steps.taken_s,
    )


def _has_colour_table(page: tifffile.TiffPage) -> bool:
    """Whether numbers stand for colours that do not grow with them, as a look-up table's do."""
    import tifffile

    if page.photometric != tifffile.PHOTOMETRIC.PALETTE or page.colormap is None:
        return False
    brightness = page.colormap.astype("int64").sum(axis=0)
    return bool((brightness[1:] < brightness[:-1]).any())


def _require_every_plane(series: tifffile.TiffPageSeries, path: Path) -> None:
    """Refuse an image of which planes are not there: zeros would stand for them."""
    count = series.size // max(series.keyframe.size, 1)
    there = sum(page is not None for page in series.pages)
    # Planes that lie one behind the other may have one page; their length is looked at later.
    in_one_piece = series.dataoffset is not None and not series.is_multifile
    if there < count and not in_one_piece:
        raise _lacks_planes(path, count - there, count)


def _lacks_planes(path: Path, lacking: int, count: int) -> InputError:
    return InputError(
        f"{path.name} lacks {lacking} of the {count} planes that its metadata tell of: it was not "
        "written to the end. Copy it again, or save it anew."
    )


def _without_alpha(
    data: da.Array, axes: str, page: tifffile.TiffPage, where: str
) -> tuple[da.Array, bool, tuple[str, ...]]:
    """The samples that are intensities, and whether they are red, green and blue, with notes.

    Only what the file marks as alpha is dropped, and only what it calls a colour is one. Samples
    plane by plane are an array of channels, which writers call colours where they are three.
    """
    import dask.array as da

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
    # Neither cameras nor painting programs make colours of real numbers.
    colour = colour and data.dtype in ("uint8", "uint16")
    return data, colour, notes


TIFF = ImageFormat((".tif", ".tiff", COMPANION_SUFFIX), open_tiff, scenes=tiff_scenes)

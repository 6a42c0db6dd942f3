"""When the planes of a TIFF file were taken, and how far its slices are apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from napari_c3r.core.images.formats.ome import local_name, pixels_of
from napari_c3r.core.images.units import (
    even_times,
    times_since_first,
    to_micrometres,
    to_seconds,
)

if TYPE_CHECKING:
    import tifffile

_TAKEN = re.compile(r'<prop id="acquisition-time-local"[^>]*value="([^"]*)"')
_IMAGEJ_TIME_UNIT = "sec"


@dataclass(frozen=True)
class Steps:
    """What a file says of the steps along its axes.

    Parameters
    ----------
    times_s, z_step_um, taken_s
        As in :class:`napari_c3r.core.images.stack.Stack`.
    """

    times_s: tuple[float, ...] = ()
    z_step_um: float | None = None
    taken_s: float | None = None


def tiff_steps(tif: tifffile.TiffFile, image: Element | None, n_times: int, n_slices: int) -> Steps:
    """Read times and slice distance of an open TIFF file, without its pixels.

    Parameters
    ----------
    tif
        The open file.
    image
        What OME-XML says of the image, None for a file of another kind.
    n_times, n_slices
        How many the image has; of a single one no step is told.
    """
    if image is not None:
        found = _of_ome(image, n_times)
    elif tif.is_imagej:
        found = _of_imagej(tif.imagej_metadata or {}, n_times)
    else:
        found = Steps(taken_s=_taken(tif))
    return Steps(
        found.times_s if n_times > 1 else (),
        found.z_step_um if n_slices > 1 else None,
        found.taken_s,
    )


def _of_ome(image: Element, n_times: int) -> Steps:
    """By the times of the planes themselves, or else by the interval that was set."""
    pixels = pixels_of(image)
    if pixels is None:
        return Steps()
    interval = to_seconds(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"))
    step = to_micrometres(pixels.get("PhysicalSizeZ"), pixels.get("PhysicalSizeZUnit", "µm"))
    times = times_since_first(_first_planes(pixels, n_times)) or even_times(interval, n_times)
    return Steps(times, step)


def _first_planes(pixels: Element, n_times: int) -> list[float | None]:
    """When the first plane of each time point was taken."""
    firsts: list[float | None] = [None] * n_times
    for plane in pixels:
        if local_name(plane) != "Plane":
            continue
        taken = to_seconds(plane.get("DeltaT"), plane.get("DeltaTUnit", "s"))
        t = plane.get("TheT", "")
        if taken is None or not (t.isascii() and t.isdecimal() and int(t) < n_times):
            continue
        known = firsts[int(t)]
        firsts[int(t)] = taken if known is None else min(known, taken)
    return firsts


def _of_imagej(metadata: dict[str, object], n_times: int) -> Steps:
    interval, spacing = metadata.get("finterval"), metadata.get("spacing")
    unit = str(metadata.get("tunit") or _IMAGEJ_TIME_UNIT)
    seconds = to_seconds(interval, unit) if isinstance(interval, int | float) else None
    lengths = str(metadata.get("zunit") or metadata.get("unit") or "")
    step = to_micrometres(spacing, lengths) if isinstance(spacing, int | float) else None
    return Steps(even_times(seconds, n_times), step)


def _taken(tif: tifffile.TiffFile) -> float | None:
    """When a file of one plane was taken, by MetaXpress or Micro-Manager."""
    page = tif.pages.first
    if isinstance(page.description, str) and (found := _TAKEN.search(page.description)):
        try:
            moment = datetime.strptime(found[1], "%Y%m%d %H:%M:%S.%f")
        except ValueError:
            return None
        # Differences alone are told, so that the zone makes none.
        return moment.replace(tzinfo=UTC).timestamp()
    tag = page.tags.get("MicroManagerMetadata")
    told = tag.value if tag is not None else None
    elapsed = told.get("ElapsedTime-ms") if isinstance(told, dict) else None
    return to_seconds(elapsed, "ms") if isinstance(elapsed, int | float) else None

"""Channel names and pixel size that a TIFF file states, by the software that wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from napari_c3r.core.images.formats.declared import check_planes
from napari_c3r.core.images.formats.ome import local_name
from napari_c3r.core.images.stack import COLOURS, stated_names
from napari_c3r.core.images.units import square_pixel, to_micrometres

if TYPE_CHECKING:
    import tifffile

# More digits than these are no number of planes of anything, and slow to read.
_SIZES = re.compile(r"""\bSize([CZT])\s*=\s*["'](\d{1,30})""", re.ASCII)

_RESOLUTION_UNITS = {2: "inch", 3: "cm"}


@dataclass(frozen=True)
class TiffFacts:
    """What the file says of itself.

    Parameters
    ----------
    channel_names
        Names in channel order, or () when there are none.
    pixel_size_um
        Side of a pixel in micrometres, or None.
    notes
        Sentences for the user.
    """

    channel_names: tuple[str, ...] = ()
    pixel_size_um: float | None = None
    notes: tuple[str, ...] = field(default=())


def tiff_facts(tif: tifffile.TiffFile, scene: int, n_channels: int, where: str) -> TiffFacts:
    """Read channel names and pixel size from an open TIFF file, without its pixels.

    Parameters
    ----------
    tif
        The open file.
    scene
        Index of the series.
    n_channels
        Number of channels of that series.
    where
        The file's name, for notes.
    """
    unit = None
    if tif.is_ome:
        names, x_um, y_um = _ome(tif.ome_metadata or "", scene)
        names = _of_samples(names, n_channels)
    elif tif.is_imagej:
        names, x_um, y_um = _imagej(tif, n_channels)
        unit = str((tif.imagej_metadata or {}).get("unit", ""))
    else:
        names, x_um, y_um = _description(tif.pages.first.description)
    size, notes = square_pixel(x_um, y_um, where, unit)
    if size is None and not notes and not tif.is_ome and not tif.is_imagej:
        size, notes = _resolution_tags(tif, where)
    return TiffFacts(stated_names(names, n_channels), size, notes)


def check_claims(xml: str, where: str) -> None:
    """Refuse OME-XML of more planes than can be, before a list of them is made.

    Parameters
    ----------
    xml
        The metadata.
    where
        The file's name, for the message.

    Raises
    ------
    InputError
        An image claims too many channels or planes.
    """
    for element in re.finditer(r"<(?:\w+:)?Pixels\b[^>]*>", xml):
        stated = {axis: int(n) for axis, n in _SIZES.findall(element[0])}
        check_planes(where, *(stated.get(axis, 1) for axis in "CZT"))


Facts = tuple[tuple[str, ...], float | None, float | None]


def _ome(xml: str, scene: int) -> Facts:
    """Names and sizes of one image in OME-XML, whatever the schema's version."""
    images = [element for element in _elements(xml) if local_name(element) == "Image"]
    if scene >= len(images):
        return (), None, None
    pixels = next((e for e in images[scene].iter() if local_name(e) == "Pixels"), None)
    if pixels is None:
        return (), None, None
    channels = [element for element in pixels if local_name(element) == "Channel"]
    names = tuple(c.get("Name") or c.get("Fluor") or "" for c in channels)
    x_um, y_um = (_physical_size(pixels, axis) for axis in "XY")
    return names, x_um, y_um


def _of_samples(names: tuple[str, ...], n_channels: int) -> tuple[str, ...]:
    """A name for each sample, where a channel has several in a pixel."""
    samples, left = divmod(n_channels, len(names) or 1)
    if left or samples < 2 or not any(names):
        return names
    told = COLOURS if samples == len(COLOURS) else [str(n + 1) for n in range(samples)]
    if len(names) == 1 and samples == len(COLOURS):
        return ()  # the one channel of a colour picture
    return tuple(f"{name} {sample}".strip() for name in names for sample in told)


def _physical_size(pixels: ElementTree.Element, axis: str) -> float | None:
    name = f"PhysicalSize{axis}"
    return to_micrometres(pixels.get(name), pixels.get(f"{name}Unit", "µm"))


def _imagej(tif: tifffile.TiffFile, n_channels: int) -> Facts:
    metadata = tif.imagej_metadata or {}
    unit = metadata.get("unit")
    x, y = (_pixels_per_unit(tif, tag) for tag in ("XResolution", "YResolution"))
    x_um = to_micrometres(1 / x, unit) if x else None
    y_um = to_micrometres(1 / y, unit) if y else None
    return imagej_names(metadata.get("Labels"), n_channels), x_um, y_um


def imagej_names(labels: object, n_channels: int) -> tuple[str, ...]:
    """Channel names from the labels of ImageJ's slices, channels varying fastest.

    ImageJ's own ``c:1/2 - `` and the file names that it puts there are cut away; labels that
    then do not tell the channels apart give ().
    """
    if not isinstance(labels, list | tuple) or len(labels) < n_channels:
        return ()
    cut = [re.sub(r"^(?:[czt]:\d+/\d+\s*)+(?:-\s*)?", "", str(x)) for x in labels[:n_channels]]
    names = [re.sub(r"\.tiff?$", "", name, flags=re.IGNORECASE).strip() for name in cut]
    same = 0
    while len({name[same : same + 1] for name in names}) == 1 and same < len(names[0]):
        same += 1
    start = max(names[0][:same].rfind(separator) for separator in "_- ") + 1
    names = [name[start:] for name in names]
    return tuple(names) if len(set(names)) == n_channels and all(names) else ()


def _description(text: str) -> Facts:
    """Facts from the XML that MetaXpress and Gen5 write into the description."""
    elements = _elements(text)
    if text.startswith("<MetaData>"):
        values = {e.get("id"): e.get("value") for e in elements if e.get("id")}
        unit = values.get("spatial-calibration-units")
        if values.get("spatial-calibration-state") != "on":
            return (), None, None
        x, y = (to_micrometres(values.get(f"spatial-calibration-{a}"), unit) for a in "xy")
        return (), x, y
    if "<BTIImageMetaData" in text:
        values = {local_name(e): e.text for e in elements}
        x = _ratio(values.get("ImageWidthMicrons"), values.get("PixelWidth"))
        y = _ratio(values.get("ImageHeightMicrons"), values.get("PixelHeight"))
        return (), x, y
    return (), None, None


def _resolution_tags(tif: tifffile.TiffFile, where: str) -> tuple[float | None, tuple[str, ...]]:
    """Pixel size from the resolution tags, if it can be that of a micrograph."""
    tag = tif.pages.first.tags.get("ResolutionUnit")
    unit = _RESOLUTION_UNITS.get(int(tag.value)) if tag is not None else None
    x, y = (_pixels_per_unit(tif, name) for name in ("XResolution", "YResolution"))
    if unit is None or not x or not y:
        return None, ()
    return square_pixel(to_micrometres(1 / x, unit), to_micrometres(1 / y, unit), where, unit)


def _pixels_per_unit(tif: tifffile.TiffFile, name: str) -> float | None:
    tag = tif.pages.first.tags.get(name)
    if tag is None:
        return None
    try:
        numerator, denominator = tag.value
        return numerator / denominator if denominator else None
    except (TypeError, ValueError):
        return None  # no fraction


def _ratio(numerator: str | None, denominator: str | None) -> float | None:
    try:
        return float(numerator or "") / float(denominator or "")
    except (ValueError, ZeroDivisionError):
        return None


def _elements(xml: str) -> list[ElementTree.Element]:
    """All elements of an XML text, [] when it is broken or none."""
    try:
        return list(ElementTree.fromstring(xml.strip().encode()).iter())
    except ElementTree.ParseError:
        return []

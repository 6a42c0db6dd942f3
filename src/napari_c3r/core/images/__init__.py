"""Files, folders and plates to images: lazy planes, channel names and pixel size."""

from __future__ import annotations

from napari_c3r.core.images.find import ImageFiles, find_images
from napari_c3r.core.images.formats import ImageFormat, register_image_format
from napari_c3r.core.images.image import Image
from napari_c3r.core.images.label_file import read_labels
from napari_c3r.core.images.layouts import Layout, NameParts, register_layout
from napari_c3r.core.images.read import read_image
from napari_c3r.core.images.reading import FieldSource, ReadOptions, ScanResult, scan

__all__ = [
    "FieldSource",
    "Image",
    "ImageFiles",
    "ImageFormat",
    "Layout",
    "NameParts",
    "ReadOptions",
    "ScanResult",
    "find_images",
    "read_image",
    "read_labels",
    "register_image_format",
    "register_layout",
    "scan",
]

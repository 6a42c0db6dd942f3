"""Files, folders and plates to images: lazy planes, channel names and pixel size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.images.find import find_images
    from napari_c3r.core.images.formats import ImageFormat, register_image_format
    from napari_c3r.core.images.image import Image
    from napari_c3r.core.images.image_files import ImageFiles
    from napari_c3r.core.images.label_file import read_labels
    from napari_c3r.core.images.layouts import Layout, NameParts, register_layout
    from napari_c3r.core.images.options import ReadOptions
    from napari_c3r.core.images.read import read_image
    from napari_c3r.core.images.scanning import ScanResult, scan
    from napari_c3r.core.images.sources import FieldSource, LabelSource

_HOMES = {
    "FieldSource": "sources",
    "Image": "image",
    "ImageFiles": "image_files",
    "ImageFormat": "formats",
    "LabelSource": "sources",
    "Layout": "layouts",
    "NameParts": "layouts",
    "ReadOptions": "options",
    "ScanResult": "scanning",
    "find_images": "find",
    "read_image": "read",
    "read_labels": "label_file",
    "register_image_format": "formats",
    "register_layout": "layouts",
    "scan": "scanning",
}

__all__ = [
    "FieldSource",
    "Image",
    "ImageFiles",
    "ImageFormat",
    "LabelSource",
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

__getattr__ = lazy_names(__name__, _HOMES)

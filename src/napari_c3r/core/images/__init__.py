"""Files, folders and plates to images: lazy planes, channel names and pixel size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_c3r.core.lazy import lazy_names

if TYPE_CHECKING:
    from napari_c3r.core.images.find import ImageFiles, find_images
    from napari_c3r.core.images.image import Image
    from napari_c3r.core.images.label_file import read_labels
    from napari_c3r.core.images.options import ReadOptions
    from napari_c3r.core.images.read import read_image
    from napari_c3r.core.images.reading import FieldSource, LabelSource, ScanResult, scan

__all__ = [
    "FieldSource",
    "Image",
    "ImageFiles",
    "LabelSource",
    "ReadOptions",
    "ScanResult",
    "find_images",
    "read_image",
    "read_labels",
    "scan",
]

__getattr__ = lazy_names(
    __name__,
    {
        "FieldSource": "reading",
        "Image": "image",
        "ImageFiles": "find",
        "LabelSource": "reading",
        "ReadOptions": "options",
        "ScanResult": "reading",
        "find_images": "find",
        "read_image": "read",
        "read_labels": "label_file",
        "scan": "reading",
    },
)

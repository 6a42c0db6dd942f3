"""Nuclei: seconds per 1024 x 1024 field, and F1, beside plain Otsu and distance watershed.

Run from the root of the repository: `python -m benchmarks.segment_speed`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

from napari_c3r.core.segment import segment_nuclei
from napari_c3r.core.segment.score import f1_at_iou

Method = Callable[[NDArray[np.generic]], NDArray[np.int32]]
SETS = ("nuclei_coelho2009/gnf", "nuclei_coelho2009/ic100", "nuclei_dsb2018")


@dataclass(frozen=True)
class Field:
    """A nucleus channel with its outlined nuclei, both (Y, X)."""

    set_name: str
    plane: NDArray[np.generic]
    truth: NDArray[np.integer]


def outlined_fields() -> list[Field]:
    """Read every field of nuclei with outlined labels under C3R_DATA or ../shared/data."""
    masks = Path(os.environ.get("C3R_DATA", "../shared/data")) / "masks"
    return [
        Field(name, tifffile.imread(str(path).replace("_labels", "")), tifffile.imread(path))
        for name in SETS
        for path in sorted((masks / name).glob("*_labels.tif"))
    ]


def otsu_watershed(plane: NDArray[np.generic]) -> NDArray[np.int32]:
    """The plain way: one threshold, then a watershed of the distance to the background."""
    smooth = ndi.gaussian_filter(plane.astype(np.float32), 1)
    mask = smooth > threshold_otsu(smooth)
    distance = ndi.gaussian_filter(ndi.distance_transform_edt(mask), 1)
    peaks = peak_local_max(distance, min_distance=7, labels=ndi.label(mask)[0])
    seeds = np.zeros(plane.shape, dtype=np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, seeds, mask=mask).astype(np.int32)


def row(name: str, fields: list[Field], method: Method) -> str:
    """Score one method on one set of fields, and time it per 1024 x 1024 pixels."""
    started = time.perf_counter()
    found = [method(field.plane) for field in fields]
    seconds = time.perf_counter() - started
    megapixels = sum(field.plane.size for field in fields) / 1024**2
    score = np.mean([f1_at_iou(f.truth, labels) for f, labels in zip(fields, found, strict=True)])
    return f"{fields[0].set_name:28}{name:18}{score:8.3f}{seconds / megapixels:14.2f}"


def main() -> None:
    fields = outlined_fields()
    if not fields:
        print("no outlined nuclei found: set C3R_DATA to the folder of test data")
        return
    print(f"{'set':28}{'method':18}{'F1':>8}{'s / 1024²':>14}")
    for name in SETS:
        chosen = [field for field in fields if field.set_name == name]
        print(row("napari-c3r", chosen, segment_nuclei))
        print(row("Otsu + watershed", chosen, otsu_watershed))


if __name__ == "__main__":
    main()

"""Nuclei and cells of a field: seconds of one core, and agreement with hand-drawn outlines.

Beside Otsu and watershed, and beside themselves in tiles, with as many threads as are allowed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import tifffile
from scipy import ndimage as ndi
from skimage.feature import peak_local_max
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label
from skimage.segmentation import watershed

from benchmarks._real_sets import DATA
from benchmarks._row import Row, seconds
from napari_c3r.core.cores import allowed_threads
from napari_c3r.core.images import Image
from napari_c3r.core.segment import f1_at_iou, find_method, segment_cells, segment_nuclei
from napari_c3r.core.segment.large import LargeField
from napari_c3r.core.simulate import simulate_field

_SIDE, _TOY_SIDE = 1024, 256
_LEAST_F1 = {
    "nuclei_coelho2009/gnf": 0.90,
    "nuclei_coelho2009/ic100": 0.90,
    "nuclei_dsb2018": 0.85,
}


def otsu_and_watershed(plane: np.ndarray) -> np.ndarray:
    """The usual recipe: one threshold, seeds at the peaks of the distance to the background."""
    smooth = gaussian(plane.astype(float), 1)
    mask = ndi.binary_fill_holes(smooth > threshold_otsu(smooth))
    distance = gaussian(ndi.distance_transform_edt(mask), 1)
    peaks = peak_local_max(distance, min_distance=7, labels=label(mask))
    seeds = np.zeros(plane.shape, int)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return watershed(-distance, seeds, mask=mask)


def rows(*, toy: bool = False) -> list[Row]:
    """Speed on a simulated field; agreement on every set that is there."""
    side = _TOY_SIDE if toy else _SIDE
    image = simulate_field("cell-painting", shape=(side, side), seed=0).image
    plane = np.asarray(image.channel("DNA"))
    nuclei, plain, both = seconds(
        0 if toy else 3,
        lambda: segment_nuclei(plane),
        lambda: otsu_and_watershed(plane),
        lambda: segment_cells(image, "DNA", "RNA"),
        clock=time.process_time,
    )
    found = [
        Row(
            f"nuclei of a {side}² field, beside Otsu and watershed",
            f"{nuclei:.2f} s against {plain:.2f} s",
            "0.6 s of one core at most",
            nuclei <= 0.6,
        ),
        Row(
            f"nuclei and cells of a {side}² field",
            f"{both:.2f} s",
            "1 s of one core at most",
            both <= 1,
        ),
        _in_tiles(image, repeated=not toy),
    ]
    fields = outlined_fields()
    for name, least in _LEAST_F1.items():
        of_set = [field for field in fields if field.set_name == name]
        if of_set:
            found.append(_agreement(of_set[:1] if toy else of_set, name, least))
    return found


def _in_tiles(image: Image, *, repeated: bool) -> Row:
    """Tiles one by one beside several at a time: their time, and whether they find the same."""
    nucleus, cell = (np.asarray(image.channel(name)) for name in ("DNA", "RNA"))
    if repeated:
        nucleus, cell = (np.pad(plane, (0, len(plane)), "symmetric") for plane in (nucleus, cell))
    side, threads, labels = len(nucleus), allowed_threads(), []

    def find(threads: int) -> None:
        field = LargeField(
            nucleus,
            cell,
            find_method("classical"),
            tile_px=side // 2,
            field_px=side // 2,
            threads=threads,
        )
        labels.append([np.asarray(found) for found in field.find()])

    one, several = seconds(0, lambda: find(1), lambda: find(threads))
    same = all(np.array_equal(*pair) for pair in zip(*labels, strict=True))
    return Row(
        f"a {side}² field in four tiles, with {threads} threads",
        f"{several:.1f} s against {one:.1f} s with one",
        "the same labels",
        same,
    )


@dataclass(frozen=True)
class Field:
    """A field with hand-drawn outlines: (Y, X) pixels and labels, and the set it is from."""

    set_name: str
    plane: np.ndarray
    truth: np.ndarray


def outlined_fields() -> list[Field]:
    """All hand-outlined fields that are there."""
    return [
        Field(
            name,
            tifffile.imread(file.with_name(file.name.replace("_labels", ""))),
            tifffile.imread(file),
        )
        for name in _LEAST_F1
        for file in sorted((DATA / "masks" / name).glob("*_labels.tif"))
    ]


def _agreement(fields: list[Field], name: str, least: float) -> Row:
    ours = np.mean([f1_at_iou(field.truth, segment_nuclei(field.plane)) for field in fields])
    plain = np.mean([f1_at_iou(field.truth, otsu_and_watershed(field.plane)) for field in fields])
    return Row(
        f"F1 at IoU 0.5, {name} ({len(fields)} fields)",
        f"{ours:.3f} against {plain:.3f}",
        f"{least:.2f} at least",
        bool(ours >= least),
    )

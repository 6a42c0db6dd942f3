"""Nuclei per field: seconds and agreement with hand-drawn outlines, beside Otsu and watershed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import tifffile
from scipy import ndimage as ndi
from skimage.feature import peak_local_max
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label
from skimage.segmentation import watershed

from benchmarks._row import Row, seconds
from napari_c3r.core.segment import f1_at_iou, segment_cells, segment_nuclei
from napari_c3r.core.simulate import simulate_field

_DATA = Path(os.environ.get("C3R_DATA", Path(__file__).parents[2] / "shared" / "data"))
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


def rows() -> list[Row]:
    """Speed on a simulated field of 1024²; agreement on every set that is there."""
    image = simulate_field("cell-painting", shape=(1024, 1024), seed=0).image
    plane = np.asarray(image.channel("DNA"))
    nuclei, plain, both = seconds(
        3,
        lambda: segment_nuclei(plane),
        lambda: otsu_and_watershed(plane),
        lambda: segment_cells(image, "DNA", "RNA"),
    )
    found = [
        Row(
            "nuclei of a 1024² field, beside Otsu and watershed",
            f"{nuclei:.2f} s against {plain:.2f} s",
            "2 s at most",
            nuclei <= 2,
        ),
        Row("nuclei and cells of a 1024² field", f"{both:.2f} s", "3 s at most", both <= 3),
    ]
    for folder, least in _LEAST_F1.items():
        if (_DATA / "masks" / folder).is_dir():
            found.append(_agreement(_DATA / "masks" / folder, folder, least))
    return found


def _agreement(path: Path, name: str, least: float) -> Row:
    scores, plain = [], []
    for file in sorted(path.glob("*_labels.tif")):
        truth = tifffile.imread(file)
        plane = tifffile.imread(file.with_name(file.name.replace("_labels", "")))
        scores.append(f1_at_iou(truth, segment_nuclei(plane)))
        plain.append(f1_at_iou(truth, otsu_and_watershed(plane)))
    mean = float(np.mean(scores))
    return Row(
        f"F1 at IoU 0.5, {name} ({len(scores)} fields)",
        f"{mean:.3f} against {np.mean(plain):.3f}",
        f"{least:.2f} at least",
        mean >= least,
    )


if __name__ == "__main__":
    for row in rows():
        print(row)

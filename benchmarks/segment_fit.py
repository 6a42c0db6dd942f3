"""Fit the coefficients of `core/segment/quality.py` to outlined nuclei, and print them.

Run from the root of the repository: `python -m benchmarks.segment_fit`. Every field is scored by
coefficients fitted without its half of the fields, which shows that they are not overfitted;
the coefficients printed are fitted on all fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from skimage.transform import resize
from sklearn.linear_model import LogisticRegression

from benchmarks.segment_speed import Field, outlined_fields
from napari_c3r.core.segment import nuclei, quality, scale
from napari_c3r.core.segment.plane import checked_plane, resized
from napari_c3r.core.segment.score import f1_at_iou
from napari_c3r.core.segment.shapes import Regions

OVERLAP = 0.6


@dataclass(frozen=True)
class Examples:
    """The regions of one field: terms (N, K), whether each is a nucleus, and the field's set."""

    names: tuple[str, ...]
    terms: NDArray[np.float64]
    is_nucleus: NDArray[np.bool_]
    set_name: str


def best_overlap(regions: Regions, truth: NDArray[np.integer]) -> NDArray[np.float64]:
    """Give each region its largest intersection over union with an outlined nucleus."""
    shape = regions.tree.node.shape
    small = resize(truth, shape, order=0, preserve_range=True, anti_aliasing=False).astype(int)
    own = np.zeros((regions.tree.size, int(truth.max()) + 1))
    np.add.at(own, (regions.tree.node.ravel(), small.ravel()), 1)
    joint = regions.tree.total(own)
    union = regions.area[:, None] + np.bincount(small.ravel(), minlength=own.shape[1]) - joint
    return (joint / union)[:, 1:].max(axis=1)


def examples(
    field: Field, regions: Regions, kept: NDArray[np.bool_], diameter: float | None
) -> Examples:
    features = quality.nucleus_features(regions, diameter)
    terms = np.column_stack(list(features.values()))[kept]
    return Examples(
        tuple(features), terms, best_overlap(regions, field.truth)[kept] > OVERLAP, field.set_name
    )


def any_size_examples(field: Field) -> Examples:
    pixels = checked_plane(field.plane)
    regions = scale.search_regions(
        resized(pixels, min(1, (scale.SEARCH_PIXELS / pixels.size) ** 0.5))
    )
    return examples(field, regions, scale.plausible(regions), None)


def near_diameter_examples(field: Field) -> Examples:
    pixels = checked_plane(field.plane)
    diameter, _ = scale.vote_on_diameter(pixels)
    zoom = min(1.0, nuclei.WORKING_DIAMETER / diameter)
    plane, diameter = resized(pixels, zoom), diameter * zoom
    regions = nuclei.contrast_regions(nuclei.smoothed(plane, diameter), diameter)
    return examples(field, regions, nuclei.is_plausible_size(regions, diameter), diameter)


def fitted(data: list[Examples]) -> dict[str, float]:
    """Fit a logistic model in which every set, and every field of a set, weighs the same."""
    terms = np.concatenate([d.terms for d in data])
    target = np.concatenate([d.is_nucleus for d in data])
    fields_of = {name: sum(d.set_name == name for d in data) for name in {d.set_name for d in data}}
    weight = np.concatenate(
        [np.full(len(d.terms), 1000 / fields_of[d.set_name] / len(d.terms)) for d in data]
    )
    mean, deviation = terms.mean(0), terms.std(0)
    model = LogisticRegression(max_iter=5000)
    model.fit((terms - mean) / deviation, target, sample_weight=weight)
    slopes = model.coef_[0] / deviation
    constant = float(model.intercept_[0] - slopes @ mean)
    named = dict(zip(data[0].names, slopes, strict=True))
    return {"constant": round(constant, 4)} | {k: round(float(v), 4) for k, v in named.items()}


def held_out(
    fields: list[Field], which: str, collect: Callable[[Field], Examples]
) -> dict[str, float]:
    """Score one of the two models on fields left out of its fit; return its fit to all."""
    data = [collect(field) for field in fields]
    scores: dict[str, list[float]] = {}
    for half in (0, 1):
        weights = fitted([d for i, d in enumerate(data) if i % 2 != half])
        with patch.dict(getattr(quality, which), weights):
            for field in fields[half::2]:
                found = nuclei.segment_nuclei(field.plane)
                scores.setdefault(field.set_name, []).append(f1_at_iou(field.truth, found))
    for name, values in scores.items():
        print(f"{which}: F1 of the held-out half, {name}: {np.mean(values):.3f}")
    return fitted(data)


def main() -> None:
    fields = outlined_fields()
    for which, collect in (
        ("ANY_SIZE", any_size_examples),
        ("NEAR_DIAMETER", near_diameter_examples),
    ):
        weights = held_out(fields, which, collect)
        getattr(quality, which).update(weights)
        print(which, weights, flush=True)


if __name__ == "__main__":
    main()

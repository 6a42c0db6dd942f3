"""Find, measure, cut out and embed the cells of a mosaic: ``python -m … SIDE FIELD SMALL``.

A process of its own, so that the most memory it has ever held is that of this work. The encoder is
a tiny one of random weights: what an encoder takes depends on its batch alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._mosaic import Mosaic, mosaic
from benchmarks._row import peak_bytes


def tiny_encoder(folder: Path) -> object:
    """An encoder that takes no time, as a model folder."""
    import torch

    from napari_c3r.core.encoder import load_encoder, write_model_folder
    from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder

    config = CceConfig(
        name="tiny", width=16, heads=2, branch_depth=1, joint_depth=1, input_size=32, field_um=40.0
    )
    torch.manual_seed(0)
    weights = ContextConceptEncoder(config).state_dict()
    return load_encoder(str(write_model_folder(folder / "tiny", config, weights, "# Tiny\n")))


def found_share(made: Mosaic, nuclei: np.ndarray) -> float:
    """F1 at an overlap of half, over repetitions of the field evenly chosen."""
    from napari_c3r.core.segment import f1_at_iou

    side = made.field.image.shape[1]
    count = made.side_px // side
    scores = []
    for number in np.unique(np.linspace(0, max(count**2 - 1, 0), 9).astype(int)):
        y, x = side * (number // max(count, 1)), side * (number % max(count, 1))
        part = slice(y, min(y + side, made.side_px)), slice(x, min(x + side, made.side_px))
        scores.append(f1_at_iou(made.truth(*part), nuclei[part]))
    return float(np.mean(scores))


def main() -> None:
    """Print what it took, as JSON."""
    from napari_c3r.core.channels import ChannelAssignment
    from napari_c3r.core.embed import EmbedDriver, FieldTask
    from napari_c3r.core.segment import SegmentOptions, large

    side, field, small = (int(given) for given in sys.argv[1:])
    if small:
        # Small images take the way of large ones.
        large.LARGE_PX = 0
    made = mosaic(side, field)
    roles = ChannelAssignment(
        {"DNA": "context", "ER": "context", "RNA": "concept", "AGP": "concept"}
    )
    with tempfile.TemporaryDirectory() as folder:
        encoder = tiny_encoder(Path(folder))
        task = FieldTask("mosaic", made.image)
        driver = EmbedDriver([task], roles, encoder, segmenting=SegmentOptions("DNA", "RNA"))
        start, began, last = peak_bytes(), time.perf_counter(), ""
        seconds: dict[str, float] = {}
        peaks: dict[str, float] = {}
        for step in driver.steps():
            if step.stage != last:
                seconds[step.stage] = time.perf_counter() - began
                peaks[step.stage] = (peak_bytes() - start) / 2**30
                last = step.stage
        result = driver.result()
        told = {
            "cells": len(result),
            "gib": (peak_bytes() - start) / 2**30,
            "start_gib": start / 2**30,
            "seconds": time.perf_counter() - began,
            "finite": bool(np.isfinite(result.X).all()),
            "seconds_at": seconds,
            "gib_at": peaks,
            "f1": found_share(made, driver.found["mosaic"][0]),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

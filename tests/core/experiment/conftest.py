"""Cells of a simulated plate with planted effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.table import make_result

FEATURES = 24
DOSES = (0.1, 1.0, 10.0, 100.0)


def plate_of_cells(seed=0, *, plates=1, wells=3, controls=8, cells=12):
    """One row per cell: ``works`` follows its dose from 1 µM on, ``idle`` does nothing."""
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=FEATURES)
    names = [("DMSO", 0.0)] * controls
    names += [(name, dose) for name in ("works", "idle") for dose in DOSES for _ in range(wells)]
    rows, vectors = [], []
    for plate in range(plates):
        spots = rng.permutation(48)[: len(names)]
        shift = rng.normal(0, 2, FEATURES)
        for (name, dose), spot in zip(names, spots, strict=True):
            share = dose / (dose + 3) if name == "works" else 0.0
            middle = shift + rng.normal(size=FEATURES) + 2.5 * share * direction
            well = f"{'ABCDEF'[spot // 8]}{spot % 8 + 1:02d}"
            for label in range(1, cells + 1):
                rows.append((f"p{plate}_{well}", label, f"p{plate}", well, name, dose, share))
                vectors.append(middle + rng.normal(0, 2, FEATURES))
    columns = ["image", "label", "plate", "well", "compound", "dose (µM)", "share"]
    obs = pd.DataFrame(rows, columns=columns)
    obs["y_px"], obs["x_px"] = rng.uniform(0, 500, (2, len(obs)))
    obs["area_px"] = 500 + 400 * obs.pop("share") + rng.normal(0, 50, len(obs))
    kinds = [("protein", "cls")] * FEATURES
    return make_result(obs, np.array(vectors, np.float32), kinds, {})


@pytest.fixture(scope="session")
def cells():
    return plate_of_cells(2)

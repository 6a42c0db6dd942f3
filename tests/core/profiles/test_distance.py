"""Distances to the controls: one for a control, more for an effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import distance_to_controls


def wells(seed=0, plate_shift=50.0):
    rng = np.random.default_rng(seed)
    names = (["DMSO"] * 20 + ["null"] * 20 + ["far"] * 5) * 2
    obs = pd.DataFrame({"compound": names, "plate": np.repeat(["p1", "p2"], 45)})
    obs.index = obs.index.astype(str)
    x = rng.normal(size=(90, 30))
    x[obs["compound"].eq("far").to_numpy()] += 3
    x[45:] += plate_shift
    return AnnData(x, obs=obs)


def test_controls_and_wells_without_an_effect_are_alike():
    found = distance_to_controls(wells(), ("compound", "DMSO")).obs
    middle = found.groupby("compound")["distance_to_controls"].median()
    assert middle["DMSO"] == pytest.approx(1.0, abs=0.05)
    assert middle["null"] == pytest.approx(1.0, abs=0.1)
    assert middle["far"] > 2.5


def test_too_few_controls_are_one_line():
    few = wells()
    few.obs.loc[few.obs["plate"] == "p2", "compound"] = ["DMSO"] * 2 + ["null"] * 43
    with pytest.raises(InputError, match="2 controls on the plate 'p2', where three"):
        distance_to_controls(few, ("compound", "DMSO"))

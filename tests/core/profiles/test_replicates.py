"""Activity, equal to copairs' own, and treatments that do nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import activity

copairs_map = pytest.importorskip("copairs.map")


def plates(seed=0, effect=3.0, features=12):
    rng = np.random.default_rng(seed)
    rows = []
    for plate in ("p1", "p2"):
        rows += [(plate, "DMSO", True)] * 10
        rows += [(plate, name, False) for name in ("active", "null", "null 2") for _ in range(3)]
    obs = pd.DataFrame(rows, columns=["plate", "compound", "control"])
    obs.index = obs.index.astype(str)
    values = rng.normal(size=(len(obs), features))
    values[obs["compound"].eq("active").to_numpy(), :4] += effect
    return AnnData(values, obs=obs)


def test_equal_to_copairs_on_the_same_table():
    wells = plates()
    found = activity(wells, "compound", ("control", True), null_size=1000)
    meta = wells.obs.reset_index(drop=True)
    precision = copairs_map.average_precision(
        meta, wells.X, ["compound"], [], ["plate"], ["control"], progress_bar=False
    )
    treated = precision[~precision["control"]]
    expected = copairs_map.mean_average_precision(
        treated, ["compound"], null_size=1000, threshold=0.05, seed=0, progress_bar=False
    ).set_index("compound")
    mine = found.obs.set_index("compound")
    for name in ("mean_average_precision", "p_value", "corrected_p_value"):
        np.testing.assert_allclose(mine[name], expected.loc[mine.index, name], atol=1e-12)


def test_an_effect_is_active_and_none_is_not():
    found = activity(plates(), "compound", ("control", True), null_size=1000)
    assert found.obs.set_index("compound")["active"].to_dict() == {
        "active": True,
        "null": False,
        "null 2": False,
    }
    assert found.shape == (3, 12)
    assert found.obs["n_wells"].tolist() == [6, 6, 6]


def test_controls_may_be_named_in_the_treatment_column():
    wells = plates()
    one = activity(wells, "compound", ("control", True), null_size=100)
    other = activity(wells, "compound", ("compound", "DMSO"), null_size=100)
    pd.testing.assert_frame_equal(one.obs, other.obs)


def test_a_single_well_is_said_and_not_judged():
    wells = plates()
    wells.obs.loc[wells.obs.index[-1], "compound"] = "once"
    found = activity(wells, "compound", ("control", True), null_size=100)
    assert "once" not in set(found.obs["compound"])
    assert "'once' has a single well" in found.uns["napari_c3r"]["profile_steps"][-1]["notes"][0]
    with pytest.raises(InputError, match="two wells"):
        activity(wells[wells.obs["compound"].isin(["DMSO", "once"])], "compound", ("control", True))


def test_controls_of_other_plates_only_are_one_line():
    wells = plates()
    wells.obs["plate"] = wells.obs["control"].map({True: "controls", False: "drugs"})
    with pytest.raises(InputError, match="No treatment shares"):
        activity(wells, "compound", ("control", True))
    assert len(activity(wells, "compound", ("control", True), per=None, null_size=100)) == 3

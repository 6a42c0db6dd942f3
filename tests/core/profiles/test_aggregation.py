"""Wells from cells, equal to pycytominer's own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import aggregate, as_profiles, to_profile_frame


def cells(count=200, seed=0):
    rng = np.random.default_rng(seed)
    wells = rng.choice(["A01", "A02", "B10"], count)
    plates = rng.choice(["p1", "p2"], count)
    obs = pd.DataFrame(
        {
            "image": [f"{p}_{w}" for p, w in zip(plates, wells, strict=True)],
            "label": np.arange(1, count + 1),
            "plate": plates,
            "well": wells,
            "compound": ["DMSO" if well == "B10" else "drug" for well in wells],
            "area_um2": rng.normal(200, 20, count),
            "y_px": rng.uniform(0, 100, count),
        },
        index=[f"c{number}" for number in range(count)],
    )
    return AnnData(rng.normal(size=(count, 5)).astype(np.float32), obs=obs)


@pytest.mark.parametrize("method", ["mean", "median"])
def test_equal_to_pycytominer(method):
    pycytominer = pytest.importorskip("pycytominer")
    table = cells()
    wells = aggregate(table, method=method)
    frame = to_profile_frame(table)
    expected = pycytominer.aggregate(
        frame, ["Metadata_Plate", "Metadata_Well"], list(table.var_names), operation=method
    ).set_index(["Metadata_Plate", "Metadata_Well"])
    mine = to_profile_frame(wells).set_index(["Metadata_Plate", "Metadata_Well"])
    np.testing.assert_allclose(
        mine.loc[expected.index, list(table.var_names)], expected[list(table.var_names)], atol=1e-9
    )


def test_a_trimmed_mean_is_not_moved_by_one_cell():
    table = cells()
    wild = table.copy()
    wild.X[0] = 1e6
    near, far = aggregate(wild, method="trimmed"), aggregate(wild, method="mean")
    usual = aggregate(table, method="trimmed")
    assert np.abs(near.X - usual.X).max() < 0.2
    assert np.abs(far.X).max() > 1e4


def test_what_is_known_of_a_well_stays_and_what_is_of_a_cell_goes():
    table = cells()
    wells = aggregate(table)
    assert wells.obs["n_cells"].sum() == len(table)
    assert set(wells.obs.columns) == {"plate", "well", "image", "compound", "area_um2", "n_cells"}
    row = table.obs[(table.obs["plate"] == "p1") & (table.obs["well"] == "B10")]
    mine = wells.obs[(wells.obs["plate"] == "p1") & (wells.obs["well"] == "B10")].iloc[0]
    assert mine["compound"] == "DMSO"
    assert mine["area_um2"] == pytest.approx(row["area_um2"].mean())
    assert aggregate(wells, by=["compound"]).obs["n_cells"].sum() == len(table)


def test_cells_without_a_well_are_counted():
    table = cells()
    table.obs["well"] = table.obs["well"].where(table.obs["well"] != "A02", None)
    wells = aggregate(table, keep=np.arange(len(table)) > 9)
    notes = wells.uns["napari_c3r"]["profile_steps"][-1]["notes"]
    lost = int(table.obs["well"][10:].isna().sum())
    assert notes == [f"{lost} of 190 cells belong to no group", "10 of 200 cells were left out"]
    assert wells.obs["n_cells"].sum() == 190 - lost


def test_tables_of_other_tools():
    frame = pd.DataFrame(
        {
            "Metadata_Plate": ["p"] * 4,
            "Metadata_Well": ["A01", "A01", "A02", "A02"],
            "Metadata_Dose": [1.0, 1.0, 2.0, 2.0],
            "ImageNumber": [1, 1, 2, 2],
            "Cells_AreaShape_Area": [1, 3, 5, 7],
            "Nuclei_Texture": [0.5, 1.5, 2.5, 3.5],
            "FileName_DNA": ["a", "a", "b", "b"],
        }
    )
    wells = aggregate(frame)
    assert list(wells.var_names) == ["Cells_AreaShape_Area", "Nuclei_Texture"]
    np.testing.assert_array_equal(wells.X, [[2, 1], [6, 3]])
    assert wells.obs["Dose"].tolist() == [1.0, 2.0]
    assert list(to_profile_frame(wells).columns)[:2] == ["Metadata_Plate", "Metadata_Well"]
    with pytest.raises(InputError, match="no column of numbers"):
        as_profiles(frame[["Metadata_Plate", "FileName_DNA"]])
    with pytest.raises(InputError, match="twice"):
        as_profiles(pd.concat([frame, frame], axis=1))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "mode"}, "Unknown method 'mode'"),
        ({"by": ["plate", "row"]}, "no column 'row'"),
        ({"keep": np.ones(3, bool)}, "3 flags for 200 cells"),
    ],
)
def test_mistakes_are_one_line(arguments, said):
    with pytest.raises(InputError, match=said):
        aggregate(cells(), **arguments)

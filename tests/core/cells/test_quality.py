"""Flags against truth: defects that are made are found, and what is clean is not flagged."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import ndimage as ndi

import napari_c3r as c3r
from napari_c3r.core.cells.filters import CellFilter
from napari_c3r.core.cells.measure import measure_cells
from napari_c3r.core.cells.quality import (
    FLAGS,
    QualityOptions,
    flag_cells,
    flagged_rows,
    options_of,
    quality_scores,
    robust_z,
)
from napari_c3r.core.errors import InputError
from napari_c3r.core.images import Image
from napari_c3r.core.table import KEY

SIDE, STEP = 240, 40
NAMES = ("DNA", "RNA")
DEFECTS = ("out_of_focus", "saturated", "debris", "empty")


def field(seed: int, *, defects: bool = True, blurred: bool = False, step: int = STEP):
    """Image, labels, and what is wrong with each cell by its label: round cells of fine grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    labels = np.zeros((SIDE, SIDE), np.int32)
    light = np.zeros((2, SIDE, SIDE))
    grain = ndi.gaussian_filter(rng.normal(size=(2, SIDE, SIDE)), (0, 1.2, 1.2)) * 4
    places = np.arange(step // 2 + 2, SIDE - step // 2, step)
    truth = {}
    for number, (cy, cx) in enumerate(((a, b) for a in places for b in places), 1):
        kind = DEFECTS[number - 1] if defects and number <= len(DEFECTS) else "clean"
        radius = 3.5 if kind == "debris" else rng.uniform(12, 15)
        disc = np.hypot(y - cy - rng.uniform(-2, 2), x - cx - rng.uniform(-2, 2)) < radius
        labels[disc & (labels == 0)] = number
        truth[number] = kind
        if kind == "empty":
            continue
        cell = disc * rng.uniform(2500, 3500) * (1 + 0.4 * grain)
        if kind == "out_of_focus" or blurred:
            cell = ndi.gaussian_filter(cell, (0, 3, 3))
        if kind == "saturated":
            cell[0] *= 20
        light += cell
    pixels = (300 + light + rng.normal(0, 25, light.shape)).clip(0, 65535).astype(np.uint16)
    image = Image(da.from_array(pixels), NAMES, name=f"f{seed}")
    return image, labels, truth


def table_of(fields):
    """The measured cells of fields as a table, and what is wrong with each."""
    obs = [measure_cells(image, labels).obs for image, labels, _ in fields]
    truth = [
        known[label] for part, (*_, known) in zip(obs, fields, strict=True) for label in part.label
    ]
    together = pd.concat(obs, ignore_index=True)
    together.index = together.index.astype(str)
    return AnnData(np.zeros((len(together), 1), np.float32), obs=together), np.array(truth)


@pytest.fixture(scope="module")
def simulated():
    table, truth = table_of([field(seed) for seed in range(4)])
    return flag_cells(table), truth


@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_is_found(simulated, kind):
    table, truth = simulated
    found = table.obs[f"qc_{kind}"].to_numpy()
    assert found[truth == kind].mean() == 1.0
    assert found[truth == "clean"].mean() <= 0.02


def test_what_is_clean_is_called_so(simulated):
    table, truth = simulated
    clean = truth == "clean"
    assert (table.obs["qc_flags"] == "clean")[clean].mean() >= 0.95
    assert flagged_rows(table.obs)[~clean].all()
    assert set(table.obs["qc_field"]) == {"clean"}


def test_cells_cut_off_are_flagged_exactly_and_not_for_their_size():
    image, labels, _ = field(0, defects=False)
    cut = np.roll(labels, -14, axis=0)
    cut[-14:] = 0
    shifted = replace(image, data=da.roll(image.data, -14, axis=1))
    table, _ = table_of([(shifted, cut, dict.fromkeys(range(100), "clean"))])
    flag_cells(table)
    at_border = np.isin(table.obs["label"], np.unique(cut[0]))
    assert at_border.any()
    np.testing.assert_array_equal(table.obs["qc_clipped"], at_border)
    assert not table.obs["qc_debris"][at_border].any()


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"blurred": True}, "out of focus"),
        ({"step": 90}, "empty"),
        ({"step": 24}, "too dense"),
    ],
)
def test_an_odd_field_is_flagged_with_all_its_cells(odd, words):
    fields = [field(seed, defects=False) for seed in range(7)]
    fields.append(field(9, defects=False, **odd))
    table, _ = table_of(fields)
    flag_cells(table)
    there = (table.obs["image"] == "f9").to_numpy()
    (said,) = table.obs["qc_field"][there].unique()
    assert words in said.split(", ")
    assert table.obs["qc_field"][~there].unique().tolist() == ["clean"]
    assert flagged_rows(table.obs)[there].all()
    assert table.obs["qc_flags"][there].astype(str).str.contains(f"field {words}").all()


def test_thresholds_are_kept_and_none_never_flags(simulated):
    table, _ = simulated
    again = table.copy()
    chosen = QualityOptions(out_of_focus=None, saturated=1.0)
    flag_cells(again, chosen, quality_scores(table))
    assert not again.obs["qc_out_of_focus"].any()
    assert not again.obs["qc_saturated"].any()
    assert options_of(again) == chosen
    assert options_of(AnnData(np.zeros((1, 1)))) is None


def test_each_plate_is_judged_by_itself():
    values = np.concatenate([np.arange(40.0), 1000 + np.arange(40.0)])
    plates = np.repeat([0, 1], 40)
    assert np.abs(robust_z(values, plates)).max() < 2
    assert np.isnan(robust_z(values[:19], plates[:19])).all()
    assert (robust_z(np.ones(30), np.zeros(30, int)) == 0).all()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".h5ad"])
def test_flags_come_back_from_every_format(simulated, suffix, tmp_path):
    from napari_c3r.core.table import make_result

    table, _ = simulated
    facts = {**table.uns[KEY], "roles": {"DNA": "context", "RNA": "concept"}}
    result = make_result(table.obs, np.ones((len(table), 1), np.float32), [("RNA", "cls")], facts)
    again = c3r.read(c3r.write(result, tmp_path / f"t{suffix}"))
    np.testing.assert_array_equal(flagged_rows(again.obs), flagged_rows(table.obs))
    for name in FLAGS:
        assert again.obs[f"qc_{name}"].tolist() == table.obs[f"qc_{name}"].tolist()
    assert options_of(again) == QualityOptions()


def test_one_filter_leaves_them_out_of_maps_and_wells(simulated):
    table, truth = simulated
    hidden = CellFilter(flagged=True).hidden(table.obs)
    np.testing.assert_array_equal(hidden, flagged_rows(table.obs))
    assert CellFilter(flagged=True).words() == "flagged cells"
    bare = table.obs.drop(columns="qc_flags")
    assert not CellFilter(flagged=True).hidden(bare).any()
    wells = c3r.aggregate(table, by=["image"], leave_out_flagged=True)
    assert wells.obs["n_cells"].sum() == (~hidden).sum()
    assert c3r.aggregate(table, by=["image"]).obs["n_cells"].sum() == len(truth)
    with pytest.raises(InputError, match="flag_cells"):
        c3r.aggregate(
            AnnData(np.ones((2, 1)), obs=bare.iloc[:2]), ["image"], leave_out_flagged=True
        )

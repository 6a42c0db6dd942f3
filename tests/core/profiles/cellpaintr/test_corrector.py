"""A fit on a small table: kept, gone on with, applied to tables of any kind, and mistakes."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles import activity, correct_batches
from napari_c3r.core.profiles.cellpaintr import (
    CellPainTRConfig,
    FitOptions,
    config,
    fit_cellpaintr,
    fit_steps,
    read_cellpaintr,
    write_cellpaintr,
)
from napari_c3r.core.profiles.files import read_profiles, write_profiles
from napari_c3r.core.profiles.frame import TOLD

CONTROLS = ("compound", "DMSO")
SMALL = CellPainTRConfig(width=8, blocks=1, filter_width=8)
SHORT = FitOptions(epochs=2, early_epochs=2, batch_size=16, rate=0.01, device="cpu")


def table_of(sources=("a", "b", "c"), seed=0, compounds=("x", "y", "z")):
    rng = np.random.default_rng(seed)
    rows = [(s, c) for s in sources for c in ("DMSO", "DMSO", *compounds) for _ in range(3)]
    obs = pd.DataFrame(rows, columns=["plate", "compound"], index=map(str, range(len(rows))))
    moved = {c: np.random.default_rng(n).normal(size=10) for n, c in enumerate("xyz")}
    x = rng.normal(size=(len(rows), 10)) + np.stack([moved.get(c, np.zeros(10)) for _, c in rows])
    x += obs["plate"].map({s: 3.0 * ord(s) for s in sources}).to_numpy()[:, None]
    names = [f"Cells_Feature_{n}" for n in range(10)]
    return AnnData(x, obs=obs, var=pd.DataFrame(index=names))


def fit(table=None, config=SMALL, options=SHORT, controls=CONTROLS, **more):
    table = table_of() if table is None else table
    return fit_cellpaintr(table, controls=controls, config=config, options=options, **more)


@pytest.fixture(scope="module")
def fitted():
    return fit()


def same_weights(one, other):
    theirs = other.network.state_dict()
    return all(torch.equal(each, theirs[name]) for name, each in one.network.state_dict().items())


def test_a_seed_decides_the_fit(fitted):
    assert same_weights(fitted, fit())
    assert not same_weights(fitted, fit(options=dataclasses.replace(SHORT, seed=1)))


def test_fitting_leaves_the_callers_random_numbers_alone():
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    steps = fit_steps(table_of(), controls=CONTROLS, config=SMALL, options=SHORT)
    first = next(steps)
    assert first.stage == "masked features"
    assert 0 < first.done < 0.1
    assert torch.equal(torch.rand(2), wanted)


def test_a_fit_goes_on_where_it_was_ended(fitted, tmp_path):
    path = tmp_path / "fit.safetensors"
    more = {"controls": CONTROLS, "config": SMALL, "options": SHORT, "checkpoint": path}
    steps = fit_steps(table_of(), **more)
    stages = [next(steps).stage for _ in range(8)]
    assert len(set(stages)) == 2
    steps.close()
    again = list(fit_steps(table_of(), **more))
    assert again[0].done > 0.2
    assert same_weights(fitted, fit(checkpoint=path))
    with pytest.raises(InputError, match="of another table or other settings"):
        fit(table_of(seed=1), checkpoint=path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match="no checkpoint that can be read"):
        fit(checkpoint=path)


@pytest.mark.parametrize(
    "config",
    [SMALL, CellPainTRConfig.published(width=8, blocks=1, filter_width=8, source_place="first")],
)
def test_a_folder_gives_the_fit_back(config, tmp_path):
    made = fit(
        config=config,
        options=dataclasses.replace(SHORT, masking="groups", draw="shuffled", scale="controls"),
    )
    folder = write_cellpaintr(made, tmp_path / "fit")
    found = read_cellpaintr(folder)
    assert same_weights(made, found)
    for name in ("config", "options", "features", "sources", "told", "scale"):
        assert getattr(found, name) == getattr(made, name)
    ours, theirs = (each.encode(table_of(), controls=CONTROLS) for each in (made, found))
    np.testing.assert_array_equal(ours.X, theirs.X)
    assert write_cellpaintr(found, folder) == folder


def test_folders_that_are_no_fit_are_refused(fitted, tmp_path):
    with pytest.raises(InputError, match=r"has no cellpaintr\.json"):
        read_cellpaintr(tmp_path)
    folder = write_cellpaintr(fitted, tmp_path / "fit")
    weights, description = folder / "weights.safetensors", folder / "cellpaintr.json"
    kept = weights.read_bytes(), description.read_text()
    weights.write_bytes(kept[0][:-1] + b"!")
    with pytest.raises(InputError, match="does not match"):
        read_cellpaintr(folder)
    weights.write_bytes(kept[0])
    described = json.loads(kept[1])
    for changed, said in (
        ({**described, "sources": ["a"]}, "does not fit"),
        ({**described, "config": {"width": -1}}, "width is -1"),
        ({**described, "scale": 0}, "scale is 0"),
        ({"kind": "other"}, "is no fit of CellPainTR"),
    ):
        description.write_text(json.dumps(changed))
        with pytest.raises(InputError, match=said):
            read_cellpaintr(folder)
    (folder / "mine.txt").write_text("")
    with pytest.raises(InputError, match="so it is not replaced"):
        write_cellpaintr(fitted, folder)


def test_features_are_found_by_name(fitted):
    table = table_of()
    wanted = fitted.encode(table, controls=CONTROLS)
    assert list(wanted.var_names[:2]) == ["cellpaintr_0000", "cellpaintr_0001"]
    assert wanted.X.dtype == np.float64
    assert (wanted.obs[["plate", "compound"]] == table.obs).all(axis=None)
    turned = table[:, ::-1].copy()
    turned.var_names = [name.lower().replace("_", "") for name in turned.var_names]
    np.testing.assert_array_equal(fitted.encode(turned, controls=CONTROLS).X, wanted.X)
    other = table_of()
    other.var_names = [*table.var_names[:9], "Cells_Unknown"]
    found = fitted.encode(other, controls=CONTROLS)
    assert "9 of the 10 features" in found.uns["napari_c3r"]["profile_steps"][-1]["notes"][0]
    lacking = table_of()
    lacking.X[:, 9] = np.nan
    np.testing.assert_array_equal(fitted.encode(lacking, controls=CONTROLS).X, found.X)
    assert not np.allclose(found.X, wanted.X)


def test_only_the_source_decides_the_token(fitted):
    table = table_of(("a", "q"))
    by_hand, mean, chosen = (
        fitted.encode(table, controls=CONTROLS, unseen=unseen)
        for unseen in ("b", "mean", "controls")
    )
    own = (table.obs["plate"] == "a").to_numpy()
    np.testing.assert_array_equal(by_hand.X[own], mean.X[own])
    assert not np.allclose(by_hand.X[~own], mean.X[~own])
    note = chosen.uns["napari_c3r"]["profile_steps"][-1]["notes"][0]
    assert note.startswith("source 'q': not seen by the fit, taken with the ")
    table.obs["lab"] = table.obs["plate"].replace("q", "b")
    as_b = fitted.encode(table, "lab", plate="plate", controls=CONTROLS)
    np.testing.assert_array_equal(as_b.X, by_hand.X)
    nowhere = fitted.encode(table, None, plate="plate", controls=CONTROLS)
    np.testing.assert_array_equal(nowhere.X[~own], mean.X[~own])


def test_controls_choose_the_token_with_which_they_are_most_alike(fitted):
    """The controls of a source of the fit come out as its own token makes them, or closer."""
    table = table_of(("b",))
    table.obs["plate"] = "new"
    middle, spread = fitted.typical.numpy()
    rows = (table.obs["compound"] == "DMSO").to_numpy()

    def away(unseen):
        found = fitted.encode(table, controls=CONTROLS, unseen=unseen).X[rows].mean(axis=0)
        return (((found - middle) / spread) ** 2).mean()

    each = {name: away(name) for name in ("mean", *fitted.sources)}
    assert away("controls") == pytest.approx(min(each.values()))
    assert len(set(each.values())) == 4


def test_told_treatments_are_not_judged(fitted, tmp_path):
    pytest.importorskip("copairs")
    table = table_of()
    found = fitted.encode(table, controls=CONTROLS)
    for suffix in ("h5ad", "csv"):
        kept = read_profiles(write_profiles(found, tmp_path / f"wells.{suffix}"))
        with pytest.raises(InputError, match="told 3 of these treatments, such as 'x'"):
            activity(kept, "compound", CONTROLS, null_size=100)
    held = table_of()
    held.obs["told"] = held.obs["compound"].where(held.obs["compound"] != "y")
    part = fit(held, treatment="told", controls=CONTROLS)
    assert part.told == ("DMSO", "x", "z")
    made = part.encode(table, controls=CONTROLS, treatment="compound")
    assert set(made.obs["compound"][~made.obs[TOLD]]) == {"y"}
    judged = activity(made[made.obs["compound"].isin(["DMSO", "y"])], "compound", CONTROLS)
    assert list(judged.obs["compound"]) == ["y"]


def test_as_a_correction_of_batches(monkeypatch):
    short = {"epochs": 1, "early_epochs": 1, "batch_size": 16}
    monkeypatch.setattr(config, "FitOptions", lambda seed: FitOptions(seed=seed, **short))
    table = table_of()
    table.X[0, 0] = np.nan
    found = correct_batches(table, method="cellpaintr", treatment="compound", controls=CONTROLS)
    assert found.shape == (len(table), 32)
    steps = [step["step"] for step in found.uns["napari_c3r"]["profile_steps"]]
    assert steps == ["cellpaintr", "correct_batches"]
    with pytest.raises(InputError, match="give treatment="):
        correct_batches(table, method="cellpaintr")


def one_source(table):
    table.obs["plate"] = "a"


def apart(table):
    table.obs["compound"] = table.obs["plate"] + table.obs["compound"]


def nameless(table):
    table.obs.loc[table.obs_names[:2], "plate"] = None


@pytest.mark.parametrize(
    ("spoil", "arguments", "said"),
    [
        (None, {"source": "lab"}, "no column 'lab'"),
        (one_source, {}, "All rows have the 'plate' 'a': nothing to correct"),
        (nameless, {}, "2 rows have no 'plate'"),
        (apart, {"controls": None}, "No 'compound' is in two values of 'plate'"),
        (None, {"treatment": "drug"}, "no column 'drug'"),
        (None, {"controls": ("compound", "water")}, "No row has the value 'water'"),
        (None, {"options": FitOptions(device="cuda:99")}, "device 'cuda:99' is not available"),
    ],
)
def test_mistakes_in_a_fit_are_one_line(spoil, arguments, said):
    table = table_of()
    if spoil:
        spoil(table)
    with pytest.raises(InputError, match=said) as raised:
        fit(table, **arguments)
    assert "\n" not in str(raised.value)


def test_other_mistakes_are_one_line(fitted):
    with pytest.raises(InputError, match="The table has 1 feature, where 2 are the least"):
        fit(table_of()[:, :1].copy())
    with pytest.raises(InputError, match="unseen is 'q'; give 'mean', 'controls', or a source"):
        fitted.encode(table_of(), unseen="q")
    with pytest.raises(InputError, match="The table names no controls"):
        fitted.encode(table_of(), unseen="controls")
    with pytest.raises(InputError, match="The fit has no controls"):
        fit(controls=None).encode(table_of(), controls=CONTROLS, unseen="controls")
    foreign = table_of()
    foreign.var_names = [f"Nuclei_{n}" for n in range(10)]
    with pytest.raises(InputError, match="None of the 10 features of the fit is in the table"):
        fitted.encode(foreign)
    with pytest.raises(InputError, match="filter is 'other'"):
        CellPainTRConfig(filter="other")

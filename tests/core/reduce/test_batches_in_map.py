"""Batches brought together in maps and clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.method import words_of
from napari_c3r.core.metadata import Design, set_design
from napari_c3r.core.profiles.cellpaintr import (
    CellPainTRConfig,
    FitOptions,
    fit_cellpaintr,
    write_cellpaintr,
)
from napari_c3r.core.reduce import cluster, map_cells
from napari_c3r.core.reduce.batches import Batches, batch_columns, batch_note, batch_words
from napari_c3r.core.reduce.components import components_of
from napari_c3r.core.reduce.sample import map_notes
from napari_c3r.core.table import KEY


@pytest.fixture
def table() -> AnnData:
    """Two plates of two groups of cells, each plate apart from the other."""
    rng = np.random.default_rng(0)
    group, plate = np.repeat([0, 1, 0, 1], 20), np.repeat([0, 1], 40)
    vectors = rng.normal(size=(80, 6)).astype(np.float32)
    vectors[:, 0] += 12 * group
    vectors[:, 1] += 6 * plate
    obs = pd.DataFrame(
        {
            "image": "a.tif",
            "label": np.arange(80),
            "plate": pd.Categorical.from_codes(plate, ["P1", "P2"]),
            "well": np.where(group == 0, "A01", "A02"),
            "compound": np.where(group == 0, "DMSO", "taxol"),
            "day": [20 + each for each in plate],
            "operator": "me",
        },
        index=[str(row) for row in range(80)],
    )
    return AnnData(vectors, obs=obs)


def mixed(table: AnnData) -> float:
    """Share of cells whose nearest on the map is of the other plate."""
    points, plates = table.obsm["X_umap"], table.obs["plate"].to_numpy()
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(away, np.inf)
    return float((plates[away.argmin(axis=1)] != plates).mean())


@pytest.mark.parametrize(
    ("method", "called", "left"), [("harmony", "Harmony", 0.7), ("combat", "ComBat", 0.2)]
)
def test_batches_come_together_in_components_and_groups_stay_apart(
    table: AnnData, method: str, called: str, left: float
) -> None:
    plain = components_of(table, 6, None)
    made = components_of(table, 6, None, batches=Batches("plate", method))
    plates, groups = table.obs["plate"] == "P2", table.obs["compound"] == "taxol"

    def apart(values: np.ndarray, chosen: pd.Series) -> float:
        return float(np.linalg.norm(values[chosen].mean(axis=0) - values[~chosen].mean(axis=0)))

    assert apart(made, plates) < left * apart(plain, plates)
    assert apart(made, groups) > 0.8 * apart(plain, groups)
    said = f"batches of 'plate' brought together by {called}"
    assert batch_words(Batches("plate", method).facts()) == said


def test_maps_and_clusters_are_made_of_them(table: AnnData) -> None:
    before = table.X.copy()
    assert mixed(map_cells(table.copy())) < 0.1
    options = {"batch": "plate", "batch_method": "combat"}
    done = cluster(map_cells(table, **options), method="kmeans", n_clusters=2, **options)
    assert mixed(done) > 0.2
    np.testing.assert_array_equal(done.X, before)
    for kind in ("map", "cluster"):
        assert options.items() < done.uns[KEY][kind].items()


def test_controls_are_heeded_before_batches(table: AnnData) -> None:
    controls = ("compound", "DMSO")
    seen = map_cells(table.copy(), controls=controls, batch="plate", batch_method="combat")
    assert {"controls", "batch"} < seen.uns[KEY]["map"].keys()
    assert mixed(seen) > 0.2


def test_a_kept_cellpaintr_brings_them_together(table: AnnData, tmp_path: Path) -> None:
    fit = fit_cellpaintr(
        table,
        "plate",
        "compound",
        config=CellPainTRConfig(width=4, blocks=1, filter_width=4),
        options=FitOptions(epochs=1, early_epochs=1),
    )
    folder = str(write_cellpaintr(fit, tmp_path / "fitted"))
    made = map_cells(table.copy(), batch="plate", batch_method=folder)
    assert made.obsm["X_umap"].shape == (80, 2)
    assert batch_words(made.uns[KEY]["map"]).endswith("by the CellPainTR 'fitted'")
    other = map_cells(table.copy())
    assert np.abs(made.obsm["X_umap"] - other.obsm["X_umap"]).max() > 0.1


def test_what_may_be_a_batch(table: AnnData) -> None:
    assert batch_columns(table) == ["plate"]
    set_design(table, Design(treatment="compound", batch="day", negative=("compound", "DMSO")))
    assert batch_columns(table) == ["day", "plate"]


def test_what_is_in_one_batch_only_is_said(table: AnnData) -> None:
    set_design(table, Design(treatment="compound"))
    whole = map_cells(table.copy(), batch="plate", batch_method="combat")
    assert map_notes(whole.uns, 80) == []
    table.obs.loc[table.obs["plate"] == "P2", "compound"] = "DMSO"
    (said,) = map_notes(map_cells(table, batch="plate", batch_method="combat").uns, 80)
    assert said.startswith("Of 'compound', 'taxol' is in one 'plate' only")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("lab", "harmony"), "no column 'lab' to tell batches by"),
        (("operator", "combat"), "All rows have the 'operator' 'me': nothing"),
        (("plate", "no/such"), "by 'no/such'; give one of harmony, combat, or the folder"),
        (("plate", "."), "CellPainTR"),
    ],
)
def test_what_cannot_be_done_is_one_line(table: AnnData, given: tuple[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        map_cells(table, batch=given[0], batch_method=given[1])
    assert "\n" not in str(error.value)


def test_captions_say_what_was_corrected_and_that_the_rest_was_not(table):
    made = Batches("plate", "harmony").facts()
    assert batch_note({"map": {"seed": 0}, "cluster": {"method": "kmeans"}}) == ""
    assert batch_note({"map": {"seed": 0}}) == ""
    both = {"map": {"seed": 0, **made}, "cluster": {"method": "kmeans", "n_clusters": 2, **made}}
    assert batch_note(both) == (
        "Batches of 'plate' brought together by Harmony for the map and clusters; vectors and "
        "features are as embedded"
    )
    other = Batches("day", "combat").facts()
    apart = batch_note({**both, "cluster": {"method": "kmeans", **other}})
    assert "Harmony for the map; batches of 'day' brought together by ComBat for clusters" in apart
    words = words_of(table.obs, both)
    assert f"Clusters: kmeans (n clusters 2). {batch_note(both)}. " in words

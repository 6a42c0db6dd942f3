"""The phenotypes of the Cell Painting sample can be told apart in the image."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from napari_c3r.core.simulate import Population, SimulatedField, simulate_field
from napari_c3r.core.simulate.presets import CELL_PAINTING_POPULATIONS

UNTREATED, ROUNDED, FLAT, FRAGMENTED = (p.name for p in CELL_PAINTING_POPULATIONS)


@pytest.fixture(scope="module")
def field() -> SimulatedField:
    return simulate_field("cell-painting", shape=(900, 900), seed=8)


@pytest.fixture(scope="module")
def measured(field: SimulatedField) -> pd.DataFrame:
    """Median over the whole cells of each phenotype."""
    labels = field.truth["label"]
    columns = {"radius_um": field.truth["radius_um"].to_numpy()}
    columns["nucleus_um"] = field.truth["nucleus_radius_um"].to_numpy()
    distance = ndimage.distance_transform_edt(field.nuclei == 0) * field.image.pixel_size_um
    cytoplasm = np.where(field.nuclei == 0, field.cells, 0)
    for channel in ("ER", "Mito"):
        light = np.asarray(field.image.channel(channel)).astype(float)
        light = np.maximum(light - np.median(light[field.cells == 0]), 0)
        moment = ndimage.sum_labels(light * distance, cytoplasm, labels)
        columns[f"{channel}_um"] = moment / ndimage.sum_labels(light, cytoplasm, labels)
    rna = np.asarray(field.image.channel("RNA")).astype(float)
    columns["RNA_nucleus"] = ndimage.maximum(rna, field.nuclei, labels)
    table = pd.DataFrame(columns).assign(phenotype=field.truth["phenotype"])
    return table[~field.truth["touches_border"]].groupby("phenotype").median()


def test_all_are_present_in_their_shares(field: SimulatedField) -> None:
    counts = field.truth["phenotype"].value_counts()
    assert set(counts.index) == {UNTREATED, ROUNDED, FLAT, FRAGMENTED}
    assert counts[UNTREATED] > counts[FLAT] >= 6


def test_rounded_cells_are_small_with_collapsed_er(measured: pd.DataFrame) -> None:
    assert measured["radius_um"][ROUNDED] < 0.75 * measured["radius_um"][UNTREATED]
    assert measured["ER_um"][ROUNDED] < 0.6 * measured["ER_um"][UNTREATED]


def test_flat_cells_are_large_with_bright_nucleoli(measured: pd.DataFrame) -> None:
    assert measured["radius_um"][FLAT] > 1.2 * measured["radius_um"][UNTREATED]
    assert measured["nucleus_um"][FLAT] > 1.2 * measured["nucleus_um"][UNTREATED]
    assert measured["RNA_nucleus"][FLAT] > 1.5 * measured["RNA_nucleus"][UNTREATED]


def test_fragmented_mitochondria_spread_out(measured: pd.DataFrame) -> None:
    relative = measured["Mito_um"] / measured["radius_um"]
    assert relative[FRAGMENTED] > 1.1 * relative[UNTREATED]


def test_a_population_can_be_chosen() -> None:
    chosen = [Population("only")]
    field = simulate_field("cell-painting", shape=(160, 160), seed=0, phenotypes=chosen)
    assert set(field.truth["phenotype"]) == {"only"}

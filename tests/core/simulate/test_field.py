"""Simulated fields: same seed same field, and labels that are true."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label as connected_components

from napari_c3r.core.errors import InputError
from napari_c3r.core.simulate import Antibody, Population, SimulatedField, simulate_field

KINDS = ("cell-painting", "hpa")


@pytest.fixture(scope="module", params=KINDS)
def field(request: pytest.FixtureRequest) -> SimulatedField:
    return simulate_field(request.param, shape=(384, 320), seed=5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_field(kind: str) -> None:
    first, again, other = (simulate_field(kind, shape=(96, 128), seed=s) for s in (1, 1, 2))
    planes = [np.asarray(field.image.data) for field in (first, again, other)]
    assert np.array_equal(planes[0], planes[1])
    assert np.array_equal(first.cells, again.cells)
    assert first.truth.equals(again.truth)
    assert not np.array_equal(planes[0], planes[2])


def test_shapes_types_and_names(field: SimulatedField) -> None:
    names = {
        "simulated-cell-painting": ("DNA", "ER", "RNA", "AGP", "Mito"),
        "simulated-hpa": ("microtubules", "protein", "nucleus", "ER"),
    }
    assert field.image.channel_names == names[field.image.name]
    assert field.image.shape == (len(field.image.channel_names), 384, 320)
    assert field.image.data.dtype == np.uint16
    assert field.cells.dtype == field.nuclei.dtype == np.int32
    assert field.cells.shape == field.nuclei.shape == (384, 320)


def test_every_cell_has_one_nucleus_inside_it(field: SimulatedField) -> None:
    expected = np.arange(len(field.truth) + 1)
    assert np.array_equal(np.unique(field.cells), expected)
    assert np.array_equal(np.unique(field.nuclei), expected)
    inside = field.nuclei > 0
    assert np.array_equal(field.nuclei[inside], field.cells[inside])
    area = np.bincount(field.cells.ravel())[1:]
    nuclear = np.bincount(field.nuclei.ravel())[1:]
    whole = ~field.truth["touches_border"].to_numpy()
    assert (nuclear < area)[whole].all()


def test_whole_cells_are_one_piece(field: SimulatedField) -> None:
    for label in field.truth.loc[~field.truth["touches_border"], "label"]:
        assert connected_components(field.cells == label, connectivity=1).max() == 1


def test_truth_tells_what_the_labels_show(field: SimulatedField) -> None:
    truth = field.truth
    assert truth["label"].tolist() == list(range(1, len(truth) + 1))
    border = np.unique(
        np.concatenate([field.cells[[0, -1]].ravel(), field.cells[:, [0, -1]].ravel()])
    )
    assert set(truth.loc[truth["touches_border"], "label"]) == set(border) - {0}
    whole = truth[~truth["touches_border"]]
    pixel = field.image.pixel_size_um
    radius = np.sqrt(np.bincount(field.nuclei.ravel())[whole["label"]] / np.pi) * pixel
    assert radius == pytest.approx(whole["nucleus_radius_um"].to_numpy(), rel=1e-6)
    for row in whole.itertuples():
        assert field.nuclei[round(row.y_px), round(row.x_px)] in (row.label, 0)


def test_channels_use_their_range(field: SimulatedField) -> None:
    for plane in np.asarray(field.image.data):
        background = np.median(plane[field.cells == 0])
        cells = np.percentile(plane[field.cells > 0], 99)
        assert cells > 4 * background
        assert (plane == 65535).mean() < 1e-3
        assert (plane == 0).mean() < 1e-2


def test_neighbours_touch() -> None:
    field = simulate_field("cell-painting", shape=(512, 512), seed=0)
    down, right = field.cells[:-1] != field.cells[1:], field.cells[:, :-1] != field.cells[:, 1:]
    both_down = down & (field.cells[:-1] > 0) & (field.cells[1:] > 0)
    both_right = right & (field.cells[:, :-1] > 0) & (field.cells[:, 1:] > 0)
    shared = both_down.sum() + both_right.sum()
    assert 0.1 < shared / (down.sum() + right.sum()) < 0.8


def test_number_of_cells_is_about_what_was_asked() -> None:
    few = simulate_field("cell-painting", shape=(512, 512), n_cells=10, seed=3)
    many = simulate_field("cell-painting", shape=(512, 512), n_cells=40, seed=3)
    assert 4 <= len(few.truth) <= 18
    assert 28 <= len(many.truth) <= 54


def test_pixel_size_scales_the_cells() -> None:
    coarse = simulate_field("cell-painting", shape=(256, 256), pixel_size_um=0.8, seed=1)
    fine = simulate_field("cell-painting", shape=(512, 512), pixel_size_um=0.4, seed=1)
    assert coarse.image.pixel_size_um == 0.8
    ratio = fine.truth["nucleus_radius_um"].median() / coarse.truth["nucleus_radius_um"].median()
    assert 0.75 < ratio < 1.35


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "wtc"}, "'wtc': choose one of cell-painting, hpa"),
        ({"shape": (16, 512)}, "(16, 512)"),
        ({"n_cells": 0}, "is 0: give at least 1"),
        ({"pixel_size_um": -1.0}, "-1.0 µm"),
        ({"seed": -1}, "seed is -1"),
        ({"phenotypes": []}, "empty"),
        ({"phenotypes": [Population("plain", share=0)]}, "share of 'plain' is 0"),
        ({"kind": "hpa", "phenotypes": [Population("plain")]}, "'plain' has none"),
        (
            {"kind": "hpa", "phenotypes": [Population("p", antibody=Antibody("a", {"moon": 1}))]},
            "unknown pattern 'moon'",
        ),
    ],
)
def test_mistakes_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        simulate_field(**options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)

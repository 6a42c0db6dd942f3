"""What a fit learns from: hidden features, contrast, batches; and how profiles are prepared."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_c3r.core.errors import InputError
from napari_c3r.core.profiles.cellpaintr.config import FitOptions
from napari_c3r.core.profiles.cellpaintr.names import feature_groups, plain_name, plain_names
from napari_c3r.core.profiles.cellpaintr.objective import (
    compound_contrast,
    draw_batches,
    draw_hidden,
    masked_error,
)
from napari_c3r.core.profiles.cellpaintr.preparation import prepare


def test_names_of_any_spelling_are_one():
    assert plain_name("Cells_AreaShape_Area") == "cellsareashapearea"
    names = ["Nuclei_Texture_DNA_3", "c3r_0001"]
    assert list(plain_names(names)) == ["nucleitexturedna3", "c3r0001"]
    with pytest.raises(InputError, match="'Cells_A' and 'cells_a' are one"):
        plain_names(["Cells_A", "cells_a"])


def test_groups_are_parts_and_dyes():
    names = ["Cells_Mean_DNA", "Nuclei_Mean_DNA", "Cells_Max_DNA", "Cells_Area", "Cells_Other"]
    assert feature_groups(names).tolist() == [0, 1, 0, 2, 3]


def test_hidden_features_are_those_that_were_measured():
    rng = np.random.default_rng(0)
    measured = rng.random((400, 60)) < 0.7
    for share in (0.0, 0.05, 0.4):
        hidden = draw_hidden(measured, np.arange(60), share, rng)
        assert not (hidden & ~measured).any()
        assert abs(hidden.sum() / measured.sum() - share) < 0.02
    grouped = draw_hidden(np.ones((50, 6), bool), np.array([0, 0, 1, 1, 1, 2]), 0.3, rng)
    assert (grouped[:, 0] == grouped[:, 1]).all()
    assert (grouped[:, 2:5] == grouped[:, 2:3]).all()
    assert (grouped[:, 0] != grouped[:, 2]).any()


def test_the_error_is_of_hidden_features_only():
    predicted, values = torch.tensor([[1.0, 5.0, 3.0]]), torch.tensor([[0.0, 0.0, 1.0]])
    hidden = torch.tensor([[True, False, True]])
    assert masked_error(predicted, values, hidden).item() == pytest.approx(2.5)
    assert masked_error(predicted, values, hidden & False).item() == 0


def test_contrast_is_the_mean_over_all_rows():
    from training.losses import supervised_contrast

    generator = torch.Generator().manual_seed(0)
    profiles = torch.randn(7, 5, generator=generator, dtype=torch.float64)
    compounds = torch.tensor([0, 0, 1, 1, 1, 2, 3])
    among_five = supervised_contrast(profiles, compounds, 0.07)
    found = compound_contrast(profiles, compounds, 0.07)
    torch.testing.assert_close(found, among_five * 5 / 7, rtol=0, atol=1e-9)
    assert compound_contrast(profiles, torch.arange(7), 0.07).item() == 0
    assert compound_contrast(profiles[:1], compounds[:1], 0.07).item() == 0


@pytest.mark.parametrize("paired", [False, True])
def test_an_epoch_has_every_row_once(paired):
    rng = np.random.default_rng(0)
    compounds = rng.integers(0, 9, 50)
    groups = [np.arange(0, 20), np.arange(20, 50)]
    batches = draw_batches(groups, compounds, 8, rng, paired=paired)
    assert sorted(np.concatenate(batches)) == list(range(50))
    assert max(map(len, batches)) == 8
    for batch in batches:
        assert (batch < 20).all() or (batch >= 20).all()
    alone = [(compounds[batch][:, None] == compounds[batch]).sum(axis=1) == 1 for batch in batches]
    # Five compounds of an odd number of rows in each group are the most that can be left over.
    assert (sum(map(sum, alone)) <= 10) or not paired


def test_profiles_come_to_the_scale_of_their_plates_controls():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(40, 6)) * [1, 2, 3, 4, 5, 6] + 7
    values[20:] = values[:20] * 3 - 100
    values[3, 2], values[:, 4], values[20:, 5] = np.inf, np.nan, 1.0
    is_control = np.tile([True, False], 20)
    plates = {("a",): np.arange(20), ("b",): np.arange(20, 40)}
    done = prepare(values, plates, is_control, 0)
    reference = values[:20:2, 0]
    middle = np.median(reference)
    scale = 1.4826 * np.median(np.abs(reference - middle)) + 1e-6
    np.testing.assert_allclose(done[:20, 0], (values[:20, 0] - middle) / scale, rtol=1e-5)
    np.testing.assert_allclose(done[:20, :2], done[20:, :2], rtol=1e-4)
    assert np.isnan(done[3, 2])
    assert np.isnan(done[:, 4]).all()
    # A feature that is the same in all controls has no scale on that plate.
    assert np.isfinite(done[:20, 5]).all()
    assert np.isnan(done[20:, 5]).all()
    cut = prepare(values, plates, is_control, 10)
    low, high = np.nanpercentile(done[:20], [10, 90])
    np.testing.assert_allclose([np.nanmin(cut[:20]), np.nanmax(cut[:20])], [low, high], rtol=1e-5)
    with pytest.raises(InputError, match="'b' has 1 controls, where 2 are the least"):
        prepare(values, plates, np.arange(40) <= 20, 0)


def test_the_rate_rises_and_falls_and_batches_fit_table_and_memory():
    options = FitOptions(epochs=8, early_epochs=2, rate=0.1)
    assert [options.stage_of(epoch) for epoch in range(12)] == [0, 0, 1, 1, *[2] * 8]
    assert options.all_epochs == 12
    rates = [options.rate_at(2, done, step) for done, step in ((0, 0), (0.2, 60), (1, 300))]
    assert rates[0] < 0.01 < rates[1]
    assert rates[2] == pytest.approx(0)
    at_once = [options.rows_at_once(0, *shape) for shape in ((40, 8), (900, 8), (9000, 8))]
    assert at_once == [32, 180, 256]
    assert options.rows_at_once(0, 9000, 3255) == 40
    published = FitOptions.published()
    assert {published.rate_at(stage, 0.5, 9) for stage in range(3)} == {1e-4}
    assert published.rows_at_once(2, 9000, 3255) == 16
    assert FitOptions(early_epochs=0).stage_of(0) == 2
    with pytest.raises(InputError, match=r"least_hidden is 0\.5 and most_hidden 0\.2: give"):
        FitOptions(least_hidden=0.5)

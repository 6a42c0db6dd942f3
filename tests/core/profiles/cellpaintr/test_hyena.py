"""The long convolution, its filters, and the network around them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_c3r.core.profiles.cellpaintr.config import CellPainTRConfig
from napari_c3r.core.profiles.cellpaintr.hyena import Hyena, ImplicitFilter, convolve_both_sides
from napari_c3r.core.profiles.cellpaintr.network import ProfileNetwork

FILTERS = ("published", "repaired")


@pytest.mark.parametrize("length", [1, 2, 7, 30])
def test_the_convolution_is_the_direct_one(length):
    rng = np.random.default_rng(length)
    signal = rng.normal(size=(2, 3, length))
    taps = rng.normal(size=(3, 2 * length - 1))
    direct = np.zeros_like(signal)
    for i in range(length):
        for j in range(length):
            direct[..., i] += taps[:, length - 1 + i - j] * signal[..., j]
    found = convolve_both_sides(torch.from_numpy(signal), torch.from_numpy(taps))
    np.testing.assert_allclose(found.numpy(), direct, rtol=0, atol=1e-9)
    with torch.autocast("cpu", torch.bfloat16):
        half = convolve_both_sides(torch.from_numpy(signal).bfloat16(), torch.from_numpy(taps))
    assert half.dtype == torch.float32
    np.testing.assert_allclose(half, found, rtol=0.05, atol=0.1 * np.abs(direct).max())


@pytest.mark.parametrize("variant", FILTERS)
def test_the_operator_by_hand(variant):
    torch.manual_seed(0)
    operator = Hyena(4, 9, 8, variant).double()
    tokens = torch.randn(2, 9, 4, dtype=torch.float64)
    projected = tokens @ operator.into.weight.T + operator.into.bias
    padded = torch.cat([torch.zeros(2, 2, 12, dtype=torch.float64), projected], dim=1)
    weight = operator.short.weight[:, 0]
    short = sum(padded[:, k : k + 9] * weight[:, k] for k in range(3)) + operator.short.bias
    gate, inner, value = short.split(4, dim=2)
    gated, taps = value * inner, operator.filter(9)
    mixed = operator.bias * gated
    for i in range(9):
        for j in range(9):
            mixed[:, i] = mixed[:, i] + taps[:, 8 + i - j] * gated[:, j]
    by_hand = (mixed * gate) @ operator.out.weight.T + operator.out.bias
    torch.testing.assert_close(operator(tokens), by_hand, rtol=0, atol=1e-9)


@pytest.mark.parametrize("variant", FILTERS)
def test_every_token_reaches_every_other_one(variant):
    torch.manual_seed(1)
    operator = Hyena(4, 6, 8, variant).double()
    tokens = torch.randn(1, 6, 4, dtype=torch.float64, requires_grad=True)
    for place in range(6):
        (reach,) = torch.autograd.grad(operator(tokens)[0, place].sum(), tokens)
        assert (reach[0].abs().sum(dim=1) > 0).all()


def test_filters_as_published_and_repaired():
    published, repaired = (ImplicitFilter(3, 11, 4, variant) for variant in FILTERS)
    assert published.places.shape == repaired.places.shape == (21, 5)
    # Nothing but t changes over the published taps, whose weights grow by up to e^15 at t = -1.
    assert np.ptp(published.places[:, 1:].numpy(), axis=0).max() < 1e-3
    assert np.ptp(repaired.places[:, 1:].numpy(), axis=0).min() > 1.9
    fast, slow = np.log(100) / 0.3, np.log(100) / 1.5
    for filters, first, last in (
        (published, np.exp([slow, fast]), np.exp([-slow, -fast])),
        (repaired, np.exp([0, -slow]), np.exp([0, -slow])),
    ):
        for tap, wanted in ((0, first), (10, 1.0), (-1, last)):
            np.testing.assert_allclose(filters.weights[tap, [0, 2]], wanted + 0.05, rtol=1e-5)
    torch.testing.assert_close(published(4), published(11)[:, :7])
    torch.testing.assert_close(repaired(4), repaired(11)[:, 7:14])


def test_the_published_sizes():
    with torch.device("meta"):
        network = ProfileNetwork(CellPainTRConfig.published(), 3255, 14)
    counts = {
        of_regressor: sum(
            p.numel() for n, p in network.named_parameters() if n.startswith("reg") == of_regressor
        )
        for of_regressor in (False, True)
    }
    assert math.isclose(counts[False], 4.11e6, rel_tol=2e-3)
    assert math.isclose(counts[True], 0.0666e6, rel_tol=2e-3)


@pytest.mark.parametrize("place", ["last", "first"])
def test_where_the_source_stands(place):
    torch.manual_seed(2)
    network = ProfileNetwork(CellPainTRConfig(width=8, blocks=1, source_place=place), 5, 2).eval()
    seen = []
    network.blocks[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    values, hidden = torch.randn(2, 5), torch.zeros(2, 5, dtype=torch.bool)
    hidden[0, 3] = True
    source = network.sources(torch.tensor([1, 0]))
    profile, features = network(values, hidden, source)
    assert profile.shape == (2, 8)
    assert features.shape == (2, 5, 8)
    tokens = seen[0]
    torch.testing.assert_close(tokens[:, -1 if place == "last" else 1], source)
    first = 1 if place == "last" else 2
    torch.testing.assert_close(tokens[0, first + 3], network.mask_token + network.names.weight[4])
    given = network.adaptor(values[1, 3, None]) + network.names.weight[4]
    torch.testing.assert_close(tokens[1, first + 3], given)
    torch.testing.assert_close(tokens[0, 0], network.names.weight[0])

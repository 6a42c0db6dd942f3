"""Rotary positions: what attention sees of them depends on relative places only."""

from __future__ import annotations

import numpy as np
import torch

from napari_c3r.core.encoder.networks.block import Attention, Block
from napari_c3r.core.encoder.networks.positions import patch_places, sincos_positions
from napari_c3r.core.encoder.networks.rotary import rotate, rotation_of

RANDOM = torch.Generator().manual_seed(0)
QUERY, KEY = torch.randn(2, 1, 1, 1, 8, generator=RANDOM, dtype=torch.float64)


def score(query_place: list[float], key_place: list[float]) -> float:
    places = [torch.tensor([each], dtype=torch.float64) for each in (query_place, key_place)]
    query, key = (
        rotate(each, rotation_of(place, 8, 100.0))
        for each, place in zip((QUERY, KEY), places, strict=True)
    )
    return float((query * key).sum())


def test_scores_depend_on_relative_places_only() -> None:
    expected = score([2, 5], [4, 1])
    np.testing.assert_allclose(score([12, 8], [14, 4]), expected, rtol=1e-9)
    assert abs(score([2, 5], [4, 2]) - expected) > 1e-3
    assert abs(score([2, 5], [5, 1]) - expected) > 1e-3


def test_features_are_turned_by_row_and_column() -> None:
    """Against complex numbers: pairs turn by place * base ** (-k / pairs), rows before columns."""
    places = torch.tensor([[3.0, 7.0]], dtype=torch.float64)
    turned = rotate(QUERY, rotation_of(places, 8, 100.0))[0, 0, 0].numpy()
    angles = np.array([3 * 1.0, 3 * 0.1, 7 * 1.0, 7 * 0.1])
    given = QUERY[0, 0, 0].numpy()
    expected = (given[:4] + 1j * given[4:]) * np.exp(1j * angles)
    np.testing.assert_allclose(turned[:4] + 1j * turned[4:], expected, rtol=1e-6)


def test_a_block_with_rotation_attends_by_place_and_without_it_does_not() -> None:
    torch.manual_seed(0)
    block = Block(16, 2).eval()
    tokens = torch.randn(2, 6, 16)
    places = patch_places(2, 3, torch.device("cpu"))
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    for rotation, moved in (
        (None, None),
        (rotation_of(places, 8, 100.0), rotation_of(places[order], 8, 100.0)),
    ):
        torch.testing.assert_close(
            block(tokens[:, order], moved), block(tokens, rotation)[:, order]
        )
    shifted = rotation_of(places + 4, 8, 100.0)
    rotation = rotation_of(places, 8, 100.0)
    torch.testing.assert_close(block(tokens, shifted), block(tokens, rotation), atol=1e-5, rtol=0)
    assert not torch.allclose(block(tokens), block(tokens, rotation), atol=1e-3)


def test_every_sequence_may_have_places_of_its_own() -> None:
    torch.manual_seed(0)
    attention = Attention(16, 2)
    tokens = torch.randn(2, 3, 16)
    places = torch.tensor([[[0.0, 0], [1, 2], [3, 1]], [[2, 2], [0, 1], [4, 0]]])
    together = attention(tokens, rotation_of(places, 8, 100.0))
    for row in range(2):
        alone = attention(tokens[row : row + 1], rotation_of(places[row], 8, 100.0))
        torch.testing.assert_close(together[row : row + 1], alone)


def test_sines_and_cosines_tell_row_and_column() -> None:
    places = patch_places(2, 3, torch.device("cpu"))
    assert places.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    found, speeds = sincos_positions(places, 8, 10000.0), np.array([1.0, 0.01])
    for place, row in zip(places.tolist(), found, strict=True):
        half = [np.r_[np.sin(x * speeds), np.cos(x * speeds)] for x in place]
        np.testing.assert_allclose(row, np.concatenate(half), atol=1e-6)

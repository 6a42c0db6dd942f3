from __future__ import annotations

import numpy as np

from training.evaluate.features import intensity_features, radial_power, texture_features


def noise(n: int = 3, channels: int = 2, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(100, 900, (n, channels, size, size)).astype(np.uint16)


def test_texture_does_not_see_brightness_and_intensity_does():
    crops = noise()
    brighter = crops * 3 + 50
    np.testing.assert_allclose(texture_features(brighter), texture_features(crops), atol=1e-4)
    assert (intensity_features(brighter)[:, 0] > intensity_features(crops)[:, 0] + 1).all()


def test_intensity_does_not_see_the_arrangement():
    crops = noise()
    shuffled = np.random.default_rng(1).permuted(crops.reshape(3, 2, -1), axis=2)
    np.testing.assert_allclose(
        intensity_features(shuffled.reshape(crops.shape)), intensity_features(crops), atol=1e-4
    )


def test_shapes_and_flat_channels():
    crops = noise()
    crops[:, 1] = 7
    features = texture_features(crops)
    assert features.shape == (3, 2 * (24 + 9) + 1)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert (features[:, -1] == 0).all()
    assert intensity_features(crops).shape == (3, 2 * 11)


def test_the_correlation_is_pearson_s():
    crops = noise()
    wanted = [np.corrcoef(crop.reshape(2, -1))[0, 1] for crop in crops]
    np.testing.assert_allclose(texture_features(crops)[:, -1], wanted, atol=1e-5)


def test_a_wave_s_power_is_in_the_ring_of_its_frequency():
    y, x = np.mgrid[:96, :96]
    for cycles, direction in ((0.11, x), (0.32, y)):
        power = radial_power(np.sin(2 * np.pi * cycles * direction).astype(np.float32))
        assert power.shape == (24,)
        assert power.argmax() == int(cycles / 0.5 * 24)


def test_pieces_do_not_show():
    crops = noise(300, 1, 16)
    np.testing.assert_array_equal(texture_features(crops)[290:], texture_features(crops[290:]))

from __future__ import annotations

import numpy as np

from napari_c3r.core.diagnose.perturb import PIXEL_NOISE, perturb

CROPS = np.random.default_rng(0).uniform(100, 200, (6, 2, 48, 48)).astype(np.float32)
ROWS = np.arange(6)


def test_a_cell_is_perturbed_alike_in_every_batch_and_otherwise_at_every_repeat():
    together = perturb(CROPS, ROWS, repeat=0, seed=3)
    alone = perturb(CROPS[[4]], ROWS[[4]], repeat=0, seed=3)
    np.testing.assert_array_equal(together[4], alone[0])
    assert together.dtype == np.float32
    assert not np.array_equal(together, perturb(CROPS, ROWS, repeat=1, seed=3))
    assert not np.array_equal(together, perturb(CROPS, ROWS, repeat=0, seed=4))


def test_channels_move_together_and_hardly_change():
    line = np.arange(48, dtype=np.float32)
    # Unlike itself however it is turned or mirrored.
    ramp = 100 + line[None, :] + 0.4 * line[:, None]
    twins = perturb(np.stack([[ramp, ramp]] * 6), ROWS, repeat=0, seed=0)
    difference = np.abs(twins[:, 0] - twins[:, 1])
    assert difference.max() < 10 * PIXEL_NOISE * 66
    turned = [crop[0] for crop in twins]
    # None is left as it was, and the values are those of the ramp.
    assert all(np.abs(crop - ramp).mean() > 1 for crop in turned)
    assert all(crop.min() > 95 and crop.max() < 171 for crop in turned)


def test_a_constant_channel_stays_constant():
    flat = np.full((2, 1, 16, 16), 7, np.float32)
    np.testing.assert_array_equal(perturb(flat, ROWS[:2], repeat=0, seed=0), flat)

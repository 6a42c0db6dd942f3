from __future__ import annotations

import numpy as np

from napari_c3r.core.rounding import half_up


def test_halves_go_up_whatever_their_parity_and_sign():
    values = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4999, 2.6])
    np.testing.assert_array_equal(half_up(values), [-2, -1, 0, 1, 2, 3, 2, 3])
    np.testing.assert_array_equal(half_up(values + 7), half_up(values) + 7)
    assert half_up(2.5) == 3

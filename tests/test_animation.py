"""The picture that moves: all of its frames, and small."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tools import animation


def test_pictures_become_one_that_moves(tmp_path, monkeypatch):
    monkeypatch.setattr(animation, "WIDTH", 60)
    rng = np.random.default_rng(0)
    for name in "abc":
        Image.fromarray(rng.integers(0, 255, (80, 120, 3), np.uint8)).save(tmp_path / f"{name}.png")
    path = animation.write_animation(tmp_path, "abc", tmp_path / "all.webp")
    with Image.open(path) as moving:
        assert (moving.n_frames, moving.size) == (3, (60, 40))
    monkeypatch.setattr(animation, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match="leave pictures out"):
        animation.write_animation(tmp_path, "abc", tmp_path / "all.webp")

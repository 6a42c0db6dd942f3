"""Position embeddings for an input of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_c3r.core.encoder.networks.positions import interpolate_positions

SIZES = [
    "112x112",
    "112x122",
    "96x96",
    "128x96",
    "256x256",
    "448x448",
    "224x240",
    "64x64",
    "640x640",
]


@pytest.mark.parametrize("size", SIZES)
def test_equals_the_official_interpolation(golden_dir: Path, size: str) -> None:
    height, width = map(int, size.split("x"))
    with np.load(golden_dir / "pos_interp.npz") as file:
        positions, expected = file["pos_embed_half"], file[size]

    for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 2e-5)):
        found = interpolate_positions(torch.from_numpy(positions).to(dtype), height, width, 16)
        np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=tolerance)


def test_the_native_size_keeps_the_learned_positions() -> None:
    positions = torch.randn(1, 197, 4)
    assert interpolate_positions(positions, 224, 224, 16) is positions


def test_as_many_patches_on_an_oblong_input_are_resampled() -> None:
    positions = torch.randn(1, 197, 4)
    oblong = interpolate_positions(positions, 224, 230, 16)
    assert oblong.shape == positions.shape
    assert not torch.equal(oblong, positions)
    assert torch.equal(oblong[:, 0], positions[:, 0])


def test_the_first_axis_of_the_grid_is_the_height() -> None:
    rows = torch.arange(14.0).repeat_interleave(14)[None, :, None]
    positions = torch.cat([torch.zeros(1, 1, 1), rows], dim=1)
    found = interpolate_positions(positions, 224, 112, 16)[0, 1:, 0].reshape(14, 7)
    assert (found.diff(dim=0) > 0.5).all()
    assert torch.allclose(found, found[:, :1].expand_as(found), atol=1e-5)

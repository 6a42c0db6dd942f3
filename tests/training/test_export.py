"""Weights that a run begins with: those of a folder, with its patches or others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from napari_c3r.core.encoder import LocalEncoder, write_model_folder
from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from training.export import read_start


def test_finer_patches_begin_with_what_the_former_gave_of_them_enlarged(
    tmp_path: Path, tiny_encoder: CceConfig
) -> None:
    torch.manual_seed(0)
    network = ContextConceptEncoder(tiny_encoder)
    folder = write_model_folder(tmp_path / "m", tiny_encoder, network.state_dict(), "# Tiny")
    same = read_start(str(folder), tiny_encoder)
    stored = LocalEncoder.load(folder).network.state_dict()
    assert all(torch.equal(same[name], value) for name, value in stored.items())

    finer = replace(tiny_encoder, patch_size=8, position_grid=4)
    other = ContextConceptEncoder(finer)
    other.load_state_dict(read_start(str(folder), finer))
    patches = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    enlarged = F.interpolate(patches, (16, 16), mode="bilinear")
    for ours, theirs in zip(other.patch_embed.proj, network.patch_embed.proj, strict=True):
        torch.testing.assert_close(ours(patches), theirs(enlarged), atol=1e-3, rtol=0)
    assert other.pos_embed.shape == (1, 17, 16)
    torch.testing.assert_close(other.pos_embed[:, 0], network.pos_embed[:, 0], atol=1e-3, rtol=0)
    images = torch.rand(2, 2, 32, 32)
    assert other(images, [0], [1]).shape == (2, 17, 16)

"""What more channels cost the encoder."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks._row import Row, seconds
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import LocalEncoder
from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from napari_c3r.core.encoder.folder import ModelFolder
from napari_c3r.core.encoder.options import RunOptions

REPEATS = 7
_SIZE, _TOY_SIZE = ("S", 224), ("T", 32)


def make_encoder(size: str, side: int) -> LocalEncoder:
    """Make an encoder with random weights."""
    config = CceConfig.of_size(size, input_size=side)
    torch.manual_seed(0)
    return LocalEncoder(ModelFolder(config, ContextConceptEncoder(config).state_dict(), "", ""))


def half_context(n_channels: int) -> ChannelAssignment:
    """Roles of channels of which the first half are context, the others concepts."""
    return ChannelAssignment(
        {f"ch{i}": "context" if i < n_channels // 2 else "concept" for i in range(n_channels)}
    )


def operations(config: CceConfig, side: int, n_channels: int) -> float:
    """Count the multiplications for one crop with as many context as concept channels."""

    def blocks(depth: int, width: int) -> float:
        return depth * tokens * (12 * width**2 + 2 * tokens * width)

    n_patches = (side // config.patch_size) ** 2
    tokens = n_patches + 1
    half = config.width // 2
    stem = n_patches * config.patch_size**2 * half
    branch = stem + blocks(config.branch_depth, half)
    return n_channels * branch + blocks(config.joint_depth, config.width)


def rows(*, toy: bool = False) -> list[Row]:
    """Measure 16 channels against 4, half of them context, all concepts joint, in float32."""
    size, side = _TOY_SIZE if toy else _SIZE
    encoder = make_encoder(size, side)
    n_crops = 6
    rng = np.random.default_rng(0)
    tasks = []
    for n_channels in (4, 16):
        roles = half_context(n_channels)
        run = encoder.start(
            roles, roles.names, RunOptions(precision="float32", concept_mode="joint", readout="cls")
        )
        crops = rng.random((n_crops, n_channels, side, side), dtype=np.float32)
        tasks.append(lambda run=run, crops=crops: run.run(crops))
    few, many = seconds(0 if toy else REPEATS, *tasks)
    ideal = operations(encoder.config, side, 16) / operations(encoder.config, side, 4)
    return [
        Row(
            f"16 channels against 4, ViT-{size} {side} px, float32",
            f"{many / few:.2f}x",
            f"at most 1.6x (operations alone: {ideal:.2f}x)",
            many <= 1.6 * few,
        )
    ]

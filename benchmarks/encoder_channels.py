"""What more channels cost the encoder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from benchmarks._row import Row, seconds
from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import EncoderConfig, LocalEncoder, find_family
from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from napari_c3r.core.encoder.families.channelvit import ChannelVitConfig
from napari_c3r.core.encoder.folder import ModelFolder
from napari_c3r.core.encoder.options import RunOptions

REPEATS = 7
_SIZE, _TOY_SIZE = ("S", 224), ("T", 32)

# Families that put the patches of all channels into one sequence, on smaller crops, since their
# time grows with the square of the number of patches.
_OF_ALL, _SIZE_OF_ALL = ("channelvit", "cellrep", "campfire"), ("S", 112)


def make_encoder(size: str, side: int) -> LocalEncoder:
    """Make an encoder with random weights."""
    config = CceConfig.of_size(size, input_size=side)
    torch.manual_seed(0)
    return LocalEncoder(ModelFolder(config, ContextConceptEncoder(config).state_dict(), "", ""))


def make_untrained(architecture: str, size: str, side: int) -> LocalEncoder:
    """Make an encoder of any family that has sizes with random weights."""
    family = find_family(architecture)
    config = family.config_type.of_size(size, input_size=side)
    if isinstance(config, ChannelVitConfig):
        config = replace(config, channels=half_context(16).names)
    torch.manual_seed(0)
    return LocalEncoder(ModelFolder(config, family.make_network(config).state_dict(), "", ""))


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


def operations_of_all(architecture: str, config: EncoderConfig, side: int, channels: int) -> float:
    """Count the multiplications of a family whose attention is over the patches of all channels."""
    width, n_patches = config.width, (side // config.patch_size) ** 2

    def blocks(depth: int, tokens: int) -> float:
        return depth * tokens * (12 * width**2 + 2 * tokens * width)

    sizes = config.network_sizes()
    stem = channels * n_patches * config.patch_size**2 * width
    if architecture in ("channelvit", "campfire"):
        return stem + blocks(sizes["depth"], channels * n_patches)
    content = channels * side**2 * sizes["content_channels"]
    mixer = blocks(sizes["mixer_depth"], channels * n_patches)
    return stem + content + mixer + blocks(sizes["depth"], 1 + n_patches)


def measured_ratio(
    encoder: LocalEncoder,
    side: int,
    n_crops: int,
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """How many times longer 16 channels take than 4, half of them context, in float32."""
    rng = np.random.default_rng(0)
    readout = encoder.config.readouts[0]
    tasks = []
    for n_channels in (4, 16):
        roles = half_context(n_channels)
        options = RunOptions(precision="float32", concept_mode="joint", readout=readout)
        run = encoder.start(roles, roles.names, options)
        crops = rng.random((n_crops, n_channels, side, side), dtype=np.float32)
        tasks.append(lambda run=run, crops=crops: run.run(crops))
    few, many = seconds(repeats, *tasks, clock=clock)
    return many / few


def rows(*, toy: bool = False) -> list[Row]:
    """Measure 16 channels against 4, half of them context, all concepts joint, in float32."""
    size, side = _TOY_SIZE if toy else _SIZE
    encoder = make_encoder(size, side)
    ratio = measured_ratio(encoder, side, 6, 0 if toy else REPEATS)
    ideal = operations(encoder.config, side, 16) / operations(encoder.config, side, 4)
    found = [
        Row(
            f"16 channels against 4, ViT-{size} {side} px, float32",
            f"{ratio:.2f}x",
            f"at most 1.6x (operations alone: {ideal:.2f}x)",
            ratio <= 1.6,
        )
    ]
    size, side = _TOY_SIZE if toy else _SIZE_OF_ALL
    for architecture in _OF_ALL:
        encoder = make_untrained(architecture, size, side)
        ratio = measured_ratio(encoder, side, 2, 0 if toy else 3, time.process_time)
        few, many = (operations_of_all(architecture, encoder.config, side, n) for n in (4, 16))
        found.append(
            Row(
                f"{architecture}, 16 channels against 4, ViT-{size} {side} px, CPU",
                f"{ratio:.2f}x",
                f"at most 2 times the operations' {many / few:.2f}x",
                ratio <= 2 * many / few,
            )
        )
    return found

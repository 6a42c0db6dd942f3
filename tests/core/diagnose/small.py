"""A small network, and the roles that most tests use."""

from __future__ import annotations

import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder, write_model_folder
from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder

ROLES = ChannelAssignment(
    {"DNA": "context", "ER": "context", "RNA": "concept", "AGP": "concept", "Mito": "ignore"}
)


def small_encoder(path, aggregation="post", seed=1):
    """Random weights large enough that every pixel and every role counts."""
    config = CceConfig(
        name="small",
        width=32,
        heads=2,
        branch_depth=1,
        joint_depth=1,
        position_grid=2,
        input_size=32,
        field_um=40.0,
        readout="cls+std",
        aggregation=aggregation,
        trained=True,
    )
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        state = ContextConceptEncoder(config).state_dict()
    weights = {n: v + 0.2 * torch.randn(v.shape, generator=generator) for n, v in state.items()}
    return load_encoder(write_model_folder(path / aggregation, config, weights, "# Small\n"))

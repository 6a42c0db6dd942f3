"""A small network, and the roles that most tests use."""

from __future__ import annotations

import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder, write_model_folder
from napari_c3r.core.encoder.families import find_family
from napari_c3r.core.encoder.families.base_sc import BaseScConfig
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


def base_sc_folder(path):
    """A model folder of the second family, untrained."""
    config = BaseScConfig(name="Base-SC tiny", width=16, heads=2, depth=1, input_size=32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = find_family("base-sc").make_network(config)
    return write_model_folder(path / "base_sc", config, weights.state_dict(), "# Base-SC\n")


def base_sc_encoder(path):
    """The encoder of that folder."""
    return load_encoder(base_sc_folder(path))


def lay_out_at_once(monkeypatch):
    """Have the maps of reports show two numbers of each vector, where no map is tested."""
    for place in ("report.sections", "entries.encoders"):
        monkeypatch.setattr(
            f"napari_c3r.core.diagnose.{place}.paired_maps",
            lambda first, second, **_: (first[:, :2], second[:, :2]),
        )
    monkeypatch.setattr(
        "napari_c3r.core.diagnose.entries.parity.flat_map", lambda vectors, **_: vectors[:, :2]
    )

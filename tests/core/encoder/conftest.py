"""The small official network whose every intermediate result is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_c3r.core.encoder import write_model_folder
from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder
from tests.core.encoder.toy import ToyFamily, registered

from .golden import CASES, Case, tiny_config


@pytest.fixture(scope="session")
def official_weights(golden_dir: Path) -> dict[str, Tensor]:
    with np.load(golden_dir / "cce_tiny_params.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file}


@pytest.fixture(scope="session")
def golden_cases(golden_dir: Path, official_weights: dict[str, Tensor]) -> dict[str, Case]:
    described = json.loads((golden_dir / "cce_tiny_cases.json").read_text())
    cases = {}
    for name in CASES:
        network = ContextConceptEncoder(
            tiny_config(described[name]["aggregation"]), mask_token=True
        ).eval()
        network.load_state_dict(official_weights)
        with np.load(golden_dir / described[name]["file"]) as file:
            arrays = {key: file[key] for key in file}
        context, concept = described[name]["in_groups"]
        cases[name] = Case(network, arrays.pop("x_u8"), context, concept, arrays)
    return cases


@pytest.fixture(scope="session")
def small_config() -> CceConfig:
    """Describe a network small enough to run in no time, with input of 2 x 2 patches."""
    return CceConfig(
        name="small",
        width=16,
        heads=2,
        branch_depth=1,
        joint_depth=2,
        position_grid=2,
        input_size=32,
        field_um=40.0,
    )


@pytest.fixture(scope="session")
def small_weights(small_config: CceConfig) -> dict[str, Tensor]:
    """Weights large enough that every pixel matters."""
    generator = torch.Generator().manual_seed(1)
    state = ContextConceptEncoder(small_config).state_dict()
    return {
        name: value + 0.2 * torch.randn(value.shape, generator=generator)
        for name, value in state.items()
    }


@pytest.fixture
def small_folder(tmp_path: Path, small_config: CceConfig, small_weights: dict[str, Tensor]) -> Path:
    """Write a model folder with the small network."""
    return write_model_folder(tmp_path / "small", small_config, small_weights, "# Small\n")


@pytest.fixture
def toy_family() -> Iterator[ToyFamily]:
    """Make a family known that is not part of the package."""
    with registered() as family:
        yield family

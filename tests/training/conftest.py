"""Two small crop sets, and the settings of a run that takes seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.families.cce import CceConfig
from training.data.cropset import CropSetWriter
from training.objectives import Progress
from training.schedules import Plan

ROLES = {
    "proteins": {"mt": "context", "protein": "concept", "dna": "context", "er": "context"},
    "reporter": {"brightfield": "ignore", "gfp": "concept", "hoechst": "context"},
}
N_IDS, CELLS_PER_ID = 8, 6


def _make_crops(name: str) -> np.ndarray:
    """Stripes whose width and direction are an antibody's, in noise; ``(48, C, 48, 48)``."""
    random = np.random.default_rng(len(name))
    channels = len(ROLES[name])
    ids = np.repeat(np.arange(N_IDS), CELLS_PER_ID)
    y, x = np.mgrid[:48, :48] / 48
    waves = random.uniform(2, 9, (N_IDS, channels, 2))[ids][..., None, None]
    stripes = np.sin(2 * waves[:, :, 0] * y + 2 * waves[:, :, 1] * x)
    noisy = stripes + random.normal(0, 0.3, stripes.shape)
    scale, kind = (40, np.uint8) if name == "proteins" else (3000, np.uint16)
    return np.clip(noisy * scale + 3 * scale, 0, None).astype(kind)


@pytest.fixture(scope="session")
def pixels() -> dict[str, np.ndarray]:
    """The crops of both sets."""
    return {name: _make_crops(name) for name in ROLES}


@pytest.fixture(scope="session")
def crop_sets(
    tmp_path_factory: pytest.TempPathFactory, pixels: dict[str, np.ndarray]
) -> dict[str, Path]:
    """Write a set of 8 bits with four channels, and one of 16 bits with three, one unused."""
    home = tmp_path_factory.mktemp("crop_sets")
    for name, roles in ROLES.items():
        n = N_IDS * CELLS_PER_ID
        table = pd.DataFrame(
            {
                "id": np.repeat([f"{name[:2]}{index}" for index in range(N_IDS)], CELLS_PER_ID),
                "cell_line": "U2OS",
                "plate": np.tile(["p", "q"], n // 2),
                "well": "A01",
                "source": name,
                "licence": "CC0",
                "split": np.where(np.arange(n) < n - CELLS_PER_ID, "train", "test"),
            }
        )
        assignment = ChannelAssignment(roles)
        with CropSetWriter(
            home / name,
            channel_names=tuple(roles),
            assignment=assignment,
            field_um=40.0,
            licence="CC0",
        ) as writer:
            writer.add(pixels[name], table)
    return {name: home / name for name in ROLES}


TINY_RUN = [
    *("--width", "16", "--heads", "2", "--branch_depth", "1", "--joint_depth", "1"),
    *(
        "--input_size",
        "32",
        "--data_share",
        "1",
        "--classes_per_batch",
        "3",
        "--samples_per_class",
        "2",
    ),
    *("--epochs", "6", "--steps_per_epoch", "3", "--warmup_epochs", "1", "--log_steps", "2"),
    *("--keep_epochs", "2"),
    *("--device", "cpu", "--precision", "float32", "--learning_rate", "0.05"),
    *("--mcd.local_views", "2", "--mcd.local_size", "16", "--mcd.mask_start_epoch", "1"),
    *("--mcd.head_hidden", "24", "--mcd.head_bottleneck", "8", "--mcd.head_logits", "32"),
    *("--mcd.freeze_last_layer_epochs", "1", "--mcd.patch_temperature_epochs", "2"),
]


@pytest.fixture(scope="session")
def tiny_run(crop_sets: dict[str, Path]) -> list[str]:
    """Arguments of a run of 18 steps on both sets; only ``--out`` is missing."""
    return [*TINY_RUN, "--data", ",".join(map(str, crop_sets.values()))]


@pytest.fixture
def tiny_encoder() -> CceConfig:
    return CceConfig(
        name="tiny",
        width=16,
        heads=2,
        branch_depth=1,
        joint_depth=1,
        input_size=32,
        position_grid=2,
    )


@pytest.fixture
def tiny_options() -> dict[str, object]:
    """Settings of the objective that make it small."""
    return {
        "local_views": 2,
        "local_size": 16,
        "mask_start_epoch": 0,
        "head_hidden": 24,
        "head_bottleneck": 8,
        "head_logits": 32,
    }


@pytest.fixture
def progress() -> Progress:
    """The first step of a run of four."""
    return Progress(0, Plan(2, 2), *(torch.Generator().manual_seed(0) for _ in range(3)))

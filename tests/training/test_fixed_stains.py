"""Training of Base-HPA and Base-CP: which channels enter, and what comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.encoder.families.fixed_stain import FixedStainConfig, FixedStainViT
from napari_c3r.core.errors import InputError
from training import pretrain
from training.fixed_stains import fixed_and_readout, stains_in_all, with_stains
from training.mcd import MaskedContextDistillation
from training.mcd_options import McdOptions
from training.objectives import Batch, Progress
from training.schedules import Plan

NAMES = ("protein", "dna", "mt", "er")


@pytest.fixture
def batch() -> Batch:
    """2 cells of 3 antibodies; every channel has its index in all pixels."""
    images = torch.arange(4.0).view(1, 4, 1, 1).expand(6, 4, 40, 40)
    return Batch(images, torch.arange(6) % 3, context=(1, 2, 3), concept=(0,), channel_names=NAMES)


def described(encoder: CceConfig, *stains: str) -> FixedStainConfig:
    options = McdOptions(backbone="fixed-stain", channels=stains)
    found = MaskedContextDistillation.encoder_config(encoder, options)
    completed = MaskedContextDistillation.describe_for(found, options, [NAMES])
    assert isinstance(completed, FixedStainConfig)
    return completed


def test_inputs_are_the_structural_stains_and_the_readout(
    tiny_encoder: CceConfig, batch: Batch
) -> None:
    config = described(tiny_encoder)
    assert config.channels == ("mt", "er", "dna", "protein")
    assert config.concept_channel == "protein"
    random = torch.Generator().manual_seed(0)
    ordered = fixed_and_readout(batch, batch.images, config, random)
    assert ordered[0, :, 0, 0].tolist() == [2, 3, 1, 0]
    two = fixed_and_readout(batch, batch.images, described(tiny_encoder, "ER", "nucleus"), random)
    assert two[0, :, 0, 0].tolist() == [3, 1, 0]
    assert stains_in_all([NAMES, ("Hoechst", "GFP", "ConA")]) == ("er", "dna")
    with pytest.raises(InputError, match="no structural stain in common"):
        stains_in_all([NAMES, ("GFP",)])


def test_several_readouts_have_their_turns_by_antibody(tiny_encoder: CceConfig) -> None:
    images = torch.arange(4.0).view(1, 4, 1, 1).expand(60, 4, 2, 2)
    ids = torch.arange(60) % 20
    names = ("dna", "rna", "agp", "er")
    many = Batch(images, ids, context=(0, 3), concept=(1, 2), channel_names=names)
    config = with_stains(described(tiny_encoder), ("er", "dna"))
    last = fixed_and_readout(many, images, config, torch.Generator().manual_seed(0))[:, 2, 0, 0]
    assert (last.view(3, 20) == last[:20]).all()
    assert set(last.tolist()) == {1, 2}


def test_sets_that_lack_a_stain_are_refused(tiny_encoder: CceConfig, batch: Batch) -> None:
    random = torch.Generator()
    config = described(tiny_encoder, "AGP")
    with pytest.raises(InputError, match="the run trains on AGP too"):
        fixed_and_readout(batch, batch.images, config, random)
    few = Batch(batch.images[:, [1, 3]], batch.ids, (0, 1), (), channel_names=("dna", "er"))
    with pytest.raises(InputError, match="no channel beside er, dna"):
        fixed_and_readout(few, few.images, described(tiny_encoder, "er", "dna"), random)


def test_a_step_trains_and_the_weights_are_those_of_an_encoder(
    tiny_encoder: CceConfig, tiny_options: dict[str, object], batch: Batch, progress: Progress
) -> None:
    changes = {"mask_ratios": (0.5,), "mask_variations": (0.0,), "freeze_last_layer_epochs": 0}
    options = McdOptions(**tiny_options | {"backbone": "fixed-stain"} | changes)  # type: ignore[arg-type]
    objective = MaskedContextDistillation(described(tiny_encoder), options, Plan(2, 2))
    objective(batch, progress)["loss"].backward()
    for name, value in objective.student.named_parameters():
        assert value.grad is not None, name
    assert isinstance(objective.encoder, FixedStainConfig)
    FixedStainViT(objective.encoder).load_state_dict(objective.encoder_weights())


def test_a_run_leaves_an_encoder(tiny_run: list[str], tmp_path: Path) -> None:
    arguments = [*tiny_run, "--mcd.backbone", "fixed-stain", "--warmup_epochs", "0"]
    short = [*arguments, "--epochs", "1", "--steps_per_epoch", "1", "--out", str(tmp_path / "run")]
    assert pretrain.main(short) == 0
    encoder = load_encoder(tmp_path / "run" / "model")
    assert encoder.config.architecture == "fixed-stain"
    names = ("tubulin", "GFP", "DAPI", "ConA")
    roles = ChannelAssignment(dict.fromkeys(names, "context") | {"GFP": "concept"})
    crops = np.random.default_rng(0).random((3, 4, 32, 32))
    assert encoder.embed(crops, roles, names).shape == (3, 16)

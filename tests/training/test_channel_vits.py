"""Training of ChannelViT and DiChaViT: the official losses, what is shown, and whole runs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.encoder.families.channelvit import ChannelViT, ChannelVitConfig
from napari_c3r.core.errors import InputError
from training import pretrain
from training.channel_vits import ChannelBackbone
from training.config import load_config
from training.diversity import draw_channels, proxy_loss, scores_of_channels, token_loss
from training.losses import DistillationLoss
from training.mcd import MaskedContextDistillation
from training.mcd_options import McdOptions
from training.objectives import Batch, Progress
from training.optim import make_optimiser, set_rates
from training.schedules import Plan

NAMES = ("mt", "protein", "dna", "er")
SETS = {"Allen": range(3), "HPA": range(3, 7), "CP": range(7, 12)}
CONFIGS = Path(__file__).resolve().parents[2] / "training" / "configs"


@pytest.fixture(scope="module")
def official(golden_dir: Path) -> dict[str, Tensor]:
    with np.load(golden_dir / "dichavit.npz") as file:
        return {name.removeprefix("param:"): torch.from_numpy(file[name]) for name in file}


def patches_of(official: dict[str, Tensor], name: str) -> Tensor:
    """Projected patches of an official input, in float64."""
    images = (official[f"{name}_x_u8"].float() / 255).double()
    kernel = official["patch_embed.proj.weight"].double()[:, :, 0]
    n, channels = images.shape[:2]
    found = torch.nn.functional.conv2d(
        images.flatten(0, 1)[:, None],
        kernel,
        official["patch_embed.proj.bias"].double(),
        stride=16,
    )
    return found.flatten(2).mT.unflatten(0, (n, channels))


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_token_and_proxy_losses_are_the_official_ones(
    official: dict[str, Tensor], name: str
) -> None:
    patches = patches_of(official, name)
    for towards_own in (False, True):
        for squared in (False, True):
            found = token_loss(patches, 0.5, 2.0, towards_own=towards_own, squared=squared)
            close(found, official[f"{name}_ortho_rev{int(not towards_own)}_sq{int(squared)}"])

    channels = list(SETS[name])
    embeddings, proxies = (
        official[f"patch_embed.{part}"][channels].double()
        for part in ("channel_embed.weight", "channel_emb_proxies")
    )
    own = torch.arange(len(channels))
    proxy = proxy_loss(embeddings, proxies, own, 0.07)
    close(proxy, official[f"{name}_channel_proxy_loss"])
    both = token_loss(patches, 0.5, 2.0) + 0.1 * proxy
    close(both, official[f"{name}_ortho_proxy_loss"])


@pytest.mark.parametrize("temperature", ["0.07", "0.11111", "0.3"])
def test_the_proxy_loss_of_classes_is_the_official_one(
    official: dict[str, Tensor], temperature: str
) -> None:
    given = (official["proxy_emb"], official["proxy_proxies"], official["proxy_labels"])
    close(proxy_loss(*given, float(temperature)), official[f"proxy_loss_T{temperature}"])


def test_a_lone_channel_has_no_pairs_between_channels() -> None:
    patches = torch.ones(2, 1, 3, 4)
    torch.testing.assert_close(token_loss(patches, 0.5, 2.0), torch.tensor(0.5))
    assert token_loss(patches[:, :, :1], 0.5, 2.0) == 0


def test_channels_are_drawn_as_the_official_code_does(official: dict[str, Tensor]) -> None:
    embeddings = official["patch_embed.channel_embed.weight"][3:7].double()
    first, random = torch.tensor(0), torch.Generator().manual_seed(0)
    scores = scores_of_channels(embeddings, first, 0.1)
    expected = official["HPA_sampling_prob_first0_T0.1"]
    close(scores.softmax(0), expected)

    mild = scores / 10
    share = mild.softmax(0)
    n = 3000
    draws = torch.stack([draw_channels(mild, torch.tensor(3), 2, random) for _ in range(n)])
    assert (draws == 3).any(1).all()
    assert (draws[:, 0] != draws[:, 1]).all()
    for channel in range(4):
        spread = (share[channel] * (1 - share[channel]) / n) ** 0.5
        assert abs((draws[:, 0] == channel).double().mean() - share[channel]) < 4 * spread


def test_halves_are_averaged_at_each_place() -> None:
    """As the authors of C3R write the patch loss of two channels."""
    random = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(2, 2, 3, 8, 5, generator=random)
    mask = torch.rand(2, 3, 4, generator=random) < 0.5
    mask[0, 0] = False
    both = mask.repeat(1, 1, 2)
    found = DistillationLoss(5).patch_loss(student[both], teacher[both], both, 0.07)
    each = -((teacher / 0.07).softmax(-1) * (student / 0.1).log_softmax(-1)).sum(-1)
    mean = (each[..., :4] + each[..., 4:]) / 2
    expected = (mean * mask).sum(-1) / mask.sum(-1).clamp(min=1)
    torch.testing.assert_close(found, expected.mean())


@pytest.fixture
def batch() -> Batch:
    """2 cells of 3 antibodies."""
    images = torch.randint(0, 255, (6, 4, 40, 40), dtype=torch.uint8)
    ids = torch.arange(6) % 3
    return Batch(images, ids, context=(0, 2, 3), concept=(1,), channel_names=NAMES)


def make(
    encoder: CceConfig, settings: dict[str, object], backbone: str, **changes: object
) -> MaskedContextDistillation:
    torch.manual_seed(0)
    options = McdOptions(**settings | {"backbone": backbone} | changes)
    described = MaskedContextDistillation.encoder_config(encoder, options)
    completed = MaskedContextDistillation.describe_for(described, options, [NAMES])
    return MaskedContextDistillation(completed, options, Plan(2, 2))


@pytest.mark.parametrize("backbone", ["channelvit", "dichavit"])
def test_every_parameter_trains_and_an_encoder_comes_out(
    tiny_encoder: CceConfig,
    tiny_options: dict[str, object],
    batch: Batch,
    progress: Progress,
    backbone: str,
) -> None:
    changes = {"mask_ratios": (0.5,), "mask_variations": (0.0,), "freeze_last_layer_epochs": 0}
    objective = make(tiny_encoder, tiny_options, backbone, **changes)
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    optimiser = make_optimiser(objective.trainable())
    set_rates(optimiser, 1e-2, 0.1)
    losses = objective(batch, progress)
    own = {"tokens": 1.0, "proxies": 0.1} if backbone == "dichavit" else {}
    assert losses.keys() == {"loss", "class", "patch", "antibody", *own}
    expected = losses["class"] + losses["patch"] + losses["antibody"]
    for name, weight in own.items():
        expected = expected + weight * losses[name]
    torch.testing.assert_close(losses["loss"], expected)
    losses["loss"].backward()
    optimiser.step()
    objective.after_step(progress)
    for name, value in objective.state_dict().items():
        assert not torch.equal(value, before[name]), name

    assert isinstance(objective.encoder, ChannelVitConfig)
    assert objective.encoder.channels == NAMES
    assert objective.encoder.architecture == backbone
    ChannelViT(objective.encoder).load_state_dict(objective.encoder_weights())


def test_a_channelvit_shows_each_image_two_channels_alike_to_both_sides(
    tiny_encoder: CceConfig, tiny_options: dict[str, object], batch: Batch, progress: Progress
) -> None:
    objective = make(tiny_encoder, tiny_options, "channelvit")
    views = objective.make_views(batch, progress)
    large, small = views.large_context, views.small_context
    assert isinstance(large, Tensor)
    assert isinstance(small, Tensor)
    assert torch.equal(large, views.teacher_context)
    assert (large.shape, small.shape) == ((2, 6, 2), (2, 6, 2))
    assert (large[..., 0] != large[..., 1]).all()
    assert len({tuple(pair) for pair in large.flatten(0, 1).tolist()}) > 3
    found = objective.student.tokens(views.large, large, views.concept)
    assert found.shape == (2, 6, 1 + 2 * 4, 16)
    # What is not shown does not matter.
    hidden = views.large.clone()
    for view in range(2):
        for row in range(6):
            away = [channel for channel in range(4) if channel not in large[view, row]]
            hidden[view, row, away] = 0
    torch.testing.assert_close(
        objective.teacher.tokens(hidden, large, views.concept),
        objective.teacher.tokens(views.large, large, views.concept),
    )


@pytest.mark.parametrize("draw", ["forward", "shared"])
def test_a_dichavit_shows_a_whole_pass_the_same_channels(
    tiny_encoder: CceConfig,
    tiny_options: dict[str, object],
    batch: Batch,
    progress: Progress,
    draw: str,
) -> None:
    objective = make(tiny_encoder, tiny_options, "dichavit")
    options = dataclasses.replace(objective.options.dichavit, draw=draw)
    objective.family.options = dataclasses.replace(objective.options, dichavit=options)
    apart = 0
    for _ in range(10):
        views = objective.make_views(batch, progress)
        drawn = (views.teacher_context, views.large_context, views.small_context)
        sets = []
        for each in drawn:
            assert isinstance(each, Tensor)
            assert (each == each[0, 0]).all()
            sets.append(set(each[0, 0].tolist()))
        assert set.intersection(*sets)
        apart += len({frozenset(each) for each in sets}) > 1
    assert (apart > 0) == (draw == "forward")


def test_as_many_channels_are_shown_as_there_are_or_as_are_drawn(
    tiny_encoder: CceConfig, tiny_options: dict[str, object], batch: Batch, progress: Progress
) -> None:
    counts = {}
    for shown in (0, 9):
        objective = make(tiny_encoder, tiny_options, "channelvit", channels_shown=shown)
        drawn = [objective.make_views(batch, progress).large_context for _ in range(12)]
        counts[shown] = {each.shape[2] for each in drawn if isinstance(each, Tensor)}
    assert counts == {0: {1, 2, 3, 4}, 9: {4}}


def test_channels_are_found_by_stain_and_others_left_out(
    tiny_encoder: CceConfig, tiny_options: dict[str, object], batch: Batch, progress: Progress
) -> None:
    objective = make(tiny_encoder, tiny_options, "channelvit", channels=("Hoechst", "tubulin"))
    views = objective.make_views(batch, progress)
    assert views.large.shape == (2, 6, 2, 32, 32)
    assert views.concept == (1, 0)
    other = dataclasses.replace(batch, channel_names=("a", "b", "c", "d"), name="others")
    with pytest.raises(InputError, match="crop set 'others' has channels a, b, c, d, and the run"):
        objective.make_views(other, progress)


def test_a_set_of_the_same_stains_under_other_names_adds_no_channels(
    tiny_encoder: CceConfig,
) -> None:
    options = McdOptions(backbone="channelvit")
    described = MaskedContextDistillation.encoder_config(tiny_encoder, options)
    sets = [NAMES, ("DAPI", "tubulin", "brightfield")]
    found = MaskedContextDistillation.describe_for(described, options, sets)
    assert isinstance(found, ChannelVitConfig)
    assert found.channels == (*NAMES, "brightfield")


def test_channels_of_each_image_are_those_of_the_list() -> None:
    config = ChannelVitConfig(
        name="tiny", width=16, heads=2, depth=1, position_grid=2, channels=NAMES, input_size=32
    )
    torch.manual_seed(0)
    network = ChannelBackbone(config)
    images = torch.rand(2, 3, 32, 32)
    each = network(images, torch.tensor([[2, 0], [2, 0]]), (3, 1, 0))
    torch.testing.assert_close(each, network(images, (2, 0), (3, 1, 0)))
    torch.testing.assert_close(each, ChannelViT.forward(network, images[:, [2, 0]], [0, 3]))


def test_a_run_leaves_an_encoder_goes_on_and_begins_from_its_own_kind(
    tiny_run: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*tiny_run, "--mcd.backbone", "dichavit", "--warmup_epochs", "0"]
    short = [*arguments, "--epochs", "2", "--steps_per_epoch", "2", "--checkpoint_steps", "1"]
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    assert pretrain.main([*short, "--out", str(whole)]) == 0
    # Stopped after each step, as soon as the time is up.
    for _ in range(4):
        assert pretrain.main([*short, "--out", str(halved), "--max_minutes", "1e-9"]) == 0
    for file in ("checkpoint.safetensors", "model/weights.safetensors"):
        ours, theirs = (load_file(out / file) for out in (whole, halved))
        assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    encoder = load_encoder(whole / "model")
    assert encoder.config.architecture == "dichavit"
    assert encoder.config.channels == NAMES
    assert "the embedding of other stains: mean" in encoder.card
    roles = ChannelAssignment({"DAPI": "context", "EGFP": "concept"})
    crops = np.random.default_rng(0).random((3, 2, 32, 32))
    assert encoder.embed(crops, roles, roles.names).shape == (3, 16)

    begun = [*short, "--start", str(whole / "model"), "--learning_rate", "0"]
    assert pretrain.main([*begun, "--min_learning_rate", "0", "--out", str(tmp_path / "on")]) == 0
    kept, still = (
        load_file(each / "model" / "weights.safetensors") for each in (whole, tmp_path / "on")
    )
    for name, value in kept.items():
        torch.testing.assert_close(still[name], value, rtol=2e-3, atol=1e-6)
    other = [*begun, "--mcd.backbone", "channelvit", "--out", str(tmp_path / "other")]
    assert pretrain.main(other) == 2
    assert "of the architecture dichavit" in capsys.readouterr().err


def test_a_run_of_an_earlier_version_still_goes_on() -> None:
    config = load_config(["--data", "x", "--out", "y", "--mcd.backbone", "base-sc"])
    earlier = json.loads(config.to_json())
    earlier["mcd"]["backbone"] = "vit-1"
    for added in ("channels", "channels_shown", "unseen", "dichavit"):
        del earlier["mcd"][added]
    assert config.changed_since(json.dumps(earlier)) == []
    assert load_config(["--data", "x", "--out", "y", "--mcd.backbone", "vit-1"]) == config
    earlier["mcd"]["local_views"] = 3
    assert config.changed_since(json.dumps(earlier)) == ["mcd"]


@pytest.mark.parametrize("size", ["S", "B"])
def test_sizes_are_those_of_a_plain_transformer(size: str) -> None:
    with torch.device("meta"):
        options = McdOptions(backbone="channelvit", channels=NAMES)
        config = MaskedContextDistillation.encoder_config(CceConfig.of_size(size), options)
        assert isinstance(config, ChannelVitConfig)
        count = sum(each.numel() for each in ChannelViT(config).parameters())
    # The published single-channel transformer, and an embedding for each of 4 channels.
    plain = {"S": 21_469_056, "B": 85_405_440}[size]
    assert count == plain + 4 * config.width
    assert config.name == f"ChannelViT ViT-{size}"


@pytest.mark.parametrize(
    ("file", "backbone", "decay", "clip"),
    [
        ("channelvit_s", "channelvit", (0.04, 0.4), 0.3),
        ("dichavit_s", "dichavit", (0.04, 0.4), 0.3),
        ("base_sc_s", "base-sc", (0.04, 0.4), 0.3),
        ("base_sc_s_released", "base-sc", (0.1, 0.5), 3.0),
    ],
)
def test_the_published_recipes_are_there(
    file: str, backbone: str, decay: tuple[float, float], clip: float
) -> None:
    config = load_config([str(CONFIGS / f"{file}.toml"), "--data", "x", "--out", "y"])
    assert config.options.backbone == backbone
    run = config.run
    assert ((run.weight_decay, run.end_weight_decay), run.max_grad_norm) == (decay, clip)
    assert run.images_per_step(1) == (640 if backbone == "base-sc" else 256)
    assert run.learning_rate == 5e-4

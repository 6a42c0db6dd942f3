"""Learning from a teacher: what its targets are, that they are learnt, and whose they are."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from napari_c3r.core.encoder.families.cce import CceConfig
from napari_c3r.core.errors import InputError
from training import targets
from training.config import load_config
from training.contrast import Groups
from training.data.cropset import CropSet
from training.distil import Components, Distil, DistilOptions, group_targets, likeness
from training.distributed import Processes
from training.objectives import Batch, Progress
from training.optim import make_optimiser, set_rates
from training.pretrain import train
from training.schedules import Plan
from training.targets import teacher_features
from training.teacher import WIDTH

ENCODER = CceConfig(
    name="tiny", width=32, heads=2, branch_depth=1, joint_depth=1, position_grid=3, input_size=48
)
PLAN = Plan(1, 30)
SMALL = {"components": 6, "layers": ("block 11",)}
ALONE = Processes(0, 1, torch.device("cpu"))


def cheap_features(crops, layers=("last",), device="auto"):
    """Brightness along each row and column, as a teacher that costs nothing."""
    pixels = crops.astype(np.float32) / 255
    lines = np.concatenate([pixels.mean(2), pixels.mean(3)], axis=2)
    return np.resize(lines, (*crops.shape[:2], sum(WIDTH[layer] for layer in layers)))


@pytest.fixture
def cheap_teacher(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A teacher that costs nothing, and how many crops it was asked for, call by call."""
    calls: list[int] = []

    def features(crops, layers, device):
        calls.append(len(crops))
        return cheap_features(crops, layers)

    monkeypatch.setattr(targets, "photograph_features", features)
    return calls


@pytest.fixture
def own_sets(crop_sets: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Copies of the crop sets, since features are kept in them."""
    import shutil

    return {
        name: Path(shutil.copytree(path, tmp_path / "sets" / name))
        for name, path in crop_sets.items()
    }


def progress(step: int) -> Progress:
    generators = [torch.Generator().manual_seed(step) for _ in range(3)]
    return Progress(step, PLAN, *generators, report=True)


def test_components_are_principal_and_half_whitened() -> None:
    random = torch.Generator().manual_seed(0)
    spread = torch.tensor([5.0, 3.0, 2.0, 1.0, 0.5])
    mixed = torch.linalg.qr(torch.randn(5, 5, generator=random))[0]
    rows = torch.randn(400, 2, 5, generator=random) * spread @ mixed
    shifted = torch.cat([rows[:200] + 50, rows[200:] - 80])
    components = Components(5, 3, 0.25)
    # Two sets that lie far apart: what they have in common does not count.
    components.fit([shifted[:200], shifted[200:]])
    found = components(rows).flatten(0, 1)

    centred = torch.cat([part - part.mean(0) for part in rows.split(200)]).flatten(0, 1).numpy()
    scaled = centred / np.sqrt((centred**2).mean(0))
    variances = np.linalg.eigvalsh(scaled.T @ scaled / len(scaled))[::-1][:3]
    expected = np.sqrt(variances) / np.sqrt(variances).mean()
    by_set = torch.cat([part - part.mean(0) for part in components(rows).split(200)])
    np.testing.assert_allclose(by_set.flatten(0, 1).square().mean(0), expected, rtol=1e-4)
    covariance = np.cov(found.numpy().T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.1


def test_targets_are_means_over_the_groups_less_what_cells_share() -> None:
    components = torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(0))
    found = group_targets(components, [0, 1, 3], [2])
    context = (components[:, 0] + components[:, 1] + components[:, 3]) / 3
    by_hand = torch.cat([context - context.mean(0), components[:, 2] - components[:, 2].mean(0)], 1)
    torch.testing.assert_close(found, by_hand)


def test_context_that_the_student_lacks_is_in_its_target_and_other_channels_are_not() -> None:
    objective = Distil(ENCODER, DistilOptions(**SMALL), PLAN)
    random = torch.Generator().manual_seed(0)
    features = torch.randn(8, 4, 224, generator=random)
    objective.fit([features])
    groups = Groups(context=[0], concept=[3], whole=[0, 1])
    seen = objective.look(torch.rand(8, 4, 48, 48, generator=random), groups, progress(0))
    assert seen.views.shape[1] == 2

    @torch.no_grad()
    def terms(changed: int | None = None) -> list[float]:
        other = features.clone()
        if changed is not None:
            other[:, changed] = torch.randn(8, 224, generator=random)
        return [float(v) for v in objective._taught(seen, other, groups).values()]

    before = terms()
    assert terms(2) == before
    assert all(terms(changed) != before for changed in (0, 1, 3))


def test_likeness_is_the_correlation_of_cosines() -> None:
    random = torch.Generator().manual_seed(0)
    one, other = torch.randn(6, 4, generator=random), torch.randn(6, 9, generator=random)
    pairs = np.triu_indices(6, 1)
    cosines = [
        np.array(
            [float(torch.cosine_similarity(x[i], x[j], dim=0)) for i, j in zip(*pairs, strict=True)]
        )
        for x in (one, other)
    ]
    assert float(likeness(one, other)) == pytest.approx(np.corrcoef(*cosines)[0, 1], abs=1e-5)
    turned = torch.linalg.qr(torch.randn(4, 4, generator=random))[0]
    assert float(likeness(one, 3 * one @ turned)) == pytest.approx(1, abs=1e-5)


def test_it_learns_what_the_teacher_sees() -> None:
    torch.manual_seed(0)
    options = DistilOptions(**SMALL, any_role=0.0, taught=("real",), contrasted=("simulated",))
    objective = Distil(ENCODER, options, PLAN)
    x = torch.arange(48) / 48
    kinds = torch.arange(6).repeat(4)
    waves = torch.sin(2 * torch.pi * (2 + 1.5 * kinds[:, None]) * x)[:, None, None, :]
    images = ((waves.expand(-1, 3, 48, -1) + 3) * 40).to(torch.uint8)
    code = torch.randn(224, generator=torch.Generator().manual_seed(1))
    features = (kinds[:, None, None] * code).expand(-1, 3, -1)
    objective.fit([features])
    batch = Batch(images, kinds, (0, 1), (2,), "real", torch.zeros_like(kinds), features)
    optimiser = make_optimiser(objective.trainable())
    set_rates(optimiser, 3e-3, 0.0)
    history = []
    for step in range(PLAN.steps):
        losses = objective(batch, progress(step))
        optimiser.zero_grad()
        losses["loss"].backward()
        assert all(p.grad is not None for p in objective.trainable().parameters())
        optimiser.step()
        history.append({name: float(value.detach()) for name, value in losses.items()})
    assert set(history[0]) == {"teacher", "likeness", "loss", "rank"}
    first, last = (
        {name: np.mean([row[name] for row in rows]) for name in rows[0]}
        for rows in (history[:5], history[-5:])
    )
    assert last["teacher"] < 0.7 * first["teacher"]
    assert last["likeness"] < 0.7 * first["likeness"]

    simulated = Batch(images, kinds, (0, 1), (2,), "simulated", torch.zeros_like(kinds))
    assert set(objective(simulated, progress(0))) == {
        *("contrast", "descriptors", "local", "loss", "rank"),
    }


def test_features_are_computed_once_and_kept_with_the_crops(
    own_sets: dict[str, Path], cheap_teacher: list[int]
) -> None:
    crops = CropSet.open(own_sets["reporter"])
    first = teacher_features(crops, [1, 2], ("block 11",))
    assert sum(cheap_teacher) == len(crops)
    expected = cheap_features(crops.read()[:, 1:], ("block 11",)).astype(np.float16)
    np.testing.assert_array_equal(first.numpy(), expected)
    again = teacher_features(CropSet.open(own_sets["reporter"]), [1, 2], ("block 11",))
    assert torch.equal(first, again)
    assert sum(cheap_teacher) == len(crops)
    teacher_features(crops, [1], ("block 11",))
    assert sum(cheap_teacher) == 2 * len(crops)
    assert len(list(own_sets["reporter"].glob("teacher-*.safetensors"))) == 2
    for file in own_sets["reporter"].glob("teacher-*"):
        file.write_bytes(b"no")
    with pytest.raises(InputError, match="is damaged"):
        teacher_features(crops, [1], ("block 11",))


@pytest.fixture
def arguments(own_sets: dict[str, Path], tiny_run: list[str]) -> list[str]:
    sizes = tiny_run[: tiny_run.index("--mcd.local_views")]
    names = {"taught": "proteins", "contrasted": "reporter"}
    settings = [part for key, value in names.items() for part in (f"--distil.{key}", value)]
    return [
        *(*sizes, *settings, "--objective", "distil", "--distil.components", "6"),
        *("--distil.layers", "block 11", "--data", ",".join(map(str, own_sets.values()))),
        *("--accumulation_steps", "2", "--epochs", "2", "--weights", "1,1"),
    ]


def run(arguments: list[str], out: Path, *, stop: bool = False) -> dict[str, torch.Tensor]:
    """Train to the end, or one step more; all that is in the checkpoint."""
    wish = Event()
    if stop:
        wish.set()
    train(load_config([*arguments, "--out", str(out)]), ALONE, wish)
    return load_file(out / "checkpoint.safetensors")


def test_a_stopped_run_ends_as_one_that_was_not(
    arguments: list[str], cheap_teacher: list[int], tmp_path: Path
) -> None:
    whole = run(arguments, tmp_path / "whole")
    for _ in range(2):
        run(arguments, tmp_path / "parts", stop=True)
    parts = run(arguments, tmp_path / "parts")
    assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []
    assert whole["objective/components.directions"].abs().max() > 0
    # Only crops of the set that is taught were shown to the teacher, and only once.
    assert sum(cheap_teacher) == 48


def test_crops_that_are_held_out_change_nothing(
    arguments: list[str],
    cheap_teacher: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = run(arguments, tmp_path / "before", stop=True)
    held_out = (CropSet.open(tmp_path / "sets" / "proteins").table["split"] == "test").to_numpy(
        copy=True
    )
    assert held_out.any()
    plain = Distil.features_of

    def spoilt(*given):
        features = plain(*given)
        if features is not None:
            features[torch.from_numpy(held_out)] = 1e4
        return features

    monkeypatch.setattr(Distil, "features_of", spoilt)
    after = run(arguments, tmp_path / "after", stop=True)
    assert [name for name in before if not torch.equal(before[name], after[name])] == []


def test_a_set_for_neither_is_told(
    arguments: list[str], cheap_teacher: list[int], tmp_path: Path
) -> None:
    named = [*arguments, "--distil.contrasted", "another"]
    with pytest.raises(InputError, match="'reporter' is named in neither taught nor contrasted"):
        run(named, tmp_path / "out")

"""Settings of a run, from files and command lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_c3r.core.errors import InputError
from training.config import Config, load_config
from training.mcd_options import McdOptions
from training.optim import learning_rate

CONFIGS = Path(__file__).resolve().parents[2] / "training" / "configs"
NEEDED = ["--data", "a,b", "--out", "runs/x"]


def test_defaults_are_the_official_ones() -> None:
    config = load_config(NEEDED)
    run, options = config.run, config.options
    assert (run.data, run.out) == (("a", "b"), "runs/x")
    assert (run.classes_per_batch, run.samples_per_class, run.epochs, run.data_share) == (
        10,
        8,
        400,
        0.02,
    )
    assert (run.max_grad_norm, run.weight_decay, run.end_weight_decay) == (0.3, 0.04, 0.4)
    assert isinstance(options, McdOptions)
    assert (options.mask_ratios, options.mask_variations) == ((0, 0.3), (0, 0.2))
    assert (options.student_keep, options.context_draw) == ((1, 2, 3), "forward")
    assert (options.head_logits, options.local_views) == (8192, 10)
    encoder = run.encoder()
    assert (encoder.width, encoder.branch_depth, encoder.joint_depth) == (384, 2, 11)
    assert (encoder.input_size, encoder.position_grid) == (224, 14)
    finer = load_config([*NEEDED, "--patch_size", "8"]).run.encoder()
    assert (finer.patch_size, finer.position_grid) == (8, 28)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_configuration_beside_the_code_is_valid(path: Path) -> None:
    config = load_config([str(path), *NEEDED])
    assert config.encoder().width > 0
    assert config.run.data_share == 1


@pytest.mark.parametrize(
    ("name", "images", "steps_per_epoch", "steps", "peak"),
    [("vit_s", 640, 521, 52_100, 1.25e-3), ("vit_b", 384, 869, 43_450, 7.5e-4)],
)
@pytest.mark.parametrize("processes", [1, 8])
def test_the_paper_s_schedule_follows_from_its_configuration(
    name: str, images: int, steps_per_epoch: int, steps: int, peak: float, processes: int
) -> None:
    """The training list has 10,433 antibodies, each in four files."""
    parts = ["--accumulation_steps", str(8 // processes)]
    run = load_config([str(CONFIGS / f"{name}.toml"), *NEEDED, *parts]).run
    plan = run.plan(10_433, processes)
    assert run.images_per_step(processes) == images
    assert (plan.steps_per_epoch, plan.steps) == (steps_per_epoch, steps)
    assert learning_rate(run.learning_rate, images) == pytest.approx(peak, rel=1e-12)
    # Those of a GPU, among which the supervised contrast looks for positives.
    assert run.images_per_batch == images / 8
    assert run.neighbours == "keep"


def test_a_run_from_before_epochs_had_several_passes_goes_on_as_it_began() -> None:
    then = json.loads(load_config(NEEDED).to_json())
    del then["passes_per_epoch"]
    assert load_config(NEEDED).changed_since(json.dumps(then)) == ["passes_per_epoch"]
    now = load_config([*NEEDED, "--passes_per_epoch", "1"])
    assert now.changed_since(json.dumps(then)) == []


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('size = "T"\nmax_grad_norm = 1\n[mcd]\nlocal_views = 4\nlocal_size = 48\n')
    config = load_config(
        [str(file), *NEEDED, "--size", "B", "--mcd.local-views", "2", "--weights", "1,2.5"]
    )
    assert (config.run.size, config.run.max_grad_norm, config.run.weights) == ("B", 1.0, (1.0, 2.5))
    assert (config.options.local_views, config.options.local_size) == (2, 48)
    no_mcd = load_config([str(file), *NEEDED, "--mcd.student_keep", ""])
    assert no_mcd.options.student_keep == ()


def test_an_unpublished_size_and_grouped_stems_only() -> None:
    run = load_config([*NEEDED, "--width", "64", "--heads", "2", "--branch_depth", "0"]).run
    encoder = run.encoder()
    assert (encoder.width, encoder.heads, encoder.joint_depth) == (64, 2, 12)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--data", "a"], "needs 'out'"),
        ([*NEEDED, "--classes_per_batches", "3"], "did you mean 'classes_per_batch'"),
        ([*NEEDED, "--mcd.head_logit", "3"], r"\[mcd\]: unknown setting 'head_logit'"),
        (
            [*NEEDED, "--classes_per_batch", "many"],
            "classes_per_batch must be of type int, not 'many'",
        ),
        ([*NEEDED, "--classes_per_batch", "0"], "classes_per_batch must be 1 or more, not 0"),
        ([*NEEDED, "--size", "XL"], "size must be one of T, S, B, L"),
        ([*NEEDED, "--weights", "1"], "weights must be empty or one number above 0 per crop set"),
        ([*NEEDED, "--objective", "none"], "unknown objective 'none'"),
        ([*NEEDED, "--mcd", "3"], r"\[mcd\] must be a table"),
        ([*NEEDED, "--epochs"], "'--epochs' has no value"),
        (["missing.toml"], "cannot read 'missing.toml'"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: list[str], line: str) -> None:
    with pytest.raises(InputError, match=line) as caught:
        load_config(arguments)
    assert "\n" not in str(caught.value)


def test_settings_that_change_nothing_may_change_between_starts() -> None:
    config = load_config(NEEDED)
    earlier = config.to_json()
    assert load_config([*NEEDED, "--max_minutes", "5"]).changed_since(earlier) == []
    changed = load_config([*NEEDED, "--seed", "5", "--mcd.momentum", "0.9"])
    assert changed.changed_since(earlier) == ["seed", "mcd"]


def test_a_configuration_documents_every_setting() -> None:
    for kind in (Config, McdOptions):
        for name in kind.__dataclass_fields__:
            assert name in (kind.__doc__ or "")


def test_the_names_that_settings_once_had_are_still_read(tmp_path):
    file = tmp_path / "old.toml"
    file.write_text('out = "o"\ndata = ["d"]\nantibodies = 5\nclip = 2\n')
    config = load_config([str(file), "--cells", "3", "--minutes", "7"])
    run = config.run
    found = (run.classes_per_batch, run.samples_per_class, run.max_grad_norm, run.max_minutes)
    assert found == (5, 3, 2.0, 7.0)
    before = json.loads(config.to_json())
    before["antibodies"] = before.pop("classes_per_batch")
    assert config.changed_since(json.dumps(before)) == []

"""Whole runs: to the end, killed and resumed, over several processes, and what can go wrong."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import still
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import load_encoder
from training import pretrain
from training.checkpoint import NAME
from training.objectives import OBJECTIVES

ROOT = Path(__file__).resolve().parents[2]
STEPS = 18


def environment() -> dict[str, str]:
    """Modules as the tests see them, and as many threads, which decide how sums are rounded."""
    paths = [str(ROOT), str(ROOT / "src"), str(Path(__file__).parent)]
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    threads = str(torch.get_num_threads())
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": threads}


def start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "training.pretrain", *arguments],
        stdout=subprocess.PIPE,
        env=environment(),
        cwd=ROOT,
        text=True,
    )


def run_to_end(arguments: list[str]) -> None:
    """Run Python in a process of its own."""
    subprocess.run([sys.executable, *arguments], env=environment(), cwd=ROOT, check=True)


def wait_for_step(process: subprocess.Popen[str], step: int) -> None:
    """Read what a run says until it has done a step."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("step ") and int(line.split()[1].split("/")[0]) >= step:
            return
    pytest.fail(f"the run ended before step {step}")


def read_checkpoint(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    with safe_open(folder / NAME, framework="pt") as file:
        about = file.metadata()
    return load_file(folder / NAME), about


def read_log(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [{name: value for name, value in row.items() if name != "cells_per_s"} for row in rows]


def assert_same_tensors(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    different = [name for name in one if not torch.equal(one[name], other[name])]
    assert different == []


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory, tiny_run: list[str]) -> Path:
    """Folder of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    assert pretrain.main([*tiny_run, "--out", str(out)]) == 0
    return out


def test_a_run_leaves_a_model_folder_a_log_and_a_checkpoint(whole_run: Path) -> None:
    rows = read_log(whole_run)
    assert [int(row["step"]) for row in rows] == list(range(2, STEPS + 1, 2))
    assert float(rows[-1]["epoch"]) == 6
    assert all(np.isfinite(float(row["loss"])) for row in rows)
    encoder = load_encoder(whole_run / "model")
    assert encoder.trained
    assert encoder.config.training_data == "proteins, reporter"
    assert (encoder.config.field_um, encoder.config.licence) == (40.0, "CC0")
    assert "18 of 18" in encoder.card
    tensors, about = read_checkpoint(whole_run)
    assert about["step"] == str(STEPS)
    trained = tensors["objective/teacher.backbone.combiner.norm.weight"].half()
    stored = load_file(whole_run / "model" / "weights.safetensors")["combiner.norm.weight"]
    assert torch.equal(stored, trained)
    assert load_encoder(whole_run / "model-epoch-0004").trained
    assert json.loads((whole_run / "config.json").read_text())["mcd"]["local_views"] == 2


def test_a_run_that_was_stopped_and_killed_ends_as_one_that_was_not(
    tiny_run: list[str], tmp_path: Path
) -> None:
    """Each part in a process of its own: what a process did before may move its last bits."""
    out, whole = tmp_path / "run", tmp_path / "whole"
    arguments = [*tiny_run, "--out", str(out), "--log_steps", "2"]
    often = [*arguments, "--checkpoint_steps", "5", "--folder_minutes", "0.0001"]
    run_to_end(["-m", "training.pretrain", *tiny_run, "--out", str(whole)])

    run_to_end([str(Path(__file__).with_name("stopping.py")), *often])
    done = int(read_checkpoint(out)[1]["step"])
    assert done == 3
    assert load_encoder(out / "model").trained

    with start(often) as killed:
        wait_for_step(killed, random.randrange(done + 2, STEPS - 2))
        killed.kill()
        killed.communicate()
    assert int(read_checkpoint(out)[1]["step"]) < STEPS

    run_to_end(["-m", "training.pretrain", *arguments])
    (ours, about), (theirs, about_whole) = read_checkpoint(out), read_checkpoint(whole)
    assert_same_tensors(ours, theirs)
    assert (about["step"], about["log"]) == (about_whole["step"], about_whole["log"])
    assert read_log(out) == read_log(whole)
    weights = [load_file(each / "model" / "weights.safetensors") for each in (out, whole)]
    assert_same_tensors(*weights)


def test_a_run_can_begin_with_the_weights_of_another(
    whole_run: Path, tiny_run: list[str], tmp_path: Path
) -> None:
    begun = [*tiny_run, "--steps_per_epoch", "1", "--epochs", "1", "--warmup_epochs", "0"]
    begun += ["--start", str(whole_run / "model"), "--out", str(tmp_path / "run")]
    still = [*begun, "--learning_rate", "0", "--min_learning_rate", "0"]
    assert pretrain.main(still) == 0
    folders = (whole_run / "model", tmp_path / "run" / "model")
    assert_same_tensors(*(load_file(each / "weights.safetensors") for each in folders))


def test_weights_of_another_size_are_refused(
    whole_run: Path,
    tiny_run: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = [*tiny_run, "--out", str(tmp_path / "run"), "--width", "32", "--heads", "4"]
    assert pretrain.main([*other, "--start", str(whole_run / "model")]) == 2
    assert "with width 16, but the run has 32" in capsys.readouterr().err
    assert pretrain.main([*other, "--start", str(tmp_path / "nowhere")]) == 2
    assert "no model folder" in capsys.readouterr().err


def test_the_single_channel_baseline_leaves_a_model_folder_and_begins_from_its_own_kind(
    whole_run: Path,
    tiny_run: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [*tiny_run, "--mcd.backbone", "base-sc", "--epochs", "1", "--warmup_epochs", "0"]
    assert pretrain.main([*arguments, "--out", str(tmp_path / "run")]) == 0
    folder = tmp_path / "run" / "model"
    encoder = load_encoder(folder)
    assert encoder.trained
    assert encoder.config.architecture == "base-sc"
    assert (encoder.config.depth, encoder.config.field_um) == (2, 40.0)
    assert "Single-channel encoder" in encoder.card
    crops = np.random.default_rng(0).random((3, 2, 32, 32))
    roles = ChannelAssignment({"dna": "context", "er": "context"})
    assert encoder.embed(crops, roles, roles.names).shape == (3, 32)

    begun = [*arguments, "--out", str(tmp_path / "again"), "--start", str(folder)]
    still = [*begun, "--learning_rate", "0", "--min_learning_rate", "0"]
    assert pretrain.main(still) == 0
    folders = (folder, tmp_path / "again" / "model")
    assert_same_tensors(*(load_file(each / "weights.safetensors") for each in folders))
    other = [*arguments, "--out", str(tmp_path / "other"), "--start", str(whole_run / "model")]
    assert pretrain.main(other) == 2
    assert "of the architecture context-concept-encoder" in capsys.readouterr().err


def test_half_precision_trains_too(tiny_run: list[str], tmp_path: Path) -> None:
    arguments = [*tiny_run, "--precision", "bfloat16", "--epochs", "2", "--out", str(tmp_path)]
    assert pretrain.main([*arguments, "--accumulation_steps", "2", "--steps_per_epoch", "1"]) == 0
    tensors, _ = read_checkpoint(tmp_path)
    assert {value.dtype for value in tensors.values()} == {torch.float32}


def test_a_finished_run_is_left_as_it_is(whole_run: Path, tiny_run: list[str]) -> None:
    before = (whole_run / NAME).read_bytes(), (whole_run / "log.csv").read_text()
    assert pretrain.main([*tiny_run, "--out", str(whole_run)]) == 0
    assert ((whole_run / NAME).read_bytes(), (whole_run / "log.csv").read_text()) == before


def test_a_run_with_other_settings_does_not_go_on(
    whole_run: Path, tiny_run: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert pretrain.main([*tiny_run, "--out", str(whole_run), "--max_grad_norm", "1"]) == 2
    assert "holds a run with other settings (max_grad_norm)" in capsys.readouterr().err
    assert pretrain.main([*tiny_run, "--out", str(whole_run), "--width", "32"]) == 2
    assert "is of another kind of run" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_told(
    tiny_run: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / NAME).write_bytes(b"not a checkpoint")
    assert pretrain.main([*tiny_run, "--out", str(tmp_path)]) == 2
    assert "is not a checkpoint" in capsys.readouterr().err


def test_two_processes_end_where_one_does_on_the_joined_batch(
    tiny_run: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The antibody loss is within each process by design, unless it is set to reach over all.
    arguments = [
        *(*tiny_run, "--objective", "still", "--epochs", "2"),
        *("--mcd.antibody_gather", "true", "--mcd.drop_path", "0", "--log_steps", "1"),
    ]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    script = str(Path(still.__file__))
    two = ["--out", str(tmp_path / "two"), "--classes_per_batch", "2"]
    subprocess.run(
        [sys.executable, *torchrun, script, *arguments, *two],
        env=environment() | {"OMP_NUM_THREADS": "1"},
        check=True,
    )
    monkeypatch.setitem(OBJECTIVES, "still", still.NAME)
    try:
        assert (
            still.main([*arguments, "--out", str(tmp_path / "one"), "--classes_per_batch", "4"])
            == 0
        )
    finally:
        torch.set_default_dtype(torch.float32)
    joined, alone = (read_checkpoint(tmp_path / out)[0] for out in ("two", "one"))
    assert joined.keys() == alone.keys()
    # Weights of both sides, centres, and running means of gradients and their squares.
    for name, value in alone.items():
        torch.testing.assert_close(joined[name], value, rtol=1e-7, atol=1e-10, msg=name)


def test_a_loss_that_is_no_number_stops_the_run_and_spoils_nothing(
    tiny_run: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*tiny_run, "--out", str(tmp_path), "--learning_rate", "1e30"]
    assert pretrain.main([*arguments, "--checkpoint_steps", "1", "--max_grad_norm", "0"]) == 2
    line = capsys.readouterr().err
    assert "is not a finite number" in line
    assert line.count("\n") == 1
    tensors, _ = read_checkpoint(tmp_path)
    assert all(value.isfinite().all() for value in tensors.values())

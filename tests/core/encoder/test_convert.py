"""Official checkpoints, sound, odd and hostile."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder import convert_checkpoint, load_encoder, read_model_folder
from napari_c3r.core.errors import InputError

from .golden import Case


def official_checkpoint(path: Path, weights: dict[str, Tensor]) -> Path:
    """Write what the official training writes; the student's numbers are twice the teacher's."""
    head = {"head.mlp.0.weight": torch.zeros(4, 4), "head.last_layer.weight_g": torch.ones(4, 1)}
    teacher = {f"backbone.{k}": v for k, v in weights.items() if k != "masked_embed"} | head
    student = {f"module.backbone.{k}": 2 * v for k, v in weights.items()}
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2))])
    checkpoint = {
        "student": student | {f"module.{k}": v for k, v in head.items()},
        "teacher": teacher,
        "optimizer": optimizer.state_dict(),
        "epoch": 100,
        "args": argparse.Namespace(arch="vit_small", lr=5e-4, keep_channels=[1, 2, 3]),
        "ibot_loss": {"center": torch.zeros(1, 4), "center2": torch.zeros(1, 1, 4)},
        "fp16_scaler": {"scale": 65536.0},
    }
    torch.save(checkpoint, path)
    return path


@pytest.fixture
def checkpoint(tmp_path: Path, official_weights: dict[str, Tensor]) -> Path:
    return official_checkpoint(tmp_path / "checkpoint.pth", official_weights)


def refused(path: Path, **options: object) -> str:
    with pytest.raises(InputError) as error:
        convert_checkpoint(path, path.parent / "out", **options)  # type: ignore[arg-type]
    assert not (path.parent / "out").exists()
    line = str(error.value)
    assert "\n" not in line
    return line


def test_the_teacher_becomes_a_model_folder(
    checkpoint: Path, tmp_path: Path, official_weights: dict[str, Tensor]
) -> None:
    folder = convert_checkpoint(checkpoint, tmp_path / "model", heads=4, licence="CC0")
    model = read_model_folder(folder)
    config = model.config
    assert config.normalisation == "min-max per crop and channel"
    assert (config.width, config.heads, config.branch_depth, config.joint_depth) == (64, 4, 2, 3)
    assert (config.patch_size, config.position_grid) == (16, 14)
    assert config.trained
    assert config.name == "checkpoint"
    assert "checkpoint.pth" in model.card
    assert "CC0" in model.card
    assert set(model.weights) == set(official_weights) - {"masked_embed"}
    for name, value in model.weights.items():
        assert torch.equal(value, official_weights[name])


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("x" * 300, "Could not write .*File name too long"),
        ("no/such", "The folder .* does not exist"),
        ("mine", "not a model folder"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, name: str, line: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(InputError, match=line):
        convert_checkpoint(tmp_path / "missing.pth", tmp_path / name)


def test_the_student_can_be_chosen(
    checkpoint: Path, tmp_path: Path, official_weights: dict[str, Tensor]
) -> None:
    folder = convert_checkpoint(checkpoint, tmp_path / "m", which="student", heads=4, name="S")
    model = read_model_folder(folder)
    assert model.config.name == "S"
    assert torch.equal(model.weights["norm.weight"], 2 * official_weights["norm.weight"])


def test_a_converted_encoder_gives_the_official_embedding(
    checkpoint: Path, tmp_path: Path, golden_cases: dict[str, Case]
) -> None:
    case = golden_cases["B"]
    encoder = load_encoder(convert_checkpoint(checkpoint, tmp_path / "model", heads=4))
    names = [f"ch{index}" for index in range(case.pixels.shape[1])]
    roles = ChannelAssignment(
        {name: "context" if i in case.context else "concept" for i, name in enumerate(names)}
    )
    found = encoder.embed(case.pixels, roles, names, precision="float32", concept_mode="joint")
    # Not to the last digit: the eps of the instance norm feels the rescaling of intensities.
    np.testing.assert_allclose(found, case.expected["cls"], rtol=0, atol=1e-3)


@pytest.mark.parametrize(("width", "heads"), [(192, 3), (384, 6)])
def test_published_widths_tell_their_heads(tmp_path: Path, width: int, heads: int) -> None:
    from napari_c3r.core.encoder.families.cce import CceConfig, ContextConceptEncoder

    config = CceConfig(name="", width=width, heads=heads, branch_depth=1, joint_depth=1)
    weights = ContextConceptEncoder(config).state_dict()
    path = official_checkpoint(tmp_path / "checkpoint.pth", weights)
    assert read_model_folder(convert_checkpoint(path, tmp_path / "out")).config.heads == heads


class Hostile:
    """Unpickling this naively runs a command that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f'echo ran > "{self.trace}"',)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_a_hostile_checkpoint_is_refused_and_runs_nothing(tmp_path: Path, legacy: bool) -> None:
    trace = tmp_path / "trace"
    path = tmp_path / "checkpoint.pth"
    content = {"teacher": {"backbone.cls_token": torch.zeros(1)}, "args": Hostile(trace)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    assert "nothing in it was run" in refused(path)
    assert not trace.exists()

    torch.load(path, weights_only=False)
    assert trace.exists(), "the checkpoint must be truly hostile for this test to mean anything"


def test_a_hostile_plain_pickle_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = tmp_path / "checkpoint.pth"
    path.write_bytes(pickle.dumps({"teacher": Hostile(trace)}))
    assert "nothing in it was run" in refused(path)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x80\x02}q\x00.", b"text"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.pth"
    path.write_bytes(content)
    assert "checkpoint.pth" in refused(path)


def test_a_truncated_checkpoint_is_refused(checkpoint: Path) -> None:
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    assert "not a checkpoint" in refused(checkpoint)


@pytest.mark.parametrize("shape", [(1, 0, 192), (1, 1, 192), (0, 0, 0), (1, 17, 0), (1, 3, 7)])
@pytest.mark.parametrize("name", ["pos_embed", "patch_embed.proj.0.weight"])
def test_impossible_shapes_are_refused(checkpoint: Path, name: str, shape: tuple[int, ...]) -> None:
    content = torch.load(checkpoint, weights_only=False)
    for kernel in (shape, (*shape, 0)):
        content["teacher"][f"module.backbone.{name}"] = torch.zeros(kernel)
        torch.save(content, checkpoint)
        assert "checkpoint.pth" in refused(checkpoint)


def test_weights_that_claim_more_than_there_is_are_refused(checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=False)
    claimed = torch.zeros(1).expand(100_000, 100_000)
    content["teacher"]["module.backbone.pos_embed"] = claimed
    torch.save(content, checkpoint)
    assert "and the file holds less" in refused(checkpoint)


def test_a_packed_checkpoint_is_refused(checkpoint: Path) -> None:
    with zipfile.ZipFile(checkpoint, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(10_000_000))
    assert "claims 10 MB in a file of" in refused(checkpoint)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "none.pth")


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ([1, 2], {}, "holds a list"),
        ({"model": {}}, {}, "holds no weights"),
        ({"epoch": 3}, {}, "'epoch' is not a weight"),
        ({"student": {}}, {}, "has no network 'teacher', only: student"),
        ({"teacher": {}}, {"which": "epoch"}, "has no network 'epoch', only: teacher"),
        ({"teacher": {"backbone.x": 3}}, {}, "'backbone.x' is not a weight"),
        ({"teacher": {"encoder.x": torch.zeros(1)}}, {}, "'encoder.x' is not a weight"),
        (
            {"teacher": {"backbone.cnt_blocks.0.norm1.bias": torch.zeros(4)}},
            {},
            "lacks 'pos_embed'",
        ),
        ({"teacher": {"backbone.a.bias": torch.zeros(4)}}, {}, "it holds 'a.bias' (4,)"),
        ({"a": torch.zeros(4)}, {"family": "resnet"}, "unknown family 'resnet': choose one of"),
    ],
)
def test_other_files_of_tensors_are_refused(
    tmp_path: Path, content: object, options: dict[str, object], says: str
) -> None:
    path = tmp_path / "checkpoint.pth"
    torch.save(content, path)
    assert says in refused(path, **options)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"extra.weight": torch.zeros(1)}, "unknown 'extra.weight'"),
        ({"norm.bias": None}, "lacks 'norm.bias'"),
        ({"norm.bias": torch.zeros(65)}, "'norm.bias' has shape (65,)"),
        ({"pos_embed": torch.zeros(1, 190, 64)}, "'pos_embed' has shape"),
    ],
)
def test_odd_weights_are_refused_by_name(
    tmp_path: Path, official_weights: dict[str, Tensor], change: dict[str, Tensor | None], says: str
) -> None:
    changed = {**official_weights, **change}
    weights = {name: value for name, value in changed.items() if value is not None}
    path = official_checkpoint(tmp_path / "checkpoint.pth", weights)
    assert says in refused(path, heads=4)


@pytest.mark.parametrize(
    ("said", "heads"),
    [
        ({"args": argparse.Namespace(arch="tiny", num_heads=4)}, 4),
        ({"config": {"model": {"vit": {"num_attention_heads": 8}, "pool": {"num_heads": 2}}}}, 8),
        ({"args": {"num_heads": 4}, "old": {"num_heads": 8}}, None),
        ({"args": {"num_heads": "4", "epochs": 4}}, None),
        ({"args": {"num_heads": 7}}, None),
    ],
)
def test_the_number_of_heads_is_taken_from_where_the_training_wrote_it(
    tmp_path: Path, official_weights: dict[str, Tensor], said: dict[str, object], heads: int | None
) -> None:
    torch.save({"state_dict": official_weights, **said}, tmp_path / "file.pth")
    if heads is None:
        assert "heads" in refused(tmp_path / "file.pth")
    else:
        folder = convert_checkpoint(tmp_path / "file.pth", tmp_path / "out")
        assert read_model_folder(folder).config.heads == heads
    chosen = convert_checkpoint(tmp_path / "file.pth", tmp_path / "chosen", heads=2)
    assert read_model_folder(chosen).config.heads == 2


@pytest.mark.parametrize(("width", "heads"), [(64, 4), (32, None)])
def test_the_number_of_heads_may_stand_beside_the_file(
    tmp_path: Path, official_weights: dict[str, Tensor], width: int, heads: int | None
) -> None:
    torch.save(official_weights, tmp_path / "file.pth")
    content = {"hidden_size": width, "num_attention_heads": 4}
    (tmp_path / "config.json").write_text(json.dumps(content))
    if heads is None:
        assert "give heads=" in refused(tmp_path / "file.pth")
        return
    folder = convert_checkpoint(tmp_path / "file.pth", tmp_path / "out")
    assert read_model_folder(folder).config.heads == heads


def test_a_width_of_no_published_size_needs_heads(checkpoint: Path) -> None:
    assert "give heads=" in refused(checkpoint)
    assert "width must be a multiple" in refused(checkpoint, heads=5)

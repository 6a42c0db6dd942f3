"""The comparison of the paper's variants: its data, classifiers, tables, and a whole small one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.families.cce import CceConfig
from training.augment import to_unit_range
from training.baselines import single_channel_config
from training.data.cropset import CropSet, CropSetWriter
from training.evaluate.representations import untrained_like
from training.objectives import find_objective
from training.paper_claims.__main__ import CONFIG, main
from training.paper_claims.data import dominant_pattern, join, split_of
from training.paper_claims.embed import RIGHT, RoleEmbedder, SingleChannelEmbedder, assignments_of
from training.paper_claims.probes import KEPT, REFITTED, Outcomes, probe
from training.paper_claims.tables import ONE_LESS, Held, accuracies, differences, to_markdown
from training.paper_claims.variants import VARIANTS
from training.schedules import Plan

ROLES = ChannelAssignment(
    {"mt": "context", "protein": "concept", "dna": "context", "er": "context"}
)
PATTERNS = ("Golgi", "nucleoli")
TINY = [
    *("--width", "16", "--heads", "2", "--branch_depth", "2", "--joint_depth", "1"),
    *(
        "--input_size",
        "32",
        "--classes_per_batch",
        "4",
        "--samples_per_class",
        "2",
        "--epochs",
        "2",
    ),
    *("--steps_per_epoch", "1", "--device", "cpu", "--precision", "float32"),
    *("--mcd.head_hidden", "16", "--mcd.head_bottleneck", "8", "--mcd.head_logits", "16"),
    *("--mcd.local_size", "16"),
]


def write_set(path: Path, first_id: int, *, roles: ChannelAssignment = ROLES) -> Path:
    """Twelve ids of eight cells; even ids are nucleoli, odd ones Golgi."""
    random = np.random.default_rng(first_id)
    ids = np.repeat(np.arange(first_id, first_id + 12), 8)
    mixture = {
        f"mixture.{name}": (ids % 2 == k) * 0.8 + 0.1 for k, name in enumerate(PATTERNS[::-1])
    }
    table = pd.DataFrame({"id": [f"id{i}" for i in ids], **mixture})
    crops = random.integers(0, 255, (len(ids), len(roles.names), 40, 40), np.uint8)
    with CropSetWriter(
        path, channel_names=roles.names, assignment=roles, field_um=64.0, licence="CC0"
    ) as writer:
        writer.add(crops, table)
    return path


def test_sets_are_joined_and_split_by_id(tmp_path: Path) -> None:
    paths = [write_set(tmp_path / "a", 0), write_set(tmp_path / "b", 12)]
    joined = join(paths, tmp_path / "joined")
    assert np.array_equal(joined.read(), np.concatenate([CropSet.open(p).read() for p in paths]))
    splits = joined.table.groupby("id")["split"].unique()
    assert (splits.map(len) == 1).all()
    assert set(joined.table["split"]) == {"train", "test"}
    expected = ["nucleoli" if int(name[2:]) % 2 == 0 else "Golgi" for name in joined.table["id"]]
    assert dominant_pattern(joined.table).tolist() == expected
    again = join(paths, tmp_path / "joined")
    assert again.table.equals(joined.table)


def test_three_in_ten_ids_are_held_out() -> None:
    held = split_of(pd.Series([f"antibody {i}" for i in range(3000)])) == "test"
    assert held.mean() == pytest.approx(0.3, abs=0.03)


def test_sets_that_do_not_fit_are_refused(
    tmp_path: Path, crop_sets: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_set(tmp_path / "good", 0)
    other = write_set(tmp_path / "flipped", 12, roles=ROLES.flipped())
    out = ["--out", str(tmp_path / "out")]
    assert main(["--data", f"{good},{other}", *out]) == 2
    assert "other channels, roles or field" in capsys.readouterr().err
    assert main(["--data", str(crop_sets["proteins"]), *out]) == 2
    assert "has no column 'mixture.…'" in capsys.readouterr().err
    assert main(["--data", str(good), *out, "--variants", "mcd,mdc"]) == 2
    assert "no variant 'mdc'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_cells_are_embedded_right_flipped_and_without_each_context_channel() -> None:
    assignments = assignments_of(ROLES)
    groups = {name: (roles.context, roles.concept) for name, roles in assignments.items()}
    assert groups == {
        "right": (("mt", "dna", "er"), ("protein",)),
        "flipped": (("protein",), ("mt", "dna", "er")),
        "without mt": (("dna", "er"), ("protein",)),
        "without dna": (("mt", "er"), ("protein",)),
        "without er": (("mt", "dna"), ("protein",)),
    }
    assert list(assignments_of(ChannelAssignment({"a": "context", "b": "concept"}))) == [
        "right",
        "flipped",
    ]


def test_encoders_see_what_the_assignment_says(tiny_encoder: CceConfig) -> None:
    crops = np.random.default_rng(0).integers(0, 255, (3, 4, 32, 32), np.uint8)
    encoder = untrained_like(tiny_encoder)
    vectors = RoleEmbedder(encoder, "cpu")(crops, assignments_of(ROLES))
    expected = encoder.network(torch.from_numpy(crops).float(), [1], [0, 2, 3])[:, 0]
    # Matrix products may be in bfloat16 here.
    np.testing.assert_allclose(vectors["flipped"], expected.detach().numpy(), atol=1e-2)
    assert np.abs(vectors["flipped"] - vectors["right"]).max() > 0.1

    single = untrained_like(single_channel_config(tiny_encoder))
    alone = SingleChannelEmbedder(single, "cpu")(crops, assignments_of(ROLES))
    images = to_unit_range(torch.from_numpy(crops))
    channels = [single.network(images[:, [channel]])[:, 0] for channel in range(4)]
    everything = torch.cat(channels, dim=1).numpy()
    np.testing.assert_allclose(alone["right"], everything, atol=1e-6)
    np.testing.assert_array_equal(alone["flipped"], alone["right"])
    absent = np.isnan(alone["without dna"])
    assert (absent == (np.arange(64) // 16 == 2)).all()


def test_all_trained_variants_have_about_as_many_parameters() -> None:
    counts = {}
    for name in ("mcd", "cce", "stems", "base-sc"):
        config = VARIANTS[name].config([str(CONFIG), "--data", "x", "--out", "y"])
        objective = find_objective("mcd")(config.encoder(), config.options, Plan(1, 1))
        counts[name] = sum(weights.numel() for weights in objective.encoder_weights().values())
        assert config.options.student_keep == ((1, 2, 3) if name == "mcd" else ())
    assert counts["mcd"] == counts["cce"]
    assert min(counts.values()) >= 0.99 * max(counts.values())


def planted() -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The first two features hold the class, the same in both; flipping turns them around."""
    random = np.random.default_rng(0)
    labels = np.tile(["a", "b"], 100)
    right = random.normal(0, 1, (200, 6))
    right[:, :2] += np.where(labels == "a", -6, 6)[:, None]
    partly, blind = right.copy(), right.copy()
    partly[:, 0] = np.nan
    blind[:, :2] = np.nan
    vectors = {RIGHT: right, "flipped": -right, "without x": partly, "without y": blind}
    return vectors, labels, np.arange(200) >= 140


def test_classifiers_are_fitted_anew_or_kept() -> None:
    found = {key: right.mean() for key, right in probe(*planted()).items()}
    for name in ("kNN", "logistic"):
        for mode in (REFITTED, KEPT):
            assert found["right", mode, name] == 1
            assert found["without x", mode, name] == 1
            assert 0.25 < found["without y", mode, name] < 0.75
        assert found["flipped", REFITTED, name] == 1
        assert found["flipped", KEPT, name] == 0


def outcomes_of(shares: dict[str, list[int]]) -> Outcomes:
    return {
        (assignment, mode, name): np.array(right, bool)
        for assignment, right in shares.items()
        for mode in (REFITTED, KEPT)
        for name in ("kNN", "logistic")
    }


def test_differences_are_paired_by_seed_and_classes_weigh_the_same() -> None:
    held = Held(np.array(["i", "i", "i", "j"]), np.array(["a", "a", "a", "b"]))
    # Of three cells of class a and one of class b.
    one_less = {"without x": [0, 0, 0, 1], "without y": [1, 1, 1, 1]}
    runs = {
        ("mcd", 0): outcomes_of({"right": [1, 1, 1, 1], "flipped": [1, 1, 1, 0], **one_less}),
        ("mcd", 1): outcomes_of({"right": [1, 1, 1, 0], "flipped": [0, 0, 0, 0], **one_less}),
        ("cce", 0): outcomes_of({"right": [0, 0, 0, 1], "flipped": [0, 0, 0, 1], **one_less}),
        ("cce", 1): outcomes_of({"right": [1, 0, 0, 0], "flipped": [0, 0, 0, 0], **one_less}),
        ("cce", 2): outcomes_of({"right": [0, 0, 0, 0], "flipped": [0, 0, 0, 0], **one_less}),
    }
    scores = accuracies(runs, held).set_index(["variant", "seed", "assignment", "mode"])["kNN"]
    assert scores["cce", 1, "right", KEPT] == pytest.approx(1 / 6)
    assert scores["mcd", 0, ONE_LESS, KEPT] == pytest.approx(3 / 4)

    table = differences(runs, held)
    chosen = table[(table["classifier"] == "kNN") & (table["mode"] == REFITTED)]
    rows = chosen.set_index("difference")
    method = rows.loc["CCE+MCD − CCE"]
    assert method["mean"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert method["spread"] == pytest.approx(np.std([1 / 2, 1 / 3], ddof=1))
    assert method["seeds"] == 2
    assert method["low"] <= method["mean"] <= method["high"]
    assert rows.loc["CCE+MCD: flipped − right", "mean"] == pytest.approx(-1 / 2)
    assert rows.loc["CCE: flipped − right", "seeds"] == 3
    costs = [3 / 4 - 1, 3 / 4 - 1 / 2], [3 / 4 - 1 / 2, 3 / 4 - 1 / 6]
    assert rows.loc[f"what {ONE_LESS} costs: CCE+MCD − CCE", "mean"] == pytest.approx(
        np.mean(costs[0]) - np.mean(costs[1])
    )
    assert not any("Base-SC" in name for name in rows.index)
    assert "| CCE+MCD − CCE | refitted | kNN | +0.417 ± 0.118 |" in to_markdown(
        accuracies(runs, held), table, 0.5
    )


def test_one_command_trains_compares_and_goes_on(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", 0)
    out = tmp_path / "out"
    command = ["--data", str(data), "--out", str(out), "--seeds", "3", *TINY]
    assert main([*command, "--variants", "mcd"]) == 0
    written = (out / "runs" / "mcd-3" / "outcomes.npz").stat().st_mtime_ns
    assert main([*command, "--variants", "mcd,stems,base-sc,untrained"]) == 0
    assert (out / "runs" / "mcd-3" / "outcomes.npz").stat().st_mtime_ns == written

    scores = pd.read_csv(out / "accuracies.csv")
    assert set(scores["variant"]) == {"mcd", "stems", "base-sc", "untrained"}
    assert scores[["kNN", "logistic"]].stack().between(0, 1).all()
    single = scores[scores["variant"] == "base-sc"].set_index(["mode", "assignment"])
    for classifier in ("kNN", "logistic"):
        found = single[classifier].unstack()
        assert (found["right"] == found["flipped"]).all()
    compared = pd.read_csv(out / "differences.csv")
    assert {"CCE+MCD − grouped stems", "CCE+MCD − Base-SC"} <= set(compared["difference"])
    text = (out / "claims.md").read_text("utf-8")
    assert "chance is 0.500" in text
    assert "| Base-SC |" in text

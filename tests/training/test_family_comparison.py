"""All families on one budget: toy trainings, stopped, gone on with, scored and written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.conftest import TINY_RUN
from training.compare import cost, held_out
from training.compare.__main__ import main
from training.compare.entries import ENTRIES
from training.compare.page import write_page
from training.compare.run import _settings_for
from training.config import load_config


@pytest.fixture(scope="module")
def words(crop_sets: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    pairs = zip(TINY_RUN[::2], TINY_RUN[1::2], strict=True)
    common = [f"{name.removeprefix('--')}={value}" for name, value in pairs]
    out = tmp_path_factory.mktemp("compared")
    return [
        *("--data", str(crop_sets["proteins"]), "--held-out", str(crop_sets["reporter"])),
        *("--out", str(out), "--entries", "c3r,base-sc", "--seeds", "0", "--cost-cells", "1"),
        *(word for pair in common for word in ("--set", pair)),
    ]


def test_every_entry_is_trained_scored_and_written_once(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(words[words.index("--out") + 1])
    assert main(words) == 0
    table = pd.read_csv(out / "results.csv")
    assert {*zip(table["entry"], table["trained"], strict=True)} == {
        (name, trained) for name in ("c3r", "base-sc") for trained in (True, False)
    }
    assert table["metric"].value_counts().to_dict() == {"nearest": 4, "mAP": 4}
    assert table["value"].between(0, 1).all()
    assert (table["low"] <= table["high"]).all()
    page = (out / "comparison.md").read_text("utf-8")
    assert all(ENTRIES[name].label in page for name in ("c3r", "base-sc"))
    # Nothing is done again.
    files = {each: each.stat().st_mtime_ns for each in out.rglob("*.safetensors")}
    before = (out / "results.csv").read_bytes()
    capsys.readouterr()
    assert main(words) == 0
    assert (out / "results.csv").read_bytes() == before
    assert {each: each.stat().st_mtime_ns for each in out.rglob("*.safetensors")} == files
    assert "training" not in capsys.readouterr().out


def test_cells_that_were_trained_on_are_refused(
    words: list[str], crop_sets: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    again = [*words]
    again[again.index("--held-out") + 1] = str(crop_sets["proteins"])
    assert main(again) == 2
    assert "has ids that are trained on, such as 'pr0'" in capsys.readouterr().err


def test_vectors_that_tell_ids_apart_score_1_and_others_chance() -> None:
    ids = np.repeat(np.arange(20), 5)
    table = pd.DataFrame({"id": ids.astype(str), "cell_line": np.where(ids < 10, "a", "b")})
    rng = np.random.default_rng(0)
    apart = np.eye(10)[ids % 10] + rng.normal(0, 0.01, (100, 10))
    found = held_out.score(apart.astype(np.float32), table)
    assert found["nearest"].value == found["mAP"].value == 1
    # What sets experiments apart, and nothing else, tells no ids apart.
    blind = rng.normal(size=(100, 20)) + 100 * (ids < 10)[:, None]
    assert held_out.score(blind.astype(np.float32), table)["nearest"].value < 0.3


@pytest.mark.parametrize("name", ENTRIES)
def test_the_entries_are_trainings_of_their_families(name: str) -> None:
    config = load_config(["--out", "x", "--data", "y", *ENTRIES[name].settings])
    assert config.encoder().architecture


def test_the_page_gives_the_spread_over_seeds_and_says_who_refused() -> None:
    entries = {name: ENTRIES[name] for name in ("c3r", "base-sc")}
    rows = [
        ("c3r", 0, True, 0.5, ""),
        ("c3r", 1, True, 0.7, ""),
        ("c3r", 0, False, 0.2, ""),
        ("base-sc", 0, True, np.nan, "lacks the channel 'ER'"),
    ]
    columns = ["entry", "seed", "trained", "value", "refused"]
    results = pd.DataFrame(rows, columns=columns).assign(task="moa", metric="mAP")
    results.loc[3, "metric"] = ""
    costs = pd.DataFrame(
        {"entry": ["c3r", "c3r"], "channels": [1, 2], "seconds": [0.001, 0.003], "refused": ""}
    )
    page = write_page(results, costs, entries, "A budget.")
    assert "| C3R: CCE with MCD | 0.600 ± 0.141 (0.200) |" in page
    assert "| Base-SC | lacks the channel 'ER' |" in page
    assert "| C3R: CCE with MCD | 1.0 (1.0×) | 3.0 (3.0×) |" in page


def test_costs_are_measured_for_every_family_and_number_of_channels() -> None:
    configs = {
        name: load_config(
            ["--out", "x", "--data", "y", *_settings_for("none", TINY_RUN), *entry.settings]
        ).encoder()
        for name, entry in ENTRIES.items()
    }
    found = cost.measure(configs, cells=1, channels=(1, 2, 3)).set_index(["entry", "channels"])
    assert len(found) == 3 * len(ENTRIES)
    # One channel is no context.
    alone = [name for name in ENTRIES if found.loc[(name, 1), "refused"]]
    assert alone == ["c3r", "cce", "cce-contrast"]
    several = found.drop(index=1, level="channels")
    assert (several["refused"] == "").all()
    assert (several["seconds"] > 0).all()

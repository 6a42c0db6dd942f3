"""Crop sets of simulated experiments: repeatable, labelled, and the same ids on every plate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from training.data.cropset import CropSet
from training.data.experiment import LAYOUTS, simulate_experiment
from training.data.simulated import main, simulate_cells

SMALL = {"size_px": 32, "field_um": 64.0}


@pytest.fixture(scope="module")
def experiment() -> tuple[np.ndarray, pd.DataFrame]:
    return simulate_experiment("reporter", 3, 32, 64.0, "keep", 0)


def test_every_id_is_on_several_plates_beside_others(experiment) -> None:
    _, table = experiment
    assert 4 <= table["id"].nunique() <= 7
    plates = table.groupby("id")["plate"].nunique()
    assert (plates >= 2).all()
    assert (table.groupby("plate")["id"].nunique() == table["id"].nunique()).all()
    assert table.groupby("plate")["pixel_size_um"].nunique().eq(1).all()
    assert table["pixel_size_um"].nunique() == table["plate"].nunique()


def test_the_truth_belongs_to_the_id(experiment) -> None:
    _, table = experiment
    mixtures = table.filter(like="mixture.")
    assert (mixtures.groupby(table["id"]).nunique() == 1).all(axis=None)
    assert len(mixtures.drop_duplicates()) == table["id"].nunique()
    truth = table.filter(like="truth.")
    assert truth.shape[1] > 50
    assert truth.min(axis=None) >= 0
    assert truth.max(axis=None) <= 1
    kinds = truth.groupby([table["id"], table["state"]]).nunique()
    assert kinds["truth.outline.radius_um"].max() <= 2


def test_crops_are_stretched_and_hold_the_cell(experiment) -> None:
    crops, table = experiment
    assert crops.shape == (len(table), 2, 32, 32)
    assert crops.dtype == np.uint8
    assert (crops.min(axis=(2, 3)) == 0).all()
    assert (crops.max(axis=(2, 3)) == 255).all()
    dna = crops[:, 0].astype(float)
    middle = dna[:, 12:20, 12:20].mean(axis=(1, 2))
    assert np.mean(middle > dna.mean(axis=(1, 2))) > 0.9


def test_neighbours_are_masked_plate_by_plate_and_nothing_else_changes(experiment) -> None:
    kept, _ = experiment
    masked, table = simulate_experiment("reporter", 3, 32, 64.0, "mask", 0)
    assert set(table["neighbours"]) == {"mask"}
    assert (masked == 0).mean() > (kept == 0).mean() + 0.1
    _, drawn = simulate_experiment("reporter", 3, 32, 64.0, "either", 0)
    assert drawn.groupby("plate")["neighbours"].nunique().eq(1).all()
    experiments = (simulate_experiment("nucleus", 3, 16, 64.0, "either", i)[1] for i in range(4))
    assert set(pd.concat(experiments)["neighbours"]) == {"keep", "mask"}


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_a_crop_set_of_every_layout(layout: str, tmp_path: Path) -> None:
    written = simulate_cells(tmp_path / layout, 20, 1, layout=layout, **SMALL)
    found = CropSet.open(written)
    assert len(found) == len(found.table) == 20
    assert found.channel_names == LAYOUTS[layout].channel_names
    assert found.assignment.to_dict() == LAYOUTS[layout].roles
    found.assignment.require_usable()
    assert found.field_um == 64.0
    assert (found.licence, set(found.table["source"])) == ("CC0", {"simulated"})
    assert found.read().std(axis=(2, 3)).min() > 5


def test_more_processes_write_the_same_cells(tmp_path: Path) -> None:
    one, two = (
        CropSet.open(
            simulate_cells(tmp_path / f"{n}", 130, 2, layout="nucleus", workers=n, **SMALL)
        )
        for n in (1, 2)
    )
    assert np.array_equal(one.read(), two.read())
    assert one.table.equals(two.table)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "set"
    main(["--out", str(out), "--cells", "5", "--layout", "nucleus", "--size-px", "16"])
    assert "5 cells" in capsys.readouterr().out
    assert CropSet.open(out).read().shape == (5, 1, 16, 16)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "brightfield"}, "'brightfield': choose one of dna-tubulin-actin"),
        ({"neighbours": "blur"}, "'blur': choose keep, mask or either"),
        ({"n_cells": 0}, "cells is 0"),
        ({"workers": 0}, "workers is 0"),
    ],
)
def test_mistakes_are_named(options: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        simulate_cells(tmp_path / "set", **{"n_cells": 5, **options})
    assert message in str(caught.value)
    assert not (tmp_path / "set").exists()

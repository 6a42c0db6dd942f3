"""Every protocol from end to end: data in their public layouts, a toy encoder, the shell."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from training.data.chammi import ROLES
from training.data.cropset import CropSet
from training.evaluate.__main__ import main
from training.evaluate.protocols import PROTOCOLS, chammi
from training.evaluate.protocols.features import read_features
from training.evaluate.protocols.locations import LOCATIONS, NEGATIVE

SIDE = 32


def run(*words: object) -> pd.DataFrame:
    """Run a protocol and read its numbers; the folder comes last."""
    assert main(["protocol", *map(str, words[:-1]), "--out", str(words[-1])]) == 0
    return pd.read_csv(Path(str(words[-1])) / "numbers.csv")


def values(numbers: pd.DataFrame) -> dict[str, float]:
    return dict(zip(numbers["number"], numbers["value"], strict=True))


def fails(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert main(["protocol", *map(str, words)]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(said) == 1
    return said[0]


# HPA-Loc


@pytest.fixture(scope="module")
def hpa(tmp_path_factory) -> Path:
    """Eighteen antibodies of three cells in two fields, two places in turn, in three splits."""
    root, rng = tmp_path_factory.mktemp("hpa"), np.random.default_rng(0)
    names = (*LOCATIONS, NEGATIVE)
    for number in range(18):
        split = ("train", "train", "valid", "test")[number // 2 % 4]
        folder = root / f"{split}-balanced"
        folder.mkdir(exist_ok=True)
        place = ("Nucleoli", "Cell Junctions")[number % 2]
        with h5py.File(folder / f"HPA{number:06d}_0.h5", "w") as file:
            about = {"antibody": f"HPA{number:06d}", "cell_line": "U2OS", "num_cells": 3}
            file.attrs.update({**about, "plate_position": "1_A1;1_A1;1_B2"})
            for cell in range(3):
                pixels = rng.integers(0, 65535, (SIDE, SIDE, 5)).astype(np.uint16)
                if place == "Nucleoli":
                    pixels[:, :, 3] = np.sin(np.arange(SIDE) / 2)[:, None] * 3e4 + 3e4
                file[f"img_{cell}"] = pixels
                file[f"target_{cell}"] = np.array([name == place for name in names], np.uint8)
    return root


HPA_FAST = (
    *("--size_px", "32", "--epochs", "30", "--seeds", "0,1"),
    *("--hidden", "16,8", "--dropout", "0"),
)


def test_hpa_loc_under_several_roles(hpa, tiny_folder, tmp_path):
    given = ("hpa-loc", "--encoder", tiny_folder, "--data", hpa, *HPA_FAST, "--aggregate", "field")
    numbers = run(*given, "--roles", "right,flipped,without nucleus,without ER", tmp_path)
    assert numbers["value"].notna().all()
    wide = numbers.pivot(index="number", columns="roles", values="value")
    for roles in ("right", "flipped", "without nucleus", "without ER"):
        assert wide.loc[["mAP-31", "mAP-19"], roles].between(0.3, 1).all()
    less = (wide["without nucleus"] + wide["without ER"]) / 2
    np.testing.assert_allclose(wide["one context channel less"], less)
    classes = pd.read_csv(tmp_path / "classes-19-right.csv")
    # Cell junctions count as plasma membrane among 19 classes.
    assert set(classes["class"]) == {"Nucleoli", "Plasma membrane"}
    assert classes["positives"].tolist() == [4, 4] * 2
    assert "mapping file" in json.loads((tmp_path / "about.json").read_text())["chosen"]


def test_what_was_made_is_not_made_again_unless_settings_differ(hpa, tiny_folder, tmp_path, capsys):
    given = ("hpa-loc", "--encoder", tiny_folder, "--data", hpa, *HPA_FAST, "--classes", "19")
    first = values(run(*given, tmp_path))
    capsys.readouterr()
    assert values(run(*given, tmp_path)) == first
    assert "are those in" in capsys.readouterr().err
    run(*given, "--run.readout", "cls+std", tmp_path)
    assert "are those in" not in capsys.readouterr().err
    (one, other) = (read_features(file) for file in tmp_path.glob("features-right-*.npz"))
    assert sorted([one.vectors.shape[1], other.vectors.shape[1]]) == [24, 48]
    assert len(list(tmp_path.glob("cells-*"))) == 1


# JUMP


@pytest.fixture(scope="module")
def jump(tmp_path_factory) -> Path:
    """Five plates of four wells: two controls and two compounds, a cell or two in each."""
    root, rng = tmp_path_factory.mktemp("jump"), np.random.default_rng(0)
    rows, centres = [], []
    for plate in ("BR1", "BR2", "BR3", "BR4", "BR5"):
        folder = root / f"{plate}__2020-11-08T18_18_00-Measurement1" / "Images"
        folder.mkdir(parents=True)
        for number, compound in enumerate(("DMSO", "DMSO", "a", "b"), 1):
            well = f"A{number:02d}"
            moa = {"a": "kinase|Src", "b": "kinase"}.get(compound)
            rows.append((plate, well, compound, moa, "U2OS"))
            for channel in range(1, 6):
                pixels = rng.integers(0, 4000, (64, 64)).astype(np.uint16)
                name = f"r01c{number:02d}f01p01-ch{channel}sk1fk1fl1.tiff"
                tifffile.imwrite(folder / name, pixels)
            centres += [(plate, well, 1, 32 + shift, 32) for shift in range(number % 2 + 1)]
    names = [
        "Metadata_Plate",
        "Metadata_Well",
        "Metadata_pert",
        "Metadata_moa",
        "Metadata_cell_line",
    ]
    pd.DataFrame(rows, columns=names).to_csv(root / "wells.csv", index=False)
    places = [*names[:2], "Metadata_Site", "Nuclei_Location_Center_X", "Nuclei_Location_Center_Y"]
    pd.DataFrame(centres, columns=places).to_csv(root / "centres.csv", index=False)
    return root


def test_jump_ret_from_plates(jump, tiny_folder, tmp_path):
    tables = ("--metadata", jump / "wells.csv", "--centres", jump / "centres.csv")
    given = ("jump-ret", "--encoder", tiny_folder, "--data", jump, *tables)
    plain = ("--compound", "Metadata_pert", "--normalise", "mad", "--roles")
    numbers = run(*given, *plain, "right,flipped,without DNA", tmp_path)
    assert set(numbers["number"]) == {"compound mAP", "compound kNN", "MoA mAP", "MoA kNN"}
    compared = numbers[numbers["number"] == "compound mAP"].set_index("roles")["value"]
    assert compared[["right", "flipped", "without DNA"]].between(0, 1).all()
    by_roles = {
        roles: read_features(next(tmp_path.glob(f"features-{roles}-*.npz")))
        for roles in ("right", "flipped", "without-DNA")
    }
    # A pass for each of RNA, AGP and mitochondria.
    assert {found.vectors.shape for found in by_roles.values()} == {(30, 72)}
    assert not np.allclose(by_roles["right"].vectors, by_roles["flipped"].vectors)
    assert len(pd.read_csv(tmp_path / "compounds-right.csv")) == 15


def test_jump_trex_from_plates_and_probes_of_the_same_cells(jump, tiny_folder, tmp_path):
    tables = ("--metadata", jump / "wells.csv", "--centres", jump / "centres.csv")
    given = ("--encoder", tiny_folder, "--data", jump, *tables, "--compound", "Metadata_pert")
    fast = ("--epochs", "2", "--hidden", "8", "--seeds", "0,1", "--normalise", "mad")
    numbers = run("jump-trex", *given, *fast, "--test_plates", "0.6", tmp_path)
    assert (numbers["seeds"] == 2).all()
    assert set(numbers["number"]) == {
        f"U2OS {name}" for name in ("compound mAP", "compound kNN", "MoA mAP", "MoA kNN", "MoA AP")
    }
    assert values(numbers)["U2OS compound mAP"] > 0
    cells = next(tmp_path.glob("cells-*"))
    given = ("--encoder", tiny_folder, "--data", cells)
    probed = values(run("probe", *given, "--label", "moa", tmp_path / "probe"))
    assert 0 <= probed["top-1"] <= 1
    named = ("--label", "id", "--positive", "a", "--folds", "2")
    found = values(run("compounds", *given, *named, tmp_path / "compounds"))
    assert found["chance"] == pytest.approx(0.5)
    assert found["Z′"] < 1


def test_jump_needs_to_know_its_wells(jump, tiny_folder, tmp_path, capsys):
    given = ("jump-ret", "--encoder", tiny_folder, "--out", tmp_path)
    assert "cpg0000" in fails(capsys, *given, "--data", jump)
    assert "'Images'" in fails(capsys, *given, "--data", tmp_path)


# CHAMMI


@pytest.fixture(scope="module")
def zenodo(tmp_path_factory) -> Path:
    """Two labels, told apart by their stripes, in every split of the three collections."""
    root, rng = tmp_path_factory.mktemp("chammi"), np.random.default_rng(0)
    for collection, tasks in chammi.TASKS.items():
        rows = []
        for split in ("train", *tasks):
            for number in range(4):
                label = "ab"[number % 2]
                wave = np.sin(np.arange(SIDE) * (0.5 if label == "a" else 2))
                cell = 120 + 100 * wave + rng.normal(0, 5, (len(ROLES[collection]), SIDE, SIDE))
                file = f"{collection}/{split}_{number}.png"
                (root / collection).mkdir(exist_ok=True)
                Image.fromarray(np.hstack(list(cell.clip(0, 255).astype(np.uint8)))).save(
                    root / file
                )
                about = (file, SIDE, label, split.title(), f"line{number // 2}", f"p{number // 2}")
                rows.append(about)
        names = ["file_path", "channel_width", "label", "train_test_split", "cell_type", "plate"]
        table = pd.DataFrame(rows, columns=names)
        table.to_csv(root / collection / "enriched_meta.csv", index=False)
    return root


def test_chammi_with_and_without_a_head(zenodo, tiny_folder, tmp_path):
    given = ("chammi", "--encoder", tiny_folder, "--data", zenodo, "--size_px", "32")
    plain = values(run(*given, tmp_path))
    assert len(plain) == 12
    assert plain["ID"] == plain["CPS"] == plain["CP T4"] == 1
    fast = ("--epochs", "20", "--batch", "4", "--seeds", "0,1", "--hidden", "16", "--width", "8")
    numbers = run(*given, "--paper", *fast, tmp_path)
    assert (numbers["seeds"] == 2).all()
    assert values(numbers)["ID"] > 0.8


def test_channels_of_any_number_become_vectors_of_one_length(zenodo, tmp_path, capsys):
    given = ("chammi", "--encoder", "texture", "--data", zenodo)
    assert values(run(*given, tmp_path))["ID"] == 1
    said = fails(capsys, *given, "--head", "mlp", "--out", tmp_path)
    assert "differ in length" in said
    features = read_features(next(tmp_path.glob("features-*.npz")))
    widths = pd.Series((~np.isnan(features.vectors)).sum(axis=1)).groupby(features.text("dataset"))
    assert widths.first().is_unique


# Parity


def test_parity_of_single_channels(hpa, tmp_path, capsys):
    cells = hpa / "set"
    if not cells.exists():
        from training.data.hpa_h5 import write_hpa_h5

        write_hpa_h5(hpa, cells)
    given = ("parity", "--encoder", "texture", "--data", cells)
    hungarian, largest = (
        values(run(*given, *more, tmp_path)) for more in ((), ("--paper", "--cells", "20"))
    )
    names = CropSet.open(cells).channel_names
    assert set(hungarian) == {
        f"{name} {number}"
        for name in (*names, "context", "concept")
        for number in ("parity", "entropy")
    }
    context = [hungarian[f"{name} entropy"] for name in names if name != "protein"]
    assert hungarian["context entropy"] == pytest.approx(np.mean(context))
    assert all(0 <= value <= 2 for value in (*hungarian.values(), *largest.values()))
    assert "make a crop set" in fails(capsys, *given[:-1], hpa, "--out", tmp_path)
    said = fails(capsys, *given, "--roles", "flipped", "--out", tmp_path)
    assert "by itself" in said


# The shell


def test_all_are_listed(capsys):
    assert main(["protocol", "list"]) == 0
    told = capsys.readouterr().out
    for name, protocol in PROTOCOLS.items():
        assert f"{name}\n  {protocol.sentence}" in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("hpa", "--features", "x.npz"), "no protocol 'hpa'; choose from hpa-loc"),
        (("hpa-loc",), "give either --features"),
        (("hpa-loc", "--features", "none.npz"), "none.npz"),
        (("hpa-loc", "--features", __file__), "give .npz, .parquet, .csv, .h5ad or .pth"),
        (("hpa-loc", "--encoder", "texture"), "Zenodo 15489894"),
        (("chammi", "--encoder", "texture", "--data", "."), "Zenodo 7988357"),
        (("hpa-loc", "--encoder", "texture", "--data", ".", "--epoch", "3"), "did you mean"),
        (("jump-trex", "--features", "x.npz", "--batch", "0"), "batch is 0; give more than 0"),
        (
            ("hpa-loc", "--features", "x.npz", "--dropout", "1"),
            "dropout is 1.0; give a number",
        ),
        (("chammi", "--features", "x.npz", "--seeds", ""), "seeds is empty"),
        (("probe", "--encoder", "texture", "--data", ".", "--paper"), "leave --paper out"),
        (("probe", "--features", "x.npz", "--roles", "flipped"), "are for an encoder"),
        (("jump-ret", "--encoder", "none", "--data", "."), "none"),
    ],
)
def test_mistakes_are_one_line(words, says, capsys, tmp_path):
    assert says in fails(capsys, *words, "--out", tmp_path)

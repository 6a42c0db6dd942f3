"""What protocols make of features in which something is planted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.errors import InputError
from training.diversity import proxy_loss
from training.evaluate.metrics import z_prime
from training.evaluate.protocols import PROTOCOLS
from training.evaluate.protocols.compounds import CompoundOptions, decisions
from training.evaluate.protocols.compounds import score as score_compounds
from training.evaluate.protocols.embedding import one_concept_at_a_time, under
from training.evaluate.protocols.features import (
    Features,
    means_by,
    names_in,
    read_features,
    write_features,
)
from training.evaluate.protocols.heads import Fitting, fit, outputs
from training.evaluate.protocols.hpa_loc import HpaLocOptions
from training.evaluate.protocols.hpa_loc import score as score_hpa
from training.evaluate.protocols.jump_trex import Adapter, JumpTrexOptions, plate_splits
from training.evaluate.protocols.jump_trex import score as score_trex
from training.evaluate.protocols.locations import (
    CLASSES,
    LOCATIONS,
    class_targets,
    location_names,
    read_splits,
)
from training.evaluate.protocols.probe import ProbeOptions
from training.evaluate.protocols.probe import score as score_probe

ROLES = ChannelAssignment(
    {"DNA": "context", "ER": "context", "RNA": "concept", "Mito": "concept", "BF": "ignore"}
)


def planted(labels: np.ndarray, seed: int = 0, width: int = 6) -> np.ndarray:
    """Vectors whose label is their direction, in noise."""
    rng = np.random.default_rng(seed)
    _, code = np.unique(labels, return_inverse=True)
    return (3 * np.eye(width)[code] + rng.normal(0, 0.5, (len(labels), width))).astype(np.float32)


# Roles


def test_roles_are_right_flipped_or_one_context_channel_less():
    assert under(ROLES, "right") == ROLES
    assert under(ROLES, "flipped").context == ("RNA", "Mito")
    assert under(ROLES, "without dna").context == ("ER",)
    for wrong in ("without RNA", "left", "without"):
        with pytest.raises(InputError, match="choose from right, flipped, without DNA"):
            under(ROLES, wrong)
    with pytest.raises(InputError, match=r"choose from right, flipped$"):
        under(ROLES.with_role("DNA", "ignore"), "without ER")


def test_a_pass_for_each_concept():
    def groups(roles):
        return [(p.context, p.concept) for p in one_concept_at_a_time(ROLES, roles)]

    assert groups("right") == [(("DNA", "ER"), ("RNA",)), (("DNA", "ER"), ("Mito",))]
    assert groups("flipped") == [(("RNA",), ("DNA", "ER")), (("Mito",), ("DNA", "ER"))]
    assert groups("without ER") == [(("DNA",), ("RNA",)), (("DNA",), ("Mito",))]


# Features


def test_features_are_written_and_read(tmp_path):
    table = pd.DataFrame({"id": ["a", None, "ü"], "dose": [1.5, 2, np.nan], "n": [1, 2, 3]})
    features = Features(np.arange(6, dtype=np.float32).reshape(3, 2), table)
    write_features(features, tmp_path / "a.npz")
    again = read_features(tmp_path / "a.npz")
    np.testing.assert_array_equal(again.vectors, features.vectors)
    assert again.text("id").tolist() == ["a", "", "ü"]
    assert again.table["dose"].tolist()[:2] == [1.5, 2]
    frame = pd.DataFrame({"Metadata_Plate": ["p", "q"], "Cells_Area": [1.0, 2.0]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    other = read_features(tmp_path / "a.csv")
    assert other.text("plate").tolist() == ["p", "q"]
    assert other.vectors.tolist() == [[1], [2]]
    with pytest.raises(InputError, match="no column 'moa', only plate"):
        other.text("moa")


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": np.zeros(3)}, "no array 'vectors'"),
        ({"vectors": np.zeros((3, 2)), "id": np.zeros(2)}, r"id \(2,\) for 3 vectors"),
    ],
)
def test_unfit_files_are_refused(tmp_path, arrays, says):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=says):
        read_features(tmp_path / "a.npz")


def test_the_official_codes_features_are_read_and_nothing_else(tmp_path):
    labels, names = ["Cytosol,Nucleoli", None], ["i", "j"]
    stored = {"features": torch.eye(2), "image_names": names, "antibody_id": ["HPA1", "HPA2"]}
    torch.save({**stored, "labels": labels}, tmp_path / "a.pth")
    found = read_features(tmp_path / "a.pth")
    assert found.vectors.tolist() == [[1, 0], [0, 1]]
    assert found.text("id").tolist() == ["HPA1", "HPA2"]
    assert location_names(found, LOCATIONS) == [["Cytosol", "Nucleoli"], ["Negative"]]
    for bad in ({**stored, "labels": ["x"]}, {**stored, "labels": [ROLES]}, stored):
        torch.save(bad, tmp_path / "a.pth")
        with pytest.raises(InputError, match=r"write it as \.npz"):
            read_features(tmp_path / "a.pth")


def test_means_of_groups_keep_what_all_of_them_share():
    table = pd.DataFrame({"well": list("baba"), "plate": "p", "cell": range(4)})
    found = means_by(Features(np.array([[1.0], [2], [3], [6]]), table), ("plate", "well"))
    assert found.vectors.tolist() == [[2], [4]]
    assert found.table.to_dict("list") == {"well": ["b", "a"], "plate": ["p", "p"]}


def test_names_in_a_field():
    assert names_in("a| b") == names_in("['a', 'b']") == ["a", "b"]
    assert names_in("a,b;c", ",;") == ["a", "b", "c"]
    assert names_in("") == []


# Heads


def test_training_stops_and_gives_the_best_network():
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.9])
    seen = []

    def validate(network: torch.nn.Module) -> float:
        seen.append(outputs(network, np.eye(2, dtype=np.float32)))
        return next(scores)

    network = fit(
        lambda: torch.nn.Linear(2, 1),
        np.eye(2),
        np.array([[1.0], [0]]),
        lambda net, rows, wanted: ((net(rows) - wanted) ** 2).mean(),
        validate,
        Fitting(6, 3, 1, 2, 0.1, "adamw"),
        seed=0,
        device="cpu",
    )
    assert len(seen) == 5
    np.testing.assert_array_equal(outputs(network, np.eye(2, dtype=np.float32)), seen[1])


def test_proxy_loss_is_that_of_squared_distances():
    generator = torch.Generator().manual_seed(0)
    vectors, proxies = (torch.randn(n, 3, generator=generator).double() for n in (5, 4))
    labels, temperature = torch.tensor([0, 1, 2, 3, 0]), 1 / 9
    scaled = [3 * torch.nn.functional.normalize(each) for each in (vectors, proxies)]
    distance = (scaled[0][:, None] - scaled[1]) ** 2
    expected = torch.nn.functional.cross_entropy(-distance.sum(2), labels)
    assert proxy_loss(vectors, proxies, labels, temperature).item() == pytest.approx(
        expected.item()
    )


def test_the_adapter_is_four_layers_with_residuals():
    network = Adapter(5, 8, 3, 0).double()
    rows = torch.randn(2, 5).double()
    gelu = torch.nn.functional.gelu
    first = gelu(network.layers[0](rows))
    second = first + gelu(network.layers[1](first))
    third = second + gelu(network.layers[2](second))
    fourth = third + gelu(network.layers[3](third))
    expected = torch.cat([network.logits(fourth), third], dim=1)
    torch.testing.assert_close(network(rows), expected)


# HPA-Loc


def test_classes_are_31_or_19():
    assert {count: len(set(names)) for count, names in CLASSES.items()} == {31: 31, 19: 19}
    assert len(LOCATIONS) == 34
    names = [["Lysosomes", "Midbody"], ["Cleavage furrow"], ["Negative"]]
    of_31, of_19 = (class_targets(names, count) for count in (31, 19))
    found = [[CLASSES[31][place] for place in np.flatnonzero(row)] for row in of_31]
    assert found == [["Lysosomes", "Midbody"], [], ["Negative"]]
    found = [[CLASSES[19][place] for place in np.flatnonzero(row)] for row in of_19]
    assert found == [["Vesicles"], [], ["Negative"]]


def test_locations_come_by_name_or_digit(tmp_path):
    named = Features(np.zeros((2, 1)), pd.DataFrame({"locations": ["Cytosol,Nucleoli", ""]}))
    assert location_names(named, LOCATIONS) == [["Cytosol", "Nucleoli"], ["Negative"]]
    digits = Features(np.zeros((2, 1)), pd.DataFrame({"target": ["011", "000"]}))
    assert location_names(digits, ["a", "b", "c"]) == [["b", "c"], ["Negative"]]
    with pytest.raises(InputError, match=r"3 digits \(011\) for 34 names"):
        location_names(digits, LOCATIONS)
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}_antibodies.txt").write_text(f"HPA{split}\nCAB{split}")
    assert read_splits(tmp_path)["CABtest"] == "test"
    (tmp_path / "test_antibodies.txt").write_text("HPAtrain")
    with pytest.raises(InputError, match="HPAtrain is in two"):
        read_splits(tmp_path)
    (tmp_path / "test_antibodies.txt").unlink()
    with pytest.raises(InputError, match=r"data/annotations/splits"):
        read_splits(tmp_path)


@pytest.fixture(scope="module")
def proteins() -> Features:
    """Twelve antibodies of ten cells in two fields, of two locations."""
    ids = np.repeat(np.arange(12), 10)
    places = np.where(ids % 2, "Nucleoli", "Cytosol")
    table = pd.DataFrame({"id": [f"HPA{i}" for i in ids], "locations": places})
    table["split"] = np.array(["train", "valid", "test"])[ids % 6 // 2]
    table["plate"], table["well"] = "1", np.where(np.arange(120) % 2, "A1", "B1")
    return Features(planted(places), table)


HPA = HpaLocOptions(
    classes=(19,), seeds=(0, 1), hidden=(16,), epochs=15, batch=16, learning_rate=0.01
)


def test_planted_locations_are_found_in_cells_and_fields(proteins):
    cells = score_hpa(proteins, HPA)
    assert cells["mAP-19"] > 0.99
    assert cells.numbers["seeds"].tolist() == [2] * 5
    assert cells.details["classes-19"]["positives"].tolist() == [20] * 4
    fields = score_hpa(proteins, dataclasses.replace(HPA, aggregate="field"))
    assert fields["mAP-19"] > 0.99
    assert fields.details["classes-19"]["positives"].tolist() == [4] * 4
    shuffled = proteins.table.assign(
        locations=np.random.default_rng(0).permutation(proteins.text("locations"))
    )
    assert score_hpa(Features(proteins.vectors, shuffled), HPA)["mAP-19"] < 0.8


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        ({"split": "train"}, {}, "no cell of the valid split"),
        ({"id": "one"}, {}, "antibody one is in two splits"),
        ({}, {"classes": (20,)}, "classes is 20"),
        ({}, {"aggregate": "field", "field": ("place",)}, "none of the columns place"),
    ],
)
def test_unfit_proteins_are_refused(proteins, change, options, says):
    table = proteins.table.assign(**change)
    with pytest.raises(InputError, match=says):
        score_hpa(Features(proteins.vectors, table), dataclasses.replace(HPA, **options))


# JUMP-TRex


@pytest.fixture(scope="module")
def screen() -> Features:
    """Two cell lines, eight plates each, three mechanisms of two compounds, and controls."""
    rows = [
        (line, f"{line}{plate}", f"A{well:02d}", compound, moa)
        for line in ("U2OS", "A549")
        for plate in range(8)
        for well, (compound, moa) in enumerate(
            [(f"{moa}{k}", moa) for moa in "xyz" for k in range(2)] + [("DMSO", "")] * 3
        )
        for _ in range(3)
    ]
    table = pd.DataFrame(rows, columns=["cell_line", "plate", "well", "compound", "moa"])
    vectors = planted(table["moa"].to_numpy(str))
    return Features(vectors + 0.3 * planted(table["compound"].to_numpy(str), 1, 8)[:, :6], table)


TREX = JumpTrexOptions(
    hidden=16,
    seeds=(0,),
    epochs=10,
    batch=64,
    learning_rate=0.01,
    dropout=0,
    normalise="mad",
)


def test_trex_learns_mechanisms_on_other_plates(screen):
    result = score_trex(screen, TREX)
    lines = ("U2OS", "A549", "both")
    assert {name.split(" ")[0] for name in result.numbers["number"]} == set(lines)
    for line in lines:
        assert result[f"{line} MoA AP"] > 0.9
        assert result[f"{line} MoA kNN"] == 1
    # Any mechanism to any treated well.
    rng, table = np.random.default_rng(0), screen.table.copy()
    wells = table.groupby(["plate", "well"]).ngroup()
    drawn = rng.choice(list("xyz"), wells.max() + 1)[wells]
    table["moa"] = np.where(table["moa"] == "", "", drawn)
    assert score_trex(Features(screen.vectors, table), TREX)["both MoA AP"] < 0.7


def test_plates_are_split_within_cell_lines(screen):
    splits = pd.Series(plate_splits(screen, TREX))
    of_plate = splits.groupby(screen.text("plate")).unique()
    assert (of_plate.map(len) == 1).all()
    for line in ("U2OS", "A549"):
        names = [of_plate[f"{line}{plate}"][0] for plate in range(8)]
        assert names == ["train"] * 3 + ["valid"] * 2 + ["test"] * 3
    few = screen.take(np.isin(screen.text("plate"), ["U2OS0", "U2OS1"]))
    with pytest.raises(InputError, match="'U2OS' has 2 plates"):
        plate_splits(few, TREX)


# CellRep's probe and Campfire's measures


def test_the_probe_finds_what_is_planted(screen):
    result = score_probe(screen, ProbeOptions(most=3))
    assert result["top-1"] > 0.95
    assert result["precision"] > 0.95
    assert set(result.details["labels"]["label"]) == set("xyz")
    shuffled = Features(screen.vectors, screen.table.assign(plate="one"))
    with pytest.raises(InputError, match="same 'plate'"):
        score_probe(shuffled, ProbeOptions())
    two = screen.take(np.isin(screen.text("moa"), ["x", "y"]))
    with pytest.raises(InputError, match="without a held-out part, 'moa' has a single value"):
        score_probe(two, ProbeOptions(group="moa", folds=2))


def test_compounds_by_set_and_z_prime(screen):
    table = screen.table.assign(set=np.where(screen.table["cell_line"] == "U2OS", "seen", "other"))
    options = CompoundOptions(positive="x0", sets="set")
    result = score_compounds(Features(screen.vectors, table), options)
    for name in ("seen", "other"):
        assert result[f"{name} accuracy"] > 2 * result[f"{name} chance"] - 0.1
    assert 0 < result["Z′"] < 1
    wells = decisions(screen, options)
    kinds = wells.groupby("control")["decision"]
    expected = z_prime(kinds.get_group("positive"), kinds.get_group("negative"))
    assert result["Z′"] == pytest.approx(expected)
    with pytest.raises(InputError, match="no cell has the positive control 'none'"):
        score_compounds(screen, dataclasses.replace(options, positive="none"))


def test_settings_name_what_no_source_says():
    for protocol in PROTOCOLS.values():
        assert protocol.options.chosen.endswith(".")
        fields = {field.name for field in dataclasses.fields(protocol.options)}
        assert set(protocol.options.paper) <= fields
        assert set(protocol.options.of_features) <= fields

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from training.evaluate.features import texture_features
from training.evaluate.tasks import TASKS, VALIDATION_TASKS, chosen, dose, moa, phenotypes
from training.evaluate.tasks import translocation as movement

from .conftest import dose_table, phenotype_table, tiny_config


def planted(codes: np.ndarray, apart: float, d: int = 30) -> np.ndarray:
    """Vectors of unit noise round a centre for each code."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(codes.max() + 1, d)) * apart
    return (centres[codes] + rng.normal(size=(len(codes), d))).astype(np.float32)


def mechanisms() -> pd.DataFrame:
    rows = [
        (f"{m}-{c}", float(dose), f"m{m}")
        for m in range(4)
        for c in range(3)
        for dose in (1, 3)
        for _ in range(10)
    ]
    return pd.DataFrame(rows, columns=["compound", "concentration_uM", "moa"])


def test_mechanisms_that_are_there_are_found():
    table = mechanisms()
    scores = moa.score(planted(table["moa"].factorize()[0], 1.5), table)
    assert set(scores) == {f"{m}{w}" for m in ("nsc", "kNN", "mAP") for w in ("", " white")}
    # Whitening blows up the noise, which hides single cells: chance is 1 in 4.
    assert scores.pop("kNN white").value > 0.6
    assert all(estimate.value > 0.95 for estimate in scores.values())


def test_likeness_of_a_compound_s_own_cells_is_no_mechanism():
    # Every compound has a look of its own, unrelated to its mechanism: chance is 1 in 4.
    table = mechanisms()
    scores = moa.score(planted(table["compound"].factorize()[0], 2.0), table)
    assert scores["nsc"].value < 0.5
    assert scores["kNN"].value < 0.5
    assert scores["mAP"].value < 0.5
    assert all(e.low <= e.value <= e.high for e in scores.values())


def test_a_mechanism_of_one_compound_is_not_asked_for():
    table = mechanisms()
    lonely = table["compound"] == "3-2"
    table.loc[table["moa"] == "m3", "moa"] = "m2"
    table.loc[lonely, "moa"] = "lonely"
    vectors = planted(table["moa"].factorize()[0], 1.5)
    scores = moa.score(vectors, table)
    assert scores["nsc"].value == 1
    assert scores["kNN"].value > 0.95


def test_at_most_so_many_cells_of_a_compound_and_no_controls(small_data):
    cells = moa.load(small_data, most_per_compound=7)
    assert cells.table["compound"].value_counts().tolist() == [7] * 6
    again = moa.load(small_data, most_per_compound=7)
    np.testing.assert_array_equal(cells.crops, again.crops)
    assert len(moa.load(small_data)) == 60


def test_dose_is_standardised_on_each_plate_s_own_controls():
    table = dose_table().query("plate != 'P3'").reset_index(drop=True)
    codes = table["concentration_uM"].map({0.0: 0, 5.0: 1, 15.0: 2, 50.0: 3}).to_numpy()
    vectors = planted(codes, 1.5)
    # Another microscope: other offsets and gains for every feature of the second plate.
    second = (table["plate"] == "P2").to_numpy()
    moved = vectors.copy()
    moved[second] = vectors[second] * np.linspace(0.1, 30, 30) + 500
    scores = dose.score(moved, table)
    assert all(value > 0.9 for value in scores.values())
    assert scores == pytest.approx(dose.score(vectors, table), abs=0.03)


def test_dose_of_noise_is_at_chance():
    table = pd.concat([dose_table().query("plate != 'P3'")] * 5, ignore_index=True)
    scores = dose.score(planted(np.zeros(len(table), int), 0.0), table)
    assert scores["treated kNN"] == pytest.approx(0.5, abs=0.08)
    assert scores["treated logistic"] == pytest.approx(0.5, abs=0.08)
    # The dose that only one plate has is left out: three classes.
    assert scores["level kNN"] == pytest.approx(1 / 3, abs=0.08)
    assert scores["level logistic"] == pytest.approx(1 / 3, abs=0.08)


def test_dose_reads_plates_that_have_both(small_data):
    assert set(dose.load(small_data).table["plate"]) == {"P1", "P2"}


@pytest.mark.parametrize("score", [phenotypes.score, phenotypes.cross_validate])
def test_phenotypes_are_found_and_a_plate_s_look_is_not_one(score):
    table = phenotype_table()
    table["split"] = np.where(table["plate"] > "LT0007", "test", "train")
    found = score(planted(table["phenotype"].factorize()[0], 1.5), table)
    assert found["accuracy"] > 0.95
    assert found["F1"] > 0.95
    # Each plate has its own look and one phenotype: what is learnt does not carry over.
    lone = table["plate"].factorize()[0]
    table["phenotype"] = np.where(np.random.default_rng(0).permutation(12)[lone] % 2, "a", "b")
    assert score(planted(lone, 2.0), table)["accuracy"] < 0.85


def test_validation_keeps_off_the_test_plates_and_wells(small_data):
    config = tiny_config()
    everything = TASKS["phenotypes"].load(small_data, config).table
    allowed = VALIDATION_TASKS["phenotypes"].load(small_data, config).table
    test_plates = set(everything.query("split == 'test'")["plate"])
    assert test_plates
    assert not test_plates & set(allowed["plate"])
    assert set(VALIDATION_TASKS["translocation"].load(small_data, config).table["row"]) == {
        "A",
        "B",
    }
    assert not {"moa", "dose"} & set(VALIDATION_TASKS)


@pytest.fixture(scope="module")
def plate(small_data):
    return movement.load(small_data, tiny_config(field_um=40.0))


def test_fields_are_segmented_and_cut_out_in_one_window(plate):
    assert plate.table.groupby("well").size().tolist() == [9] * 16
    assert plate.crops.shape == (144, 2, 40, 40)
    assert plate.assignment.context == ("DNA",)
    wells = plate.table.drop_duplicates("well").set_index("well")
    assert wells.loc["C04"].to_dict() == {"row": "C", "dose": 10, "control": 1}
    assert wells.loc["D01"].to_dict() == {"row": "D", "dose": 0, "control": -1}


@pytest.mark.parametrize("folds", [movement.TEST, movement.VALIDATION])
def test_a_movement_is_seen_and_its_direction_comes_from_other_rows(plate, folds):
    texture = texture_features(plate.crops)
    scores = movement.score(texture, plate.table, folds)
    assert scores["Z′"] > 0.5
    assert scores["rank correlation"] > 0.9
    noise = planted(np.zeros(len(texture), int), 0.0)
    nothing = movement.score(noise, plate.table, folds)
    assert nothing["Z′"] < 0
    assert abs(nothing["rank correlation"]) < 0.75


def test_a_missing_field_or_plate_is_told(tmp_path, small_data):
    with pytest.raises(InputError, match=r"1049_Metadata\.csv' does not exist"):
        movement.load(tmp_path, tiny_config())
    folder = tmp_path / "fields" / "bbbc013"
    folder.mkdir(parents=True)
    source = small_data / "fields" / "bbbc013" / "1049_Metadata.csv"
    (folder / source.name).write_text(source.read_text("utf-8"), "utf-8")
    with pytest.raises(InputError, match=r"0 files 'Channel1-\*-A-01\.tif'"):
        movement.load(tmp_path, tiny_config())


def test_tasks_are_chosen_by_name():
    assert list(chosen(["dose", "moa"])) == ["dose", "moa"]
    with pytest.raises(InputError, match="no task 'moa'; choose from translocation, phenotypes"):
        chosen(["moa"], VALIDATION_TASKS)

"""What the comparison of groups says: shares planted in wells, and what is tested of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_c3r.core.errors import InputError
from napari_c3r.core.figures.drawing import Box, Dot
from napari_c3r.core.figures.drawing_files import save_drawing, svg
from napari_c3r.core.metadata import Design
from napari_c3r.core.profiles.compare import compare_wells
from napari_c3r.core.profiles.comparison import Quantity, compare
from napari_c3r.core.profiles.dose_series import dose_curves
from napari_c3r.core.profiles.figures import (
    comparison_figure,
    dose_figure,
    plate_figure,
    similarity_figure,
)
from napari_c3r.core.profiles.plates import patterns, plate_values, plates_of
from napari_c3r.core.profiles.sentences import sentence
from napari_c3r.core.profiles.similarity import similarity
from napari_c3r.core.profiles.wells import groupings, wells_of

DESIGN = Design(treatment="compound", dose="dose", dose_unit="µM", negative=("compound", "DMSO"))
DOSES = (0.1, 1.0, 10.0, 100.0)
SHARE = {0.1: 0.1, 1.0: 0.15, 10.0: 0.5, 100.0: 0.6}
"""Of cluster 1 at each dose of the drug; 0.1 elsewhere."""


@pytest.fixture(scope="module")
def cells() -> AnnData:
    """A plate of 60 wells: 12 controls, a drug that works from 10 µM and one that does nothing."""
    rng = np.random.default_rng(0)
    rows, vectors = [], []
    wells = [f"{row}{column:02d}" for row in "ABCDE" for column in range(1, 13)]
    plan = [("DMSO", 0.0)] * 12 + [
        (c, d) for c in ("drug", "none") for d in DOSES for _ in range(4)
    ]
    order = rng.permutation(len(plan))
    for well, (compound, dose) in zip(wells, [plan[n] for n in order], strict=False):
        share = SHARE[dose] if compound == "drug" else 0.1
        share = np.clip(share + rng.normal(0, 0.02), 0, 1)
        for _ in range(40):
            in_one = rng.random() < share
            rows.append(("p", well, compound, dose, "1" if in_one else "0"))
            vectors.append(rng.normal(size=4) + np.array([3.0 * in_one, 0, 0, 0]))
    obs = pd.DataFrame(rows, columns=["plate", "well", "compound", "dose", "cluster"])
    obs["cluster"] = obs["cluster"].astype("category")
    obs["size"] = rng.normal(10, 1, len(obs)) + 2 * (obs["cluster"] == "1")
    obs["image"], obs["label"] = obs["well"], np.arange(len(obs))
    obs.index = obs.index.astype(str)
    return AnnData(np.array(vectors, np.float32), obs=obs)


@pytest.fixture(scope="module")
def wells(cells):
    return wells_of(cells)


@pytest.fixture(scope="module")
def by_dose(cells, wells):
    both = groupings(wells, DESIGN)[0]
    return compare(cells, wells, Quantity("shares", "cluster"), both, DESIGN)


def test_the_wells_and_what_they_can_be_grouped_by(wells):
    assert (len(wells), wells.noun, wells.columns) == (44, "well", ("plate", "well"))
    assert set(wells.table.columns) == {"plate", "well", "compound", "dose", "n_cells", "image"}
    assert (wells.table["n_cells"] == 40).all()
    assert [g.title for g in groupings(wells, DESIGN)] == [
        "compound and dose",
        "compound",
        "dose",
        "wells",
    ]


def test_the_planted_doses_are_found_and_no_other(by_dose):
    found = by_dose.tests[by_dose.tests["adjusted_p_value"] < 0.05]
    names = {by_dose.groups[int(place)].name for place in found["group"]}
    assert {"drug 10 µM", "drug 100 µM"} <= names <= {"drug 1 µM", "drug 10 µM", "drug 100 µM"}
    row = by_dose.test([g.name for g in by_dose.groups].index("drug 100 µM"), "1")
    assert row["low"] < 0.5 < row["high"]


def test_the_sentence_says_what_was_found_how_much_and_how_sure(by_dose):
    said = sentence(by_dose)
    row = by_dose.tests.sort_values("adjusted_p_value").iloc[0]
    here = 100 * (row["control_mean"] + abs(row["difference"]))
    assert said.startswith("Cluster 1 holds ")
    assert f"{here:.0f} % of the cells of wells with drug 10" in said
    assert "(4 wells against 12 control wells, adjusted p " in said
    assert "2 of 8 groups differ: drug 10 µM, drug 100 µM." in said


def test_nothing_found_is_said_as_such(cells, wells):
    obs = cells.obs.assign(noise=np.random.default_rng(1).normal(size=len(cells)))
    other = AnnData(cells.X, obs=obs)
    found = compare(other, wells, Quantity("feature", "noise"), groupings(wells, DESIGN)[0], DESIGN)
    assert sentence(found).startswith("Nothing differs from the controls beyond chance: of 8 tests")


@pytest.mark.parametrize(
    ("design", "told"),
    [
        (replace(DESIGN, negative=None), "it is not known which of them are controls"),
        (replace(DESIGN, negative=("well", "A01")), "a single control well does not say"),
    ],
)
def test_what_cannot_be_tested_is_shown_and_the_reason_said(cells, wells, design, told):
    found = compare(cells, wells, Quantity("feature", "size"), groupings(wells, DESIGN)[0], design)
    assert told in sentence(found)
    drawn = comparison_figure(found)
    assert not [mark for mark in drawn.marks if getattr(mark, "text", "") == "★"]
    assert any(isinstance(mark, Dot) for mark in drawn.marks)


def test_a_column_without_numbers_is_refused(cells, wells):
    with pytest.raises(InputError, match="no numbers"):
        compare(cells, wells, Quantity("feature", "compound"), groupings(wells, DESIGN)[0], DESIGN)


def test_cells_without_a_well_belong_to_none_and_images_stand_in_for_wells(cells):
    obs = cells.obs.drop(columns=["plate", "well"])
    found = wells_of(AnnData(cells.X, obs=obs))
    assert (found.noun, len(found)) == ("image", 44)
    obs = cells.obs.assign(well=cells.obs["well"].where(cells.obs["well"] != "A01", None))
    assert (wells_of(AnnData(cells.X, obs=obs)).codes < 0).sum() == 40


def test_single_wells_are_tested_as_one_more_control():
    """Right as often as said where nothing differs, also over plates that do."""
    alarms = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        plate = np.repeat(["a", "b"], 20)
        control = np.tile(np.arange(20) < 8, 2)
        value = rng.normal(size=40) + 5 * (plate == "b")
        obs = pd.DataFrame({"plate": plate, "control": control, "value": value})
        obs.index = obs.index.astype(str)
        found = compare_wells(AnnData(np.zeros((40, 1)), obs=obs), "value", ("control", True))
        alarms.append((found["p_value"] < 0.05).mean())
        assert len(found) == 24
    assert 0.03 < np.mean(alarms) < 0.07


def test_every_bar_shows_its_cells(cells, wells, by_dose):
    drawn = comparison_figure(by_dose)
    box = next(m for m in drawn.marks if isinstance(m, Box) and m.where and m.where.value == "1")
    group = by_dose.groups[0]
    chosen = wells.cells(box.where, cells.obs)
    expected = (cells.obs["compound"] == "DMSO") & (cells.obs["cluster"] == "1")
    assert group.is_control
    assert np.array_equal(chosen, expected)
    assert drawn.at(box.x + box.width / 2, box.y + box.height / 2).tip == box.tip
    assert "12 wells" in box.tip


def test_the_numbers_behind_a_figure_are_all_there(by_dose):
    numbers = comparison_figure(by_dose).numbers
    assert len(numbers) == 44 * 2
    assert numbers["adjusted_p_value"].notna().sum() == 32 * 2
    assert not [name for name in numbers if str(name).startswith("_")]


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_a_figure_is_saved_with_its_words_and_numbers(by_dose, tmp_path, suffix):
    drawn = comparison_figure(by_dose)
    written = save_drawing(drawn, tmp_path / f"shares.{suffix}")
    assert [path.name for path in written] == [f"shares.{suffix}", "shares.csv", "shares.txt"]
    head = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG"}[suffix]
    assert written[0].read_bytes().startswith(head)
    assert len(pd.read_csv(written[1])) == 88
    again = save_drawing(drawn, tmp_path / f"again.{suffix}")
    assert again[0].read_bytes() == written[0].read_bytes()


def test_another_kind_of_file_is_refused(by_dose, tmp_path):
    with pytest.raises(InputError, match=r"end in \.svg, \.pdf or \.png"):
        save_drawing(comparison_figure(by_dose), tmp_path / "shares.jpg")


def test_the_saved_figure_says_what_was_tested_and_names_are_no_markup(by_dose):
    drawn = comparison_figure(by_dose)
    page = svg(replace(drawn, sentence="<script>&", caption=drawn.caption))
    assert "<script>" not in page
    assert "&lt;script&gt;&amp;" in page
    assert "t test on wells" in page


def test_dose_curves_of_a_drug_that_works_and_one_that_does_not(cells, wells, by_dose):
    found = dose_curves(wells, by_dose.values["1"], "Share of cluster 1", DESIGN)
    assert [series.name for series in found.series] == ["drug", "none"]
    assert found.series[0].adjusted_p_value < 1e-6
    assert found.series[1].adjusted_p_value > 0.05
    assert 1 < found.series[0].curve.ec50 < 10
    assert found.sentence.startswith("drug: half of the effect at ")
    drawn = dose_figure(found)
    assert len([m for m in drawn.marks if isinstance(m, Dot)]) == 2 * (16 + 12)
    assert len(drawn.numbers) == 2 * (16 + 12)
    half = found.series[0].curve.half_width(np.array(DOSES))
    assert np.isfinite(half).all()
    assert (half > 0).all()


def test_treatments_that_are_alike_are_neighbours(cells, wells):
    found = similarity(cells, wells, groupings(wells, DESIGN)[0], DESIGN)
    names = [group.name for group in found.groups]
    assert abs(names.index("drug 10 µM") - names.index("drug 100 µM")) == 1
    assert found.sentence.startswith("Most alike are drug 10")
    assert np.allclose(found.cosines, found.cosines.T, equal_nan=True)
    drawn = similarity_figure(found)
    pair = next(m for m in drawn.marks if isinstance(m, Box) and m.where)
    assert len(pair.where.wells) in (4, 8)


def test_a_plate_is_laid_out_and_its_wells_show_their_cells(cells, wells, by_dose):
    assert plates_of(wells) == ["p"]
    found = plate_values(wells, by_dose.values["1"], "p", "Share of cluster 1")
    assert found.shape == (8, 12)
    assert found.is_of_numbers
    assert found.sentence.startswith("No pattern of edge, rows or columns")
    drawn = plate_figure(found)
    well = next(m for m in drawn.marks if isinstance(m, Box) and m.tip.startswith("B03"))
    assert set(cells.obs["well"][wells.cells(well.where, cells.obs)]) == {"B03"}
    named = plate_values(wells, wells.table["compound"], "p", "Compound")
    assert not named.is_of_numbers
    assert "3 different" in named.sentence


@pytest.mark.parametrize("planted", ["edge", "rows", "columns", None])
def test_patterns_of_a_plate_are_found_where_they_are(planted):
    rng = np.random.default_rng(2)
    at = np.array([(y, x) for y in range(8) for x in range(12)])
    values = rng.normal(size=96)
    if planted == "edge":
        values += 1.5 * ((at == 0) | (at == [7, 11])).any(axis=1)
    elif planted:
        values += 0.6 * at[:, 0 if planted == "rows" else 1]
    found = {each.name for each in patterns(values, at, (8, 12)) if each.p_value < 0.05}
    assert (planted in found) if planted else not found


@pytest.mark.parametrize("room", [300.0, 420.0, 900.0])
def test_figures_of_groups_fit_the_room_they_are_given(wells, by_dose, room):
    drawn = comparison_figure(by_dose, room=room)
    assert drawn.width <= room + 12  # the gap behind the last column is empty
    every = comparison_figure(by_dose)
    assert {m.tip for m in drawn.marks if m.where} == {m.tip for m in every.marks if m.where}
    for mark in drawn.marks:
        left, top, width, height = mark.bounds
        assert left + width <= drawn.width
        assert top + height <= drawn.height
    plate = plate_values(wells, by_dose.values["1"], "p", "Share of cluster 1")
    assert plate_figure(plate, room=room).width <= room

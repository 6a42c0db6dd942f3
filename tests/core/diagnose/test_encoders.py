"""Two encoders on the same cells: held against hand computations, and against planted truths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.diagnose import DiagnosticContext, FlipJob, FlipRun
from napari_c3r.core.diagnose.compare import Estimate
from napari_c3r.core.diagnose.encoders import compare_vectors
from napari_c3r.core.diagnose.registry import answer
from napari_c3r.core.diagnose.report import write_answers
from napari_c3r.core.diagnose.separation import ScorePair, Separation
from napari_c3r.core.diagnose.units import Units, bootstrapped
from napari_c3r.core.embed.job import EmbedJob
from napari_c3r.core.errors import InputError

from .small import ROLES, base_sc_encoder

NAMES = "A", "B"


def plate(n_wells=12, per_well=20, seed=0):
    """Cells of wells, every second well treated."""
    well = np.repeat(np.arange(n_wells), per_well)
    obs = pd.DataFrame(
        {
            "image": [f"w{w}" for w in well],
            "plate": "P",
            "well": [f"A{w + 1:02}" for w in well],
            "treatment": np.where(well % 2, "drug", "none"),
        }
    )
    rng = np.random.default_rng(seed)
    return obs, well, rng


def planted(well, rng, signal, well_noise=1.0, n=16):
    """Vectors with so much of the treatment, and what cells of a well have in common."""
    vectors = rng.normal(size=(len(well), n))
    vectors += well_noise * rng.normal(size=(well.max() + 1, n))[well]
    vectors[:, 0] += signal * (well % 2)
    return vectors.astype(np.float32)


def test_the_same_vectors_agree_in_everything():
    obs, well, rng = plate()
    vectors = planted(well, rng, 3)
    turned = vectors @ np.linalg.qr(rng.normal(size=(16, 16)))[0].astype(np.float32)
    found = compare_vectors((vectors, 5 * turned), NAMES, obs, label_column="treatment")
    assert found.agreement.value == pytest.approx(1, abs=1e-3)
    assert found.cka.value == pytest.approx(1, abs=1e-4)
    judged = found.separation.scores[0]
    assert judged.difference.value == pytest.approx(0, abs=0.01)
    assert judged.better is None
    assert found.sentences[1].startswith("Neither is seen to tell 'treatment' better: ")


def test_unrelated_vectors_agree_by_chance():
    obs, well, rng = plate()
    pair = planted(well, rng, 0, 0), planted(well, rng, 0, 0)
    found = compare_vectors(pair, NAMES, obs)
    n = len(obs)
    assert found.chance == pytest.approx(15 / (n - 1))
    assert found.agreement.low < found.chance < found.agreement.high
    assert abs(found.cka.value) < 0.05
    assert found.separation is None
    assert "12 wells; chance 6%" in found.sentences[0]
    # By hand, for one cell.
    near = []
    for vectors in pair:
        centred = vectors - vectors.mean(axis=0)
        centred /= np.linalg.norm(centred, axis=1, keepdims=True)
        near.append(set(np.argsort(-(centred @ centred[7]))[1:16]))
    assert found.shared[7] == len(near[0] & near[1])


def test_scores_that_disagree_are_both_told():
    even, ahead = Estimate(0.1, -0.1, 0.3), Estimate(0.2, 0.1, 0.3)
    half = Estimate(0.5, 0.4, 0.6)
    scores = tuple(
        ScorePair(name, half, half, each) for name, each in (("accuracy", even), ("map", ahead))
    )
    said = Separation("kind", 2, 9, "3 wells", scores, ()).sentence(NAMES)
    assert said.startswith("Neither is seen to tell 'kind' better: ")
    assert said.endswith("; by mean average precision B does")


@pytest.mark.parametrize("swapped", [False, True])
def test_the_encoder_with_the_planted_labels_is_found(swapped):
    obs, well, rng = plate()
    pair = planted(well, rng, 0.5), planted(well, rng, 6)
    pair = pair[::-1] if swapped else pair
    found = compare_vectors(pair, NAMES, obs, label_column="treatment").separation
    assert [pair.better for pair in found.scores] == [int(not swapped)] * 2
    assert found.sentence(NAMES).startswith(f"{NAMES[not swapped]} tells 'treatment' better: ")
    assert found.units == "12 wells"
    assert (found.n_classes, found.n_cells) == (2, 240)
    judged = found.scores[0]
    assert judged.difference.value == pytest.approx(judged.second.value - judged.first.value)
    assert judged.difference.low <= judged.difference.value <= judged.difference.high


def test_what_cells_of_a_well_share_is_not_taken_for_their_label():
    """Cells are judged by other wells: what tells wells, and no treatment, scores by chance."""
    obs, well, rng = plate()
    batch = planted(well, rng, 0, well_noise=5)
    found = compare_vectors((batch, batch), NAMES, obs, label_column="treatment").separation
    assert found.scores[0].first.value < 0.75
    # By hand: the vote of the five nearest of other wells, meaned over classes.
    centred = batch - batch.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    similarity = np.where(well[:, None] == well, -9, centred @ centred.T)
    order = np.argsort(-similarity, axis=1)[:, :5]
    treated = well % 2
    weight = 2 + np.take_along_axis(similarity, order, axis=1)
    share = (weight * treated[order]).sum(axis=1) / weight.sum(axis=1)
    right = (share > 0.5) == treated
    expected = (right[treated == 0].mean() + right[treated == 1].mean()) / 2
    assert found.scores[0].first.value == pytest.approx(expected)
    # One well of each label tells nothing of labels.
    two = compare_vectors(
        (batch[:40], batch[:40]), NAMES, obs[:40].copy(), label_column="treatment"
    )
    assert any("what tells them may be the well" in note for note in two.notes)
    assert any(note.startswith("With 2 wells, the intervals are rough") for note in two.notes)


def test_intervals_are_over_wells_and_not_over_cells():
    obs, well, rng = plate()
    shared = rng.normal(size=12)[well]
    over_wells = Units.of(obs).mean(shared, 0)
    over_cells = Units.of(obs[["image"]].assign(image="one")).mean(shared, 0)
    assert over_wells.value == pytest.approx(shared.mean())
    # Twelve values were drawn, twenty times each: the interval of 240 is too narrow by √20.
    ratio = (over_wells.high - over_wells.low) / (over_cells.high - over_cells.low)
    assert ratio == pytest.approx(np.sqrt(20), rel=0.15)
    assert Units.of(obs).words == "12 wells"
    assert Units.of(obs.drop(columns="well")).words == "12 fields"


def test_as_many_units_are_drawn_of_each_stratum():
    units = Units(np.arange(6), "well")
    draws = units.draws(0, np.array([0, 0, 0, 0, 1, 1]))
    assert set(draws[:, :4].sum(axis=1)) == {4}
    assert set(draws[:, 4:].sum(axis=1)) == {2}
    assert bootstrapped(lambda drawn: drawn.sum(axis=1), draws).value == 6


def test_classes_of_one_well_are_left_out_and_said():
    obs, well, rng = plate()
    obs.loc[well == 3, "treatment"] = "rare"
    pair = planted(well, rng, 4), planted(well, rng, 4)
    found = compare_vectors(pair, NAMES, obs, label_column="treatment").separation
    assert (found.n_classes, found.n_cells) == (2, 220)
    assert "1 values of 'treatment' are in one well only and are not judged" in found.notes


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return base_sc_encoder(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def jobs(field, encoder):
    image = field.image
    return (EmbedJob(image, field.cells, ROLES, encoder, nuclei=field.nuclei),)


@pytest.fixture(scope="module")
def run(jobs, field, other):
    made = FlipRun(
        FlipJob(jobs, kinds=(), label_column="phenotype", label_table=field.truth, second=other)
    )
    list(made.steps())
    return made


def test_a_run_embeds_the_same_cells_as_the_second_encoder_would(run, field, encoder, other):
    report = run.result()
    assert report.results == ()
    assert report.headline == ""
    alone = [
        c3r.embed(field.image, field.cells, ROLES, encoder=each, nuclei=field.nuclei)
        for each in (encoder, other)
    ]
    np.testing.assert_allclose(report.second.vectors, alone[1].X, atol=1e-5)
    found = answer(["encoders"], DiagnosticContext(report)).results["encoders"]
    tables = c3r.compare_encoders(
        *alone, label_column="phenotype", label_table=field.truth, max_cells=5000
    )
    np.testing.assert_allclose(found.shared, tables.shared, atol=1e-9)
    assert tables.agreement == pytest.approx(found.comparison.agreement)
    assert tables.separation.scores == found.comparison.separation.scores
    assert found.comparison.itself is not None
    assert tables.itself is None
    assert tables.names == ("small", "Base-SC tiny")
    assert found.sentence.endswith(found.comparison.sentences[0])


def test_the_report_has_both_maps_and_no_section_on_roles(run, tmp_path, monkeypatch):
    # Where the cells lie is the business of other tests, and takes long.
    monkeypatch.setattr(
        "napari_c3r.core.diagnose.entries.encoders.paired_maps",
        lambda first, second, seed: (first[:, :2], second[:, :2]),
    )
    answers = answer(["encoders"], DiagnosticContext(run.result()))
    write_answers(run, answers, tmp_path / "report.html")
    words = (tmp_path / "report.md").read_text("utf-8")
    assert "## Another encoder on the same cells" in words
    assert "Does the role matter?" in words.splitlines()[0]
    assert "## Do the roles matter?" not in words
    k = answers.results["encoders"].comparison.k
    assert f"| share of {k} nearest in common | small and Base-SC tiny |" in words
    assert "second_encoder" in words
    picture = next(tmp_path.glob("report-encoders*.png"))
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_stopped_run_compares_the_cells_done_by_both(jobs, other, tmp_path):
    halted = FlipRun(FlipJob(jobs, kinds=("all groups swapped",), second=other))
    for progress in halted.steps():
        if progress.done >= 8:
            break
    report = halted.result()
    assert len(report.second.vectors) == len(report.obs) == progress.done
    list(halted.steps())
    assert len(halted.result().second.vectors) == progress.total


def test_mistakes_are_one_line(run, field, other):
    without = replace(run.result(), second=None)
    reasons = answer(["encoders"], DiagnosticContext(without)).reasons
    assert reasons["encoders"] == "No second encoder was given; choose one to compare with"
    with pytest.raises(InputError, match="There are 3 cells, too few to compare encoders"):
        compare_vectors((np.eye(3), np.eye(3)), NAMES, pd.DataFrame(index=range(3)))
    table = c3r.embed(field.image, field.cells, ROLES, encoder=other)
    elsewhere = table.copy()
    elsewhere.obs["image"] = "another"
    with pytest.raises(InputError, match="embed the same cells with both encoders"):
        c3r.compare_encoders(table, elsewhere)
    with pytest.raises(InputError, match="max_cells is 0; give a whole number of 1 or more"):
        c3r.compare_encoders(table, table, max_cells=0)

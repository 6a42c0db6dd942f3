"""Names learned from examples, against what is true by construction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

import napari_c3r as c3r
from napari_c3r.core.errors import InputError
from napari_c3r.core.learn import LearnOptions, learn, suggest_names
from napari_c3r.core.learn.calibration import PLATT, calibrate, estimate_prior, with_prior
from napari_c3r.core.learn.choosing import accepted_rows, disagreeing_rows, unsure_rows
from napari_c3r.core.learn.columns import COLUMNS, carry_suggestion, forget_suggestion
from napari_c3r.core.learn.examples import MAX_PER_NAME, examples_of
from napari_c3r.core.learn.figures import calibration_figure
from napari_c3r.core.learn.folds import make_folds
from napari_c3r.core.learn.logistic import GRID, log_softmax
from napari_c3r.core.learn.scores import calibration_bins, calibration_error, share_right
from napari_c3r.core.learn.words import detail_lines, named_words, reason_words, sentence
from napari_c3r.core.table import make_result


def table(kinds, named, *, fields=6, apart=3.0, width=12, seed=0, wells=False):
    """Cells of some kinds, apart by so many spreads, the first `named` of each kind with a name."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(len(kinds), width)) * rng.uniform(0.1, 10, width)
    for kind in np.unique(kinds):
        vectors[kinds == kind, kind] += apart * vectors[:, kind].std()
    field = np.arange(len(kinds)) % fields
    obs = pd.DataFrame(
        {
            "image": [f"f{n}" for n in field],
            "label": np.arange(len(kinds)) + 1,
            "y_px": 1.0,
            "x_px": 1.0,
        }
    )
    if wells:
        obs["well"] = [f"A{n // 2:02d}" for n in field]
    names = np.full(len(kinds), None, object)
    for kind in np.unique(kinds):
        names[np.flatnonzero(kinds == kind)[:named]] = f"kind {kind}"
    provenance = {"encoder": {"name": "toy", "weights_sha256": "0"}}
    columns = [("RNA", "cls")] * width
    made = make_result(obs, vectors.astype(np.float32), columns, provenance)
    made.obs["annotation"] = pd.Categorical(names)
    return made


KINDS = np.arange(600) % 5 % 2
# Without a search for the penalty, where it is not what is tested.
QUICK = LearnOptions(c=0.1)


@pytest.fixture(scope="module")
def separable():
    made = table(KINDS, 15, apart=4.0)
    return made, learn(made)


def test_kinds_that_lie_apart_are_told_apart(separable):
    _, found = separable
    assert found.names == ("kind 0", "kind 1")
    assert (found.codes == KINDS).mean() > 0.95
    assert found.scores.accuracy.value > 0.9
    assert (found.scores.unit, found.scores.n_groups, found.scores.n) == ("field", 6, 30)
    assert ((found.probability >= 0.5) & (found.probability <= 1)).all()
    np.testing.assert_allclose(found.probability + found.runner_up, 1, atol=1e-6)
    assert sentence(found, 570).startswith(
        "15 named kind 0, 15 named kind 1 → 570 suggested (right"
    )
    assert "in fields left out" in sentence(found, 570)


def test_the_penalty_is_chosen_by_what_it_does_to_fields_left_out(separable):
    _, found = separable
    assert found.c in GRID
    noisy = learn(table(KINDS[:150], 20, apart=0.8, width=40))
    assert noisy.c < found.c


def test_the_same_examples_give_the_same_suggestions(separable):
    made, found = separable
    again = learn(made)
    for name in ("codes", "probability", "novelty"):
        assert np.array_equal(getattr(again, name), getattr(found, name))


def test_it_is_scikit_learn_s_fit_on_standardised_columns(separable):
    made, _ = separable
    found = learn(made, options=QUICK)
    vectors = made.X.astype(np.float64)
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    named = made.obs["annotation"].notna().to_numpy()
    plain = LogisticRegression(C=0.1, class_weight="balanced", tol=1e-8)
    plain.fit(standard[named], KINDS[named])
    margin = found.calibration.slope * plain.decision_function(standard)
    expected = np.maximum(expit(margin), 1 - expit(margin))
    np.testing.assert_allclose(found.probability[~named], expected[~named], atol=2e-3)


@pytest.mark.parametrize("n_kinds", [2, 3])
def test_of_names_given_at_random_no_more_is_right_than_by_chance(n_kinds):
    covered, values = 0, []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        made = table(np.zeros(120, int), 0, seed=seed, width=8)
        names = rng.permutation(np.arange(120) % n_kinds)
        made.obs["annotation"] = pd.Categorical(names.astype(str))
        share = learn(made, options=LearnOptions(c=0.01)).scores.accuracy
        covered += share.low <= 1 / n_kinds <= share.high
        values.append(share.value)
    assert abs(np.mean(values) - 1 / n_kinds) < 0.07
    assert covered >= 8


@pytest.mark.parametrize(("count", "method"), [(60, "temperature"), (2000, PLATT)])
def test_probabilities_of_simulated_logistic_data_are_the_true_ones(count, method):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(count, 3)) * 2
    codes = np.array([rng.choice(3, p=p) for p in softmax(logits, axis=1)])
    # As a fit gives them that is too sure of itself, and leans to the first name.
    crooked = 3 * logits + ([0, 0, 0] if method == "temperature" else [1.5, 0, -1])
    found = calibrate(crooked, codes)
    assert found.method == method
    off = calibration_error(*_best(found(crooked), codes))
    assert off < calibration_error(*_best(log_softmax(crooked), codes)) / 1.5
    assert found.slope == pytest.approx(1 / 3, rel=0.35 if count < 100 else 0.1)


def _best(log_probability, codes):
    return np.exp(log_probability).max(axis=1), log_probability.argmax(axis=1) == codes


def test_a_few_examples_that_are_all_told_apart_are_not_certain():
    scores = np.repeat([[0.7, -0.7], [-0.7, 0.7]], 6, axis=0)
    found = calibrate(scores, np.repeat([0, 1], 6))
    assert 0.9 < np.exp(found(scores)).max() < 0.999


def test_how_common_names_are_is_found_from_cells_without_one():
    rng = np.random.default_rng(0)
    rare = rng.random(5000) < 0.07
    log_equal = log_softmax(np.outer(rng.normal(np.where(rare, 2, -2), 2) / 2, [-1.0, 1.0]))
    assert estimate_prior(log_equal)[1] == pytest.approx(0.07, abs=0.02)
    told = with_prior(log_equal, np.array([0.93, 0.07]))[:, 1]
    sure = told > 0.6
    assert rare[sure].mean() == pytest.approx(told[sure].mean(), abs=0.08)


@pytest.mark.parametrize("prior", ["examples", "table", "equal"])
def test_the_prior_asked_for_is_used_and_said(prior):
    kinds = (np.arange(1000) % 10 == 0).astype(int)
    made = table(kinds, 20, apart=5.0)
    found = learn(made, options=LearnOptions(prior=prior, c=0.1))
    expected = 0.9 if prior == "table" else 0.5
    assert found.prior[0] == pytest.approx(expected, abs=0.06)
    assert any("probabilities are too high" in line for line in detail_lines(found)) == (
        prior != "table"
    )


@pytest.mark.parametrize("wells", [False, True])
def test_no_group_is_on_both_sides(wells):
    made = table(KINDS, 40, fields=8, wells=wells)
    examples = examples_of(made)
    assert examples.unit == ("well" if wells else "field")
    folds = make_folds(examples.codes, examples.groups, 0)
    assert sorted(np.concatenate([left for _, left in folds])) == list(range(80))
    for learned, left in folds:
        assert not set(examples.groups[learned]) & set(examples.groups[left])
        assert set(examples.codes[learned]) == {0, 1}


def test_a_field_s_own_look_does_not_pass_for_knowledge():
    """What tells fields and not kinds apart is right for cells left out, and not for fields."""
    rng = np.random.default_rng(0)
    field = np.arange(160) % 32
    made = table(field % 2, 80, fields=32, apart=0.0, width=40)
    made.X[:] = rng.normal(size=(160, 40)) + 4 * rng.normal(size=(32, 40))[field]
    by_field = learn(made, options=QUICK).scores
    by_cell = learn(made, options=LearnOptions(unit="cell", c=0.1)).scores
    assert by_cell.accuracy.low > 0.8
    assert by_field.accuracy.low < 0.5 < by_field.accuracy.high
    assert by_field.accuracy.half_width > 2 * by_cell.accuracy.half_width


@pytest.mark.parametrize("fields", [1, 2])
def test_a_name_of_one_field_alone_is_tested_on_cells_and_that_is_said(fields):
    made = table(KINDS, 9, fields=fields)
    if fields == 2:
        made.obs.loc[made.obs["annotation"] == "kind 1", "image"] = "f0"
    found = learn(made, options=QUICK)
    assert found.scores.unit == "cell"
    told = "all examples are of one field" if fields == 1 else "'kind 1' is of one field alone"
    assert told in found.notes[0]


def test_every_name_is_learned_in_every_fold_even_where_it_is_of_two_fields():
    codes = np.r_[np.zeros(30, int), np.ones(4, int)]
    groups = np.r_[np.arange(30) % 10, [0, 0, 1, 1]]
    for seed in range(10):
        for learned, _ in make_folds(codes, groups, seed):
            assert set(codes[learned]) == {0, 1}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([None] * 12, "no cell has a name"),
        (["a"] * 6 + [None] * 6, "only 'a' is given"),
        (["a"] * 10 + ["b"] * 2, "'b' has 2 cells; name at least 3 of each"),
        (["a"] * 11 + ["b"], "'b' has 1 cell;"),
    ],
)
def test_too_few_examples_are_refused_in_one_line(names, message):
    made = table(np.zeros(12, int), 0)
    made.obs["annotation"] = pd.Categorical(names)
    with pytest.raises(InputError, match=message):
        learn(made)


def test_a_table_without_such_a_column_or_with_broken_examples_is_refused(separable):
    made, _ = separable
    with pytest.raises(InputError, match="no column 'phase' of names"):
        learn(made, "phase")
    broken = made.copy()
    broken.X[0, 0] = np.nan
    with pytest.raises(InputError, match="'f0:1' has a vector of values that are not finite"):
        learn(broken)


def test_a_cell_without_a_vector_gets_no_name(separable):
    made, _ = separable
    broken = made.copy()
    broken.X[500] = np.nan
    found = learn(broken, options=QUICK)
    assert found.codes[500] == -1
    assert found.notes == ("1 cells have no vector and get no name",)
    suggest_names(broken, c=0.1)
    assert broken.obs["suggested"].isna().tolist() == [row == 500 for row in range(600)]


def test_groups_of_true_and_false_are_names_too(separable):
    made = separable[0].copy()
    named = made.obs["annotation"].astype(object)
    made.obs["gate 1"], made.obs["gate 2"] = named == "kind 0", named == "kind 1"
    made.obs.iloc[0, made.obs.columns.get_loc("gate 2")] = True
    found = learn(made, ["gate 1", "gate 2"], QUICK)
    assert found.names == ("gate 1", "gate 2")
    assert found.examples.counts.tolist() == [14, 15]
    assert "1 cells are in several" in found.notes[0]
    assert (found.codes == KINDS).mean() > 0.95


def test_gates_beside_names_given_by_hand_are_called_as_they_are(separable):
    made = separable[0].copy()
    named = made.obs["annotation"].astype(object)
    made.obs["gate_kind 0"], made.obs["gate_far"] = KINDS == 0, named == "kind 1"
    made.obs["annotation"] = pd.Categorical(named.where(named == "kind 1"))
    found = learn(made, ["annotation", "gate_kind 0", "gate_far"], QUICK)
    # By hand counts more than the gate that holds the same cells.
    assert found.names == ("kind 1", "kind 0")
    assert found.examples.counts.tolist() == [15, (KINDS == 0).sum()]
    assert found.column == "annotation, gate_kind 0, gate_far"
    alone = learn(made, ["gate_kind 0", "gate_far"], QUICK)
    assert alone.names == ("kind 0", "far")


def test_of_very_many_examples_some_are_learned_from_and_that_is_said():
    kinds = np.arange(2 * MAX_PER_NAME + 300) % 2
    examples = examples_of(table(kinds, len(kinds), width=2))
    assert len(examples) == 2 * MAX_PER_NAME
    assert examples.counts.sum() == len(kinds)
    assert "Learned from 2,000 of 2,300 named cells" in examples.notes[0]


def test_cells_of_a_kind_without_examples_are_unlike_them():
    kinds = np.r_[KINDS, np.full(60, 2)]
    made = table(kinds, 30, apart=12.0)
    made.obs.loc[made.obs["annotation"] == "kind 2", "annotation"] = None
    found = learn(made, options=QUICK)
    assert found.unlike[kinds == 2].mean() > 0.95
    assert found.unlike[kinds != 2].mean() < 0.15
    assert "unlike any example" in reason_words(found, 659)


def test_the_least_sure_come_first_and_every_fourth_is_unlike_the_examples():
    kinds = np.r_[KINDS, np.full(60, 2)]
    made = table(kinds, 30, apart=2.0)
    made.obs.loc[made.obs["annotation"] == "kind 2", "annotation"] = None
    made.X[kinds == 2] *= 8
    found = learn(made, options=QUICK)
    unnamed = made.obs["annotation"].isna().to_numpy()
    rows = unsure_rows(found, unnamed)
    assert len(set(rows)) == len(rows)
    assert unnamed[rows].all()
    odd = found.unlike[rows[:40]]
    assert odd.tolist() == [place % 4 == 3 for place in range(40)]
    close = rows[:40][~odd]
    assert (np.diff(found.probability[close] - found.runner_up[close]) >= 0).all()
    taken = accepted_rows(found, unnamed, 0.8)
    assert not set(taken) & set(np.flatnonzero(~unnamed))
    assert (found.probability[taken] >= 0.8).all()
    assert not found.unlike[taken].any()


def test_an_example_that_looks_like_another_name_is_found(separable):
    made = separable[0].copy()
    wrong = int(np.flatnonzero(KINDS == 0)[3])
    made.obs.iloc[wrong, made.obs.columns.get_loc("annotation")] = "kind 1"
    assert wrong in disagreeing_rows(learn(made, options=QUICK))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".h5ad"])
def test_columns_and_provenance_survive_a_file(separable, tmp_path, suffix):
    made = suggest_names(separable[0].copy(), c=0.1)
    path = c3r.write(made, tmp_path / f"cells{suffix}")
    back = c3r.read(path)
    pd.testing.assert_frame_equal(back.obs[list(COLUMNS)], made.obs[list(COLUMNS)])
    kept = back.uns["napari_c3r"]["suggestion"]
    assert kept == made.uns["napari_c3r"]["suggestion"]
    named = made.obs["annotation"].notna()
    assert kept["examples"]["label"] == made.obs["label"][named].tolist()
    assert kept["encoder"] == {"name": "toy", "weights_sha256": "0"}


def test_a_later_table_takes_the_suggestion_along_and_loses_it(separable):
    made = suggest_names(separable[0].copy(), c=0.1)
    later = separable[0][::-1].copy()
    carry_suggestion(made, later)
    for name in COLUMNS:
        assert later.obs[name].tolist() == made.obs[name][::-1].tolist()
    carry_suggestion(separable[0], later)
    assert not set(COLUMNS) & set(later.obs)
    assert "suggestion" not in later.uns["napari_c3r"]
    forget_suggestion(made)
    assert not set(COLUMNS) & set(made.obs)


def test_the_interval_of_a_share_is_wilson_s_and_wider_where_groups_go_together():
    right = np.arange(100) % 5 != 0
    alone = share_right(right, np.arange(100))
    # Wilson (1927) for 80 of 100.
    assert (alone.low, alone.high) == pytest.approx((0.7112, 0.8666), abs=1e-4)
    together = share_right(np.repeat([True, True, True, True, False], 20), np.repeat(range(5), 20))
    assert together.half_width > 2 * alone.half_width
    assert share_right(np.ones(10, bool), np.arange(10) % 2).low == pytest.approx(0.7225, abs=1e-3)


def test_the_figure_shows_the_bins_and_holds_their_numbers(separable):
    found = separable[1]
    drawing = calibration_figure(found)
    bins = calibration_bins(found.scores.probability, found.scores.right)
    assert drawing.numbers["examples"].tolist() == [each.count for each in bins] == [10, 10, 10]
    assert sum("examples, told" in mark.tip for mark in drawing.marks) == 3
    assert drawing.sentence.startswith("Right for ")


def test_many_names_are_counted_and_not_listed():
    assert named_words(("a", "b", "c", "d"), np.array([3, 4, 5, 6])) == "18 cells with 4 names"

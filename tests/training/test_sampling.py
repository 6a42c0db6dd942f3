"""Which cells make a batch."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from training.sampling import Sampler, draw_sets


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Ten antibodies; each has 9 cells on plate p and 3 on plate q, in one cell line."""
    ids = np.repeat([f"HPA{index:03d}" for index in range(10)], 12)
    plates = np.tile(["p"] * 9 + ["q"] * 3, 10)
    return pd.DataFrame({"id": ids, "cell_line": "U2OS", "plate": plates})


def sampler(table: pd.DataFrame, **changes: object) -> Sampler:
    settings = {"classes_per_batch": 4, "samples_per_class": 6, "seed": 0} | changes
    return Sampler(table, np.arange(len(table)), **settings)


def test_a_column_of_a_batch_is_one_antibody_spread_over_its_plates(table: pd.DataFrame) -> None:
    rows, ids = sampler(table).draw(0)
    assert rows.shape == (6, 4)
    for column, index in zip(rows.T, ids, strict=True):
        cells = table.iloc[column]
        assert set(cells["id"]) == {f"HPA{index:03d}"}
        assert Counter(cells["plate"]) == {"p": 3, "q": 3}
        assert len(set(column)) == 6


def test_plates_with_too_few_cells_leave_their_turns_to_others(table: pd.DataFrame) -> None:
    rows, _ = sampler(table, samples_per_class=12).draw(0)
    assert all(len(set(column)) == 12 for column in rows.T)


def test_cells_repeat_only_where_there_are_too_few(table: pd.DataFrame) -> None:
    rows, _ = sampler(table, samples_per_class=24).draw(0)
    assert all(set(Counter(column).values()) == {2} for column in rows.T)


def test_every_pass_shows_every_antibody_once_in_an_order_of_its_own(table: pd.DataFrame) -> None:
    each = sampler(table, classes_per_batch=5)
    passes = [np.concatenate([each.draw(n)[1] for n in (first, first + 1)]) for first in (0, 2)]
    assert all(sorted(drawn) == list(range(10)) for drawn in passes)
    assert not np.array_equal(*passes)


def test_a_batch_follows_from_the_seed_and_its_number_alone(table: pd.DataFrame) -> None:
    one, other = sampler(table), sampler(table)
    for number in (5, 0, 3):
        one.draw(number)
    np.testing.assert_array_equal(one.draw(7)[0], other.draw(7)[0])
    assert not np.array_equal(one.draw(7)[0], sampler(table, seed=1).draw(7)[0])


def test_a_share_of_the_antibodies_is_always_the_same_share(table: pd.DataFrame) -> None:
    few = sampler(table, share=0.3)
    assert few.n_used == 3
    drawn = {int(index) for number in range(6) for index in few.draw(number)[1]}
    assert len(drawn) == 3


def test_a_crop_without_an_id_stands_for_itself(table: pd.DataFrame) -> None:
    unnamed = table.assign(id=[*table["id"][:24], *[""] * 90, *[None] * 6])
    each = sampler(unnamed)
    assert len(each.ids) == 2 + 96
    rows, ids = each.draw(0)
    for column, index in zip(rows.T, ids, strict=True):
        expected = 6 if each.ids[index].startswith("HPA") else 1
        assert len(set(column)) == expected


def test_only_given_rows_are_drawn(table: pd.DataFrame) -> None:
    allowed = np.flatnonzero(table["plate"] == "q")
    each = Sampler(table, allowed, classes_per_batch=4, samples_per_class=6, seed=0)
    assert set(each.draw(0)[0].ravel()) <= set(allowed)


def test_sets_are_drawn_by_weight_and_a_longer_run_begins_as_a_shorter() -> None:
    drawn = draw_sets([1, 3], 4000, seed=0)
    assert drawn.mean() == pytest.approx(0.75, abs=0.03)
    np.testing.assert_array_equal(drawn[:100], draw_sets([1, 3], 100, seed=0))


def test_whole_experiments_follow_each_other_in_an_order_of_every_pass() -> None:
    """Four experiments of five treatments each, as cell lines of their own."""
    ids = np.repeat([f"drug{index:02d}" for index in range(20)], 3)
    lines = np.repeat([f"line{(index * 7) % 20 // 5}" for index in range(20)], 3)
    table = pd.DataFrame({"id": ids, "cell_line": lines, "plate": "p"})
    each = sampler(table, classes_per_batch=10, whole_experiments=True)
    orders = []
    for number in range(6):
        drawn = each.draw(number)[1]
        found = each.experiments[drawn]
        assert sorted(np.bincount(found, minlength=4)) == [0, 0, 5, 5]
        assert (np.diff(found) != 0).sum() == 1
        assert [table["cell_line"][each.ids[i] == ids].iloc[0] for i in drawn] == [
            f"line{experiment}" for experiment in found
        ]
        orders.append(tuple(found[::5]))
    assert len(set(orders)) > 1
    assert each.used_rows.tolist() == list(range(60))

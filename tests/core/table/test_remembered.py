"""What is known of columns is worked out once, and never told of other values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.figures.colouring import categories_of
from napari_c3r.core.table.remembered import Memory, recalled, remembered

ASKED: list[str] = []


@remembered
def count_different(column):
    ASKED.append(column.name)
    return column.nunique()


@pytest.fixture
def asked():
    ASKED.clear()
    return ASKED


KINDS = {
    "numbers": [1.0, 2.0, 2.0],
    "text": ["a", "b", "b"],
    "categories": pd.Categorical(["a", "b", "b"]),
    "whole": pd.array([1, 2, None], dtype="Int64"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_is_asked_once_until_it_is_another(asked, kind):
    frame, memory = pd.DataFrame({"x": KINDS[kind], "y": 0.0}), Memory()
    with memory.entered():
        assert [count_different(frame["x"]) for _ in range(3)] == [2, 2, 2]
        frame["z"] = frame["y"] = 1.0
        assert count_different(frame["x"]) == 2
        assert asked == ["x"]
        frame["x"] = pd.Series(KINDS[kind])[[0, 0, 0]].to_numpy()
        assert count_different(frame["x"]) == 1
        assert asked == ["x", "x"]


def test_what_a_memory_forgets_is_asked_again(asked):
    values, memory = np.array([1.0, 2.0]), Memory()
    x, y = pd.Series(values, name="x", copy=False), pd.Series([1.0, 1.0], name="y")

    def ask():
        with memory.entered():
            return count_different(x), count_different(y)

    assert ask() == ask() == (2, 1)
    # Written into the same memory, which no column but this one tells.
    values[:] = 7.0
    memory.forget({"x"})
    assert ask() == (1, 1)
    assert asked == ["x", "y", "x"]
    memory.forget()
    ask()
    assert asked[3:] == ["x", "y"]


def test_outside_of_a_memory_nothing_is_remembered(asked):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    with Memory().entered():
        count_different(frame["x"])
    count_different(frame["x"])
    count_different(frame["x"])
    assert len(asked) == 3
    assert [recalled("what", "x", frame, lambda n=n: n) for n in range(2)] == [0, 1]


def test_memories_do_not_know_of_each_other(asked):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    for memory in (Memory(), Memory()):
        with memory.entered():
            count_different(frame["x"])
    assert len(asked) == 2


def test_codes_that_are_remembered_cannot_be_written_into():
    column = pd.Series(pd.Categorical(["a", "b", None]), name="x")
    with Memory().entered():
        codes, names = categories_of(column)
        names.clear()
        assert categories_of(column)[1] == ["a", "b"]
        assert categories_of(column)[0] is codes
    with pytest.raises(ValueError, match="read-only"):
        codes[0] = 5
    assert np.array_equal(column.cat.codes, [0, 1, -1])

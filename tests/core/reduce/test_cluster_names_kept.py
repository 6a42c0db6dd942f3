"""Names of clusters outlive the clustering; merging, splitting and renaming by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_c3r.core.errors import InputError
from napari_c3r.core.reduce.cluster_names import (
    keep_names,
    merged,
    number_of,
    renamed,
    split_off,
    words_of,
)


def column(text, first=0):
    """A cell for each letter, named by the words given; ``-`` is noise."""
    names = ["noise" if each == "-" else each for each in text]
    order = sorted(set(names), key=lambda name: (name == "noise", name))
    rows = [f"i:{n + first}" for n in range(len(names))]
    return pd.Series(pd.Categorical(names, order), index=rows, name="cluster")


def spelt(found):
    return "".join("-" if name == "noise" else name[0] for name in found)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # Numbered anew by size, they are still the same.
        ("0001122222", "1112200000", "0001122222"),
        # One in two: the larger part keeps the name, the other gets the first that is free.
        ("0000000111", "0000222111", "0000222111"),
        ("0000000111", "0001111222", "2220000111"),
        # Two in one: that of most cells.
        ("0000011122", "1111111100", "0000000022"),
        # Some fall out as noise.
        ("0000111122", "00-011-122", "00-011-122"),
        # Each part is wholly of the old one; the first of the equal ones keeps its name.
        ("0000000000111", "0011223344555", "0022334455111"),
    ],
)
def test_clusters_are_called_as_most_of_their_cells_were(before, after, expected):
    found, _ = keep_names(column(before), column(after))
    assert spelt(found) == expected
    assert list(found.cat.categories) == sorted(
        found.cat.categories, key=lambda c: (c == "noise", c)
    )


def test_what_a_person_wrote_stays_where_its_cells_are_and_is_said():
    before = renamed(renamed(column("0001122222"), "1", "mitotic"), "2", "small ones")
    assert list(before.cat.categories) == ["0", "1 mitotic", "2 small ones"]
    found, kept = keep_names(before, column("1112200002"))
    assert list(found.cat.categories) == ["0", "1 mitotic", "2 small ones"]
    assert kept.kept == pytest.approx({"0": 1.0, "1 mitotic": 1.0, "2 small ones": 0.8})
    assert "‘2 small ones’ is where 80% of its cells are" in kept.sentence
    assert "‘0’" not in kept.sentence
    # One that fell apart and whose cells went elsewhere.
    found, kept = keep_names(before, column("0000000000"))
    assert list(found.cat.categories) == ["2 small ones"]
    assert "‘1 mitotic’ is no cluster any more: its cells are in 2 small ones" in kept.sentence
    found, kept = keep_names(before, column("000--00000"))
    assert "‘1 mitotic’ is no cluster any more: its cells are in noise" in kept.sentence


def test_rows_that_were_not_there_before_count_for_nothing():
    found, _ = keep_names(column("000111"), column("1110000", first=3))
    assert spelt(found) == "1110000"
    none, kept = keep_names(column("000111"), column("0011", first=90))
    assert spelt(none) == "0011"
    assert not kept.kept


def test_merging_keeps_the_name_that_a_person_gave():
    named = renamed(column("0000112-"), "1", "mitotic")
    found = merged(named, ["0", "1 mitotic"])
    assert spelt(found) == "1111112-"
    assert list(found.cat.categories) == ["1 mitotic", "2", "noise"]
    assert spelt(merged(column("0000112-"), ["1", "2"])) == "0000111-"
    assert spelt(merged(column("0000112-"), ["2", "noise"])) == "00001122"
    with pytest.raises(InputError, match="takes two"):
        merged(named, ["0", "0"])


def test_splitting_off_takes_the_first_free_number():
    found, name = split_off(column("00002233-"), np.array([1, 1, 0, 0, 0, 0, 0, 0, 1], bool))
    assert (spelt(found), name) == ("110022331", "1")
    # All that was left of a cluster goes over into the new one.
    found, name = split_off(column("001122"), np.array([1, 1, 1, 0, 0, 0], bool))
    assert (spelt(found), name) == ("000122", "0")
    with pytest.raises(InputError, match="cluster 1 already"):
        split_off(column("001122"), np.array([0, 0, 1, 1, 0, 0], bool))
    with pytest.raises(InputError, match="No cells"):
        split_off(column("00"), np.zeros(2, bool))


def test_renaming_changes_words_alone_and_never_the_number():
    found = renamed(column("001122-"), "1", "  apoptotic   cells ")
    assert list(found.cat.categories) == ["0", "1 apoptotic cells", "2", "noise"]
    assert list(renamed(found, "1 apoptotic cells", "").cat.categories) == ["0", "1", "2", "noise"]
    with pytest.raises(InputError, match="Cluster 1 apoptotic cells is called"):
        renamed(found, "0", "apoptotic cells")
    for name in ("noise", "7"):
        with pytest.raises(InputError, match="no cluster"):
            renamed(found, name, "x")


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("0", 0, ""),
        ("12 G2/M", 12, "G2/M"),
        ("noise", None, ""),
        ("G1", None, "G1"),
        ("3d", None, "3d"),
    ],
)
def test_a_name_is_a_number_and_words(name, number, words):
    assert (number_of(name), words_of(name)) == (number, words)

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment, Role
from napari_c3r.core.diagnose.parity import entropy_bits, parity_and_entropy
from napari_c3r.core.diagnose.suggest import suggest_roles
from napari_c3r.core.errors import InputError

RNG = np.random.default_rng(0)
CENTRES = 10 * np.eye(4)


def features(spread, n=80):
    """Channels that lie round a centre of their own, or anywhere among all centres."""
    channels = []
    for number, wide in enumerate(spread):
        home = np.full(n, number) if not wide else RNG.integers(0, 4, n)
        channels.append(CENTRES[home] + RNG.normal(0, 0.3, (n, 4)))
    return np.stack(channels, axis=1).astype(np.float32)


def test_entropy_in_bits_by_hand():
    np.testing.assert_allclose(
        entropy_bits(np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4])), [0, 1, 2]
    )


def test_parity_is_one_where_a_channel_fills_a_cluster():
    roles = ChannelAssignment({"a": "context", "b": "context", "c": "context", "d": "concept"})
    found = parity_and_entropy(features([False, False, False, True]), tuple("abcd"), roles)
    table = found.table.set_index("channel")
    assert (table.loc[["a", "b", "c"], "parity"] == 1).all()
    assert (table.loc[["a", "b", "c"], "entropy"] == 0).all()
    assert 0.2 < table.loc["d", "parity"] < 0.45
    assert table.loc["d", "entropy"] > 1.7
    assert sorted(table["cluster_one_to_one"]) == [0, 1, 2, 3]
    assert found.by_group.loc["context", "parity"] == 1
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)


def test_two_channels_in_one_cluster_share_it_by_argmax_and_not_one_to_one():
    both = features([False, False, False, False])
    both[:, 1] = both[:, 0] + RNG.normal(0, 0.1, both[:, 0].shape).astype(np.float32)
    table = parity_and_entropy(both, tuple("abcd")).table
    assert table["cluster"].nunique() < 4
    assert table["cluster_one_to_one"].nunique() == 4
    assert (table["parity_one_to_one"] <= table["parity"]).all()


def test_a_single_channel_is_one_line():
    with pytest.raises(InputError, match="1 channels of 80 cells"):
        parity_and_entropy(features([False])[:, :1], ("a",))


def test_roles_come_from_the_data_where_the_names_say_nothing():
    names = ("ch1", "ch2", "ch3", "ch4")
    found = suggest_roles(features([False, False, True, True]), names)
    assert found.assignment.to_dict() == {
        "ch1": "context",
        "ch2": "context",
        "ch3": "concept",
        "ch4": "concept",
    }
    assert found.data_role("ch1") is Role.CONTEXT
    assert all(0.5 < found.confidence[name] <= 0.71 for name in names)


def test_a_named_stain_outweighs_the_data_and_lowers_the_confidence():
    names = ("DNA", "ER", "Mito", "RNA")
    agree = suggest_roles(features([False, False, True, True]), names)
    against = suggest_roles(features([False, True, False, True]), names)
    assert against.assignment.to_dict()["ER"] == "context"
    assert against.data_role("ER") is Role.CONCEPT
    assert against.confidence["ER"] < agree.confidence["ER"]
    assert "the name says context" in against.assignment.reasons["ER"]


def test_few_cells_leave_it_to_the_names_and_a_constant_channel_is_ignored():
    few = suggest_roles(features([False, False, True, True], n=6), ("DNA", "x1", "x2", "x3"))
    assert few.by_data == {}
    assert few.assignment.to_dict()["DNA"] == "context"
    vectors = features([False, False, True, True])
    vectors[:, 1] = 3
    found = suggest_roles(vectors, ("ch1", "ch2", "ch3", "ch4"))
    assert found.assignment.to_dict()["ch2"] == "ignore"
    assert found.assignment.problem() is None
    assert "constant" in found.assignment.reasons["ch2"]

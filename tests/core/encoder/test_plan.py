"""What is computed for an assignment."""

from __future__ import annotations

import pytest
import torch

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.plan import Plan, read_out
from napari_c3r.core.errors import InputError

NAMES = ["RNA", "x", "DNA", "AGP", "ER"]
ROLES = ChannelAssignment(
    {"DNA": "context", "RNA": "concept", "x": "ignore", "AGP": "concept", "ER": "context"}
)


def test_each_concept_channel_meets_all_the_context() -> None:
    plan = Plan.make(ROLES, NAMES, "each", "cls+std")
    assert plan.channels == ("RNA", "DNA", "AGP", "ER")
    assert plan.context == (1, 3)
    assert plan.concepts == (("RNA", (0,)), ("AGP", (2,)))
    assert plan.columns(1) == (("RNA", "cls"), ("RNA", "std"), ("AGP", "cls"), ("AGP", "std"))


def test_joint_concepts_go_together() -> None:
    plan = Plan.make(ROLES, NAMES, "joint", "cls")
    assert plan.concepts == (("RNA+AGP", (0, 2)),)
    assert plan.columns(2) == (("RNA+AGP", "cls"), ("RNA+AGP", "cls"))


def test_a_channel_may_be_in_both_groups() -> None:
    plan = Plan.make(ChannelAssignment({"DNA": "both"}), ["DNA"], "each", "cls")
    assert (plan.context, plan.concepts) == ((0,), (("DNA", (0,)),))


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({"DNA": "context"}, "concept"),
        ({"DNA": "concept"}, "context"),
        ({"DNA": "context", "GFP": "concept"}, "GFP"),
    ],
)
def test_unusable_roles_are_refused(roles: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Plan.make(ChannelAssignment(roles), NAMES, "each", "cls")


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="'DNA' occurs 2 times"):
        Plan.make(ROLES, [*NAMES, "DNA"], "each", "cls")


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(InputError, match="unknown concept mode 'all': choose each or joint"):
        Plan.make(ROLES, NAMES, "all", "cls")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown readout 'mean'"):
        Plan.make(ROLES, NAMES, "each", "mean")  # type: ignore[arg-type]


def test_the_deviation_is_over_the_patches_alone() -> None:
    tokens = torch.tensor([[[100.0, 5.0], [1.0, 2.0], [3.0, 2.0]]])
    assert read_out(tokens, "cls").tolist() == [[100.0, 5.0]]
    assert read_out(tokens, "cls+std").tolist() == [[100.0, 5.0, 1.0, 0.0]]


def test_a_single_patch_has_no_deviation() -> None:
    assert read_out(torch.ones(1, 2, 3), "cls+std")[0, 3:].tolist() == [0.0, 0.0, 0.0]

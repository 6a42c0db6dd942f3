"""What a context-concept encoder computes for an assignment."""

from __future__ import annotations

import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.encoder.families.cce import CceFamily
from napari_c3r.core.encoder.plan import Pass
from napari_c3r.core.errors import InputError

make_plan = CceFamily().make_plan
NAMES = ["RNA", "x", "DNA", "AGP", "ER"]
ROLES = ChannelAssignment(
    {"DNA": "context", "RNA": "concept", "x": "ignore", "AGP": "concept", "ER": "context"}
)


def test_each_concept_channel_meets_all_the_context() -> None:
    plan = make_plan(ROLES, NAMES, "each", "cls+std")
    assert plan.channels == ("RNA", "DNA", "AGP", "ER")
    assert plan.passes == (Pass("RNA", ((1, 3), (0,))), Pass("AGP", ((1, 3), (2,))))
    assert plan.columns(1) == (("RNA", "cls"), ("RNA", "std"), ("AGP", "cls"), ("AGP", "std"))


def test_joint_concepts_go_together() -> None:
    plan = make_plan(ROLES, NAMES, "joint", "cls")
    assert plan.passes == (Pass("RNA+AGP", ((1, 3), (0, 2))),)
    assert plan.largest_group == 2
    assert plan.columns(2) == (("RNA+AGP", "cls"), ("RNA+AGP", "cls"))


def test_a_channel_may_be_in_both_groups() -> None:
    plan = make_plan(ChannelAssignment({"DNA": "both"}), ["DNA"], "each", "cls")
    assert plan.passes == (Pass("DNA", ((0,), (0,))),)


def test_a_plan_can_be_carried_over_to_images_with_other_channels() -> None:
    alone = ROLES.with_role("RNA", "ignore")
    whole, part = (make_plan(roles, NAMES, "each", "cls") for roles in (ROLES, alone))
    moved = part.for_channels(whole.channels)
    assert moved.channels == whole.channels
    assert moved.passes == (whole.passes[1],)
    assert moved.columns(1) == part.columns(1)


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
        make_plan(ChannelAssignment(roles), NAMES, "each", "cls")


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="'DNA' occurs 2 times"):
        make_plan(ROLES, [*NAMES, "DNA"], "each", "cls")


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(InputError, match="unknown concept mode 'all': choose each or joint"):
        make_plan(ROLES, NAMES, "all", "cls")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the encoder has no readout 'mean'"):
        make_plan(ROLES, NAMES, "each", "mean")  # type: ignore[arg-type]

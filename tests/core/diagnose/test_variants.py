from __future__ import annotations

import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.diagnose.planning import plan_variants
from napari_c3r.core.diagnose.variants import Kind
from napari_c3r.core.errors import InputError

FIVE = ChannelAssignment(
    {"DNA": "context", "ER": "context", "RNA": "concept", "AGP": "concept", "BF": "ignore"}
)


def test_every_question_is_spelt_out_once():
    plan = plan_variants(FIVE)
    assert [variant.name for variant in plan.variants] == [
        "as assigned",
        "all groups swapped",
        "passes flipped",
        *("DNA as concept", "ER as concept", "RNA as context", "AGP as context"),
        *("without DNA", "without ER"),
    ]
    by_name = {variant.name: variant.assignment for variant in plan.variants}
    assert by_name["all groups swapped"].context == ("RNA", "AGP")
    flipped = plan.variants[2].passes
    assert [(roles.context, roles.concept) for roles in flipped] == [
        (("RNA",), ("DNA", "ER")),
        (("AGP",), ("DNA", "ER")),
    ]
    assert by_name["ER as concept"].concept == ("ER", "RNA", "AGP")
    assert by_name["without DNA"].context == ("ER",)
    assert by_name["without DNA"].concept == FIVE.concept
    assert plan.skipped == ()


def test_two_channels_can_only_be_swapped_and_the_rest_is_explained():
    plan = plan_variants(ChannelAssignment({"DNA": "context", "RNA": "concept"}))
    assert [variant.kind for variant in plan.variants] == [Kind.ASSIGNED, Kind.SWAP]
    assert len(plan.skipped) == 4
    assert "flipping it is to swap all groups" in plan.skipped[0]
    assert "'DNA' is the only context channel" in plan.skipped[1]
    assert "'DNA' is the only context channel, so it cannot be left out" in plan.skipped[3]


def test_concepts_that_are_read_out_together_have_no_passes_to_flip():
    plan = plan_variants(FIVE, concept_mode="joint")
    assert "passes flipped" not in [variant.name for variant in plan.variants]
    assert plan.skipped == (
        "All concepts are read out together, in one pass, and flipping that is to swap all groups",
    )


def test_a_channel_in_both_groups_stays_a_concept_when_left_out_of_the_context():
    roles = ChannelAssignment({"DNA": "context", "X": "both"})
    by_name = {variant.name: variant for variant in plan_variants(roles).variants}
    assert by_name["without X"].assignment.concept == ("X",)
    assert "X as concept" not in by_name


def test_nothing_to_ask_is_one_line():
    with pytest.raises(InputError, match="Nothing can be asked"):
        plan_variants(ChannelAssignment({"X": "both"}))
    with pytest.raises(InputError, match="No diagnostic 'turn'"):
        plan_variants(FIVE, ("turn",))

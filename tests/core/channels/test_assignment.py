from __future__ import annotations

import pickle

import pytest

from napari_c3r.core.channels import ChannelAssignment, Role, suggest_cell, suggest_nucleus
from napari_c3r.core.errors import InputError

CELL_PAINTING = ["H33342", "conA", "SYTO14", "WGA_Phall", "MitoTDR"]


def test_groups_are_tuples_in_image_order():
    roles = ChannelAssignment(
        {"a": "concept", "b": "context", "c": "ignore", "d": Role.CONCEPT, "e": "context"}
    )
    assert roles.context == ("b", "e")
    assert roles.concept == ("a", "d")
    assert roles.ignored == ("c",)
    assert roles.used == ("a", "b", "d", "e")
    assert roles.to_dict() == {
        "a": "concept",
        "b": "context",
        "c": "ignore",
        "d": "concept",
        "e": "context",
    }


def test_it_is_frozen_and_changes_make_copies():
    roles = ChannelAssignment({"a": "concept", "b": "context"})
    changed = roles.with_role("a", "ignore")
    assert roles.concept == ("a",)
    assert changed.concept == ()
    with pytest.raises(TypeError):
        roles.roles["a"] = Role.IGNORE
    assert {roles: 1}[ChannelAssignment({"a": "concept", "b": "context"})] == 1
    assert pickle.loads(pickle.dumps(roles)) == roles


def test_flipping_twice_is_no_change_and_leaves_ignored_and_both_alone():
    roles = ChannelAssignment({"a": "concept", "b": "context", "c": "ignore", "d": "both"})
    assert roles.flipped().context == ("a", "d")
    assert roles.flipped().concept == ("b", "d")
    assert roles.flipped().flipped() == roles


def test_the_pass_of_each_concept_is_flipped_as_in_the_paper():
    roles = ChannelAssignment.preset("jump-cp", ["DNA", "ER", "RNA", "AGP", "Mito", "Brightfield"])
    for name in ("RNA", "AGP", "Mito"):
        flipped = roles.flipped(name)
        assert (flipped.context, flipped.concept) == ((name,), ("DNA", "ER"))
        assert tuple(flipped.roles) == roles.names
    both = ChannelAssignment({"DNA": "context", "X": "both", "Y": "concept"})
    assert (both.flipped("X").context, both.flipped("X").concept) == (("X",), ("DNA", "X"))
    assert (both.flipped("Y").context, both.flipped("Y").concept) == (("Y",), ("DNA", "X"))
    with pytest.raises(InputError, match="'DNA' is no concept channel; the concepts are 'X', 'Y'"):
        both.flipped("DNA")


def test_one_channel_may_be_in_both_groups():
    roles = ChannelAssignment({"GFP": "both"})
    assert roles.require_usable().context == roles.concept == ("GFP",)


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"a": "concept"}, "No context channel among 'a'"),
        ({"a": "context", "b": "ignore"}, "No concept channel among 'a', 'b'"),
    ],
)
def test_an_empty_group_is_one_sentence(roles, said):
    with pytest.raises(InputError, match=said) as caught:
        ChannelAssignment(roles).require_usable()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({}, "No channels"),
        ({"a": "structure"}, "role 'structure'.*'context', 'concept'"),
        ({" ": "context"}, "non-empty name"),
    ],
)
def test_bad_roles_are_refused(roles, said):
    with pytest.raises(InputError, match=said):
        ChannelAssignment(roles)


def test_for_channels_follows_the_image_and_ignores_the_rest():
    roles = ChannelAssignment({"RNA": "concept", "DNA": "context"})
    fitted = roles.for_channels(["DNA", "Brightfield", "RNA"])
    assert list(fitted.roles) == ["DNA", "Brightfield", "RNA"]
    assert fitted.ignored == ("Brightfield",)
    with pytest.raises(InputError, match="no channel 'RNA'; its channels are 'DNA'"):
        roles.for_channels(["DNA"])


@pytest.mark.parametrize(
    ("preset", "names", "context", "concept"),
    [
        (
            "hpa",
            ["microtubules", "protein", "nucleus", "ER"],
            ("microtubules", "nucleus", "ER"),
            ("protein",),
        ),
        ("hpa", ["blue", "red", "yellow", "green"], ("blue", "red", "yellow"), ("green",)),
        ("jump-cp", CELL_PAINTING, ("H33342", "conA"), ("SYTO14", "WGA_Phall", "MitoTDR")),
        (
            "jump-cp",
            ["DNA", "ER", "RNA", "AGP", "Mito", "Brightfield"],
            ("DNA", "ER"),
            ("RNA", "AGP", "Mito"),
        ),
        ("wtc-11", ["nucleus", "membrane", "protein"], ("nucleus",), ("membrane", "protein")),
    ],
)
def test_presets_are_those_of_the_paper(preset, names, context, concept):
    roles = ChannelAssignment.preset(preset, names)
    assert (roles.context, roles.concept) == (context, concept)


def test_a_preset_that_does_not_fit_says_so():
    with pytest.raises(InputError, match="does not fit the channels 'ch1', 'ch2'"):
        ChannelAssignment.preset("jump-cp", ["ch1", "ch2"])
    with pytest.raises(InputError, match=r"No preset 'jump'; .*'jump-cp'"):
        ChannelAssignment.preset("jump", ["DNA"])


@pytest.mark.parametrize(
    ("names", "context"),
    [
        (CELL_PAINTING, {"H33342", "conA"}),
        (["DAPI", "GFP", "CY5"], {"DAPI"}),
        (["Hoechst 33342", "CCNB1"], {"Hoechst 33342"}),
        (
            ["DRAQ5", "concanavalin A", "alpha-tubulin", "HPA012345"],
            {"DRAQ5", "concanavalin A", "alpha-tubulin"},
        ),
        (
            ["H2B-mCherry", "calreticulin", "phalloidin", "MitoTracker Deep Red"],
            {"H2B-mCherry", "calreticulin"},
        ),
        (["405", "488", "561", "640"], {"405"}),
        (["blue", "red", "yellow", "green"], {"blue", "red", "yellow"}),
        (["nuclei", "cyclinb1"], {"nuclei"}),
    ],
)
def test_suggestions_know_the_field_s_names(names, context):
    roles = ChannelAssignment.suggest(names)
    assert set(roles.context) == context
    assert set(roles.concept) == set(names) - context
    assert set(roles.reasons) == set(names)


def test_suggestions_are_usable_where_names_say_nothing():
    roles = ChannelAssignment.suggest(["ch1", "ch2", "ch3"])
    assert roles.require_usable().context == ("ch1",)
    assert roles.reasons["ch1"] == "first channel, often the nucleus"
    assert ChannelAssignment.suggest(["anything"]).require_usable().context == ("anything",)
    structural = ChannelAssignment.suggest(["DAPI", "ER"]).require_usable()
    assert (structural.context, structural.concept) == (("DAPI",), ("ER",))


def test_suggestions_ignore_transmitted_light():
    roles = ChannelAssignment.suggest(["Brightfield", "DNA", "RNA"])
    assert roles.ignored == ("Brightfield",)
    assert ChannelAssignment.suggest(["Brightfield"]).problem() is not None


def test_a_name_twice_is_refused():
    with pytest.raises(InputError, match="'DNA' occurs 2 times"):
        ChannelAssignment.suggest(["DNA", "RNA", "DNA"])


def test_channels_to_segment_on():
    assert suggest_nucleus(["ER", "DAPI"]) == "DAPI"
    assert suggest_nucleus(["ch1"]) is None
    assert suggest_cell(["DNA", "ER", "AGP", "RNA"]) == "RNA"
    assert suggest_cell(["DAPI", "GFP"]) is None

"""Roles, channel names and settings are choices like others: each is a step that can be undone."""

from __future__ import annotations

import numpy as np
import pytest

from napari_c3r.core.channels import ChannelAssignment
from napari_c3r.core.images import Image
from napari_c3r.session import Session
from napari_c3r.session.settings import Edit

NAMES = ("DNA", "ER", "protein")


def image(name="a", channels=NAMES):
    return Image.from_array(np.zeros((len(channels), 8, 8)), channels, 0.5, name=name)


@pytest.fixture
def session():
    made = Session()
    made.set_image(image())
    return made


def state(session):
    roles = session.roles
    given = session.fields.image.channel_names
    return roles.assignment.to_dict(), roles.chosen, given, dict(roles.original_names)


def test_each_choice_is_undone_and_done_again(session):
    roles = session.roles

    def give(name, role):
        roles.set_assignment(roles.assignment.with_role(name, role))

    steps = {
        "make ER concept": lambda: give("ER", "concept"),
        "rename channel ER to conA": lambda: session.rename_channel("ER", "conA"),
        "ignore conA": lambda: give("conA", "ignore"),
        "change the roles of 3 channels": lambda: roles.set_assignment(
            ChannelAssignment({"DNA": "concept", "conA": "context", "protein": "both"})
        ),
        "make protein concept": lambda: give("protein", "concept"),
    }
    states, remembered = [state(session)], [roles.history.chosen(NAMES)]
    for sentence, act in steps.items():
        act()
        assert session.history.undo_sentence == sentence
        states.append(state(session))
        remembered.append(roles.history.chosen(NAMES))
    for _ in range(2):
        for before, known in zip(states[-2::-1], remembered[-2::-1], strict=True):
            session.history.undo()
            assert state(session) == before
            assert roles.history.chosen(NAMES) == known
        for after in states[1:]:
            session.history.redo()
            assert state(session) == after
    # What was only suggested is remembered as no choice once the choice is undone.
    assert remembered[0] is None


def test_a_guess_is_one_again(session):
    session.set_image(image("b", ("Ch1", "Ch2")))
    assert session.roles.assignment.doubt
    session.roles.confirm()
    assert session.history.undo_sentence == "keep the roles as they are"
    session.history.undo()
    assert session.roles.assignment.doubt
    # What became known of the guess while it was one is not lost by undo and redo.
    guess = session.roles.assignment
    session.history.redo()
    assert not session.roles.assignment.doubt
    session.history.undo()
    assert session.roles.assignment is guess


def test_what_was_chosen_for_other_channels_is_no_step_any_more(session):
    roles = session.roles
    roles.set_assignment(roles.assignment.with_role("ER", "concept"))
    session.settings.take("map", Edit("set seed to 3", 0, 3))
    session.set_image(image("b", ("DNA", "tubulin")))
    assert session.history.undo_sentence == "set seed to 3"
    session.history.undo()
    assert not session.history.undo_sentence
    # The same image opened again is no other.
    roles.set_assignment(roles.assignment.with_role("tubulin", "ignore"))
    session.set_image(image("b", ("DNA", "tubulin")))
    session.history.undo()
    assert roles.assignment.roles["tubulin"] != "ignore"


def test_a_refused_name_is_no_step(session):
    with pytest.raises(ValueError, match="already a channel 'DNA'"):
        session.rename_channel("ER", "DNA")
    assert not session.history.undo_sentence


def test_a_number_that_is_typed_is_one_step(session):
    told = []
    session.settings.put_back.connect(lambda name, value: told.append((name, value)))
    for before, after in ((0, 1), (1, 14)):
        session.settings.take("find", Edit(f"set size to {after}", before, after, typed="size"))
    session.settings.take("map", Edit("set method to Leiden", "hdbscan", "leiden"))
    session.settings.take("map", Edit("set method to k-means", "leiden", "kmeans"))
    for _ in range(3):
        session.history.undo()
    assert told == [("map", "leiden"), ("map", "hdbscan"), ("find", 0)]
    assert not session.history.undo_sentence
    session.history.redo()
    assert told[-1] == ("find", 14)
    # What follows a step that was undone is a step of its own.
    session.history.undo()
    session.settings.take("find", Edit("set size to 2", 0, 2, typed="size"))
    session.history.undo()
    assert told[-1] == ("find", 0)
